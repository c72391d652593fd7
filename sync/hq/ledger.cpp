#include "sync/hq/ledger.hpp"

#include <algorithm>

#include "sync/digest.hpp"

namespace rampa::sync::hq {
namespace {

constexpr int schema_version = 1;

// `bytes` is the whole record as the post wrote it: header, open part, ciphertext of the personal part, chain hash, CRC.
// The other columns are copies for asking; `rampa-hq verify` compares them with the bytes.
constexpr const char* schema = R"sql(
CREATE TABLE posts(
  post TEXT PRIMARY KEY, cursor INTEGER NOT NULL, head BLOB,
  first_seen_ms INTEGER NOT NULL, last_record_ms INTEGER NOT NULL DEFAULT 0, last_hello_ms INTEGER NOT NULL DEFAULT 0,
  last_sequence INTEGER NOT NULL DEFAULT 0, boot TEXT NOT NULL DEFAULT '', software TEXT NOT NULL DEFAULT '',
  clock_behind_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE records(
  post TEXT NOT NULL, sequence INTEGER NOT NULL, hash TEXT NOT NULL, chain INTEGER NOT NULL, boot TEXT NOT NULL,
  kind TEXT NOT NULL, lane TEXT NOT NULL, crossing TEXT NOT NULL, mono_ns INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
  open TEXT NOT NULL, bytes BLOB NOT NULL, received_ms INTEGER NOT NULL,
  PRIMARY KEY(post, sequence)
) STRICT;
CREATE INDEX records_crossing ON records(post, crossing);
CREATE TABLE blobs(
  sha256 TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_missing ON blobs(sha256) WHERE state = 1;
CREATE TABLE record_blobs(
  post TEXT NOT NULL, sequence INTEGER NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL, sha256 TEXT NOT NULL,
  PRIMARY KEY(post, sequence, name, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_blobs_sha256 ON record_blobs(sha256);
CREATE TABLE quarantine(
  id INTEGER PRIMARY KEY, post TEXT NOT NULL, sequence INTEGER, reason TEXT NOT NULL, bytes BLOB NOT NULL,
  digest TEXT NOT NULL, received_ms INTEGER NOT NULL, UNIQUE(post, digest, reason)
) STRICT;
CREATE TABLE alarms(
  id INTEGER PRIMARY KEY, post TEXT NOT NULL, sequence INTEGER NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL,
  raised_ms INTEGER NOT NULL, UNIQUE(post, sequence, what, detail)
) STRICT;
)sql";

}  // namespace

std::string database_file(const std::string& directory) { return directory + "/hq.sqlite"; }

Ledger::Ledger(const std::string& directory) : database_(database_file(directory), Database::Mode::write) {
  std::int64_t version = 0;
  {
    auto asked = database_.prepare("PRAGMA user_version");
    if (asked.step()) version = asked.number(0);
  }
  if (version > schema_version)
    throw DatabaseError(ErrorCode::invalid, database_file(directory) + " was written by a newer rampa-hq (schema " +
                                                std::to_string(version) + "); use that one");
  if (version == schema_version) return;
  database_.begin();
  try {
    database_.execute(schema);
    database_.execute("PRAGMA user_version=1");
    database_.commit();
  } catch (...) {
    database_.rollback();
    throw;
  }
}

std::vector<std::string> Ledger::posts() {
  std::vector<std::string> posts;
  auto asked = database_.prepare("SELECT post FROM posts ORDER BY post");
  while (asked.step()) posts.push_back(asked.text(0));
  return posts;
}

PostState Ledger::post(const std::string& post) {
  auto asked = database_.prepare("SELECT cursor, head FROM posts WHERE post = ?");
  if (!asked.with(post).step()) return {0, store::format::genesis(PostId{post})};
  PostState state{static_cast<std::uint64_t>(asked.number(0)), {}};
  const Bytes head = asked.blob(1);
  if (head.size() == 32) std::copy(head.begin(), head.end(), state.head.emplace().begin());
  else if (state.cursor == 0) state.head = store::format::genesis(PostId{post});
  return state;
}

void Ledger::greet(const std::string& post, const Hello& hello, WallTime received) {
  database_
      .prepare("INSERT INTO posts(post, cursor, first_seen_ms, last_hello_ms, last_sequence, boot, software, clock_behind_ms)"
               " VALUES(?1, 0, ?2, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(post) DO UPDATE SET last_hello_ms = ?2,"
               " last_sequence = ?3, boot = ?4, software = ?5, clock_behind_ms = ?6")
      .with(post, received.ms, hello.last_sequence, hello.boot_id, hello.software, received.ms - hello.sent.wall.ms)
      .run();
}

void Ledger::set_cursor(const std::string& post, const PostState& state, WallTime received) {
  database_
      .prepare("INSERT INTO posts(post, cursor, head, first_seen_ms, last_record_ms) VALUES(?1, ?2, ?3, ?4, ?4)"
               " ON CONFLICT(post) DO UPDATE SET cursor = ?2, head = ?3, last_record_ms = ?4")
      .with(post, state.cursor, state.head ? ByteView{*state.head} : ByteView{}, received.ms)
      .run();
}

void Ledger::add(const std::string& post, const store::format::ParsedRecord& record, ByteView bytes, Chain chain, WallTime received) {
  const auto& e = record.entry;
  database_
      .prepare("INSERT INTO records(post, sequence, hash, chain, boot, kind, lane, crossing, mono_ns, wall_ms, open, bytes,"
               " received_ms) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .with(post, e.sequence, hex(ByteView{record.hash}), static_cast<int>(chain), record.boot_hex(), e.kind, e.lane,
            e.crossing, e.at.mono.ns, e.at.wall.ms, e.open, bytes, received.ms)
      .run();
  for (const BlobRef& blob : e.blobs) {
    database_.prepare("INSERT OR IGNORE INTO record_blobs(post, sequence, name, media_type, sha256) VALUES(?,?,?,?,?)")
        .with(post, e.sequence, blob.name, blob.media_type, blob.sha256)
        .run();
    // A blob given up earlier (not there, wrong three times) is asked for again when a new record names it.
    database_
        .prepare("INSERT INTO blobs(sha256, size_bytes, state) VALUES(?1, ?2, 1)"
                 " ON CONFLICT(sha256) DO UPDATE SET state = 1, attempts = 0, size_bytes = ?2 WHERE state = 3")
        .with(blob.sha256, blob.size_bytes)
        .run();
  }
}

std::optional<std::string> Ledger::hash_at(const std::string& post, std::uint64_t sequence) {
  auto asked = database_.prepare("SELECT hash FROM records WHERE post = ? AND sequence = ?");
  if (!asked.with(post, sequence).step()) return {};
  return asked.text(0);
}

void Ledger::quarantine(const std::string& post, std::optional<std::uint64_t> sequence, const std::string& reason, ByteView bytes,
                        WallTime received) {
  database_.prepare("INSERT OR IGNORE INTO quarantine(post, sequence, reason, bytes, digest, received_ms) VALUES(?,?,?,?,?,?)")
      .with(post, sequence, reason, bytes, hex(sha256(bytes)), received.ms)
      .run();
}

std::vector<QuarantinedRecord> Ledger::quarantined(const std::string& post, std::size_t limit) {
  std::vector<QuarantinedRecord> out;
  auto asked = database_.prepare("SELECT sequence, reason FROM quarantine WHERE post = ? AND sequence IS NOT NULL ORDER BY id DESC LIMIT ?");
  asked.with(post, limit);
  while (asked.step()) out.push_back({static_cast<std::uint64_t>(asked.number(0)), asked.text(1)});
  return out;
}

void Ledger::alarm(const std::string& post, std::uint64_t sequence, const std::string& what, const std::string& detail, WallTime raised) {
  database_.prepare("INSERT OR IGNORE INTO alarms(post, sequence, what, detail, raised_ms) VALUES(?,?,?,?,?)")
      .with(post, sequence, what, detail, raised.ms)
      .run();
}

std::vector<MissingBlob> Ledger::missing_blobs(const std::string& post, std::size_t limit) {
  std::vector<MissingBlob> out;
  auto asked = database_.prepare(
      "SELECT b.sha256, b.size_bytes, min(r.sequence) FROM blobs b JOIN record_blobs r ON r.sha256 = b.sha256"
      " WHERE b.state = 1 AND r.post = ? GROUP BY b.sha256 ORDER BY 3 LIMIT ?");
  asked.with(post, limit);
  while (asked.step()) out.push_back({asked.text(0), static_cast<std::uint64_t>(asked.number(1))});
  return out;
}

BlobRow Ledger::blob(const std::string& sha256) {
  auto asked = database_.prepare("SELECT state, size_bytes, attempts FROM blobs WHERE sha256 = ?");
  if (!asked.with(sha256).step()) return {};
  return {static_cast<BlobState>(asked.number(0)), static_cast<std::uint64_t>(asked.number(1)), static_cast<int>(asked.number(2))};
}

void Ledger::set_blob(const std::string& sha256, BlobState state, int attempts) {
  database_.prepare("UPDATE blobs SET state = ?2, attempts = ?3 WHERE sha256 = ?1").with(sha256, static_cast<int>(state), attempts).run();
}

}  // namespace rampa::sync::hq
