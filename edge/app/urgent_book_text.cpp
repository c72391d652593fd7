// The book as the file that survives a restart. nlohmann stays here.
#include <nlohmann/json.hpp>

#include "edge/app/urgent_book.hpp"

namespace rampa::app {

namespace {

using Json = nlohmann::ordered_json;
using api::UrgentProfile;
using api::UrgentState;

Json json_of(const UrgentProfile& p) {
  Json tip;
  for (const auto& field : risk::urgent_fields()) tip[std::string(field.name)] = p.proposal.tip.*field.values;
  return {{"id", p.id},
          {"state", std::string(name_of(p.state))},
          {"channel", std::string(name_of(p.proposal.channel))},
          {"tip", std::move(tip)},
          {"instruction", p.proposal.instruction},
          {"reason", p.proposal.reason},
          {"hours", p.proposal.hours},
          {"left_ms", to_ms(p.left)},
          {"proposed_by", p.proposed_by.text},
          {"proposed_ms", p.proposed.ms},
          {"confirmed_by", p.confirmed_by.text},
          {"confirmed_ms", p.confirmed.ms},
          {"ended_by", p.ended_by.text},
          {"ended_second", p.ended_second.text},
          {"ended_ms", p.ended.ms},
          {"end_reason", p.end_reason}};
}

/// Throws where something is missing, of another type, or not possible: the whole file is damaged then.
UrgentProfile profile_of(const Json& json, std::int64_t hours_max) {
  const auto word = [&](const char* key) { return json.at(key).get<std::string>(); };
  UrgentProfile p;
  p.id = word("id");
  bool known = false;
  for (const auto state : {UrgentState::proposed, UrgentState::active, UrgentState::withdrawn, UrgentState::expired, UrgentState::lapsed})
    if (name_of(state) == word("state")) p.state = state, known = true;
  p.proposal.channel = word("channel") == "red" ? SelectivityChannel::red : SelectivityChannel::yellow;
  const auto& tip = json.at("tip");
  for (const auto& field : risk::urgent_fields())
    if (const auto found = tip.find(std::string(field.name)); found != tip.end()) found->get_to(p.proposal.tip.*field.values);  // an older book has fewer
  if (p.proposal.tip == risk::UrgentTip{}) throw std::runtime_error("an empty tip");  // it would stop everybody
  p.proposal.instruction = word("instruction");
  p.proposal.reason = word("reason");
  p.proposal.hours = json.at("hours").get<std::int64_t>();
  const auto left = json.at("left_ms").get<std::int64_t>();
  // What the site allows now counts for those that live already, too.
  const std::int64_t longest = p.state == UrgentState::proposed ? to_ms(UrgentBook::proposal_life) : std::min(p.proposal.hours, hours_max) * 3'600'000;
  p.left = std::chrono::milliseconds(std::clamp<std::int64_t>(left, 0, longest));
  p.proposed_by.text = word("proposed_by");
  p.proposed.ms = json.at("proposed_ms").get<std::int64_t>();
  p.confirmed_by.text = word("confirmed_by");
  p.confirmed.ms = json.at("confirmed_ms").get<std::int64_t>();
  p.ended_by.text = word("ended_by");
  p.ended_second.text = word("ended_second");
  p.ended.ms = json.at("ended_ms").get<std::int64_t>();
  p.end_reason = word("end_reason");
  const bool four_eyes = p.state != UrgentState::active || (!p.confirmed_by.empty() && p.confirmed_by != p.proposed_by);
  if (!known || !p.id.starts_with(risk::urgent_id_prefix) || !four_eyes || p.proposal.hours < 1) throw std::runtime_error("not what this program writes");
  return p;
}

}  // namespace

std::string UrgentBook::to_text(Stamp now) const {
  Json list = Json::array();
  for (const auto& p : entries_) list.push_back(json_of(p));
  return Json{{"format", 1}, {"os_boot", os_boot_}, {"mono_ms", to_ms(now.mono - MonoTime{})}, {"wall_ms", now.wall.ms}, {"profiles", list}}.dump(1) + "\n";
}

Result<void> UrgentBook::read(const std::string& text, Stamp now) {
  try {
    const Json json = Json::parse(text);
    if (json.at("format") != 1) return fail(ErrorCode::invalid, "is of another format");
    std::vector<UrgentProfile> entries;
    for (const auto& p : json.at("profiles")) entries.push_back(profile_of(p, hours_max_));
    const std::int64_t by_mono = to_ms(now.mono - MonoTime{}) - json.at("mono_ms").get<std::int64_t>();
    const std::int64_t by_wall = now.wall.ms - json.at("wall_ms").get<std::int64_t>();
    const bool same_boot = !os_boot_.empty() && json.at("os_boot") == os_boot_;
    constexpr std::int64_t year_ms = 366LL * 24 * 3600 * 1000;  // longer than any life
    const std::int64_t between = std::clamp<std::int64_t>(same_boot ? by_mono : by_wall, 0, year_ms);
    entries_ = std::move(entries);
    counted_ = now.mono;
    for (auto& p : entries_) p.left = std::max(p.left - std::chrono::milliseconds(between), Duration{});
    return {};
  } catch (const std::exception&) {
    // What the exception says may quote the file, and nobody but a shift leader may read that.
    return fail(ErrorCode::invalid, "is damaged or of another program");
  }
}

}  // namespace rampa::app
