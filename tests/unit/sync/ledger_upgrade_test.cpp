// A ledger that an earlier version made, opened by this one: everything in it stays, and what that version lacked is there.
#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;
using namespace rampa::tests;

namespace {

// As version 5 made it: version 6 added the index records_evicted.
constexpr const char* schema_5 = R"sql(
CREATE TABLE hq_schema(version INTEGER NOT NULL);
CREATE TABLE posts(
  post TEXT PRIMARY KEY, first_seen_ms INTEGER NOT NULL, history INTEGER NOT NULL
);
CREATE TABLE histories(
  id INTEGER PRIMARY KEY, post TEXT NOT NULL, epoch BLOB NOT NULL, public_key BLOB NOT NULL, first_seen_ms INTEGER NOT NULL,
  session TEXT NOT NULL DEFAULT '', boot TEXT NOT NULL DEFAULT '', boot_number INTEGER NOT NULL DEFAULT 0,
  software TEXT NOT NULL DEFAULT '', metered INTEGER NOT NULL DEFAULT 0, last_hello_ms INTEGER NOT NULL DEFAULT 0,
  sent_mono_ns INTEGER NOT NULL DEFAULT 0, sent_wall_ms INTEGER NOT NULL DEFAULT 0,
  last_sequence INTEGER NOT NULL DEFAULT 0, verdicts_end INTEGER NOT NULL DEFAULT 0, events_end INTEGER NOT NULL DEFAULT 0,
  letters_through INTEGER NOT NULL DEFAULT 0, last_record_ms INTEGER NOT NULL DEFAULT 0,
  walked INTEGER NOT NULL DEFAULT 0, head BLOB, verdicts INTEGER NOT NULL DEFAULT 0, records INTEGER NOT NULL DEFAULT 0,
  renewals INTEGER NOT NULL DEFAULT 0, UNIQUE(post, epoch)
);
CREATE TABLE streams(
  history INTEGER NOT NULL, stream INTEGER NOT NULL, through INTEGER NOT NULL, held BLOB NOT NULL, recheck INTEGER NOT NULL,
  PRIMARY KEY(history, stream)
);
CREATE TABLE records(
  id INTEGER PRIMARY KEY, turn INTEGER NOT NULL, wall_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, hash BLOB NOT NULL,
  kind TEXT NOT NULL, lane TEXT NOT NULL, crossing TEXT NOT NULL, bytes BLOB NOT NULL
);
CREATE INDEX records_turn ON records(turn);
CREATE INDEX records_crossing ON records(crossing, id) WHERE crossing <> '';
CREATE TABLE expected_hashes(id INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE breaks(turn INTEGER PRIMARY KEY, what INTEGER NOT NULL);
CREATE TABLE quarantine(
  id AUTO_ID, post TEXT NOT NULL, history INTEGER NOT NULL, stream INTEGER NOT NULL, number INTEGER NOT NULL, reason TEXT NOT NULL,
  bytes BLOB NOT NULL, digest BLOB NOT NULL, received_ms INTEGER NOT NULL, UNIQUE(history, stream, number, digest, reason)
);
CREATE TABLE alarms(
  id AUTO_ID, post TEXT NOT NULL, sequence INTEGER NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL,
  raised_ms INTEGER NOT NULL, UNIQUE(post, sequence, what, detail)
);
CREATE TABLE blobs(
  sha256 BLOB PRIMARY KEY, size_bytes INTEGER NOT NULL, state INTEGER NOT NULL, held_ms INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE record_blobs(
  id INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL, sha256 BLOB NOT NULL,
  size_bytes INTEGER NOT NULL, PRIMARY KEY(id, position)
);
CREATE INDEX record_blobs_sha256 ON record_blobs(sha256);
CREATE TABLE wants(
  post TEXT NOT NULL, sha256 BLOB NOT NULL, size_bytes INTEGER NOT NULL, rank INTEGER NOT NULL, sequence INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, present BLOB NOT NULL, have INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(post, sha256)
);
CREATE TABLE manifests(post TEXT NOT NULL, sha256 BLOB NOT NULL, chunks BLOB NOT NULL, PRIMARY KEY(post, sha256));
CREATE INDEX manifests_sha256 ON manifests(sha256);
CREATE INDEX wants_order ON wants(post, rank, sequence, sha256);
CREATE INDEX wants_sha256 ON wants(sha256);
CREATE TABLE chunks(hash BLOB PRIMARY KEY, blob BLOB NOT NULL, place INTEGER NOT NULL);
CREATE TABLE clock_samples(
  history INTEGER NOT NULL, boot TEXT NOT NULL, lower_ns INTEGER, lower_at_ns INTEGER, upper_ns INTEGER, upper_at_ns INTEGER,
  PRIMARY KEY(history, boot)
);
CREATE TABLE day_keys(
  history INTEGER NOT NULL, day INTEGER NOT NULL, generation INTEGER NOT NULL, state INTEGER NOT NULL, sequence INTEGER NOT NULL,
  sealed BLOB, reason TEXT NOT NULL DEFAULT '', changed_ms INTEGER NOT NULL, PRIMARY KEY(history, day, generation)
);
CREATE TABLE day_erasures(
  history INTEGER NOT NULL, day INTEGER NOT NULL, sequence INTEGER NOT NULL, who TEXT NOT NULL, PRIMARY KEY(history, day, sequence)
);
CREATE TABLE lost(
  first_id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL, here INTEGER NOT NULL, reason TEXT NOT NULL, told_ms INTEGER NOT NULL
);
CREATE TABLE passed(first_id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL);
CREATE TABLE turned_up(id AUTO_ID, turn INTEGER NOT NULL);
)sql";

class LedgerUpgrade : public HqTest {
 protected:
  /// Version 5's tables. Written by this program, which is told that they are its own: it writes the same rows.
  void open() override {
    if (!std::exchange(made_, true)) {
      const auto database = database_of_its_own();
      database->transaction([&] {
        database->execute(database->in_own_words(schema_5));
        database->run("INSERT INTO hq_schema(version) VALUES(6)");
      });
    }
    HqTest::open();
  }
  [[nodiscard]] std::unique_ptr<Database> database_of_its_own() const {
    return place.server() ? open_postgres(place.database) : open_sqlite(ledger_file(place.directory), OpenFor::writing);
  }
  [[nodiscard]] static std::uint64_t number(Database& database, const std::string& sql) {
    auto asked = database.query(sql);
    return asked.step() ? asked.count(0) : 0;
  }
  [[nodiscard]] std::uint64_t indexes(Database& database) const {
    return number(database, place.server() ? "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema() AND indexname = 'records_evicted'"
                                           : "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = 'records_evicted'");
  }

 private:
  bool made_ = false;
};

}  // namespace

TEST_F(LedgerUpgrade, From5To6KeepsAllRowsAndGivesTombstonesTheirIndex) {
  p1.append(3);
  p1.append(2, "verdict");
  p1.append(1, "blob_evicted");
  p1.append(4);
  greet();
  events(1, 6);
  verdicts(1, 1);
  const json before = rows(), missing = gaps();
  ASSERT_EQ(before.size(), 7u);
  close();
  {
    const auto database = database_of_its_own();
    ASSERT_EQ(indexes(*database), 0u) << "else this shows nothing";
    database->transaction([&] { database->run("UPDATE hq_schema SET version = 5"); });
  }
  open();
  {
    const auto database = database_of_its_own();
    EXPECT_EQ(number(*database, "SELECT version FROM hq_schema"), 6u);
    EXPECT_EQ(indexes(*database), 1u);
    EXPECT_EQ(number(*database, "SELECT count(*) FROM records WHERE kind = 'blob_evicted'"), 1u);
  }
  EXPECT_EQ(rows(), before);
  EXPECT_EQ(gaps(), missing);
  greet();
  events(5, 8);
  EXPECT_EQ(verdicts(1, 2).cursor, p1.journal.last());
  expect_all_here(p1);
  EXPECT_TRUE(alarms().empty()) << alarms();
  open();
  expect_all_here(p1);
}
