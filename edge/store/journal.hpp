// The journal's writing end: encodes, chains and appends groups, one sync per commit(), rolls segments.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "edge/store/journal_scan.hpp"
#include "edge/store/key_ring.hpp"
#include "edge/store/stream.hpp"

namespace rampa::store {

/// What becomes one record; sequence, chain and encryption are the journal's business.
struct PlainRecord {
  Stamp at;
  std::string kind, lane, crossing;
  std::vector<BlobRef> blobs;
  std::string open;
  std::string personal;  ///< empty: none
  WallQuality wall_quality = WallQuality::unknown;
};

/// What is durable. Written by the store's thread, read by any.
struct Durable {
  std::atomic<std::uint64_t> sequence{0};

  void set(std::uint64_t last_sequence, std::uint64_t last_verdicts);
  /// Both streams' ends as of one commit.
  [[nodiscard]] StreamEnds ends() const;

 private:
  std::atomic<std::uint64_t> verdicts_{0};
  std::atomic<std::uint64_t> version_{0};  ///< odd while set() is at work
};

/// Where a record ended up; only records that are durable are reported.
struct Written {
  format::Entry entry;
  Hash hash{};
  std::uint64_t segment = 0;  ///< its segment's first sequence
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string personal;       ///< plain text
};

/// Thread: the store's.
class Journal {
 public:
  struct Settings {
    PostId post;
    std::uint64_t segment_bytes_max = 64ull << 20;
    format::BootId boot{};
  };
  struct Opened {
    std::string repaired;           ///< torn tail that was cut; empty: none
    std::optional<Damage> damage;   ///< in the last segment: something durable is broken, writing goes on behind it
    std::string damaged_segment;
    bool created = false;           ///< there was no journal before
  };

  /// Opens or creates, cuts a torn tail. `sealed`: the sequence of the newest seal; `acknowledged`: HQ's cursor.
  /// Errors: invalid (the journal ends before one of them, belongs to another post, or a head is unreadable), no_space, io.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(Disk& disk, const Layout& layout, KeyRing& keys, const Settings& settings,
                                                             WallTime now, std::uint64_t sealed, std::uint64_t acknowledged,
                                                             Opened& opened);

  /// Encodes one group behind those that wait for commit(). It counts as a whole or not at all.
  /// Errors: invalid (a field over its limit), no_space or io (making the key of the day); then nothing of it waits.
  [[nodiscard]] Result<std::vector<std::uint64_t>> add(const std::vector<PlainRecord>& group);

  /// Writes what waits and syncs. On no_space nothing of it is in the journal and more may be tried later. On io the
  /// journal is failed for good: every further call gives io.
  [[nodiscard]] Result<void> commit(WallTime now);

  /// Records of the last commit, in order; emptied by the call.
  [[nodiscard]] std::vector<Written> take_written() { return std::exchange(written_, {}); }

  [[nodiscard]] std::uint64_t last_sequence() const { return durable_->sequence; }
  [[nodiscard]] const Hash& head() const { return head_; }
  /// Durable records of the verdicts' stream.
  [[nodiscard]] std::uint32_t verdicts() const { return verdicts_; }
  [[nodiscard]] bool failed() const { return !failure_.empty(); }
  /// From now on every add() and commit() gives io with this text (another file of the store failed).
  void fail_for_good(const std::string& why) { if (failure_.empty()) failure_ = why; }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] std::shared_ptr<const Durable> durable() const { return durable_; }

 private:
  Journal(Disk& disk, Layout layout, KeyRing& keys, Settings settings)
      : disk_(disk), layout_(std::move(layout)), keys_(keys), settings_(std::move(settings)) {}
  [[nodiscard]] Result<void> start_segment(WallTime now, std::size_t bytes_needed);
  [[nodiscard]] Result<void> write_waiting(WallTime now);
  void drop_waiting();

  Disk& disk_;
  Layout layout_;
  KeyRing& keys_;
  Settings settings_;
  std::unique_ptr<DiskFile> file_;
  std::uint64_t segment_ = 0;     ///< first sequence of the open segment
  std::uint64_t segment_room_ = 0;
  std::uint64_t end_ = 0;         ///< offset after the last durable record
  Hash head_{};                   ///< of the last durable record
  Bytes waiting_;
  Hash waiting_head_{};
  std::uint64_t next_ = 1;        ///< sequence of the next record to be encoded
  std::uint32_t verdicts_ = 0;    ///< durable records of the verdicts' stream
  std::uint32_t waiting_verdicts_ = 0;  ///< with those that wait for commit()
  std::vector<Written> waiting_records_, written_;
  std::string failure_;
  std::shared_ptr<Durable> durable_ = std::make_shared<Durable>();
};

}  // namespace rampa::store
