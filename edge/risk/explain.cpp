#include "edge/risk/explain.hpp"

#include <algorithm>

#include "edge/risk/json_internal.hpp"
#include "edge/risk/profile.hpp"

namespace rampa::risk {

namespace {

/// The one part of a conjunction that does not hold while all others do; nothing where there are more, or none.
const Condition* one_short(const Condition& c, const Fields& facts, const NamedLists& lists) {
  if (c.kind != Condition::Kind::all) return nullptr;
  const Condition* failed = nullptr;
  std::vector<std::string> missing;
  for (const auto& part : c.parts) {
    const Truth truth = evaluate(part, facts, lists, missing);
    if (truth == Truth::yes) continue;
    if (truth == Truth::undetermined || failed) return nullptr;
    failed = &part;
  }
  return failed;
}

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

}  // namespace

Result<std::string> explain(const std::string& set_json, const Assessment& stored, WallTime made_at) {
  SetHead head;
  std::vector<RiskProfile> profiles;
  const auto findings = read_set(set_json, head, [&](RiskProfile&& p) { profiles.push_back(std::move(p)); });
  if (!findings.empty()) return fail(ErrorCode::invalid, "the profile set does not read: " + findings[0].path + ": " + findings[0].cause);
  std::sort(profiles.begin(), profiles.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  std::int32_t utc_offset_min = 0;
  if (const auto offset = stored.facts.find("time.utc_offset_minutes"); offset != stored.facts.end())
    if (const auto* minutes = std::get_if<std::int64_t>(&offset->second)) utc_offset_min = static_cast<std::int32_t>(*minutes);
  const auto minute = minute_of_week(made_at, utc_offset_min);
  std::vector<std::string> matched, near, undetermined;
  for (const auto& p : profiles) {
    if (p.state != LifeCycle::active && p.state != LifeCycle::shadow) continue;
    if (made_at < p.valid_from || made_at >= p.valid_before) continue;
    if (!in_weekly(p.weekly, minute)) continue;
    const Condition whole = with_scope(p);
    std::vector<std::string> missing;
    const Truth truth = evaluate(whole, stored.facts, head.lists, missing);
    const std::string start = "{\"profile\":" + canonical_string(p.id) + ",\"version\":" + std::to_string(p.version) + ",\"title\":" + canonical_string(p.title);
    if (truth == Truth::yes) {
      matched.push_back(start + ",\"channel\":\"" + std::string(name_of(p.channel)) + "\",\"weight\":" + std::to_string(p.weight) + ",\"shadow\":" +
                        (p.state == LifeCycle::shadow ? "true" : "false") + ",\"condition\":" + to_json(whole) + "}");
    } else if (truth == Truth::undetermined) {
      undetermined.push_back(start + member("missing", json_texts(missing)) + "}");
    } else if (const auto* failed = one_short(whole, stored.facts, head.lists)) {
      near.push_back(start + ",\"short_of\":" + to_json(*failed) + "}");
    }
  }
  return "{\"set\":" + canonical_string(stored.profile_set) + ",\"set_sha256\":" + canonical_string(stored.profile_set_sha256) + ",\"channel\":\"" + std::string(name_of(stored.channel)) +
         "\",\"score\":" + std::to_string(stored.score) + member("reasons", json_texts(stored.reasons)) + member("matched", matched) + member("declined", json_texts(stored.declined)) +
         member("near_misses", near) + member("undetermined", undetermined) + "}";
}

}  // namespace rampa::risk
