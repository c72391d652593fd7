// What HQ holds: every post's records as they came, by history (post and epoch), stream and number; what is known of their
// blobs; what had to be kept apart. Written by one thread inside begin()/commit(). Throws DatabaseError (caught by Receiver).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "edge/store/record_format.hpp"
#include "sync/envelope.hpp"
#include "sync/hq/database.hpp"
#include "sync/hq/clock_estimate.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync::hq {

/// A text of a post goes into HQ's tables up to this length: an index takes no long key, and nobody reads more of an alarm.
inline constexpr std::size_t detail_bytes_max = 1000, reason_bytes_max = 500, name_bytes_max = 256;
/// Of one kind and post; then one more says that no further ones are kept.
inline constexpr std::int64_t alarms_kept_max = 1000;

/// Numbers from here on are nothing that a post could have written.
inline constexpr std::uint64_t number_end = 1ull << 41;

/// A record's key as one number, so that a table in its order is a table in the order of arrival for each stream.
[[nodiscard]] constexpr std::int64_t record_key(std::int64_t history, Stream stream, std::uint64_t number) {
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(history) << 42) | (static_cast<std::uint64_t>(stream) << 41) | number);
}
/// The same for its place in the journal.
[[nodiscard]] constexpr std::int64_t journal_key(std::int64_t history, std::uint64_t sequence) {
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(history) << 42) | std::min(sequence, number_end * 2 - 1));
}
[[nodiscard]] constexpr std::int64_t history_of_key(std::int64_t key) { return key >> 42; }
[[nodiscard]] constexpr Stream stream_of_key(std::int64_t key) { return static_cast<Stream>((key >> 41) & 1); }
[[nodiscard]] constexpr std::uint64_t number_of_key(std::int64_t key) { return static_cast<std::uint64_t>(key) & (number_end - 1); }

/// One journal of one post: a new disk begins a new one.
struct HistoryRow {
  std::int64_t id = 0;
  std::string post;
  Epoch epoch{};
  PublicKey key{};
  std::string session;        ///< id of the newest hello
  Hello hello;                ///< of the newest: boot, software, ends, last_sequence; not everything is kept
  WallTime hello_received;
  WallTime last_record;       ///< when the newest records were stored, by whichever worker
  std::uint64_t cursor = 0;   ///< journal sequence up to which everything is here and the chain was walked
  std::optional<store::Hash> head;  ///< chain hash at the cursor; nothing after a quarantined record
  std::uint64_t verdicts = 0; ///< records of the verdicts' stream up to the cursor
  std::uint64_t records = 0;  ///< stored
  std::uint64_t renewals = 0; ///< how often the post was asked to send again
};

struct StreamRow {
  std::vector<Range> held;     ///< numbers that are stored or in quarantine, ascending
  std::uint64_t recheck = 0;   ///< numbers up to this one may be stored although they are not in `held`
};

struct StoredRecord {
  std::uint64_t number = 0, sequence = 0;
  store::Hash hash{};
  Bytes bytes;
};

/// What was read in one go is not more than this, apart from its last record.
inline constexpr std::uint64_t read_bytes_max = 8u << 20;
struct StoredRecords {
  std::vector<StoredRecord> records;
  std::uint64_t through = 0;  ///< up to this number none is left out
};

/// How a stored record stands to the one before it; only what is not as it should be is kept.
enum class Break { broken = 0, unverifiable = 2 };

enum class BlobState { unknown = 0, missing = 1, held = 2, unavailable = 3 };

/// A blob that a post is asked for.
struct WantRow {
  Sha256 sha256{};
  std::uint64_t size_bytes = 0;
  bool boost = false;
  int attempts = 0;            ///< times its content was wrong
  std::vector<Sha256> chunks;  ///< from its manifest; empty where that is not known
  Bytes present;               ///< one bit per chunk that is here
  std::uint64_t have_bytes = 0;  ///< of the first chunk that is not
};

class Ledger {
 public:
  /// Makes the tables where there are none; refuses a database of another version.
  explicit Ledger(std::unique_ptr<Database> database);
  [[nodiscard]] Database& database() { return *database_; }

  void begin() { database_->begin(); }
  void commit();
  void rollback() noexcept;

  [[nodiscard]] std::vector<std::string> posts();
  [[nodiscard]] std::vector<HistoryRow> histories(const std::string& post);  ///< the one with the newest hello last
  void add_history(HistoryRow& row, WallTime received);  ///< gives it its id
  void save(const HistoryRow& row, WallTime now);
  void make_current(const HistoryRow& row);  ///< it greeted last
  [[nodiscard]] StreamRow stream(std::int64_t history, Stream stream);
  void save(std::int64_t history, Stream stream, const StreamRow& row);

  /// `bytes` must live until end of the call. The record is readable after flush().
  void add(std::int64_t history, std::uint64_t number, const store::format::ParsedRecord& record, ByteView bytes, WallTime received);
  void flush() { records_->flush(); }
  /// Stored records from this number on, ascending, up to read_bytes_max; quarantined ones are left out.
  [[nodiscard]] StoredRecords records(std::int64_t history, Stream stream, std::uint64_t from, std::uint64_t last, std::size_t limit);
  [[nodiscard]] std::optional<store::Hash> hash_at(std::int64_t history, std::uint64_t sequence);
  /// The stored record of the highest journal sequence below this one: its key and sequence.
  [[nodiscard]] std::optional<std::pair<std::int64_t, std::uint64_t>> before(std::int64_t history, std::uint64_t sequence);

  /// A frame said that this record, which was not here yet, has this chain hash.
  void expect(std::int64_t history, Stream stream, std::uint64_t number, const Sha256& hash);
  [[nodiscard]] std::vector<std::pair<std::uint64_t, Sha256>> expected(std::int64_t history, Stream stream);
  void met(std::int64_t history, Stream stream, std::uint64_t number);

  /// The same bytes for the same reason are kept once.
  void quarantine(const HistoryRow& history, const QuarantinedRecord& record, ByteView bytes, WallTime received);
  [[nodiscard]] std::vector<QuarantinedRecord> quarantined(std::int64_t history, std::size_t limit);  ///< the newest
  /// Which of these are stored (what is not flushed yet aside), and which are in quarantine and not stored; both ascending.
  [[nodiscard]] std::vector<std::uint64_t> stored(std::int64_t history, Stream stream, const Range& numbers);
  [[nodiscard]] std::vector<std::uint64_t> only_quarantined(std::int64_t history, Stream stream, const Range& numbers);
  /// The post cannot read these; `here`: HQ has them nevertheless.
  void lose(const HistoryRow& history, const LostRecords& lost, bool here, WallTime received);
  /// These are read again, or are to be told anew.
  void find(std::int64_t history, Stream stream, const Range& numbers);
  [[nodiscard]] std::vector<Range> lost(std::int64_t history, Stream stream) { return numbers_in("lost", history, stream); }  ///< ascending
  /// HQ goes on without these, whatever becomes of them: an export passes their place.
  void pass(std::int64_t history, Stream stream, const Range& numbers);
  [[nodiscard]] std::vector<Range> passed(std::int64_t history, Stream stream) { return numbers_in("passed", history, stream); }  ///< ascending
  /// One of them is stored after all: exports look at it again.
  void turned_up(std::int64_t history, Stream stream, std::uint64_t number, std::uint64_t sequence);
  void add_break(std::int64_t history, std::uint64_t sequence, Break what);
  void forget_breaks(std::int64_t history, std::uint64_t from);
  /// The same alarm about the same record is raised once. False: it was there, or there are alarms_kept_max of its kind.
  bool alarm(const std::string& post, std::uint64_t sequence, const std::string& what, const std::string& detail, WallTime raised);

  /// Of this kind, whose text begins with this: it was something else.
  void take_back_alarms(const std::string& post, const std::string& what, const std::string& about);

  [[nodiscard]] BlobState blob(const Sha256& sha256);
  /// A record of this post names a blob. True: it is to be asked for.
  bool name_blob(const HistoryRow& history, Stream stream, std::uint64_t number, std::uint64_t sequence, std::size_t position, const BlobRef& blob);
  /// What to ask this post for first, boosted ones, then verdicts', then by age.
  /// Neither knows the chunks: see manifest().
  [[nodiscard]] std::vector<WantRow> wants(const std::string& post, std::size_t limit);
  [[nodiscard]] std::optional<WantRow> want(const std::string& post, const Sha256& sha256);
  [[nodiscard]] std::vector<Sha256> manifest(const std::string& post, const Sha256& sha256);  ///< empty: not known
  void save(const std::string& post, const WantRow& want);           ///< its progress
  void save_manifest(const std::string& post, const WantRow& want);
  bool boost(const std::string& post, const Sha256& sha256);  ///< false: this post is not asked for it
  void held(const Sha256& sha256, std::uint64_t size_bytes, std::span<const Sha256> chunks, WallTime now);
  struct HeldBlob {
    Sha256 sha256{};
    std::uint64_t size_bytes = 0;
  };
  [[nodiscard]] std::vector<HeldBlob> held_blobs(const Sha256& after, std::size_t limit);  ///< in the order of their hashes
  /// It is not here any more: wanted again. The posts whose records name it.
  [[nodiscard]] std::vector<std::string> lose(const Sha256& sha256);
  /// This post cannot give it.
  void give_up(const std::string& post, const Sha256& sha256);
  /// A record of this post names it.
  [[nodiscard]] bool names(const std::string& post, const Sha256& sha256);
  struct ChunkPlace {
    Sha256 blob{};
    std::uint64_t offset = 0;
  };
  [[nodiscard]] std::optional<ChunkPlace> chunk(const Sha256& hash);  ///< in a blob that is held

  [[nodiscard]] ClockEstimate clock(std::int64_t history, const std::string& boot);
  void save(std::int64_t history, const std::string& boot, const ClockEstimate& clock);

 private:
  [[nodiscard]] std::vector<Range> numbers_in(const char* table, std::int64_t history, Stream stream);
  std::unique_ptr<Database> database_;
  std::unique_ptr<BulkInsert> records_, many_chunks_;
  std::map<std::pair<std::string, std::string>, std::int64_t> alarms_;  ///< how many there are, by post and kind
};

/// Throws DatabaseError.
[[nodiscard]] std::unique_ptr<Ledger> open_ledger(const Place& place);

[[nodiscard]] Bytes packed(const std::vector<Range>& ranges);
[[nodiscard]] std::vector<Range> unpacked_ranges(ByteView bytes);

}  // namespace rampa::sync::hq
