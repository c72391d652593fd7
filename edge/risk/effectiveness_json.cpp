// Outcomes as one JSON object, for the way to headquarters and to the analysts. Format: LEARNING.md.
#include <nlohmann/json.hpp>

#include "edge/risk/effectiveness.hpp"

namespace rampa::risk {

namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 3> founds{"no_result", "nothing", "something"};
constexpr std::array<std::string_view, 3> verdicts{"release", "hold", "refer"};
constexpr std::array<std::string_view, 4> channels{"green", "blue", "yellow", "red"};
constexpr std::array<std::string_view, 3> roles{"hit", "declined", "shadow"};

Json json_of(const CrossingTrace& t) {
  Json out{{"lane", t.lane}};
  if (t.assessed.sequence != 0) {
    Json parts = Json::array();
    for (const auto& p : t.assessed.parts) {
      Json part{p.profile, p.version, roles[static_cast<std::size_t>(p.as)]};
      if (p.as == Part::As::declined) part.push_back(p.reason);
      parts.push_back(std::move(part));
    }
    out["assessed"] = {t.assessed.sequence, channels[static_cast<std::size_t>(t.assessed.channel)], std::move(parts)};
    out["first_assessed"] = {t.first_assessed.first, t.first_assessed.second};
  }
  if (t.closed.sequence != 0) out["closed"] = {t.closed.sequence, t.closed.mono_ms, t.closed.wall_ms, t.closed.outcome};
  for (const auto& [sequence, found] : t.controls) out["controls"].push_back({sequence, founds[static_cast<std::size_t>(found)]});
  for (const auto& [sequence, verdict] : t.overrides) out["overrides"].push_back({sequence, verdicts[static_cast<std::size_t>(verdict)]});
  return out;
}

/// Why a text is not Outcomes: thrown and caught in this file.
struct Unfit {
  std::string what;
};

const Json& element(const Json& list, std::size_t i, const std::string& place) {
  if (!list.is_array() || i >= list.size()) throw Unfit{place + ": is not a list of at least " + std::to_string(i + 1)};
  return list[i];
}
std::uint64_t natural(const Json& v, const std::string& place) {
  if (!v.is_number_unsigned()) throw Unfit{place + ": is not a natural number"};
  return v.get<std::uint64_t>();
}
std::uint64_t sequence_of(const Json& v, const std::string& place) {
  const auto sequence = natural(v, place);
  if (sequence == 0) throw Unfit{place + ": sequences begin with 1"};
  return sequence;
}
std::int64_t whole(const Json& v, const std::string& place) {
  if (!v.is_number_integer() || (v.is_number_unsigned() && v.get<std::uint64_t>() > INT64_MAX)) throw Unfit{place + ": is not a whole number"};
  return v.get<std::int64_t>();
}
std::string text(const Json& v, const std::string& place) {
  if (!v.is_string()) throw Unfit{place + ": is not a text"};
  return v.get<std::string>();
}
template <class E, std::size_t N>
E word(const Json& v, const std::array<std::string_view, N>& words, const std::string& place) {
  const auto given = text(v, place);
  for (std::size_t i = 0; i < N; ++i)
    if (words[i] == given) return static_cast<E>(i);
  throw Unfit{place + ": '" + given + "' is not a word of this place"};
}
template <class F>
void each(const Json& object, const char* key, const std::string& place, F&& use) {
  if (!object.contains(key)) return;
  const Json& list = object[key];
  if (!list.is_array()) throw Unfit{place + "." + key + ": is not a list"};
  for (std::size_t i = 0; i < list.size(); ++i) use(list[i], place + "." + key + "[" + std::to_string(i) + "]");
}

CrossingTrace trace_of(const Json& j, const std::string& place) {
  if (!j.is_object()) throw Unfit{place + ": is not an object"};
  CrossingTrace t;
  if (!j.contains("lane")) throw Unfit{place + ": has no lane"};
  t.lane = text(j["lane"], place + ".lane");
  if (j.contains("assessed")) {
    const auto at = place + ".assessed";
    t.assessed.sequence = sequence_of(element(j["assessed"], 0, at), at);
    t.assessed.channel = word<SelectivityChannel>(element(j["assessed"], 1, at), channels, at);
    for (const auto& p : element(j["assessed"], 2, at)) {
      Part part;
      part.profile = text(element(p, 0, at), at);
      const auto version = natural(element(p, 1, at), at);
      if (version > UINT32_MAX) throw Unfit{at + ": a version is too large"};
      part.version = static_cast<std::uint32_t>(version);
      part.as = word<Part::As>(element(p, 2, at), roles, at);
      if (part.as == Part::As::declined) part.reason = text(element(p, 3, at), at);
      t.assessed.parts.push_back(std::move(part));
    }
    if (!j.contains("first_assessed")) throw Unfit{place + ": has no first_assessed"};
    t.first_assessed = {sequence_of(element(j["first_assessed"], 0, place), place), whole(element(j["first_assessed"], 1, place), place)};
  }
  if (j.contains("closed")) {
    const auto at = place + ".closed";
    const Json& c = j["closed"];
    t.closed = {sequence_of(element(c, 0, at), at), whole(element(c, 1, at), at), whole(element(c, 2, at), at), text(element(c, 3, at), at)};
  }
  each(j, "controls", place, [&](const Json& c, const std::string& at) {
    t.controls[sequence_of(element(c, 0, at), at)] = word<Found>(element(c, 1, at), founds, at);
  });
  each(j, "overrides", place, [&](const Json& o, const std::string& at) {
    t.overrides[sequence_of(element(o, 0, at), at)] = word<Verdict>(element(o, 1, at), verdicts, at);
  });
  return t;
}

}  // namespace

std::string Outcomes::json() const {
  Json posts = Json::object();
  for (const auto& [store, stretches] : covered_) {
    Json one{{"sequences", stretches}, {"crossings", Json::object()}};
    posts[store.post][store.epoch] = std::move(one);
  }
  for (const auto& [store, crossings] : stores_)
    for (const auto& [id, trace] : crossings) posts[store.post][store.epoch]["crossings"][id] = json_of(trace);
  return Json{{"format", "rampa-results-2"}, {"posts", std::move(posts)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Outcomes> Outcomes::from_json(std::string_view given) {
  try {
    const Json root = Json::parse(given);
    const std::string format = root.is_object() ? root.value("format", "") : std::string{};
    if ((format != "rampa-results-1" && format != "rampa-results-2") || !root.contains("posts") || !root["posts"].is_object())
      throw Unfit{"is not a file of results; `rampa profiles results --site SITE --out FILE` writes one"};
    Outcomes outcomes;
    const auto read_store = [&](const StoreName& store, const Json& value, const std::string& place) {
      if (!value.is_object() || !value.contains("crossings") || !value["crossings"].is_object()) throw Unfit{place + ": has no crossings"};
      each(value, "sequences", place, [&](const Json& s, const std::string& at) {
        const Stretch stretch{sequence_of(element(s, 0, at), at), sequence_of(element(s, 1, at), at)};
        if (stretch.second < stretch.first) throw Unfit{at + ": ends before it begins"};
        outcomes.cover(store, stretch);
      });
      for (const auto& [id, crossing] : value["crossings"].items()) outcomes.stores_[store][id] = trace_of(crossing, place + ".crossings." + id);
    };
    for (const auto& [post, value] : root["posts"].items()) {
      const auto place = "posts." + post;
      if (format == "rampa-results-1") {
        read_store({post, ""}, value, place);
        continue;
      }
      if (!value.is_object()) throw Unfit{place + ": is not an object"};
      for (const auto& [epoch, of_store] : value.items()) {
        if (!epoch.empty() && (epoch.size() != 32 || epoch.find_first_not_of("0123456789abcdef") != std::string::npos)) throw Unfit{place + ": '" + epoch + "' is no epoch of a store"};
        read_store({post, epoch}, of_store, place + "." + epoch);
      }
    }
    return outcomes;
  } catch (const Unfit& unfit) {
    return fail(ErrorCode::invalid, unfit.what);
  } catch (const Json::exception& error) {
    return fail(ErrorCode::invalid, error.what());
  }
}

}  // namespace rampa::risk
