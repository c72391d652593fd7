#include "sync/hq/desk.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include <sodium.h>

#include "sync/digest.hpp"
#include "sync/envelope.hpp"
#include "sync/letters.hpp"

namespace rampa::sync::hq {
namespace {

constexpr std::size_t reason_bytes_max = 500;
/// 16 s of a line of 512 kbit/s. A post takes a connection for dead on which it hears nothing for 20 s, and a message that is still arriving is not heard.
constexpr std::size_t letter_sealed_bytes_max = 1u << 20;

/// At most `most` bytes, not cut inside a character: PostgreSQL takes no half ones.
std::string cut(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

/// It asks for something to be done or shown at once: nothing for a journal that begins later, which would fetch years of pictures.
bool for_the_moment(std::string_view kind) { return kind == "command" || kind == "referral_answer" || kind == "reference_image"; }

constexpr const char* schema = R"sql(
CREATE TABLE IF NOT EXISTS letters(
  id AUTO_ID, post TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, made_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS letter_streams(
  post TEXT PRIMARY KEY, taken INTEGER NOT NULL, last INTEGER NOT NULL, through INTEGER NOT NULL, receipt_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS numbered_letters(post TEXT NOT NULL, number INTEGER NOT NULL, letter INTEGER NOT NULL, PRIMARY KEY(post, number));
CREATE TABLE IF NOT EXISTS refused_letters(post TEXT NOT NULL, number INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY(post, number));
CREATE TABLE IF NOT EXISTS offers(post TEXT NOT NULL, sha256 TEXT NOT NULL, made_ms INTEGER NOT NULL, PRIMARY KEY(post, sha256));
CREATE TABLE IF NOT EXISTS orders(id AUTO_ID, post TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL, made_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS epoch_allowances(post TEXT PRIMARY KEY, epochs INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS desk_clock(version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS looks(id AUTO_ID, made_by TEXT NOT NULL, purpose TEXT NOT NULL, what TEXT NOT NULL, at_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS answered_letters(post TEXT NOT NULL, number INTEGER NOT NULL, outcome TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY(post, number));
CREATE TABLE IF NOT EXISTS exports(name TEXT NOT NULL, journal TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY(name, journal));
CREATE TABLE IF NOT EXISTS withheld_letters(post TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY(post, number));
CREATE TABLE IF NOT EXISTS set_aside(
  name TEXT NOT NULL, journal TEXT NOT NULL, sequence INTEGER NOT NULL, post TEXT NOT NULL, late INTEGER NOT NULL, crossing TEXT NOT NULL,
  refused INTEGER NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY(name, journal, sequence)
);
CREATE INDEX IF NOT EXISTS set_aside_crossing ON set_aside(name, journal, crossing);
CREATE TABLE IF NOT EXISTS refusals(name TEXT NOT NULL, post TEXT NOT NULL, documents INTEGER NOT NULL, PRIMARY KEY(name, post));
CREATE TABLE IF NOT EXISTS desk_identity(id TEXT NOT NULL);
)sql";

constexpr const char* newest_table = "desk_identity";  ///< where it is, the others are
constexpr std::size_t set_aside_reason_bytes_max = 500;

}  // namespace

std::unique_ptr<Desk> open_desk(const Place& place) {
  return std::make_unique<Desk>(place.server() ? open_postgres(place.database) : open_sqlite(desk_file(place.directory), OpenFor::writing, false));
}

Desk::Desk(std::unique_ptr<Database> database) : database_(std::move(database)) {
  if (!database_->has_table(newest_table)) make_tables();
  auto named = database_->query("SELECT id FROM desk_identity");
  if (named.step()) id_ = named.text(0);
}

void Desk::make_tables() {
  database_->transaction([&] {
    database_->lock_for_tables();
    if (database_->has_table(newest_table)) return;
    database_->execute(database_->in_own_words(schema));
    // A desk from before it had a clock goes on behind its newest number.
    bool ticking = false;
    {
      auto asked = database_->query("SELECT version FROM desk_clock");
      ticking = asked.step();
    }
    if (!ticking) database_->run("INSERT INTO desk_clock(version) SELECT coalesce((SELECT max(id) FROM letters), 0) + coalesce((SELECT max(id) FROM orders), 0)");
    std::array<std::uint8_t, 16> id{};
    randombytes_buf(id.data(), id.size());
    database_->run("INSERT INTO desk_identity(id) VALUES($1)", hex(ByteView{id}));
  });
}

std::uint64_t Desk::tick() {
  auto ticked = database_->query("UPDATE desk_clock SET version = version + 1 RETURNING version");
  std::uint64_t version = 0;
  while (ticked.step()) version = ticked.count(0);
  return version;
}

std::uint64_t Desk::add_letter(const std::string& post, const std::string& kind, const std::string& body, WallTime now) {
  std::uint64_t id = 0;
  database_->transaction([&] {
    id = tick();
    database_->run("INSERT INTO letters(id, post, kind, body, made_ms) VALUES($1, $2, $3, $4, $5)", id, post, kind, body, now.ms);
  });
  return id;
}

void Desk::add_order(const Order& order, WallTime now) {
  database_->transaction([&] {
    database_->run("INSERT INTO orders(id, post, what, detail, made_ms) VALUES($1, $2, $3, $4, $5)", tick(), order.post, order.what, order.detail, now.ms);
  });
}

void Desk::allow_epoch(const std::string& post) {
  database_->transaction([&] {
    database_->run("INSERT INTO epoch_allowances(post, epochs) VALUES($1, 1) ON CONFLICT(post) DO UPDATE SET epochs = epoch_allowances.epochs + 1", post);
  });
}

std::uint64_t Desk::epochs_allowed(const std::string& post) {
  auto asked = database_->query("SELECT epochs FROM epoch_allowances WHERE post = $1", post);
  return asked.step() ? asked.count(0) : 0;
}

void Desk::offer(const std::string& post, const std::string& sha256, WallTime now) {
  database_->transaction([&] {
    database_->run("INSERT INTO offers(post, sha256, made_ms) VALUES($1, $2, $3) ON CONFLICT DO NOTHING", post, sha256, now.ms);
  });
}

bool Desk::offered(const std::string& post, const std::string& sha256) {
  auto asked = database_->query("SELECT 1 FROM offers WHERE sha256 = $1 AND (post = '' OR post = $2)", sha256, post);
  return asked.step();
}

void Desk::note_look(const Look& look) {
  database_->transaction([&] {
    database_->run("INSERT INTO looks(made_by, purpose, what, at_ms) VALUES($1, $2, $3, $4)", look.by, look.purpose, look.what, look.at.ms);
  });
}

std::vector<Look> Desk::looks() {
  std::vector<Look> out;
  auto asked = database_->query("SELECT made_by, purpose, what, at_ms FROM looks ORDER BY id");
  while (asked.step()) out.push_back({asked.text(0), asked.text(1), asked.text(2), WallTime{asked.number(3)}});
  return out;
}

std::uint64_t Desk::exported(const std::string& name, const std::string& journal) {
  auto asked = database_->query("SELECT sequence FROM exports WHERE name = $1 AND journal = $2", name, journal);
  return asked.step() ? asked.count(0) : 0;
}

void Desk::set_exported(const std::string& name, const std::string& journal, std::uint64_t sequence) {
  database_->transaction([&] {
    database_->run("INSERT INTO exports(name, journal, sequence) VALUES($1, $2, $3) ON CONFLICT(name, journal) DO UPDATE SET sequence = excluded.sequence",
                   name, journal, sequence);
  });
}

void Desk::set_aside(const SetAside& r) {
  database_->transaction([&] {
    database_->run("INSERT INTO set_aside(name, journal, sequence, post, late, crossing, refused, reason, at_ms) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                   " ON CONFLICT(name, journal, sequence) DO UPDATE SET late = excluded.late, refused = excluded.refused, reason = excluded.reason,"
                   " at_ms = excluded.at_ms", r.name, r.journal, r.sequence, r.post, r.late, r.crossing, r.refused, cut(r.reason, set_aside_reason_bytes_max), r.at.ms);
  });
}

namespace {

constexpr const char* set_aside_columns = "SELECT name, post, journal, sequence, late, crossing, refused, reason, at_ms FROM set_aside ";

std::vector<SetAside> set_aside_in(Query asked) {
  std::vector<SetAside> out;
  while (asked.step())
    out.push_back({asked.text(0), asked.text(1), asked.text(2), asked.count(3), asked.count(4), asked.text(5), asked.number(6) != 0, asked.text(7), WallTime{asked.number(8)}});
  return out;
}

std::optional<SetAside> first_of(std::vector<SetAside> found) {
  if (found.empty()) return {};
  return std::move(found.front());
}

}  // namespace

std::optional<SetAside> Desk::set_aside(const std::string& name, const std::string& journal, std::uint64_t sequence) {
  return first_of(set_aside_in(database_->query(set_aside_columns + std::string("WHERE name = $1 AND journal = $2 AND sequence = $3"), name, journal, sequence)));
}

std::optional<SetAside> Desk::set_aside_before(const std::string& name, const std::string& journal, const std::string& crossing, std::uint64_t sequence) {
  if (crossing.empty()) return {};
  return first_of(set_aside_in(database_->query(set_aside_columns + std::string("WHERE name = $1 AND journal = $2 AND crossing = $3 AND sequence < $4 ORDER BY sequence LIMIT 1"),
                                                name, journal, crossing, sequence)));
}

std::vector<SetAside> Desk::all_set_aside(const std::string& name, const std::string& after_journal, std::uint64_t after_sequence, std::size_t limit) {
  return set_aside_in(database_->query(set_aside_columns + std::string("WHERE ($1 = '' OR name = $1) AND (journal > $2 OR (journal = $2 AND sequence > $3))"
                                                                       " ORDER BY journal, sequence, name LIMIT $4"), name, after_journal, after_sequence, limit));
}

void Desk::handed_on(const SetAside& r) {
  database_->transaction([&] { database_->run("DELETE FROM set_aside WHERE name = $1 AND journal = $2 AND sequence = $3", r.name, r.journal, r.sequence); });
}

Refusals Desk::refusals(const std::string& name) {
  Refusals out;
  auto asked = database_->query("SELECT post, documents FROM refusals WHERE name = $1 ORDER BY post", name);
  while (asked.step()) {
    out.posts.push_back(asked.text(0));
    out.documents += asked.count(1);
  }
  return out;
}

void Desk::note_refusal(const std::string& name, const std::string& post) {
  database_->transaction([&] {
    database_->run("INSERT INTO refusals(name, post, documents) VALUES($1, $2, 1) ON CONFLICT(name, post) DO UPDATE SET documents = refusals.documents + 1", name, post);
  });
}

void Desk::forget_refusals(const std::string& name) {
  database_->transaction([&] { database_->run("DELETE FROM refusals WHERE name = $1", name); });
}

std::uint64_t Desk::version() {
  auto asked = database_->query("SELECT version FROM desk_clock");
  return asked.step() ? asked.count(0) : 0;
}

LetterState Desk::letter_state(const std::string& post) {
  auto known = database_->query("SELECT last, through FROM letter_streams WHERE post = $1", post);
  return known.step() ? LetterState{known.count(0), known.count(1)} : LetterState{};
}

LetterState Desk::number_letters(const std::string& post, std::uint64_t at_least) {
  LetterState state = letter_state(post);
  std::uint64_t taken = 0;
  std::vector<std::uint64_t> fresh;
  {
    auto known = database_->query("SELECT taken FROM letter_streams WHERE post = $1", post);
    if (known.step()) taken = known.count(0);
  }
  {
    auto asked = database_->query("SELECT id FROM letters WHERE id > $1 AND (post = $2 OR post = '') ORDER BY id", taken, post);
    while (asked.step()) fresh.push_back(asked.count(0));
  }
  if (fresh.empty() && at_least <= state.last) return state;
  database_->transaction([&] {
    state.last = std::max(state.last, at_least);
    for (const std::uint64_t letter : fresh)
      database_->run("INSERT INTO numbered_letters(post, number, letter) VALUES($1, $2, $3)", post, ++state.last, letter);
    database_->run("INSERT INTO letter_streams(post, taken, last, through, receipt_ms) VALUES($1, $2, $3, $4, 0) ON CONFLICT(post) DO UPDATE SET"
                   " taken = excluded.taken, last = excluded.last", post, fresh.empty() ? taken : fresh.back(), state.last, state.through);
  });
  return state;
}

std::uint64_t Desk::renumber(const std::string& post, std::uint64_t own, std::uint64_t at_post) {
  if (own >= at_post) return 0;
  const LetterState state = letter_state(post);
  std::uint64_t met = 0;
  database_->transaction([&] {
    std::vector<std::uint64_t> withheld;
    {
      auto taken = database_->query("SELECT n.number, l.kind FROM numbered_letters n JOIN letters l ON l.id = n.letter WHERE n.post = $1 AND n.number > $2 AND n.number <= $3",
                                    post, own, state.through);
      while (taken.step())
        if (for_the_moment(taken.text(1))) withheld.push_back(taken.count(0));
    }
    withhold(post, withheld);
    const std::string free = " AND NOT EXISTS(SELECT 1 FROM withheld_letters w WHERE w.post = numbered_letters.post AND w.number = numbered_letters.number)";
    {
      auto asked = database_->query("SELECT count(*) FROM numbered_letters WHERE post = $1 AND number > $2 AND number <= $3" + free, post, own, at_post);
      if (asked.step()) met = asked.count(0);
    }
    if (met == 0) return;
    // All behind them too: what counts is the order in which they were written.
    const std::uint64_t shift = std::max(state.last, at_post) - own;
    database_->run("UPDATE numbered_letters SET number = number + $1 WHERE post = $2 AND number > $3" + free, shift, post, own);
    database_->run("UPDATE letter_streams SET last = last + $1 WHERE post = $2", shift, post);
  });
  return met;
}

void Desk::withhold(const std::string& post, const std::vector<std::uint64_t>& numbers) {
  for (const std::uint64_t number : numbers) database_->run("INSERT INTO withheld_letters(post, number) VALUES($1, $2) ON CONFLICT DO NOTHING", post, number);
}

bool Desk::gave(const std::string& post, std::uint64_t number) {
  auto asked = database_->query("SELECT 1 FROM numbered_letters n WHERE n.post = $1 AND n.number = $2"
                                " AND NOT EXISTS(SELECT 1 FROM withheld_letters w WHERE w.post = n.post AND w.number = n.number)", post, number);
  return asked.step();
}

std::vector<Letter> Desk::letters(const std::string& post, std::uint64_t after, std::uint64_t last, std::size_t count, std::size_t bytes) {
  std::vector<Letter> out;
  std::size_t sum = 0;
  const auto full = [&] { return out.size() >= count || sum >= bytes; };
  const std::uint64_t taken = letter_state(post).through;
  std::vector<std::uint64_t> withheld;
  const auto fill_up_to = [&](std::uint64_t number) {  // before this one
    for (; !full() && after + 1 < number; ++after) out.push_back({after + 1, std::string(gap_letter), "{\"v\":2}"});
  };
  {
    auto asked = database_->query("SELECT n.number, l.kind, l.body FROM numbered_letters n JOIN letters l ON l.id = n.letter"
                                  " WHERE n.post = $1 AND n.number > $2 AND n.number <= $3 ORDER BY n.number LIMIT $4", post, after, last, count);
    while (!full() && asked.step()) {
      const std::uint64_t number = asked.count(0);
      fill_up_to(number);
      if (full()) break;
      if (number <= taken && for_the_moment(asked.text(1))) {
        fill_up_to(number + 1);
        withheld.push_back(number);
        continue;
      }
      out.push_back({number, asked.text(1), asked.text(2)});
      sum += out.back().body.size();
      after = number;
    }
  }
  fill_up_to(last + 1);
  if (!withheld.empty()) database_->transaction([&] { withhold(post, withheld); });
  return out;
}

void Desk::taken_through(const std::string& post, std::uint64_t number, WallTime now) {
  if (number <= letter_state(post).through) return;
  database_->transaction([&] { database_->run("UPDATE letter_streams SET through = $1, receipt_ms = $2 WHERE post = $3 AND through < $1", number, now.ms, post); });
}

void Desk::receive(const std::string& post, const Receipt& receipt, WallTime now) {
  database_->transaction([&] {
    const std::uint64_t last = letter_state(post).last, through = std::min(last, receipt.through);
    for (const RefusedLetter& refused : receipt.refused)
      if (gave(post, refused.number))
        database_->run("INSERT INTO refused_letters(post, number, reason) VALUES($1, $2, $3) ON CONFLICT DO NOTHING", post, refused.number,
                       cut(refused.reason, reason_bytes_max));
    for (const AnsweredLetter& answered : receipt.answered)
      if (gave(post, answered.number))
        database_->run("INSERT INTO answered_letters(post, number, outcome, at_ms) VALUES($1, $2, $3, $4) ON CONFLICT DO NOTHING", post, answered.number,
                       cut(answered.outcome, answer_bytes_max), now.ms);
    database_->run("UPDATE letter_streams SET through = $1, receipt_ms = $2 WHERE post = $3 AND through < $1", through, now.ms, post);
  });
}

std::vector<SentLetter> Desk::sent(const std::string& post, std::size_t count) {
  std::vector<SentLetter> out;
  auto asked = database_->query("SELECT n.number, l.kind, l.made_ms, s.through, r.reason, a.outcome, l.body, w.number FROM numbered_letters n JOIN letters l ON l.id = n.letter"
                                " JOIN letter_streams s ON s.post = n.post LEFT JOIN refused_letters r ON r.post = n.post AND r.number = n.number"
                                " LEFT JOIN withheld_letters w ON w.post = n.post AND w.number = n.number"
                                " LEFT JOIN answered_letters a ON a.post = n.post AND a.number = n.number WHERE n.post = $1 ORDER BY n.number DESC LIMIT $2", post, count);
  while (asked.step()) {
    SentLetter& letter = out.emplace_back();
    letter.number = asked.count(0);
    letter.kind = asked.text(1);
    letter.made = WallTime{asked.number(2)};
    letter.state = !asked.null(4) ? "refused" : !asked.null(5) ? "answered" : letter.number <= asked.count(3) ? "taken" : "on its way";
    if (!asked.null(4)) letter.said = asked.text(4);
    if (!asked.null(5)) letter.said = asked.text(5);
    if (!asked.null(7)) letter.said = "an earlier journal of the post " + (letter.state == "taken" ? "took" : letter.state) + " it" + (letter.said.empty() ? "" : ": " + letter.said), letter.state = "not sent again";
    if (letter.kind == "command")
      if (const auto command = decode_command(as_bytes(asked.text(6)))) letter.command = command->command + (command->argument.empty() ? "" : " " + command->argument);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<Order> Desk::orders(const std::string& post) {
  std::vector<Order> out;
  auto asked = database_->query("SELECT id, what, detail FROM orders WHERE post = $1 ORDER BY id", post);
  while (asked.step()) out.push_back({post, asked.text(1), asked.text(2), asked.count(0)});
  return out;
}

void Desk::remove_orders(const std::vector<std::uint64_t>& ids) {
  database_->transaction([&] {
    for (const std::uint64_t id : ids) database_->run("DELETE FROM orders WHERE id = $1", id);
  });
}

Result<std::string> checked_letter(const std::string& kind, ByteView document) {
  auto json = nlohmann::json::parse(document.begin(), document.end(), nullptr, false);
  if (json.is_discarded() || !json.is_object()) return fail(ErrorCode::invalid, "the document is not a JSON object");
  json["v"] = 2;
  std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (kind == "declarations") {
    if (const auto read = decode_declarations(as_bytes(text)); !read) return tl::unexpected(read.error());
  } else if (kind == "watch_list") {
    if (const auto read = decode_watch_list(as_bytes(text)); !read) return tl::unexpected(read.error());
  } else if (kind == "bundle") {
    if (const auto read = decode_bundle(as_bytes(text)); !read) return tl::unexpected(read.error());
  } else if (kind == "referral_answer") {
    if (const auto read = decode_referral_answer(as_bytes(text)); !read) return tl::unexpected(read.error());
  } else if (kind == "code_list") {
    if (const auto read = decode_code_list(as_bytes(text)); !read) return tl::unexpected(read.error());
  } else if (kind == "reference_image") {
    if (const auto read = decode_reference_image(as_bytes(text)); !read) return tl::unexpected(read.error());
  } else if (kind == "command") {
    if (const auto read = decode_command(as_bytes(text)); !read) return tl::unexpected(read.error());
  } else if (kind.empty()) {
    return fail(ErrorCode::invalid, "a letter needs a kind");
  }
  if (const std::size_t sealed = envelope_bytes(as_bytes(text)); sealed > letter_sealed_bytes_max)
    return fail(ErrorCode::invalid, "packed it is " + std::to_string(sealed >> 10) + " KiB, more than the " + std::to_string(letter_sealed_bytes_max >> 10) +
                                        " KiB that reach a post over a thin line within its time-outs: shorten its texts, leave a language out, or divide it into lists of "
                                        "their own; a watch list can be built as a file");
  return text;
}

}  // namespace rampa::sync::hq
