#include "sync/hq/desk.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sync/letters.hpp"

namespace rampa::sync::hq {
namespace {

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
)sql";

}  // namespace

std::unique_ptr<Desk> open_desk(const Place& place) {
  return std::make_unique<Desk>(place.server() ? open_postgres(place.database) : open_sqlite(desk_file(place.directory), OpenFor::writing, false));
}

Desk::Desk(std::unique_ptr<Database> database) : database_(std::move(database)) {
  bool there = true;
  try {
    auto asked = database_->query("SELECT count(*) FROM orders");
    there = asked.step();
  } catch (const DatabaseError&) {
    there = false;
  }
  if (!there) database_->transaction([&] { database_->execute(database_->in_own_words(schema)); });
}

std::uint64_t Desk::add_letter(const std::string& post, const std::string& kind, const std::string& body, WallTime now) {
  std::uint64_t id = 0;
  database_->transaction([&] {
    auto added = database_->query("INSERT INTO letters(post, kind, body, made_ms) VALUES($1, $2, $3, $4) RETURNING id", post, kind, body, now.ms);
    while (added.step()) id = added.count(0);
  });
  return id;
}

void Desk::add_order(const Order& order, WallTime now) {
  database_->transaction([&] {
    database_->run("INSERT INTO orders(post, what, detail, made_ms) VALUES($1, $2, $3, $4)", order.post, order.what, order.detail, now.ms);
  });
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

std::uint64_t Desk::version() {
  auto asked = database_->query("SELECT coalesce((SELECT max(id) FROM letters), 0) + coalesce((SELECT max(id) FROM orders), 0) + (SELECT count(*) FROM orders)");
  return asked.step() ? asked.count(0) : 0;
}

LetterState Desk::number_letters(const std::string& post, std::uint64_t at_least) {
  LetterState state;
  std::uint64_t taken = 0;
  std::vector<std::uint64_t> fresh;
  {
    auto known = database_->query("SELECT taken, last, through FROM letter_streams WHERE post = $1", post);
    if (known.step()) {
      taken = known.count(0);
      state = {known.count(1), known.count(2)};
    }
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

std::vector<Letter> Desk::letters(const std::string& post, std::uint64_t after, std::size_t count, std::size_t bytes) {
  std::vector<Letter> out;
  auto asked = database_->query("SELECT n.number, l.kind, l.body FROM numbered_letters n JOIN letters l ON l.id = n.letter"
                                " WHERE n.post = $1 AND n.number > $2 ORDER BY n.number LIMIT $3", post, after, count);
  for (std::size_t sum = 0; sum < bytes && asked.step();) {
    out.push_back({asked.count(0), asked.text(1), asked.text(2)});
    sum += out.back().body.size();
  }
  return out;
}

void Desk::receive(const std::string& post, const Receipt& receipt, WallTime now) {
  database_->transaction([&] {
    for (const RefusedLetter& refused : receipt.refused)
      database_->run("INSERT INTO refused_letters(post, number, reason) VALUES($1, $2, $3) ON CONFLICT DO NOTHING", post, refused.number, refused.reason);
    database_->run("UPDATE letter_streams SET through = $1, receipt_ms = $2 WHERE post = $3 AND through < $1", receipt.through, now.ms, post);
  });
}

std::vector<Order> Desk::take_orders(const std::string& post) {
  std::vector<Order> out;
  {
    auto asked = database_->query("SELECT what, detail FROM orders WHERE post = $1 ORDER BY id", post);
    while (asked.step()) out.push_back({post, asked.text(0), asked.text(1)});
  }
  if (!out.empty()) database_->transaction([&] { database_->run("DELETE FROM orders WHERE post = $1", post); });
  return out;
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
  } else if (kind.empty()) {
    return fail(ErrorCode::invalid, "a letter needs a kind");
  }
  return text;
}

}  // namespace rampa::sync::hq
