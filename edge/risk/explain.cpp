#include "edge/risk/explain.hpp"

#include <algorithm>
#include <set>

#include "edge/risk/comparable.hpp"
#include "edge/risk/compiled_set.hpp"
#include "edge/risk/json_internal.hpp"
#include "edge/risk/near_miss.hpp"
#include "edge/risk/secret_name.hpp"

namespace rampa::risk {

namespace {

std::string member(const char* name, const std::vector<std::string>& parts) {
  std::string text = std::string(",\"") + name + "\":[";
  for (std::size_t i = 0; i < parts.size(); ++i) text += (i ? "," : "") + parts[i];
  return text + "]";
}

std::vector<std::string> json_texts(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const auto& t : texts) out.push_back(canonical_string(t));
  return out;
}

void fields_of(const Condition& c, std::set<std::string>& fields) {
  if (c.kind == Condition::Kind::test) fields.insert(c.field);
  for (const auto& part : c.parts) fields_of(part, fields);
}

/// The facts that the condition looks at, as they were; goods' ones of each item ("goods.0.hs_code").
std::string facts_member(const Condition& c, const Fields& facts) {
  std::set<std::string> fields;
  fields_of(c, fields);
  std::string text = ",\"facts\":{";
  const auto add = [&](const std::string& name, const FieldValue& value) { text += (text.back() == '{' ? "" : ",") + canonical_string(name) + ":" + fact_json(value); };
  for (const auto& field : fields) {
    if (!is_goods(field)) {
      if (const auto found = facts.find(field); found != facts.end()) add(field, found->second);
      continue;
    }
    const std::string last = field.substr(5);  // ".hs_code"
    for (auto it = facts.lower_bound("goods."); it != facts.end() && it->first.starts_with("goods."); ++it)
      if (it->first != field && it->first.ends_with(last) && it->first.size() > last.size() + 6) add(it->first, it->second);
  }
  return text + "}";
}

/// What the post's record says became of a profile that matched: the join of the set's names with the post's ("S-...").
std::string outcome_of(const Assessment& stored, const std::string& shown) {
  for (const auto& hit : stored.hits)
    if (hit.profile == shown) return ",\"outcome\":\"hit\"";
  for (const auto& line : stored.declined)
    if (line.starts_with(shown + ": ")) return ",\"outcome\":\"declined\",\"declined\":" + canonical_string(line.substr(shown.size() + 2));
  if (std::find(stored.shadow.begin(), stored.shadow.end(), shown) != stored.shadow.end()) return ",\"outcome\":\"shadow\"";
  return ",\"outcome\":null";
}

std::int64_t number_of(const Fields& facts, std::string_view name) {
  const auto found = facts.find(name);
  const auto* number = found == facts.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
  return number ? *number : 0;
}

}  // namespace

namespace {

std::optional<Condition> compared(Condition condition, ComparedValues& values) { return values.add(condition) ? std::optional(std::move(condition)) : std::nullopt; }

}  // namespace

Result<Explainer> Explainer::of(const std::string& set_json) {
  Explainer set;
  ComparedValues values(set.head_.lists);
  const auto findings = read_set(set_json, set.head_, [&](RiskProfile&& p) {
    if (p.state != LifeCycle::active && p.state != LifeCycle::shadow) return;
    p.when = with_scope(p);
    auto when = compared(p.when, values);
    set.profiles_.push_back(std::make_unique<const Told>(Told{std::move(p), std::move(when)}));
  }, nullptr, Reading::kept);
  if (!findings.empty()) return fail(ErrorCode::invalid, "the profile set does not read: " + findings[0].path + ": " + findings[0].cause);
  std::sort(set.profiles_.begin(), set.profiles_.end(), [](const auto& a, const auto& b) { return a->profile.id < b->profile.id; });
  for (const auto& g : set.head_.green_lists) set.green_lists_.push_back(compared(g.when, values));
  return set;
}

std::string Explainer::explain(const Assessment& stored, WallTime made_at) const {
  const auto minute = minute_of_week(made_at, static_cast<std::int32_t>(number_of(stored.facts, "time.utc_offset_minutes")));
  const auto drawn = [&](std::string_view id) { return std::to_string(draw(head_.policy.draw_secret, stored.draw_key, draw_name(id))); };
  const ItemFacts items(stored.facts);
  std::vector<std::string> matched, near, undetermined;
  std::string green_list;  // the first that fits counts
  const bool compares = stored.facts.contains(values_as_compared);
  for (std::size_t i = 0; i < head_.green_lists.size(); ++i) {
    const auto& g = head_.green_lists[i];
    std::vector<std::string> missing;
    if (made_at < g.valid_from || made_at >= g.valid_before || evaluate(compares && green_lists_[i] ? *green_lists_[i] : g.when, stored.facts, head_.lists, missing, Asks::all) != Truth::yes) continue;
    green_list = "{\"id\":" + canonical_string(g.id) + ",\"residual_of_10000\":" + std::to_string(g.residual_of_10000) + facts_member(g.when, stored.facts) + "}";
    break;
  }
  for (const auto& one : profiles_) {
    const RiskProfile& p = one->profile;
    const Condition& asked = compares && one->compared ? *one->compared : p.when;
    if (made_at < p.valid_from || made_at >= p.valid_before) continue;
    if (!in_weekly(p.weekly, minute)) continue;
    std::vector<std::string> missing;
    const Truth truth = evaluate(asked, stored.facts, head_.lists, missing);
    std::vector<ShortOf> ways;
    if (truth == Truth::no) {
      ways = one_short(asked, items, head_.lists);
      if (ways.empty()) continue;  // most profiles: nothing is said of them
    }
    std::string start = "{\"profile\":" + canonical_string(p.id) + ",\"version\":" + std::to_string(p.version) + ",\"title\":" + canonical_string(p.title);
    const std::string shown = p.secret ? secret_name(head_.policy, p.id) : p.id;
    if (p.secret) start += ",\"shown_as\":" + canonical_string(shown);
    if (truth == Truth::no) {
      std::vector<std::string> short_of;
      for (const auto& way : ways)
        short_of.push_back("{\"condition\":" + way.condition + (way.item ? ",\"item\":" + std::to_string(*way.item) : "") + ",\"fact\":" + way.value + "}");
      near.push_back(start + member("short_of", short_of) + "}");
      continue;
    }
    if (p.sample_of_10000 < 10000 || p.aeo_of_10000 < 10000 || (!green_list.empty() && !p.security))
      start += ",\"drawn\":" + drawn(p.id) + ",\"sample_of_10000\":" + std::to_string(p.sample_of_10000) + ",\"aeo_of_10000\":" + std::to_string(p.aeo_of_10000);
    if (truth == Truth::undetermined) {
      undetermined.push_back(start + member("missing", json_texts(missing)) + facts_member(p.when, stored.facts) + "}");
      continue;
    }
    matched.push_back(start + ",\"channel\":\"" + std::string(name_of(p.channel)) + "\",\"weight\":" + std::to_string(p.weight) + ",\"shadow\":" +
                      (p.state == LifeCycle::shadow ? "true" : "false") + outcome_of(stored, shown) + ",\"condition\":" + to_json(p.when) + facts_member(p.when, stored.facts) + "}");
  }
  return "{\"set\":" + canonical_string(stored.profile_set) + ",\"set_sha256\":" + canonical_string(stored.profile_set_sha256) + ",\"channel\":\"" + std::string(name_of(stored.channel)) +
         "\",\"score\":" + std::to_string(stored.score) + ",\"random\":{\"drawn\":" + drawn("") + ",\"of_10000\":" + std::to_string(head_.policy.random_of_10000) + ",\"least_of_10000\":" +
         std::to_string(number_of(stored.facts, "site.random_of_10000_min")) + "}" + member("reasons", json_texts(stored.reasons)) + member("matched", matched) +
         member("declined", json_texts(stored.declined)) + ",\"green_list\":" + (green_list.empty() ? "null" : green_list) + member("near_misses", near) +
         (number_of(stored.facts, "goods.count") > static_cast<std::int64_t>(items.items().size()) ? ",\"near_misses_of_first_goods\":" + std::to_string(items.items().size()) : "") + member("undetermined", undetermined) + "}";
}

}  // namespace rampa::risk
