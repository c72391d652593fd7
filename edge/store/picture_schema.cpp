#include "edge/store/picture_schema.hpp"

namespace rampa::store {

namespace {

// Step n leads from version n-1 to n. Steps are never changed once released; pictures of every version are in the tests.
constexpr const char* k_steps[] = {
    // 1: records and crossings
    R"sql(
      CREATE TABLE progress (
        one INTEGER PRIMARY KEY CHECK (one = 1), applied INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
      INSERT INTO progress VALUES (1, 0, x'');
      CREATE TABLE records (
        sequence INTEGER PRIMARY KEY, crossing TEXT NOT NULL, kind TEXT NOT NULL, lane TEXT NOT NULL,
        wall_ms INTEGER NOT NULL, mono_ns INTEGER NOT NULL, boot TEXT NOT NULL, day INTEGER NOT NULL,
        key_generation INTEGER NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32), row_hash BLOB NOT NULL) STRICT;
      CREATE INDEX records_of_crossing ON records (crossing, sequence);
      CREATE INDEX records_of_day ON records (day) WHERE key_generation > 0;
      CREATE TABLE crossings (
        crossing TEXT PRIMARY KEY, first_sequence INTEGER NOT NULL, last_sequence INTEGER NOT NULL, lane TEXT NOT NULL,
        wall_ms INTEGER NOT NULL, mono_ns INTEGER NOT NULL, plate TEXT NOT NULL, trailer TEXT NOT NULL,
        gross_kg INTEGER NOT NULL, channel TEXT NOT NULL, verdict TEXT NOT NULL, decided_by TEXT NOT NULL,
        outcome TEXT NOT NULL, hits TEXT NOT NULL, decision_ms INTEGER NOT NULL, paper INTEGER NOT NULL,
        row_hash BLOB NOT NULL) STRICT, WITHOUT ROWID;
      CREATE UNIQUE INDEX crossings_in_order ON crossings (first_sequence);
      CREATE INDEX crossings_of_plate ON crossings (plate, first_sequence) WHERE plate <> '';
    )sql",
    // 2: blobs by record, trailers, HQ's lists. Blobs of older records come from the journal, so it is read again.
    R"sql(
      CREATE TABLE blob_refs (
        sequence INTEGER NOT NULL, place INTEGER NOT NULL, sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
        size_bytes INTEGER NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL,
        PRIMARY KEY (sequence, place)) STRICT, WITHOUT ROWID;
      CREATE INDEX blob_refs_of_blob ON blob_refs (sha256);
      CREATE INDEX crossings_of_trailer ON crossings (trailer, first_sequence) WHERE trailer <> '';
      CREATE TABLE declarations (
        reference TEXT PRIMARY KEY, plate TEXT NOT NULL, trailer TEXT NOT NULL, text TEXT NOT NULL, row_hash BLOB NOT NULL) STRICT, WITHOUT ROWID;
      CREATE INDEX declarations_of_plate ON declarations (plate) WHERE plate <> '';
      CREATE INDEX declarations_of_trailer ON declarations (trailer) WHERE trailer <> '';
      CREATE TABLE watch_lists (name TEXT NOT NULL, plate TEXT NOT NULL, PRIMARY KEY (name, plate)) STRICT, WITHOUT ROWID;
      CREATE INDEX watch_lists_of_plate ON watch_lists (plate);
      DELETE FROM records;
      DELETE FROM crossings;
      UPDATE progress SET applied = 0, hash = x'';
    )sql",
    // 3: the room that blobs take (ROOM.md). From the journal, so it is read again. `held` is from the held log; it, the state and
    // what is gone make the rank in which a blob is removed, 0: never.
    R"sql(
      CREATE TABLE blobs (
        sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32), size_bytes INTEGER NOT NULL, room INTEGER NOT NULL,
        class INTEGER NOT NULL, sequence INTEGER NOT NULL, crossing TEXT NOT NULL, lane TEXT NOT NULL, shared INTEGER NOT NULL,
        state INTEGER NOT NULL, held INTEGER NOT NULL, gone INTEGER NOT NULL, gone_ms INTEGER NOT NULL, gone_held INTEGER NOT NULL,
        rank INTEGER GENERATED ALWAYS AS (
          CASE WHEN class = 2 OR state = 0 THEN 0
               WHEN held THEN CASE class WHEN 0 THEN 1 ELSE 3 END
               WHEN state = 1 THEN CASE class WHEN 0 THEN 2 ELSE 4 END
               ELSE CASE class WHEN 0 THEN 5 ELSE 6 END END) VIRTUAL) STRICT, WITHOUT ROWID;
      CREATE INDEX blobs_of_crossing ON blobs (crossing);
      CREATE INDEX blobs_in_order ON blobs (rank, sequence) WHERE gone = 0;
      CREATE TABLE blob_totals (class INTEGER PRIMARY KEY, blobs INTEGER NOT NULL, room INTEGER NOT NULL) STRICT;
      INSERT INTO blob_totals VALUES (0, 0, 0), (1, 0, 0), (2, 0, 0);
      CREATE TABLE held (sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32)) STRICT, WITHOUT ROWID;
      CREATE TABLE held_progress (one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, entries INTEGER NOT NULL) STRICT;
      INSERT INTO held_progress VALUES (1, 0, 0);
      CREATE TABLE missing (one INTEGER PRIMARY KEY CHECK (one = 1), records INTEGER NOT NULL) STRICT;
      INSERT INTO missing VALUES (1, 0);
      DELETE FROM records;
      DELETE FROM crossings;
      DELETE FROM blob_refs;
      UPDATE progress SET applied = 0, hash = x'';
    )sql",
};
static_assert(std::size(k_steps) == picture_version);

}  // namespace

Result<void> migrate(sqlite::Database& db) {
  auto version = db.value("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  auto application = db.value("PRAGMA application_id");
  if (!application) return tl::unexpected(application.error());
  auto tables = db.value("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tl::unexpected(tables.error());
  const bool empty = *version == 0 && *application == 0 && *tables == 0;
  if (!empty && *application != picture_application_id)
    return fail(ErrorCode::refused, "picture.sqlite is the database of another program (application_id " + std::to_string(*application) + ")");
  if (*version > picture_version)
    return fail(ErrorCode::refused, "picture.sqlite has version " + std::to_string(*version) + ", this Rampa knows up to " +
                                        std::to_string(picture_version) + ": a newer Rampa wrote it");
  for (std::int64_t step = *version; step < picture_version; ++step) {
    auto done = db.execute("BEGIN IMMEDIATE");
    if (done) done = db.execute(k_steps[step]);
    if (done) done = db.execute("PRAGMA application_id=" + std::to_string(picture_application_id));
    if (done) done = db.execute("PRAGMA user_version=" + std::to_string(step + 1));
    if (done) done = db.execute("COMMIT");
    if (!done) {
      (void)db.execute("ROLLBACK");  // the step's error is the one that counts
      return done;
    }
  }
  return {};
}

}  // namespace rampa::store
