#include "sync/hq/key_book.hpp"

#include <nlohmann/json.hpp>

namespace rampa::sync::hq {
namespace {

enum class KeyState { wanted = 0, held = 1, erased = 2 };

constexpr std::size_t days_in_memory_max = 1024;  ///< of one history; beyond it the table answers again

/// "2026-07-14" -> 20260714; 0 where it is no such text.
std::uint32_t day_of_text(const std::string& text) {
  std::uint32_t day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return 0;
  for (const char c : text) {
    if (c == '-') continue;
    if (c < '0' || c > '9') return 0;
    day = day * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return day;
}

}  // namespace

void KeyBook::seen(const HistoryRow& history, const store::format::Entry& entry, Stamp now) {
  if (entry.kind == "audit") seen_erasure(history, entry, now);
  if (entry.key_generation == 0) return;
  Keys& keys = histories_[history.id];
  keys.post = history.post;
  const DayKeyName name{entry.day, entry.key_generation};
  if (keys.known.contains(name)) return;
  if (keys.known.size() >= days_in_memory_max) keys.known.clear();
  keys.known.insert(name);
  std::optional<std::string> erased_by;
  {
    auto asked = ledger_.database().query("SELECT who FROM day_erasures WHERE history = $1 AND day = $2 AND sequence > $3 LIMIT 1", history.id,
                                          std::int64_t{name.day}, entry.sequence);
    if (asked.step()) erased_by = asked.text(0);
  }
  auto added = ledger_.database().query("INSERT INTO day_keys(history, day, generation, state, sequence, reason, changed_ms)"
                                        " VALUES($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING day", history.id, std::int64_t{name.day},
                                        std::int64_t{name.generation}, static_cast<int>(erased_by ? KeyState::erased : KeyState::wanted), entry.sequence,
                                        erased_by ? "destroyed at the post by " + *erased_by : std::string{}, now.wall.ms);
  while (added.step()) keys.ask |= !erased_by;
}

void KeyBook::seen_erasure(const HistoryRow& history, const store::format::Entry& entry, Stamp now) {
  const auto note = nlohmann::json::parse(entry.open, nullptr, false);
  const auto text = [&](const char* key) {
    const auto found = note.is_object() ? note.find(key) : note.end();
    return found != note.end() && found->is_string() ? found->get<std::string>().substr(0, 200) : std::string{};
  };
  const std::uint32_t day = text("what") == "erase_day" ? day_of_text(text("detail")) : 0;
  if (day == 0) return;
  ledger_.database().run("INSERT INTO day_erasures(history, day, sequence, who) VALUES($1, $2, $3, $4) ON CONFLICT DO NOTHING", history.id,
                         std::int64_t{day}, entry.sequence, text("who"));
  ledger_.database().run("UPDATE day_keys SET state = $1, sealed = NULL, reason = $2, changed_ms = $3 WHERE history = $4 AND day = $5 AND sequence < $6",
                         static_cast<int>(KeyState::erased), "destroyed at the post by " + text("who"), now.wall.ms, history.id, std::int64_t{day},
                         entry.sequence);
  bell_.tell({"day_erased", history.post, text("detail"), entry.sequence});
}

void KeyBook::greet(const HistoryRow& history) {
  Keys& keys = histories_[history.id];
  keys.post = history.post;
  keys.ask = true;
}

void KeyBook::take(const HistoryRow& history, const DayKeys& answer, Stamp now) {
  Database& database = ledger_.database();
  // Only what was asked for: a key that no record needs would be room taken on a post's word.
  for (const SealedDayKey& key : answer.keys)
    database.run("UPDATE day_keys SET state = $1, sealed = $2, reason = '', changed_ms = $3 WHERE history = $4 AND day = $5 AND generation = $6 AND state = $7",
                 static_cast<int>(KeyState::held), key.sealed, now.wall.ms, history.id, std::int64_t{key.name.day}, std::int64_t{key.name.generation},
                 static_cast<int>(KeyState::wanted));
  for (const GoneDayKey& key : answer.gone)
    database.run("UPDATE day_keys SET state = $1, sealed = NULL, reason = $2, changed_ms = $3 WHERE history = $4 AND day = $5 AND generation = $6 AND state = $7",
                 static_cast<int>(key.erased ? KeyState::erased : KeyState::wanted), key.reason.substr(0, 500), now.wall.ms, history.id,
                 std::int64_t{key.name.day}, std::int64_t{key.name.generation}, static_cast<int>(KeyState::wanted));
  if (!answer.keys.empty()) bell_.tell({"day_keys", history.post, std::to_string(answer.keys.size()) + " keys of days", 0});
  if (answer.keys.size() + answer.gone.size() < day_keys_max) return;
  auto unasked = database.query("SELECT 1 FROM day_keys WHERE history = $1 AND state = $2 AND reason = '' LIMIT 1", history.id, static_cast<int>(KeyState::wanted));
  if (unasked.step()) histories_[history.id].ask = true;  // there are more than one message holds
}

std::vector<std::pair<std::string, DayKeysWanted>> KeyBook::settle() {
  std::vector<std::pair<std::string, DayKeysWanted>> out;
  for (auto& [history, keys] : histories_) {
    if (!std::exchange(keys.ask, false)) continue;
    DayKeysWanted wanted;
    // Those that the post was not asked for yet before those that it would not give; then the newest, which people look at.
    auto asked = ledger_.database().query("SELECT day, generation FROM day_keys WHERE history = $1 AND state = $2 ORDER BY CASE WHEN reason = '' THEN 0 ELSE 1 END, day DESC, generation DESC LIMIT $3",
                                          history, static_cast<int>(KeyState::wanted), day_keys_max);
    while (asked.step()) wanted.keys.push_back({static_cast<std::uint32_t>(asked.number(0)), static_cast<std::uint32_t>(asked.number(1))});
    if (!wanted.keys.empty()) out.emplace_back(keys.post, std::move(wanted));
  }
  return out;
}

HeldDayKey held_day_key(Database& database, std::int64_t history, const DayKeyName& name) {
  auto asked = database.query("SELECT state, sealed, reason FROM day_keys WHERE history = $1 AND day = $2 AND generation = $3", history,
                              std::int64_t{name.day}, std::int64_t{name.generation});
  if (!asked.step()) return {{}, "the post was never asked for this key"};
  switch (static_cast<KeyState>(asked.number(0))) {
    case KeyState::held: return {asked.copy(1), {}};
    case KeyState::erased: return {{}, "erased: " + asked.text(2)};
    case KeyState::wanted: break;
  }
  const std::string reason = asked.text(2);
  return {{}, "the post has not given this key" + (reason.empty() ? std::string{} : ": " + reason), reason.empty()};
}

}  // namespace rampa::sync::hq
