// The store of the virtual post: commits groups in order after a drawn delay, fails on order, keeps what is durable over
// a kill. What it holds is what a journal would hold; its format and its disk are tested elsewhere.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "edge/crossing/records.hpp"
#include "firmware-interfaces/result.hpp"
#include "hil/world/substream.hpp"

namespace rampa::hil {

/// Faults: "full" (every group fails with no_space), "failing" (io), "slow" (value: times as slow), "stalled" (nothing
/// is answered until switched off).
class VirtualStore {
 public:
  explicit VirtualStore(std::uint64_t seed) : draws_(seed, "store", 0) {}

  void persist(std::uint64_t token, std::vector<Record> records, MonoTime now);
  /// When the next group is answered; INT64_MAX where none is.
  [[nodiscard]] MonoTime due() const;
  struct Answer {
    std::uint64_t token = 0;
    Result<std::vector<std::uint64_t>> result;
    std::vector<Record> records;  ///< that became durable; without attachments
  };
  /// The next answer if it is due.
  [[nodiscard]] std::optional<Answer> take(MonoTime now);
  /// Like take, at once: somebody waits for it. Empty where the store is stalled or nothing is pending.
  [[nodiscard]] std::optional<Answer> take_now();
  /// The process dies: what was not durable is gone.
  void kill() { pending_.clear(); }

  bool fault(std::string_view name, double value, bool on);
  [[nodiscard]] std::size_t depth() const { return pending_.size(); }
  [[nodiscard]] std::uint64_t last_sequence() const { return last_sequence_; }

 private:
  struct Group {
    std::uint64_t token = 0;
    std::vector<Record> records;
    MonoTime at;
  };
  Answer commit();

  SubStream draws_;
  std::deque<Group> pending_;
  std::uint64_t last_sequence_ = 0;
  MonoTime free_at_;
  bool full_ = false, failing_ = false, stalled_ = false;
  double slow_by_ = 1;
};

}  // namespace rampa::hil
