#include "edge/app/profiles_cases.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "edge/crossing/field_value_json.hpp"
#include "edge/risk/catalogue.hpp"

namespace rampa::app {

namespace {

using Json = nlohmann::ordered_json;
using risk::FieldType;
using Texts = std::vector<std::string>;

tl::unexpected<Error> wrong(const std::string& what) { return fail(ErrorCode::invalid, what); }

/// Of a goods item's fact ("goods.12.origin") its number; nothing where the name is none of such a kind.
std::optional<std::size_t> item_of(std::string_view name) {
  std::size_t item = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + std::min<std::size_t>(6, name.size()), end, item);
  return risk::is_goods(name) && error == std::errc{} && rest != end && *rest == '.' ? std::optional(item) : std::nullopt;
}

/// Of a name that an assessment has facts under: of the catalogue, of a goods item, or of those that stand beside them.
std::optional<FieldType> type_of(const std::string& name) {
  using enum FieldType;
  static const std::map<std::string, FieldType> beside{
      {"goods.count", integer},          {"time.utc_offset_minutes", integer},        {"declaration.incomplete", list}, {"declaration.several", list}, {"vehicle.watch_lists_red", list},
      {"vehicle.watch_list_instructions", list}, {"set.from_the_future", boolean}, {"set.frozen", boolean},        {"site.random_of_10000_min", integer},
      {"recent.crossings", integer},     {"recent.yellow", integer},                  {"recent.red", integer},          {"recent.by_hits", boolean}};
  if (item_of(name)) return risk::type_of("goods" + name.substr(name.find('.', 6)));
  if (const auto found = beside.find(name); found != beside.end()) return found->second;
  if (std::find(risk::present_rules.begin(), risk::present_rules.end(), name) != risk::present_rules.end()) return boolean;
  return risk::is_goods(name) ? std::nullopt : risk::type_of(name);
}

/// In the order of FieldValue's alternatives, and of FieldType.
constexpr const char* kinds[] = {"true or false", "a whole number", "a text", "a list of texts"};
static_assert(static_cast<int>(FieldType::list) == 3 && std::variant_size_v<FieldValue> == 4);

Result<void> count_goods(Fields& facts) {
  std::set<std::size_t> items;
  for (const auto& [name, value] : facts)
    if (const auto item = item_of(name)) items.insert(*item);
  if (!items.empty() && *items.rbegin() + 1 != items.size()) {
    std::size_t gap = 0;
    while (items.contains(gap)) ++gap;
    return wrong("facts: there is goods." + std::to_string(*items.rbegin()) + " and no goods." + std::to_string(gap) + "; number the goods items from 0 on without a gap");
  }
  const auto count = static_cast<std::int64_t>(items.size());
  const auto given = facts.find("goods.count");
  if (given != facts.end() && given->second != FieldValue{count})
    return wrong("facts.goods.count is " + std::to_string(std::get<std::int64_t>(given->second)) + ", and the case has " + std::to_string(count) + (count == 1 ? " goods item" : " goods items") + "; leave it out, it is counted");
  if (count > 0) facts["goods.count"] = count;
  return {};
}

Result<Fields> facts_of(const Json& json) {
  Fields facts;
  if (!json.is_object()) return wrong("facts is not an object; write {\"vehicle.plate\": \"BG123AA\", ...}");
  for (const auto& [name, value] : json.items()) {
    const auto type = type_of(name);
    if (!type && risk::is_goods(name) && risk::type_of(name)) return wrong("facts." + name + " is of no goods item; write goods.0" + name.substr(5) + " for the first");
    if (!type) {
      const auto like = risk::nearest(name, risk::catalogue());
      return wrong("facts." + name + " is not in the catalogue" + (like.empty() ? "; see edge/risk/PROFILES.md, Fields" : "; did you mean " + like + "?"));
    }
    auto fact = field_value(value);
    if (!fact) return wrong("facts." + name + no_field_value);
    const bool empty_list = value.is_array() && value.empty();
    if (fact->index() != static_cast<std::size_t>(*type) && !(empty_list && *type == FieldType::list))
      return wrong("facts." + name + " is " + kinds[fact->index()] + "; write " + kinds[static_cast<int>(*type)]);
    facts[name] = std::move(*fact);
  }
  if (auto counted = count_goods(facts); !counted) return tl::unexpected(counted.error());
  return facts;
}

Result<std::optional<Texts>> texts(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return std::optional<Texts>{};
  auto value = field_value(*found);
  if (!value || !std::holds_alternative<Texts>(*value)) return wrong(std::string(key) + " is not a list of texts; write [\"...\"], or [] for none");
  return std::optional(std::get<Texts>(std::move(*value)));
}

}  // namespace

Result<ProfileCase> read_case(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("facts")) return wrong("is no case; write {\"name\": ..., \"facts\": {...}, \"channel\": ..., \"hits\": [...]}");
  static const Texts keys{"name", "facts", "at", "channel", "hits", "undetermined"};
  for (const auto& [key, value] : json.items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      const auto like = risk::nearest(key, keys);
      return wrong("\"" + key + "\" is not known, so it would test nothing; " + (like.empty() ? "a case has name, facts, at, channel, hits, undetermined" : "did you mean \"" + like + "\"?"));
    }
  ProfileCase c;
  const auto text = [&](const char* key) { return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : std::string{}; };
  if (json.contains("name") && !json["name"].is_string()) return wrong("name is not a text");
  c.name = text("name");
  if (json.contains("at")) {
    const auto at = whole_number(json["at"]);
    if (!at) return wrong("at is not a whole number of milliseconds since 1970");
    c.at = WallTime{*at};
  }
  auto facts = facts_of(json["facts"]);
  if (!facts) return tl::unexpected(facts.error());
  c.facts = std::move(*facts);
  if (json.contains("channel")) {
    c.channel = text("channel");
    if (*c.channel != "green" && *c.channel != "blue" && *c.channel != "yellow" && *c.channel != "red") return wrong("channel is none; write green, blue, yellow or red");
  }
  for (auto& [key, into] : {std::pair<const char*, std::optional<Texts>&>{"hits", c.hits}, {"undetermined", c.undetermined}}) {
    auto read = texts(json, key);
    if (!read) return tl::unexpected(read.error());
    into = std::move(*read);
  }
  if (!c.channel && !c.hits && !c.undetermined) return wrong("says nothing that must come of it, so it would test nothing; give channel, hits or undetermined");
  return c;
}

std::string differs(const risk::ProfileSet& set, const ProfileCase& wanted, WallTime now) {
  Assessment stored;
  stored.facts = wanted.facts;
  stored.facts.try_emplace("declaration.count", std::int64_t{1});
  stored.facts.try_emplace("time.utc_offset_minutes", std::int64_t{0});  // as every assessment of today has it, and these:
  risk::add_rules(stored.facts);
  const auto a = risk::reassess(set, stored, wanted.at.value_or(now), {});
  Texts hits;
  for (const auto& hit : a.hits) hits.push_back(hit.profile);
  std::string otherwise;
  const auto say = [&](const std::string& what) { otherwise += (otherwise.empty() ? "" : "; ") + what; };
  if (wanted.channel && *wanted.channel != name_of(a.channel)) say("channel is " + std::string(name_of(a.channel)));
  if (wanted.hits && *wanted.hits != hits) say("hits are " + Json(hits).dump());
  if (wanted.undetermined && *wanted.undetermined != a.undetermined) say("undetermined are " + Json(a.undetermined).dump());
  return otherwise;
}

}  // namespace rampa::app
