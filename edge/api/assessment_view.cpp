// An assessment as officers see it: channel, instructions, checklist, and what is missing so that checks stay open. Criteria are the
// risk unit's, for shift leaders too: no field of a profile, no profile that declined or is in shadow, no facts, no draws.
#include <algorithm>
#include <map>
#include <set>

#include "edge/api/views.hpp"

namespace rampa::api {
namespace {

bool starts(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

/// The document or device that would have to say it. Coarse on purpose: which of its particulars a profile looks at is part of a criterion.
std::string_view source_of(std::string_view field, const Fields& facts) {
  const auto count = facts.find("declaration.count");
  const bool declared = count != facts.end() && count->second != FieldValue{std::int64_t{0}};
  const auto of_declaration = [&](std::string_view part) { return declared ? part : std::string_view("declaration"); };
  if (starts(field, "goods")) return of_declaration("goods");
  if (starts(field, "vehicle.trailer") || starts(field, "evidence.trailer")) return "plate_rear";
  if (starts(field, "vehicle.lane") || starts(field, "vehicle.direction")) return "other";
  if (starts(field, "vehicle.") || starts(field, "evidence.plate")) return "plate_front";
  if (declared && field == "declaration.tractor_matches") return "plate_front";
  if (declared && field == "declaration.trailer_matches") return "plate_rear";
  if (starts(field, "declaration.")) return of_declaration("declaration_particulars");
  if (starts(field, "evidence.mass_deviation")) return facts.contains("evidence.gross_kg") ? of_declaration("declaration_particulars") : "scale";
  if (field == "evidence.gross_kg" || field == "evidence.axle_kg_max" || field == "evidence.second_on_scale") return "scale";
  if (field == "evidence.radiation_alarm" || starts(field, "evidence.gamma") || field == "evidence.neutron_alarm") return "portal";
  if (field == "evidence.scan_finding") return "scan_finding";
  if (field == "evidence.scan_complete" || starts(field, "evidence.scan_aids")) return "scanner";
  if (field == "evidence.containers") return "container_code";
  return "other";
}

/// What the lists that the vehicle is on, or perhaps on, ask the officer to do, in every language they have.
void write_watch_lists(JsonWriter& w, const Fields& facts) {
  const auto texts = [&](const char* name) {
    const auto found = facts.find(name);
    const auto* list = found == facts.end() ? nullptr : std::get_if<std::vector<std::string>>(&found->second);
    return list ? *list : std::vector<std::string>{};
  };
  const auto red = texts("vehicle.watch_lists_red");
  std::map<std::string, std::map<std::string, std::string>> lists;  // by name, by language
  for (const auto& name : red) lists[name];
  for (const auto& line : texts("vehicle.watch_list_instructions")) {
    const auto first = line.find('\n'), second = first == std::string::npos ? first : line.find('\n', first + 1);
    if (second != std::string::npos) lists[line.substr(0, first)][line.substr(first + 1, second - first - 1)] = line.substr(second + 1);
  }
  w.key("watch_lists").array();
  for (const auto& [name, instructions] : lists) {
    const bool is_red = std::find(red.begin(), red.end(), name) != red.end();
    w.object().field("list", name).field("severity", is_red ? "red" : "yellow").key("instruction").object();
    for (const auto& [language, text] : instructions) w.field(language, text);
    w.end().end();
  }
  w.end();
}

/// Reasons with what stands in the facts alone: which text of a list the vehicle is perhaps meant by.
std::vector<std::string> reasons_in_full(const Assessment& a) {
  constexpr std::string_view on_list = "on watch list: ", possible = " (possible)";
  const auto found = a.facts.find("vehicle.watch_lists");
  const auto* names = found == a.facts.end() ? nullptr : std::get_if<std::vector<std::string>>(&found->second);
  std::vector<std::string> reasons;
  for (const auto& reason : a.reasons) {
    const auto before = reasons.size();
    if (names && starts(reason, on_list) && reason.ends_with(possible))
      for (const auto& name : *names)
        if (starts(name, reason.substr(on_list.size(), reason.size() - on_list.size() - 1) + ": ")) reasons.push_back(std::string(on_list) + name);
    if (reasons.size() == before) reasons.push_back(reason);
  }
  return reasons;
}

/// One line for each thing that a hit orders, in the controls' order; a control that nothing says more about is one bare line.
void write_checklist(JsonWriter& w, const Assessment& a) {
  w.key("checklist").array();
  for (const auto& control : a.controls) {
    std::vector<std::pair<const ControlOrder*, std::vector<std::string>>> lines;  // with the hits that order it
    for (const auto& hit : a.hits)
      for (const auto& order : hit.controls) {
        if (order.control != control || (order.what + order.where + order.with + order.evidence).empty()) continue;
        auto line = std::find_if(lines.begin(), lines.end(), [&](const auto& l) { return *l.first == order; });
        if (line == lines.end()) line = lines.insert(line, {&order, {}});
        line->second.push_back(hit.profile);
      }
    static const ControlOrder nothing_more;
    if (lines.empty()) lines.push_back({&nothing_more, {}});
    for (const auto& [order, profiles] : lines)
      w.object().field("control", control).field_or_null("what", order->what).field_or_null("where", order->where).field_or_null("with", order->with)
          .field_or_null("evidence", order->evidence).field("profiles", profiles).end();
  }
  w.end();
}

}  // namespace

// The assessment's own lines are "PROFILE: FIELD missing" and "and N further profiles"; a secret profile's field is "facts".
OpenChecks open_checks(const Assessment& a) {
  constexpr std::string_view missing = " missing", further = " further profiles";
  OpenChecks open;
  std::set<std::string_view> profiles;
  std::set<std::string> sources;
  for (const std::string_view line : a.undetermined) {
    if (starts(line, "and ") && line.size() > further.size() && line.substr(line.size() - further.size()) == further) {
      std::size_t more = 0;
      for (const char c : line.substr(4, line.size() - 4 - further.size()))
        if (c >= '0' && c <= '9' && more < 1'000'000'000) more = more * 10 + static_cast<std::size_t>(c - '0');
      open.count += more;
      continue;
    }
    const auto colon = line.rfind(": ");
    if (colon == std::string_view::npos) {
      ++open.count;
      continue;
    }
    profiles.insert(line.substr(0, colon));
    std::string_view field = line.substr(colon + 2);
    if (field.size() > missing.size()) field.remove_suffix(missing.size());
    if (field != "facts") sources.emplace(source_of(field, a.facts));
  }
  open.count += profiles.size();
  open.missing.assign(sources.begin(), sources.end());
  return open;
}

void write_officers_assessment(JsonWriter& w, const AssessmentMade& made, std::string_view controls_key) {
  const Assessment& a = made.assessment;
  const OpenChecks open = open_checks(a);
  w.key("hits").array();
  for (const auto& hit : a.hits) {
    w.object().field("profile", hit.profile).field("version", hit.version).field("channel", name_of(hit.channel)).field("instruction", hit.instruction);
    w.key("instructions").object();
    for (const auto& [language, text] : hit.instructions) w.field(language, text);
    w.end().end();
  }
  w.end();
  write_watch_lists(w, a.facts);
  w.field("reasons", reasons_in_full(a)).field("checks_open", static_cast<std::int64_t>(open.count)).field("undetermined", open.missing);
  w.field(controls_key, a.controls);
  write_checklist(w, a);
  w.field_or_null("profile_set", a.profile_set);
}

}  // namespace rampa::api
