// SQLite's picture of the journal: what crossings there were, where their records lie, what HQ's lists say. Everything in it
// can be made again from the journal and cache.log, which is why it may run with synchronous=NORMAL: a power cut rolls back
// to an older state that is whole, `progress` goes back with it, and the store catches up from there.
// The WAL-reset bug of SQLite 3.7 to 3.51 needs two connections that write or checkpoint: this is the only one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/store/blob_class.hpp"
#include "edge/store/cache_file.hpp"
#include "edge/store/journal.hpp"
#include "edge/store/store.hpp"

namespace rampa::store {

/// A journal record ready to be pictured.
struct Pictured {
  format::Entry entry;
  Hash hash{};
  std::uint64_t segment = 0, offset = 0, length = 0;
  std::optional<std::string> personal;  ///< plain text; nothing: erased
};

/// A crossing's line with what it needs to grow further.
struct CrossingLine {
  CrossingRow row;
  std::uint64_t first_sequence = 0, last_sequence = 0;
};
/// Takes one more record into a crossing's line. Pure.
void fold(CrossingLine& line, const Pictured& record);
/// The crossing that a record is filed under: its own, "paper-SEQUENCE" for a paper crossing without one, or empty.
[[nodiscard]] std::string filed_under(const format::Entry& entry);

/// Thread: the store's. Errors everywhere: invalid (damaged: throw it away and build it anew), refused (not ours or
/// newer), no_space, busy, io.
class Picture {
 public:
  /// Opens or creates, migrates. `path` empty: a temporary one (verify).
  [[nodiscard]] static Result<std::unique_ptr<Picture>> open(const std::string& path);
  ~Picture();

  /// Last sequence that is in it.
  [[nodiscard]] std::uint64_t applied() const { return applied_; }
  [[nodiscard]] const Bytes& applied_hash() const { return applied_hash_; }
  /// The next records, ascending from applied() + 1, in one transaction.
  [[nodiscard]] Result<void> apply(const std::vector<Pictured>& records);
  [[nodiscard]] Result<void> put(const std::vector<Declaration>& declarations);
  [[nodiscard]] Result<void> put_watch_list(const std::string& name, const std::vector<std::string>& plates);
  [[nodiscard]] Result<void> replace_lists(const CachedLists& lists);
  /// Crossings with encrypted records of that day.
  [[nodiscard]] Result<std::vector<std::string>> crossings_of_day(std::uint32_t day);
  /// The row of the last record that it shows. Errors also: not_found.
  [[nodiscard]] Result<Pictured> last_record();
  /// Where the records of a crossing lie, ascending; up to applied().
  [[nodiscard]] Result<std::vector<Pictured>> places_of(const std::string& crossing);
  /// Makes these crossings' lines anew from all their records (after an erasure). Their old content is gone once a
  /// truncating checkpoint has succeeded.
  [[nodiscard]] Result<void> refold(const std::vector<std::vector<Pictured>>& crossings);
  /// WAL into the database, between transactions, as far as readers allow. `truncate`: all of it, leaving an empty WAL.
  /// Errors also: busy (a reader still needs the WAL: try again later).
  [[nodiscard]] Result<void> checkpoint(bool truncate = false);
  /// What lies on the disk by class, as of applied().
  [[nodiscard]] const BlobTotals& blob_totals() const { return blob_totals_; }
  /// Records that could not be read from the journal: blobs that only they name are not known here.
  [[nodiscard]] std::uint64_t missing() const { return missing_; }
  /// Size of the WAL in pages that wait for a checkpoint, as of the last transaction.
  [[nodiscard]] std::uint64_t pages_waiting() const;
  /// Device and inode of the file at open, to notice that it was deleted or replaced.
  [[nodiscard]] const std::string& file_identity() const { return identity_; }

  struct Inside;  ///< SQLite's part
  [[nodiscard]] Inside& inside() { return *inside_; }

 private:
  Picture();
  [[nodiscard]] Result<void> load_progress();
  std::unique_ptr<Inside> inside_;
  std::uint64_t applied_ = 0;
  Bytes applied_hash_;
  BlobTotals blob_totals_;
  std::uint64_t missing_ = 0;
  std::string identity_;
};

/// "device:inode" of what lies at this path; empty where nothing does. Opens nothing (that would drop SQLite's locks).
[[nodiscard]] std::string file_identity(const std::string& path);

}  // namespace rampa::store
