#include "sync/hq/eviction.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace rampa::sync::hq {

std::optional<Eviction> eviction_in(const store::format::Entry& entry) {
  if (entry.kind != "blob_evicted") return {};
  const auto said = nlohmann::json::parse(entry.open, nullptr, false);
  if (!said.is_object()) return {};
  const auto text = [&](const char* key) {
    const auto found = said.find(key);
    return found != said.end() && found->is_string() ? found->get<std::string>().substr(0, 100) : std::string{};
  };
  const auto size = said.find("size_bytes"), held = said.find("held_at_hq");
  Eviction out{text("sha256"), 0, text("reason"), held != said.end() && held->is_boolean() && held->get<bool>(), entry.sequence, entry.at.wall, 0, {}};
  if (size != said.end() && size->is_number_unsigned()) out.size_bytes = size->get<std::uint64_t>();
  if (!parse_sha256(out.sha256)) return {};
  return out;
}

std::vector<Eviction> evictions_of(Database& database, const Sha256& sha256) {
  // The tombstone stands in a crossing that names the blob. A record's key holds its history: see record_key().
  auto asked = database.query("SELECT e.id, h.id, h.post, e.bytes FROM record_blobs b JOIN records n ON n.id = b.id JOIN histories h ON h.id = n.id / 4398046511104"
                              " JOIN records e ON e.crossing = n.crossing"
                              " WHERE b.sha256 = $1 AND n.crossing <> '' AND e.crossing <> '' AND e.kind = 'blob_evicted'"
                              " AND e.id / 4398046511104 = h.id ORDER BY e.id", sha256);
  std::vector<Eviction> out;
  std::set<std::int64_t> seen;  // where several records of the crossing name it
  while (asked.step()) {
    if (!seen.insert(asked.number(0)).second) continue;
    const auto record = store::format::parse(asked.bytes(3));
    auto eviction = record ? eviction_in(record->entry) : std::nullopt;
    if (!eviction || eviction->sha256 != hex(ByteView{sha256})) continue;
    eviction->history = asked.number(1);
    eviction->post = asked.text(2);
    out.push_back(std::move(*eviction));
  }
  return out;
}

std::optional<Eviction> eviction_of(Database& database, std::int64_t history, const Sha256& sha256) {
  std::optional<Eviction> newest;
  for (Eviction& each : evictions_of(database, sha256))
    if (each.history == history) newest = std::move(each);
  return newest;
}

std::string text_of(const Eviction& e) {
  return "evicted at the post to make room (" + e.reason + ", its record " + std::to_string(e.sequence) + "); " +
         (e.held_at_hq ? "HQ had said that it holds it" : "HQ never had it");
}

}  // namespace rampa::sync::hq
