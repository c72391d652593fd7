// What of the journal cannot be read: since when, what HQ has been told of it, and when it is looked at again. HQ is told only
// of what stays away: damage that is still the same after a minute, a disk that does not give it for an hour. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edge/store/store.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync {

class LostLog {
 public:
  struct Times {
    Duration tell_sure = 60s;       ///< it was read, and is damaged or not in the journal: somebody may be putting it back
    Duration tell_unsure = 1h;      ///< the disk does not give it
    Duration look_unsure = 5min;
    Duration look_told = 1h;        ///< a repaired disk, a segment from the backup: HQ takes the records then
    Duration between_looks = 2s;    ///< a look reads a segment
  };
  explicit LostLog(const Times& times) : times_(times) {}

  /// This cannot be read now.
  void found(const store::JournalReader::Gap& gap, MonoTime now);
  /// What HQ was told earlier, also before the last restart, and has not met since: an answer to a hello names it.
  void at_hq(const std::vector<LostRecords>& lost, MonoTime now);
  /// These can be read (again), or are to be asked for anew.
  void back(Stream stream, const Range& numbers);

  [[nodiscard]] bool contains(Stream stream, std::uint64_t number) const { return entry_of(stream, number) != nullptr; }
  [[nodiscard]] bool told(Stream stream, std::uint64_t number) const;
  /// What is to be looked at now. Whoever asks calls found(), back() or cannot_tell() then.
  struct Look {
    Stream stream = Stream::events;
    Range numbers;
  };
  [[nodiscard]] std::optional<Look> look(MonoTime now);
  /// The journal as a whole is away: later.
  void cannot_tell(const Look& look, MonoTime now);
  [[nodiscard]] std::optional<MonoTime> wake() const;

  /// What HQ is to be told in the message of this order; empty: nothing.
  [[nodiscard]] std::vector<LostRecords> tell(std::uint64_t order);
  /// HQ does not know of this: it is told again. `before`: where the message was of a lower order.
  void untold(Stream stream, std::uint64_t number, std::uint64_t before);
  /// A connection ended: what went over it may not have arrived, and numbers of messages begin anew.
  void disconnected();
  /// What is told and may have got lost on the way.
  [[nodiscard]] std::vector<Look> told_ones() const;
  /// What HQ once named and the newest answer does not: HQ was told to ask anew, came from a backup, is another one, or had no room.
  [[nodiscard]] std::vector<Look> known_and_not_named() const;

  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] std::string trouble() const;  ///< empty: all can be read

 private:
  enum class State { suspected, to_tell, told, known };
  struct Entry {
    Stream stream = Stream::events;
    Range numbers;
    std::string cause;
    bool sure = false;
    MonoTime since, look;
    State state = State::suspected;
    std::uint64_t order = 0;
    bool named = false;  ///< by the newest answer to a hello
  };
  [[nodiscard]] const Entry* entry_of(Stream stream, std::uint64_t number) const;

  Times times_;
  std::vector<Entry> entries_;
  MonoTime next_look_{};
};

}  // namespace rampa::sync
