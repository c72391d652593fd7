#include "sync/hq/ledger.hpp"

#include <algorithm>

#include "sync/digest.hpp"
#include "sync/hq/record_times.hpp"

namespace rampa::sync::hq {
namespace {

constexpr int schema_version = 6;

// `bytes` is the whole record as the post wrote it: header, open part, ciphertext of the personal part, chain hash, CRC.
// The other columns are copies for asking; `rampa-hq verify` compares the hash with the bytes. `id` is record_key(), `turn` is
// journal_key(). In SQLite's words; see Database::in_own_words().
constexpr const char* schema = R"sql(
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
CREATE INDEX records_evicted ON records(id) WHERE kind = 'blob_evicted';
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
)sql";
// What version 3 added. state: 0 wanted, 1 held, 2 erased. sequence: of a record that needs the key; of the record that tells of the
// erasure. The records of an erased generation all come before it in the journal, those of the next one after it, in whatever
// order they arrive here.
constexpr const char* day_keys_schema = R"sql(
CREATE TABLE day_keys(
  history INTEGER NOT NULL, day INTEGER NOT NULL, generation INTEGER NOT NULL, state INTEGER NOT NULL, sequence INTEGER NOT NULL,
  sealed BLOB, reason TEXT NOT NULL DEFAULT '', changed_ms INTEGER NOT NULL, PRIMARY KEY(history, day, generation)
);
CREATE TABLE day_erasures(
  history INTEGER NOT NULL, day INTEGER NOT NULL, sequence INTEGER NOT NULL, who TEXT NOT NULL, PRIMARY KEY(history, day, sequence)
);
)sql";

// What version 4 added: numbers that the post's journal cannot give. here: HQ has the records, only the post lacks them.
constexpr const char* lost_schema = R"sql(
CREATE TABLE lost(
  first_id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL, here INTEGER NOT NULL, reason TEXT NOT NULL, told_ms INTEGER NOT NULL
);
)sql";

// What version 5 added: numbers that HQ went on without, and the records of them that came after all, in that order: an export may have
// passed their place.
constexpr const char* late_schema = R"sql(
CREATE TABLE passed(first_id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL);
CREATE TABLE turned_up(id AUTO_ID, turn INTEGER NOT NULL);
)sql";

/// At most `most` bytes, not cut inside a character.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

}  // namespace

Bytes packed(const std::vector<Range>& ranges) {
  Bytes out;
  out.reserve(ranges.size() * 16);
  for (const Range& r : ranges)
    for (const std::uint64_t end : {r.first, r.last})
      for (int i = 0; i < 8; ++i) out.push_back(static_cast<std::uint8_t>(end >> (8 * i)));
  return out;
}

std::vector<Range> unpacked_ranges(ByteView bytes) {
  std::vector<Range> out(bytes.size() / 16);
  std::size_t at = 0;
  for (Range& r : out)
    for (std::uint64_t* end : {&r.first, &r.last}) {
      *end = 0;
      for (int i = 0; i < 8; ++i) *end |= static_cast<std::uint64_t>(bytes[at++]) << (8 * i);
    }
  return out;
}

std::unique_ptr<Ledger> open_ledger(const Place& place) {
  return std::make_unique<Ledger>(place.server() ? open_postgres(place.database) : open_sqlite(ledger_file(place.directory), OpenFor::writing));
}

Ledger::Ledger(std::unique_ptr<Database> database) : database_(std::move(database)) {
  database_->transaction([&] {
    database_->lock_for_tables();
    std::int64_t version = 0;
    if (database_->has_table("hq_schema")) {
      auto asked = database_->query("SELECT version FROM hq_schema");
      if (asked.step()) version = asked.number(0);
    }
    if (version == schema_version) return;
    if (version >= 2 && version <= 5) {
      if (version == 2) database_->execute(database_->in_own_words(day_keys_schema));
      if (version < 4) database_->execute(database_->in_own_words(lost_schema));
      if (version < 5) {
        database_->execute(database_->in_own_words(late_schema));
        database_->run("INSERT INTO passed(first_id, last_id) SELECT first_id, last_id FROM lost WHERE here = 0");
      }
      database_->execute("CREATE INDEX records_evicted ON records(id) WHERE kind = 'blob_evicted'");
      database_->run("UPDATE hq_schema SET version = $1", schema_version);
      return;
    }
    if (version != 0)
      throw DatabaseError(ErrorCode::invalid, "the database has schema " + std::to_string(version) + ", this rampa-hq knows " +
                                                  std::to_string(schema_version) + ": use the rampa-hq that wrote it");
    if (database_->has_table("posts"))
      throw DatabaseError(ErrorCode::invalid, "the database is of protocol 1, which no post speaks any more: move it away");
    database_->execute("DROP TABLE IF EXISTS hq_schema");
    database_->execute(database_->in_own_words(schema));
    database_->execute(database_->in_own_words(day_keys_schema));
    database_->execute(database_->in_own_words(lost_schema));
    database_->execute(database_->in_own_words(late_schema));
    database_->run("INSERT INTO hq_schema(version) VALUES($1)", schema_version);
  });
  database_->execute(database_->in_own_words("CREATE TEMP TABLE many_chunks(hash BLOB NOT NULL, blob BLOB NOT NULL, place INTEGER NOT NULL)"));
  many_chunks_ = database_->bulk("many_chunks", {"hash", "blob", "place"});
  records_ = database_->bulk("records", {"id", "turn", "wall_ms", "received_ms", "hash", "kind", "lane", "crossing", "bytes"});
}

void Ledger::commit() {
  records_->flush();
  database_->commit();
}

void Ledger::rollback() noexcept {
  records_->forget();
  many_chunks_->forget();
  database_->rollback();
  alarms_.clear();
}

std::vector<std::string> Ledger::posts() {
  std::vector<std::string> posts;
  auto asked = database_->query("SELECT post FROM posts ORDER BY post");
  while (asked.step()) posts.push_back(asked.text(0));
  return posts;
}

std::vector<HistoryRow> Ledger::histories(const std::string& post) {
  std::vector<HistoryRow> out;
  auto asked = database_->query(
      "SELECT h.id, h.epoch, h.public_key, h.session, h.boot, h.boot_number, h.software, h.metered, h.last_hello_ms, h.sent_mono_ns,"
      " h.sent_wall_ms, h.last_sequence, h.verdicts_end, h.events_end, h.letters_through, h.walked, h.head, h.verdicts, h.records, h.renewals, h.last_record_ms"
      " FROM histories h JOIN posts p ON p.post = h.post WHERE h.post = $1 ORDER BY CASE WHEN h.id = p.history THEN 1 ELSE 0 END, h.id", post);
  while (asked.step()) {
    HistoryRow& h = out.emplace_back();
    h.id = asked.number(0);
    h.post = post;
    h.epoch = asked.fixed<16>(1);
    h.key = asked.fixed<32>(2);
    h.session = asked.text(3);
    h.hello.id = h.session;
    h.hello.epoch = h.epoch;
    h.hello.boot_id = asked.text(4);
    h.hello.boot_number = asked.count(5);
    h.hello.software = asked.text(6);
    h.hello.metered = asked.number(7) != 0;
    h.hello_received.ms = asked.number(8);
    h.hello.sent = {MonoTime{asked.number(9)}, WallTime{asked.number(10)}};
    h.hello.last_sequence = asked.count(11);
    h.hello.ends = {asked.count(12), asked.count(13)};
    h.hello.letters_through = asked.count(14);
    h.cursor = asked.count(15);
    if (!asked.null(16)) h.head = asked.fixed<32>(16);
    h.verdicts = asked.count(17);
    h.records = asked.count(18);
    h.renewals = asked.count(19);
    h.last_record.ms = asked.number(20);
  }
  return out;
}

void Ledger::add_history(HistoryRow& row, WallTime received) {
  database_->lock_for_tables();  // another worker may be taking the next id, too
  {
    auto asked = database_->query("SELECT coalesce(max(id), 0) + 1 FROM histories");
    if (asked.step()) row.id = asked.number(0);
  }
  database_->run("INSERT INTO histories(id, post, epoch, public_key, first_seen_ms, head) VALUES($1, $2, $3, $4, $5, $6)", row.id, row.post,
                 row.epoch, row.key, received.ms, row.head);
  database_->run("INSERT INTO posts(post, first_seen_ms, history) VALUES($1, $2, $3) ON CONFLICT(post) DO UPDATE SET history = excluded.history",
                 row.post, received.ms, row.id);
}

void Ledger::save(const HistoryRow& h, WallTime now) {
  database_->run("UPDATE histories SET session = $1, boot = $2, boot_number = $3, software = $4, metered = $5, last_hello_ms = $6,"
                 " sent_mono_ns = $7, sent_wall_ms = $8, last_sequence = $9, verdicts_end = $10, events_end = $11, letters_through = $12,"
                 " last_record_ms = CASE WHEN records < $13 THEN $14 ELSE last_record_ms END, walked = $15, head = $16, verdicts = $17,"
                 " records = $13, renewals = $18 WHERE id = $19",
                 h.session, h.hello.boot_id, h.hello.boot_number, h.hello.software, h.hello.metered, h.hello_received.ms, h.hello.sent.mono.ns,
                 h.hello.sent.wall.ms, h.hello.last_sequence, h.hello.ends.verdicts, h.hello.ends.events, h.hello.letters_through, h.records,
                 now.ms, h.cursor, h.head, h.verdicts, h.renewals, h.id);
}

void Ledger::make_current(const HistoryRow& row) {
  database_->run("UPDATE posts SET history = $1 WHERE post = $2", row.id, row.post);
}

StreamRow Ledger::stream(std::int64_t history, Stream stream) {
  auto asked = database_->query("SELECT held, recheck FROM streams WHERE history = $1 AND stream = $2", history, static_cast<int>(stream));
  if (!asked.step()) return {};
  return {unpacked_ranges(asked.bytes(0)), asked.count(1)};
}

void Ledger::save(std::int64_t history, Stream stream, const StreamRow& row) {
  const std::uint64_t through = !row.held.empty() && row.held.front().first == 1 ? row.held.front().last : 0;
  database_->run("INSERT INTO streams(history, stream, through, held, recheck) VALUES($1, $2, $3, $4, $5) ON CONFLICT(history, stream)"
                 " DO UPDATE SET through = excluded.through, held = excluded.held, recheck = excluded.recheck",
                 history, static_cast<int>(stream), through, packed(row.held), row.recheck);
}

void Ledger::add(std::int64_t history, std::uint64_t number, const store::format::ParsedRecord& record, ByteView bytes, WallTime received) {
  const auto& e = record.entry;
  records_->add(record_key(history, e.stream, number)).add(journal_key(history, e.sequence)).add(e.at.wall.ms).add(received.ms)
      .add(ByteView{record.hash}).add(cut(e.kind, name_bytes_max)).add(cut(e.lane, name_bytes_max)).add(cut(e.crossing, name_bytes_max)).add(bytes);
  records_->end_row();
}

StoredRecords Ledger::records(std::int64_t history, Stream stream, std::uint64_t from, std::uint64_t last, std::size_t limit) {
  StoredRecords out;
  std::uint64_t bytes = 0, through = last;
  std::size_t found = 0;
  if (from < last) {
    auto lengths = database_->query("SELECT id, length(bytes) FROM records WHERE id >= $1 AND id <= $2 ORDER BY id LIMIT $3",
                                    record_key(history, stream, from), record_key(history, stream, last), limit);
    while (lengths.step()) {
      bytes += lengths.count(1);
      if (++found < limit && bytes < read_bytes_max) continue;
      through = number_of_key(lengths.number(0));
      break;
    }
  }
  auto asked = database_->query("SELECT id, turn, hash, bytes FROM records WHERE id >= $1 AND id <= $2 ORDER BY id",
                                record_key(history, stream, from), record_key(history, stream, through));
  while (asked.step())
    out.records.push_back({number_of_key(asked.number(0)), static_cast<std::uint64_t>(asked.number(1) - journal_key(history, 0)), asked.fixed<32>(2), asked.copy(3)});
  out.through = through;
  return out;
}

std::optional<store::Hash> Ledger::hash_at(std::int64_t history, std::uint64_t sequence) {
  auto asked = database_->query("SELECT hash FROM records WHERE turn = $1", journal_key(history, sequence));
  if (!asked.step()) return {};
  return asked.fixed<32>(0);
}

std::optional<std::pair<std::int64_t, std::uint64_t>> Ledger::before(std::int64_t history, std::uint64_t sequence) {
  auto asked = database_->query("SELECT id, turn FROM records WHERE turn < $1 AND turn >= $2 ORDER BY turn DESC LIMIT 1",
                                journal_key(history, sequence), journal_key(history, 0));
  if (!asked.step()) return {};
  return std::pair{asked.number(0), static_cast<std::uint64_t>(asked.number(1) - journal_key(history, 0))};
}

void Ledger::expect(std::int64_t history, Stream stream, std::uint64_t number, const Sha256& hash) {
  database_->run("INSERT INTO expected_hashes(id, hash) VALUES($1, $2) ON CONFLICT(id) DO NOTHING", record_key(history, stream, number), hash);
}

std::vector<std::pair<std::uint64_t, Sha256>> Ledger::expected(std::int64_t history, Stream stream) {
  std::vector<std::pair<std::uint64_t, Sha256>> out;
  auto asked = database_->query("SELECT id, hash FROM expected_hashes WHERE id >= $1 AND id <= $2", record_key(history, stream, 0),
                                record_key(history, stream, number_end - 1));
  while (asked.step()) out.emplace_back(number_of_key(asked.number(0)), asked.fixed<32>(1));
  return out;
}

void Ledger::met(std::int64_t history, Stream stream, std::uint64_t number) {
  database_->run("DELETE FROM expected_hashes WHERE id = $1", record_key(history, stream, number));
}

void Ledger::quarantine(const HistoryRow& history, const QuarantinedRecord& record, ByteView bytes, WallTime received) {
  database_->run("INSERT INTO quarantine(post, history, stream, number, reason, bytes, digest, received_ms) VALUES($1, $2, $3, $4, $5, $6, $7, $8)"
                 " ON CONFLICT DO NOTHING",
                 history.post, history.id, static_cast<int>(record.stream), record.sequence, cut(record.reason, reason_bytes_max), bytes, sha256(bytes),
                 received.ms);
}

std::vector<QuarantinedRecord> Ledger::quarantined(std::int64_t history, std::size_t limit) {
  std::vector<QuarantinedRecord> out;
  auto asked = database_->query("SELECT number, reason, stream FROM quarantine WHERE history = $1 ORDER BY id DESC LIMIT $2", history, limit);
  while (asked.step()) out.push_back({asked.count(0), asked.text(1), static_cast<Stream>(asked.number(2))});
  return out;
}

std::vector<std::uint64_t> Ledger::stored(std::int64_t history, Stream stream, const Range& numbers) {
  std::vector<std::uint64_t> out;
  auto asked = database_->query("SELECT id FROM records WHERE id >= $1 AND id <= $2 ORDER BY id", record_key(history, stream, numbers.first),
                                record_key(history, stream, numbers.last));
  while (asked.step()) out.push_back(number_of_key(asked.number(0)));
  return out;
}

std::vector<std::uint64_t> Ledger::only_quarantined(std::int64_t history, Stream stream, const Range& numbers) {
  std::vector<std::uint64_t> out;
  auto asked = database_->query("SELECT DISTINCT number FROM quarantine q WHERE history = $1 AND stream = $2 AND number >= $3 AND number <= $4 AND NOT EXISTS"
                                "(SELECT 1 FROM records r WHERE r.id = $5 + q.number) ORDER BY number",
                                history, static_cast<int>(stream), numbers.first, numbers.last, record_key(history, stream, 0));
  while (asked.step()) out.push_back(asked.count(0));
  return out;
}

void Ledger::lose(const HistoryRow& history, const LostRecords& lost, bool here, WallTime received) {
  database_->run("INSERT INTO lost(first_id, last_id, here, reason, told_ms) VALUES($1, $2, $3, $4, $5) ON CONFLICT(first_id) DO NOTHING",
                 record_key(history.id, lost.stream, lost.numbers.first), record_key(history.id, lost.stream, lost.numbers.last), here,
                 cut(lost.reason, reason_bytes_max), received.ms);
}

void Ledger::find(std::int64_t history, Stream stream, const Range& numbers) {
  const std::int64_t first = record_key(history, stream, numbers.first), last = record_key(history, stream, numbers.last);
  struct Row {
    std::int64_t first, last, here;
    std::string reason;
    std::int64_t told_ms;
  };
  std::vector<Row> rows;
  {
    auto asked = database_->query("SELECT first_id, last_id, here, reason, told_ms FROM lost WHERE first_id <= $1 AND last_id >= $2", last, first);
    while (asked.step()) rows.push_back({asked.number(0), asked.number(1), asked.number(2), asked.text(3), asked.number(4)});
  }
  for (const Row& row : rows) {
    database_->run("DELETE FROM lost WHERE first_id = $1", row.first);
    for (const auto& [from, to] : {std::pair{row.first, first - 1}, {last + 1, row.last}})  // what of it stays lost
      if (from <= to) database_->run("INSERT INTO lost(first_id, last_id, here, reason, told_ms) VALUES($1, $2, $3, $4, $5)", from, to, row.here, row.reason, row.told_ms);
  }
}

/// `table`: lost or passed.
std::vector<Range> Ledger::numbers_in(const char* table, std::int64_t history, Stream stream) {
  std::vector<Range> out;
  auto asked = database_->query("SELECT first_id, last_id FROM " + std::string(table) + " WHERE first_id >= $1 AND first_id < $2 ORDER BY first_id",
                                record_key(history, stream, 0), record_key(history, stream, number_end - 1));
  while (asked.step()) out.push_back({number_of_key(asked.number(0)), number_of_key(asked.number(1))});
  return out;
}

void Ledger::pass(std::int64_t history, Stream stream, const Range& numbers) {
  database_->run("INSERT INTO passed(first_id, last_id) VALUES($1, $2) ON CONFLICT(first_id) DO NOTHING", record_key(history, stream, numbers.first),
                 record_key(history, stream, numbers.last));
}

void Ledger::turned_up(std::int64_t history, Stream stream, std::uint64_t number, std::uint64_t sequence) {
  const std::int64_t key = record_key(history, stream, number);
  std::vector<std::pair<std::int64_t, std::int64_t>> rows;
  {
    auto asked = database_->query("SELECT first_id, last_id FROM passed WHERE first_id <= $1 AND last_id >= $1", key);
    while (asked.step()) rows.emplace_back(asked.number(0), asked.number(1));
  }
  for (const auto& [first, last] : rows) {
    database_->run("DELETE FROM passed WHERE first_id = $1", first);
    for (const auto& [from, to] : {std::pair{first, key - 1}, {key + 1, last}})
      if (from <= to) database_->run("INSERT INTO passed(first_id, last_id) VALUES($1, $2)", from, to);
  }
  database_->run("INSERT INTO turned_up(turn) VALUES($1)", journal_key(history, sequence));
}

void Ledger::add_break(std::int64_t history, std::uint64_t sequence, Break what) {
  database_->run("INSERT INTO breaks(turn, what) VALUES($1, $2) ON CONFLICT(turn) DO UPDATE SET what = excluded.what",
                 journal_key(history, sequence), static_cast<int>(what));
}

void Ledger::forget_breaks(std::int64_t history, std::uint64_t from) {
  database_->run("DELETE FROM breaks WHERE turn >= $1 AND turn < $2", journal_key(history, from), journal_key(history + 1, 0));
}

bool Ledger::alarm(const std::string& post, std::uint64_t sequence, const std::string& what, const std::string& detail, WallTime raised) {
  const auto [kept, first] = alarms_.try_emplace({post, what});
  if (first) {
    auto counted = database_->query("SELECT count(*) FROM alarms WHERE post = $1 AND what = $2", post, what);
    if (counted.step()) kept->second = counted.number(0);
  }
  if (kept->second > alarms_kept_max) return false;
  const bool last = kept->second == alarms_kept_max;
  auto added = database_->query("INSERT INTO alarms(post, sequence, what, detail, raised_ms) VALUES($1, $2, $3, $4, $5)"
                                " ON CONFLICT DO NOTHING RETURNING id", post, last ? 0 : sequence, what,
                                last ? "there are " + std::to_string(alarms_kept_max) + " alarms of this kind: no further ones are kept"
                                     : std::string(cut(detail, detail_bytes_max)), raised.ms);
  const bool is_new = added.step();
  while (is_new && added.step()) {}
  kept->second += is_new;
  return is_new;
}

void Ledger::take_back_alarms(const std::string& post, const std::string& what, const std::string& about) {
  database_->run("DELETE FROM alarms WHERE post = $1 AND what = $2 AND substr(detail, 1, $3) = $4", post, what, static_cast<std::int64_t>(about.size()), about);
  alarms_.erase({post, what});
}

ClockEstimate Ledger::clock(std::int64_t history, const std::string& boot) {
  return clock_sample(*database_, history, boot);
}

void Ledger::save(std::int64_t history, const std::string& boot, const ClockEstimate& clock) {
  const auto part = [](const std::optional<ClockBound>& bound, bool at) -> std::optional<std::int64_t> {
    if (!bound) return {};
    return at ? bound->at.ns : bound->offset_ns;
  };
  database_->run("INSERT INTO clock_samples(history, boot, lower_ns, lower_at_ns, upper_ns, upper_at_ns) VALUES($1, $2, $3, $4, $5, $6)"
                 " ON CONFLICT(history, boot) DO UPDATE SET lower_ns = excluded.lower_ns, lower_at_ns = excluded.lower_at_ns,"
                 " upper_ns = excluded.upper_ns, upper_at_ns = excluded.upper_at_ns",
                 history, boot, part(clock.lower, false), part(clock.lower, true), part(clock.upper, false), part(clock.upper, true));
}

}  // namespace rampa::sync::hq
