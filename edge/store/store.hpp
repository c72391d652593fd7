// The post's memory: the journal is the record, SQLite its queryable picture, blobs lie content-addressed beside it.
// Formats: FORMAT.md. One thread (StoreThread) owns all of it; others talk through persist() and read through readers.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/crossing/records.hpp"
#include "edge/store/stream.hpp"
#include "firmware-interfaces/machine_time.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::store {

struct Settings {
  std::string directory;             ///< holds journal/, blobs/, keys/, picture.sqlite
  PostId post;
  std::uint64_t segment_bytes_max = 64ull << 20;
  /// Syncs of the journal start at least this far apart while the queue is shorter than group_records_max: that is how
  /// long a record may wait for company. After a pause the first one goes at once.
  Duration group_wait = 5ms;
  std::size_t group_records_max = 64;
  std::uint64_t reserve_bytes = 64ull << 20;  ///< kept free: below it the store refuses new evidence, never a verdict
  /// A file of this size is kept beside the journal and given up when records find no room: for about one record per 400
  /// bytes. It is made again when twice as much is free above reserve_bytes. 0: none.
  std::uint64_t reserve_file_bytes = 16ull << 20;
  /// What images (more than one chunk) and thumbnails may take, whole blocks on the disk. 0: no limit but the disk's. ROOM.md.
  std::uint64_t quota_images_bytes = 0;
  std::uint64_t quota_thumbnails_bytes = 0;
  std::size_t queue_records_max = 4096;
  std::size_t growing_blobs_max = 16;
  std::size_t growing_queue_bytes_max = 64u << 20;  ///< strips waiting for the disk; over it the blob is given up
  /// The start of the machine from which the clock's monotonic part counts. Nothing: not known, and each open() is one of its own.
  std::optional<BootId> boot;
  /// Of the wall clock while a record is written. Thread: the store's. Empty: not known.
  std::function<WallQuality()> wall_quality;
};

/// Answer to persist(): the sequence of each record, or why nothing of the group is durable.
using PersistAnswer = std::function<void(Result<std::vector<std::uint64_t>>)>;

/// Reads the journal in order, for sync and replay. Sees only what is durable. Thread: one reader, one thread.
class JournalReader {
 public:
  virtual ~JournalReader() = default;
  /// Raw record as it lies there (open payload, ciphertext, chain hash): what HQ gets.
  struct Raw {
    std::uint64_t sequence = 0;
    Bytes bytes;          ///< the whole record including header; see FORMAT.md
    std::string hash;     ///< chain hash, hex
    std::vector<BlobRef> blobs;
    std::string kind;     ///< record kind
    Stream stream = Stream::events;
    std::uint64_t stream_sequence = 0;  ///< its number in its stream, from 1
    [[nodiscard]] std::uint64_t verdicts() const { return stream == Stream::verdicts ? stream_sequence : sequence - stream_sequence; }
  };
  /// Up to `count` records from `sequence` on; fewer at the end of what is durable.
  [[nodiscard]] virtual Result<std::vector<Raw>> read(std::uint64_t sequence, std::size_t count) = 0;
  /// Up to `count` records of one stream from its number `first` on, of together about `bytes_max` (one always comes);
  /// fewer at the end of what is durable. Cheap where it continues what was read before. Damage in which none of this stream
  /// lies is passed by. Errors as read().
  [[nodiscard]] Result<std::vector<Raw>> read_stream(Stream stream, std::uint64_t first, std::size_t count, std::size_t bytes_max);
  /// How much of each stream is durable. Errors: as read().
  [[nodiscard]] virtual Result<StreamEnds> ends() = 0;

  /// A stretch that cannot be read, between two good records or at the end.
  struct Gap {
    std::uint64_t first = 1, last = 0;  ///< sequences
    StreamEnds before, after;  ///< how much there is of each stream before it, and up to its end
    std::string cause;         ///< one line, naming the segment
    bool sure = false;  ///< all around it was read and it is not in it; false: the disk did not give it, which may pass
  };
  /// Why number `number` of this stream, which is durable, cannot be read: looks at the disk anew. Nothing: it can be. Errors (the
  /// journal as a whole is not there, so that nothing can be said of it): io, invalid.
  [[nodiscard]] Result<std::optional<Gap>> gap(Stream stream, std::uint64_t number);

 protected:
  /// Around this sequence, which could not be read. Nothing: it can be, now. Errors as gap().
  [[nodiscard]] virtual Result<std::optional<Gap>> gap_at(std::uint64_t sequence) {
    return fail(ErrorCode::io, "this reader knows nothing of record " + std::to_string(sequence));
  }
  /// Whatever was found damaged is forgotten at every place, and so is the file it was found in: another one may have its name now.
  virtual void look_anew() {}
  /// A sequence at or before that of number `first` of this stream, the nearer the better. Errors: as read().
  [[nodiscard]] virtual Result<std::uint64_t> locate(Stream stream, std::uint64_t first) = 0;
  /// The newest records and the backlog of both streams are read beside each other: four places that do not disturb one another.
  static constexpr std::size_t places_per_stream = 2, places_max = streams.size() * places_per_stream;
  /// As read(), at one of the places.
  [[nodiscard]] virtual Result<std::vector<Raw>> read_run(std::size_t place, std::uint64_t sequence, std::size_t count) {
    (void)place;
    return read(sequence, count);
  }

 private:
  struct Place {
    std::uint64_t number = 0;    ///< the next one that this place gives
    std::uint64_t sequence = 1;  ///< what is to be read next, behind `ahead`
    std::deque<Raw> ahead;       ///< read already and not yet given: going back in the journal is dear
    std::uint64_t used = 0;
  };
  std::array<Place, places_max> places_;
  std::uint64_t uses_ = 0;
};

struct CrossingRow {  ///< one line of `rampa crossings`
  CrossingId id;
  LaneId lane;
  Stamp opened;
  std::string plate, trailer;   ///< empty where erased or unread
  std::int64_t gross_kg = -1;   ///< -1: none
  std::string channel, verdict, decided_by, outcome;
  std::vector<std::string> hits;
  std::int64_t decision_ms = -1;
  bool paper = false;
  bool acknowledged = false;    ///< HQ has all its records
};

struct CrossingQuery {
  std::size_t limit = 50;
  LaneId lane;                  ///< empty: all
  std::string plate;            ///< exact, normalised
  CrossingId before;            ///< paging: strictly older than this one
};

/// Read-only view for HTTP and command-line tools; own SQLite connection. Thread: one at a time.
class PictureReader {
 public:
  virtual ~PictureReader() = default;
  [[nodiscard]] virtual Result<std::vector<CrossingRow>> crossings(const CrossingQuery& query) = 0;
  [[nodiscard]] virtual Result<std::vector<StoredRecord>> records_of(const CrossingId& id) = 0;
  /// Records of one kind (kind_of's word) at one lane, newest first.
  [[nodiscard]] virtual Result<std::vector<StoredRecord>> newest(std::string_view kind, const LaneId& lane, std::size_t limit) {
    return fail(ErrorCode::refused, "this reader keeps no record '" + std::string(kind) + "' of lane " + lane.text + " (" + std::to_string(limit) + " wanted)");
  }
  /// Declarations whose plate or trailer is one of these.
  [[nodiscard]] virtual Result<std::vector<Declaration>> declarations_for(const std::vector<std::string>& plates) = 0;
  [[nodiscard]] virtual Result<Bytes> blob(const std::string& sha256) = 0;
  /// Is it evidence of a crossing? The store also keeps what officers must not read: profile sets.
  [[nodiscard]] virtual Result<bool> blob_of_a_crossing(const std::string& sha256) {
    (void)sha256;
    return true;
  }
  /// When and how a blob made room; nothing where it did not. Errors: as above.
  struct BlobGone {
    WallTime when;
    bool held_at_hq = false;  ///< HQ holds it; else nobody has it any more
  };
  [[nodiscard]] virtual Result<std::optional<BlobGone>> blob_gone(const std::string& sha256) {
    (void)sha256;
    return std::optional<BlobGone>{};
  }
  /// Without reading the blob. Errors: not_found, invalid, io.
  [[nodiscard]] virtual Result<std::uint64_t> blob_size(const std::string& sha256) {
    auto whole = blob(sha256);
    if (!whole) return tl::unexpected(whole.error());
    return whole->size();
  }
  /// Up to `count` bytes from `offset` on; fewer only at the end. Reads and checks only the chunks that hold them.
  [[nodiscard]] virtual Result<Bytes> blob_range(const std::string& sha256, std::uint64_t offset, std::size_t count) {
    auto whole = blob(sha256);
    if (!whole) return whole;
    const std::size_t from = std::min<std::uint64_t>(offset, whole->size());
    const std::size_t n = std::min(count, whole->size() - from);
    return Bytes(whole->begin() + static_cast<std::ptrdiff_t>(from), whole->begin() + static_cast<std::ptrdiff_t>(from + n));
  }
};

/// What blobs take on the disk, whole blocks; ROOM.md.
struct RoomStatus {
  struct Of {
    std::uint64_t blobs = 0, bytes = 0, quota_bytes = 0;  ///< quota 0: none
    std::uint64_t evicted_held = 0;      ///< since the start, of those that HQ holds
    std::uint64_t evicted_not_held = 0;  ///< since the start, each with a tombstone that says so
  };
  Of images, thumbnails;
  std::uint64_t kept_bytes = 0;   ///< what is never removed: profile sets
  std::uint64_t held_blobs = 0;   ///< that HQ said it holds, told since the start
  std::string trouble;            ///< empty, or why there is no room and what to do
};

struct Status {
  std::uint64_t last_sequence = 0;
  std::uint64_t acknowledged = 0;   ///< HQ's cursor
  std::string boot_id;              ///< of the machine, hex: two starts of Rampa may share it, boot_number they do not
  std::string chain_head;
  std::string epoch;                ///< names this journal among all that ever carried the post's name; see epoch_of()
  std::string device_key;           ///< Ed25519 public key, hex: signs seals and what goes to HQ
  StreamEnds streams;               ///< durable
  std::uint64_t free_bytes = 0;
  bool writable = true;
  std::string trouble;              ///< empty, or what is wrong and what to do
  bool picture_rebuilding = false;
  Duration fdatasync_p99{};         ///< of the last 1024 groups
  std::uint64_t boot_number = 0;    ///< 1, 2, 3...: counts open() over the post's life, never twice; part of crossing ids
  bool clean_before = false;        ///< the run before was closed in an orderly way
  RoomStatus room;
  std::string repaired;             ///< what open() cut off the journal's end (never acknowledged to anyone); empty: nothing
};

/// What put_declarations() and put_watch_list() last stored, e.g. for the snapshot in memory at start.
struct CachedLists {
  std::map<std::string, Declaration> declarations;              ///< by reference
  std::map<std::string, std::vector<std::string>> watch_lists;  ///< plates, by the list's name
};

class Store {
 public:
  virtual ~Store() = default;
  /// Queues one group; `answer` is called on the store's thread once it is durable or has failed. Never blocks.
  /// Errors of the answer: no_space (nothing was written: try again when space is back), io (the disk failed: nothing
  /// more is written until a restart), busy (queue full), invalid (a field over its limit, or a growing blob that is not
  /// known or cannot be had any more: trying again changes nothing). After any other error a growing blob is still there.
  virtual void persist(std::vector<Record> records, PersistAnswer answer) = 0;
  /// Growing blob (a scan strip by strip): appends to the one called `key`, which begins with its first strip. It becomes
  /// a blob when a record is persisted with an Attachment whose `bytes` are null and whose `growing_key` is the key; that
  /// persist() must be called after the last append_blob(), from the same thread. Whatever went wrong while it grew (disk
  /// full, too slow) is the answer `invalid` of that persist(); a disk that failed, `io`. Growing blobs do not survive a restart; at most
  /// growing_blobs_max grow at once, the one that was idle longest is dropped for a further one.
  virtual void append_blob(const std::string& key, SharedBytes strip) = 0;
  /// Adds declarations to the cache, each replacing the one with its reference. Durable on its own, apart from the
  /// journal (their source is HQ). Never blocks.
  /// `answer` is called on the store's thread once it is durable or has failed (no_space, io).
  virtual void put_declarations(std::vector<Declaration> declarations, std::function<void(Result<void>)> answer = {}) = 0;
  /// Replaces the whole list `name`; an empty one removes it. As above.
  virtual void put_watch_list(const std::string& name, std::vector<std::string> plates, std::function<void(Result<void>)> answer = {}) = 0;
  /// What the site's own files declare. Not durable and not in the cache (the files are): it is given at every start, and
  /// the picture shows those declarations and lists that HQ has not sent under the same reference or name. Never blocks.
  virtual void show_site_lists(CachedLists lists) = 0;
  /// HQ has committed everything up to and including `sequence`. Lower than before only where HQ lost its database. Kept
  /// durably within about a second. Never blocks.
  virtual void acknowledge(std::uint64_t sequence) = 0;
  /// HQ has said that it holds this blob; `held` false: that it does not any more (it asked for it again). Decides in which
  /// order room is made and what a tombstone says. Survives restarts, kept within about a second without a sync: what a
  /// power cut takes means only that HQ is asked again. An address that is none is ignored. Never blocks.
  virtual void blob_held(const std::string& sha256, bool held = true) {
    (void)sha256;
    (void)held;
  }
  [[nodiscard]] virtual Status status() const = 0;
  [[nodiscard]] virtual std::unique_ptr<JournalReader> journal_reader() = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<PictureReader>> picture_reader() = 0;
  /// Waits until the picture shows all that is durable now. False: it does not after this time; it is behind, being built
  /// anew, or cannot be opened. Thread: any but the store's.
  [[nodiscard]] virtual bool wait_for_picture(Duration timeout) = 0;
  /// Rises whenever the store's thread comes round, at least twice a second: the watchdog's question "are you alive?".
  [[nodiscard]] virtual std::uint64_t beats() const = 0;
  /// Signs with the device's key (Ed25519, 64 bytes). Thread: any; the function may outlive the store.
  [[nodiscard]] virtual std::function<Bytes(ByteView)> signer() const { return {}; }
  /// Wakes `callback` (store's thread) whenever more is durable. Each call adds one callback.
  virtual void on_durable(std::function<void(std::uint64_t last_sequence)> callback) = 0;
  /// Destroys the key of one day (YYYYMMDD, UTC), so that the personal fields of that day's records can never be read
  /// again; they come back with StoredRecord::erased. The chain stays whole. `answer` is called on the store's thread.
  /// Errors: invalid (no date, or today), not_found (no key of that day), io. Default: refused.
  virtual void erase_day(const std::string& date, std::function<void(Result<void>)> answer) {
    answer(fail(ErrorCode::refused, "this store cannot erase " + date));
  }
};

/// Opens or creates, repairs the torn tail, writes nothing else. Starts the store's thread.
[[nodiscard]] Result<std::unique_ptr<Store>> open(const Settings& settings, Clock& clock);

/// For tools: read-only, works beside a running appliance.
[[nodiscard]] Result<std::unique_ptr<PictureReader>> open_picture(const std::string& directory);
[[nodiscard]] Result<std::unique_ptr<JournalReader>> open_journal(const std::string& directory);
// Blobs: open_blobs() in blob_reader.hpp.

/// Works beside a running appliance; empty where nothing was stored. Errors: io.
[[nodiscard]] Result<CachedLists> read_cached_lists(const std::string& directory);

/// What the journal's last records say of a lane: for a start at which the picture cannot be asked.
struct LaneTail {
  std::vector<std::string> modes;       ///< of its lane_mode records, oldest first
  std::vector<CrossingId> unfinished;   ///< opened in this tail, never closed
};
struct JournalTail {
  std::map<LaneId, LaneTail> lanes;
  bool whole = false;  ///< it reaches back to the first record, without a damaged one: what is not in it never was
};
/// The last `records_max` records of the journal. A damaged record empties what is known from before it. Works beside a
/// running appliance. Errors: io, not_found.
[[nodiscard]] Result<JournalTail> read_journal_tail(const std::string& directory, std::uint64_t last_sequence, std::size_t records_max);

struct VerifyReport {
  std::uint64_t records = 0, signatures = 0, blobs = 0, rows = 0;
  std::uint64_t blobs_at_hq = 0;    ///< removed for lack of room, HQ holds them
  std::uint64_t blobs_removed = 0;  ///< removed for lack of room, HQ never had them
  std::string first_broken;  ///< empty: all whole. Otherwise names segment, record, file or row, and what to do
};
/// Walks chain, signatures, blobs and SQLite's picture; `progress` gets 0..100.
[[nodiscard]] Result<VerifyReport> verify(const std::string& directory, const std::function<void(int percent)>& progress);

}  // namespace rampa::store
