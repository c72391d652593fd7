// The assessment: profiles over facts, and the floors below which no set of profiles can go.
#include <algorithm>
#include <array>

#include "edge/risk/compiled_set.hpp"
#include "edge/risk/declared_facts.hpp"

namespace rampa::risk {

namespace {

constexpr std::array control_order{"documents", "weighing", "radiation", "nii", "physical", "other"};

void raise(Assessment& a, SelectivityChannel channel) { a.channel = std::max(a.channel, channel); }

void order(Assessment& a, const std::string& control) {
  if (std::find(a.controls.begin(), a.controls.end(), control) == a.controls.end()) a.controls.push_back(control);
}

const std::vector<std::string>* list(const Fields& facts, std::string_view name) {
  const auto found = facts.find(name);
  return found == facts.end() ? nullptr : std::get_if<std::vector<std::string>>(&found->second);
}

std::string control_for(const std::string& missing) {
  if (missing == "scale") return "weighing";
  if (missing == "portal") return "radiation";
  if (missing == "scanner" || missing == "scan_finding") return "nii";
  return "documents";
}

constexpr auto security_open_in_full = present_rules[0], security_weight_open_in_full = present_rules[1], listed_texts_in_facts_alone = present_rules[2],
               security_score_unreduced = present_rules[4];

/// `text_at`: where the listed text begins in "stolen (possible: BG123AA)", if it is to be left out.
std::string watch_list_reason(const std::string& name, std::size_t text_at) {
  return "on watch list: " + (text_at == std::string::npos ? name : name.substr(0, text_at) + " (possible)");
}

// What holds whatever the profiles say. Unknown is never green.
void floors(Assessment& a, const std::vector<std::string>& evidence_missing) {
  const auto count = a.facts.find("declaration.count");
  const auto* declarations = count == a.facts.end() ? nullptr : std::get_if<std::int64_t>(&count->second);
  if (!declarations || *declarations == 0) {
    raise(a, SelectivityChannel::yellow);
    a.reasons.emplace_back("no declaration");
    order(a, "documents");
  }
  for (const auto& what : evidence_missing) {
    raise(a, SelectivityChannel::yellow);
    a.reasons.push_back("missing evidence: " + what);
    order(a, control_for(what));
  }
  if (const auto* lists = list(a.facts, "vehicle.watch_lists")) {
    for (const auto& name : *lists) {
      raise(a, SelectivityChannel::yellow);
      // Reasons stand in the journal's open part, where what a list has in it would outlive the day's key.
      auto reason = watch_list_reason(name, a.facts.contains(listed_texts_in_facts_alone) ? name.rfind(" (possible: ") : std::string::npos);
      if (std::find(a.reasons.begin(), a.reasons.end(), reason) == a.reasons.end()) a.reasons.push_back(std::move(reason));
      order(a, "documents");
    }
  }
  if (list(a.facts, "vehicle.watch_lists_red")) {
    raise(a, SelectivityChannel::red);
    order(a, "physical");
  }
  if (const auto alarm = a.facts.find("evidence.radiation_alarm"); alarm != a.facts.end() && alarm->second == FieldValue{true}) {
    raise(a, SelectivityChannel::red);
    a.reasons.emplace_back("radiation alarm");
    order(a, "radiation");
  }
  if (const auto finding = a.facts.find("evidence.scan_finding"); finding != a.facts.end() && finding->second != FieldValue{std::string("clear")}) {
    raise(a, finding->second == FieldValue{std::string("suspect")} ? SelectivityChannel::red : SelectivityChannel::yellow);
    a.reasons.emplace_back("scan finding is not clear");
    order(a, "physical");
  }
}

constexpr std::int64_t hour_ms = 3'600'000;
/// `issued` is a day: as much is allowed for an administration whose day begins earlier.
constexpr std::int64_t early_ms = 24 * hour_ms;

bool issued_in_the_future(const CompiledSet& set, WallTime now) { return set.head.issued.ms != INT64_MIN && set.head.issued.ms > now.ms && set.head.issued.ms - now.ms > early_ms; }

constexpr std::size_t undetermined_max = 200;  // an unread plate leaves thousands of profiles open; all of them can be derived again

/// Assessments of before format 2 listed every open profile, however many, and no profile that declined. They have no time facts.
bool of_before_format_2(const Fields& facts) { return !facts.contains("time.utc_offset_minutes"); }

std::int64_t number(const Fields& facts, std::string_view name) {
  const auto found = facts.find(name);
  const auto* value = found == facts.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
  return value ? *value : 0;
}

Circumstances circumstances(const Assessment& a, WallTime now) {
  Circumstances c;
  c.now = now;
  c.utc_offset_min = static_cast<std::int32_t>(number(a.facts, "time.utc_offset_minutes"));
  c.draw_key = a.draw_key;
  c.security_open_in_full = a.facts.contains(security_open_in_full);
  c.security_weight_open_in_full = a.facts.contains(security_weight_open_in_full);
  c.security_score_unreduced = a.facts.contains(security_score_unreduced);
  c.recent = static_cast<std::uint32_t>(number(a.facts, "recent.crossings"));
  c.recent_of_channel[static_cast<int>(SelectivityChannel::yellow)] = static_cast<std::uint32_t>(number(a.facts, "recent.yellow"));
  c.recent_of_channel[static_cast<int>(SelectivityChannel::red)] = static_cast<std::uint32_t>(number(a.facts, "recent.red"));
  return c;
}

/// Its age is not known, so the floor of a stale one holds. (Older assessments were made without this rule and without the fact.)
bool doubtful(const CompiledSet& set, const Fields& facts) {
  return set.head.policy.stale_after_hours != INT64_MAX && facts.contains("set.from_the_future");
}

/// Whoever keeps newer sets from the post can not keep an old one in force unseen.
bool frozen(const CompiledSet& set, const Fields& facts) { return set.head.policy.stale_floor > SelectivityChannel::green && facts.contains("set.frozen"); }

/// The post's least random share of controls: the same draw against it, so that it is drawn once. Also where the set's own
/// draw leads to blue only, which is no control.
void random_at_least(Decision& d, const CompiledSet& set, const Assessment& a) {
  const auto least = number(a.facts, "site.random_of_10000_min");
  const SetPolicy& p = set.head.policy;
  if (least == 0 || d.channel > SelectivityChannel::blue) return;
  if (d.random_drawn == 10000) d.random_drawn = static_cast<std::uint16_t>(draw(p.draw_secret, a.draw_key, draw_name("")));
  if (d.random_drawn >= least) return;
  d.random = true;
  d.channel = std::max({d.channel, p.random_channel, SelectivityChannel::yellow});
}

std::string score_reason(std::int64_t score) { return "score " + std::to_string(score); }
constexpr const char* stale_reason = "the profile set is out of date";
constexpr const char* future_reason = "the profile set is dated in the future";
constexpr const char* frozen_reason = "headquarters no longer confirms the profile set";

/// Something beside profiles may have made it red. (A stale set's floor may be red; its set is not asked here.)
bool red_anyway(const Assessment& a) {
  const auto is = [&](std::string_view name, const FieldValue& value) {
    const auto found = a.facts.find(name);
    return found != a.facts.end() && found->second == value;
  };
  const auto has = [&](const char* reason) { return std::find(a.reasons.begin(), a.reasons.end(), reason) != a.reasons.end(); };
  return a.facts.contains("vehicle.watch_lists_red") || is("evidence.radiation_alarm", true) || is("evidence.scan_finding", std::string("suspect")) ||
         has(stale_reason) || has(future_reason) || has(frozen_reason);
}

constexpr std::string_view not_drawn = "not drawn", operator_authorised = "authorised operator", green_list = "green list ", capacity = "capacity of the channel";

std::string_view why(const CompiledSet& set, const ProfileOutcome& o, std::string& text) {
  switch (o.declined) {
    case Declined::not_drawn: return not_drawn;
    case Declined::operator_authorised: return operator_authorised;
    case Declined::green_list: return text = std::string(green_list) + set.green_lists[o.green_list].id;
    case Declined::cap: return capacity;
    case Declined::no: break;
  }
  return {};
}

void put_into_words(Assessment& a, const CompiledSet& set, const FactSheet& sheet, const Decision& decision) {
  // Who is looked at anyway costs no further capacity: his hit is one. (Older assessments were made without this rule and without the fact.)
  const bool declines_only_to_lower = a.facts.contains("recent.by_hits");
  const bool old = of_before_format_2(a.facts), security_in_full = a.facts.contains(security_open_in_full);
  const std::size_t listed_max = old ? SIZE_MAX : undetermined_max;
  std::size_t open = 0;
  std::string text;
  for (const auto& o : decision.outcomes) {
    if (o.drawn < 10000 && !o.shadow) a.draws.push_back(o.drawn);
    const auto id = set.shown_id(o.profile);
    if (o.shadow) {
      if (!o.undetermined) a.shadow.push_back(id);
      continue;
    }
    const auto order_controls = [&] {
      for (const auto& control : set.control_lists[set.texts[o.profile].controls]) order(a, control.control);
    };
    if (o.undetermined) {
      if (o.declined != Declined::no) continue;  // not drawn: whatever the missing facts are
      if (security_in_full && set.heads[o.profile].open_in_full) order_controls();
      if (++open > listed_max) continue;
      // Which fact it asks for is part of a criterion.
      if (set.texts[o.profile].secret) a.undetermined.push_back(id + ": facts missing");
      else for (const auto& field : set.program.missing(set.heads[o.profile].root, sheet)) a.undetermined.push_back(id + ": " + std::string(field) + " missing");
      continue;
    }
    const bool looked_at_anyway = o.declined == Declined::cap && declines_only_to_lower && set.heads[o.profile].channel <= a.channel;
    if (o.declined != Declined::no && !looked_at_anyway) {
      if (!old) a.declined.push_back(id + ": " + std::string(why(set, o, text)));
      continue;
    }
    const auto& texts = set.texts[o.profile];
    auto& hit = a.hits.emplace_back(Hit{id, set.heads[o.profile].channel, std::string(set.instruction_of(o.profile, set.head.default_language)), texts.version});
    if (a.form >= 1) {
      hit.instructions.insert(set.instructions[texts.instruction].begin(), set.instructions[texts.instruction].end());
      hit.controls = set.control_lists[texts.controls];
    }
    order_controls();
  }
  if (open > listed_max) a.undetermined.push_back("and " + std::to_string(open - listed_max) + " further profiles");
  a.score = decision.score;
  if (decision.score_selected) a.reasons.push_back(score_reason(decision.score));
  if (decision.random_drawn < 10000) a.draws.push_back(decision.random_drawn);
  if (decision.random) a.reasons.emplace_back("random selection");
  if (decision.stale) a.reasons.emplace_back(stale_reason);
  if (doubtful(set, a.facts)) a.reasons.emplace_back(future_reason);
  if (frozen(set, a.facts)) a.reasons.emplace_back(frozen_reason);
}

constexpr std::uint32_t present_form = 1;  // Assessment::form

Assessment derive(const CompiledSet& of_today, std::uint32_t form, Fields facts, std::uint64_t draw_key, WallTime now,
                  const std::vector<std::string>& evidence_missing) {
  const CompiledSet& set = of_today.as_written && !facts.contains(values_as_compared) ? *of_today.as_written : of_today;
  Assessment a;
  a.form = form;
  a.profile_set = set.version();
  a.profile_set_sha256 = set.sha256();
  a.draw_key = draw_key;
  a.facts = std::move(facts);
  const FactSheet sheet = fact_sheet(a.facts);
  Decision decision;
  decide(set, sheet, circumstances(a, now), decision);
  random_at_least(decision, set, a);
  Assessment floor;
  floor.channel = doubtful(set, a.facts) || frozen(set, a.facts) ? std::max(decision.channel, set.head.policy.stale_floor) : decision.channel;
  std::swap(floor.facts, a.facts);  // not copied: the sheet's views are into them
  floors(floor, evidence_missing);
  std::swap(floor.facts, a.facts);
  a.channel = floor.channel;
  put_into_words(a, set, sheet, decision);
  a.reasons.insert(a.reasons.end(), floor.reasons.begin(), floor.reasons.end());
  for (const auto& control : floor.controls) order(a, control);
  if (!a.undetermined.empty()) {
    a.reasons.emplace_back("profiles undetermined: facts are missing");
    if (a.channel == SelectivityChannel::yellow) order(a, "documents");
  }
  if (a.channel == SelectivityChannel::yellow && a.controls.empty()) order(a, "documents");
  if (a.channel == SelectivityChannel::red && a.controls.empty()) order(a, "physical");
  const auto place = [](const std::string& control) { return std::find(control_order.begin(), control_order.end(), control); };
  std::sort(a.controls.begin(), a.controls.end(), [&](const auto& x, const auto& y) { return place(x) < place(y); });
  return a;
}

}  // namespace

void add_rules(Fields& facts) {
  for (const auto rule : present_rules) facts[std::string(rule)] = true;
  name_several(facts);
}

// compile() is the only maker of a ProfileSet in the product; another implementation could not be assessed.
Assessment assess(const ProfileSet& set, const Question& question) {
  const auto* compiled = dynamic_cast<const CompiledSet*>(&set);
  if (!compiled) {
    Assessment none;
    none.reasons.emplace_back("no profile set");
    none.controls = {"physical"};
    return none;  // red
  }
  Fields facts = all_facts(question);
  if (const auto issued = compiled->head.issued; issued.ms != INT64_MIN) facts["set.age_hours"] = (question.now.ms - issued.ms) / hour_ms;
  if (issued_in_the_future(*compiled, question.now)) facts["set.from_the_future"] = true;
  add_rules(facts);
  if (question.set_frozen) facts["set.frozen"] = true;
  return derive(*compiled, present_form, std::move(facts), question.draw_key, question.now, question.evidence_missing);
}

std::pair<std::string, std::string> declined_parts(const std::string& line) {
  for (auto at = line.find(": "); at != std::string::npos; at = line.find(": ", at + 1)) {
    const auto reason = std::string_view(line).substr(at + 2);
    if (reason == not_drawn || reason == operator_authorised || reason == capacity || reason.starts_with(green_list)) return {line.substr(0, at), std::string(reason)};
  }
  const auto first = std::min(line.find(": "), line.size());
  return {line.substr(0, first), line.substr(std::min(first + 2, line.size()))};
}

SelectivityChannel reached_by_profiles(const Assessment& a) {
  auto reached = SelectivityChannel::green;
  for (const auto& hit : a.hits) reached = std::max(reached, hit.channel);
  if (reached == a.channel) return reached;
  // The score led beyond the hits, to yellow or red; no further than the crossing's channel.
  const bool by_score = std::find(a.reasons.begin(), a.reasons.end(), score_reason(a.score)) != a.reasons.end();
  return by_score && (a.channel == SelectivityChannel::yellow || !red_anyway(a)) ? a.channel : SelectivityChannel::green;
}

std::string CompiledSet::doubt(WallTime now) const {
  if (issued_in_the_future(*this, now)) return "its day of issue is in the future: check the post's clock, or have the set issued again";
  const auto& p = head.policy;
  if (head.issued.ms == INT64_MIN || p.stale_after_hours == INT64_MAX || now.ms - head.issued.ms <= p.stale_after_hours * hour_ms) return {};
  return "it is older than " + std::to_string(p.stale_after_hours) + " hours: fetch a newer one";
}

Assessment reassess(const ProfileSet& set, const Assessment& stored, WallTime made_at,
                    const std::vector<std::string>& evidence_missing) {
  const auto* compiled = dynamic_cast<const CompiledSet*>(&set);
  if (!compiled) return {};
  return derive(*compiled, stored.form, stored.facts, stored.draw_key, made_at, evidence_missing);
}

}  // namespace rampa::risk
