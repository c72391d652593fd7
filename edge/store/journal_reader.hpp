// Reading ends of the journal: record by record for sync, replay and the picture.
#pragma once

#include <memory>

#include "edge/store/journal.hpp"
#include "edge/store/journal_gap.hpp"
#include "edge/store/store.hpp"

namespace rampa::store {

inline constexpr std::size_t gaps_known_max = 64;

/// Reads single records of known place or in order. Thread: one at a time; keeps one segment open.
class RecordSource {
 public:
  struct Place {
    std::uint64_t segment = 0, offset = 0, length = 0;
  };
  struct Read {
    format::ParsedRecord record;
    Bytes bytes;
    Place place;
  };
  RecordSource(std::shared_ptr<Disk> disk, Layout layout) : disk_(std::move(disk)), layout_(std::move(layout)) {}

  /// Errors: invalid (damaged; names segment, offset and remedy), not_found (no such segment), io.
  [[nodiscard]] Result<Read> at(const Place& place);
  /// The record with this sequence; cheap when asked in ascending order. What is damaged on the way to it is passed by. Errors as
  /// above; not_found: past the end.
  [[nodiscard]] Result<Read> by_sequence(std::uint64_t sequence);
  /// The first good record after `sequence`, which is damaged. Errors: not_found (none), io.
  [[nodiscard]] Result<Read> after_damage(std::uint64_t sequence);
  /// For a reader that has no word from the writer: the last sequence of the last whole group.
  [[nodiscard]] Result<std::uint64_t> last_whole_sequence();
  /// What was found damaged is looked at again when it is next met, in the file that has its name then.
  void look_anew() {
    gaps_.clear();
    file_.reset();
  }

 private:
  /// Goes on behind the damage, which begins at or before `damaged`. False: `wanted` is in it, or it is none.
  [[nodiscard]] bool pass_by(std::uint64_t damaged, std::uint64_t wanted, bool segment_fails = false);
  [[nodiscard]] Result<void> open_segment(std::uint64_t first_sequence);
  [[nodiscard]] Result<Read> read_here(std::uint64_t offset);

  std::shared_ptr<Disk> disk_;
  Layout layout_;
  std::unique_ptr<DiskFile> file_;
  std::uint64_t segment_ = 0;
  std::uint64_t next_sequence_ = 0;  ///< what lies at next_offset_ of the open segment; 0: unknown
  std::uint64_t next_offset_ = 0;
  std::vector<FoundGap> gaps_;  ///< that were passed by: to find one means reading a whole segment
};

/// `durable` null: works on what is on the disk (tools).
[[nodiscard]] std::unique_ptr<JournalReader> make_journal_reader(std::shared_ptr<Disk> disk, const Layout& layout,
                                                                 std::shared_ptr<const Durable> durable);

}  // namespace rampa::store
