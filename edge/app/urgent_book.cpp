#include "edge/app/urgent_book.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "firmware-interfaces/same_person.hpp"

namespace rampa::app {

using api::UrgentProfile;
using api::UrgentState;

namespace {

bool lives(const UrgentProfile& p) { return p.state == UrgentState::proposed || p.state == UrgentState::active; }

tl::unexpected<Error> no_such(const std::string& id) { return fail(ErrorCode::not_found, "there is no urgent profile " + id); }

tl::unexpected<Error> over(const UrgentProfile& p) {
  return fail(ErrorCode::refused, p.id + " is " + std::string(name_of(p.state)) + (lives(p) ? " and its time is over" : "") + "; propose a new one");
}

}  // namespace

std::string compact_time(WallTime at) {
  using namespace std::chrono;
  const sys_seconds seconds = floor<std::chrono::seconds>(sys_time<milliseconds>(milliseconds(at.ms)));
  const year_month_day day{floor<days>(seconds)};
  const hh_mm_ss time{seconds - floor<days>(seconds)};
  char text[48];
  std::snprintf(text, sizeof text, "%04d%02u%02u-%02d%02d%02d", static_cast<int>(day.year()), static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return text;
}

void UrgentBook::pass(Stamp now) {
  const Duration passed = std::max(now.mono - counted_, Duration{});
  counted_ = std::max(counted_, now.mono);
  for (auto& p : entries_)
    if (lives(p)) p.left = std::max(p.left - passed, Duration{});
}

UrgentProfile* UrgentBook::entry(const std::string& id) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& p) { return p.id == id; });
  return found == entries_.end() ? nullptr : &*found;
}

const UrgentProfile* UrgentBook::find(const std::string& id) const { return const_cast<UrgentBook*>(this)->entry(id); }

bool UrgentBook::something_lives() const { return std::any_of(entries_.begin(), entries_.end(), lives); }

std::vector<const UrgentProfile*> UrgentBook::in_force() const {
  std::vector<const UrgentProfile*> out;
  for (const auto& p : entries_)
    if (p.state == UrgentState::active && p.left > Duration{}) out.push_back(&p);
  return out;
}

std::vector<std::string> UrgentBook::due() const {
  std::vector<std::string> ids;
  for (const auto& p : entries_)
    if (lives(p) && p.left <= Duration{}) ids.push_back(p.id);
  return ids;
}

Result<std::string> UrgentBook::propose(const api::UrgentProposal& proposal, const OfficerId& who, Stamp now) {
  std::string wrong;
  auto tip = risk::normal_tip(proposal.tip);
  if (!tip) wrong = tip.error().what;
  const auto say = [&](const std::string& what) { wrong += (wrong.empty() ? "" : "\n") + what; };
  if (proposal.channel != SelectivityChannel::yellow && proposal.channel != SelectivityChannel::red) say("channel: is neither yellow nor red; an urgent profile stops");
  if (proposal.instruction.empty()) say("instruction: is missing; say what the officer at the lane has to do");
  if (proposal.reason.empty()) say("reason: is missing; say where the tip comes from");
  if (proposal.hours < 1 || proposal.hours > hours_max_) say("hours: is not in range; from 1 to " + std::to_string(hours_max_) + " at this post");
  if (!wrong.empty()) return fail(ErrorCode::invalid, wrong);
  // Whoever did not hear the answer asks again.
  for (const auto& p : entries_) {
    auto same = p.proposal;
    same.tip = proposal.tip;  // as typed; compared normal
    if (p.state == UrgentState::proposed && p.left > Duration{} && p.proposed_by == who && p.proposal.tip == *tip && same == proposal) return p.id;
  }
  if (static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), lives)) >= living_max)
    return fail(ErrorCode::refused, std::to_string(living_max) + " urgent profiles live already; withdraw what is no longer needed");
  UrgentProfile p;
  // Outcomes are counted by id over all posts, for years: so neither the post nor the time may be left out.
  WallTime named = now.wall;
  do {
    p.id = std::string(risk::urgent_id_prefix) + post_.text + "-" + compact_time(named);
    named.ms += 1000;
  } while (find(p.id));
  p.proposal = proposal;
  p.proposal.tip = std::move(*tip);
  p.left = proposal_life;
  p.proposed_by = who;
  p.proposed = now.wall;
  entries_.push_back(p);
  forget_old();
  return p.id;
}

Result<void> UrgentBook::confirm(const std::string& id, const OfficerId& second, Stamp now) {
  UrgentProfile* p = entry(id);
  if (!p) return no_such(id);
  if (p->state == UrgentState::active && p->confirmed_by == second && p->left > Duration{}) return {};
  if (p->state == UrgentState::active) return fail(ErrorCode::refused, id + " is active already");
  if (p->state != UrgentState::proposed || p->left <= Duration{}) return over(*p);
  if (second.empty() || same_person(second.text, p->proposed_by.text)) return fail(ErrorCode::refused, "whoever proposed it cannot confirm it; another shift leader has to");
  p->state = UrgentState::active;
  p->left = std::chrono::hours(p->proposal.hours);
  p->confirmed_by = second;
  p->confirmed = now.wall;
  return {};
}

Result<void> UrgentBook::withdraw(const std::string& id, const OfficerId& who, const OfficerId& second, const std::string& reason, Stamp now) {
  UrgentProfile* p = entry(id);
  if (!p) return no_such(id);
  if (p->state == UrgentState::withdrawn && p->ended_by == who && p->ended_second == second) return {};
  if (!lives(*p)) return over(*p);
  if (p->state == UrgentState::active && (second.empty() || same_person(second.text, who.text)))
    return fail(ErrorCode::refused, "an active urgent profile is withdrawn by two persons; a second shift leader has to agree");
  p->state = UrgentState::withdrawn;
  p->left = Duration{};
  p->ended_by = who;
  p->ended_second = second;
  p->end_reason = reason;
  p->ended = now.wall;
  return {};
}

void UrgentBook::end(const std::string& id, Stamp now) {
  UrgentProfile* p = entry(id);
  if (!p || !lives(*p)) return;
  p->state = p->state == UrgentState::active ? UrgentState::expired : UrgentState::lapsed;
  p->left = Duration{};
  p->ended = now.wall;
}

void UrgentBook::forget_old() {
  for (auto p = entries_.begin(); p != entries_.end() && entries_.size() > kept_max;) p = lives(*p) ? p + 1 : entries_.erase(p);
}

}  // namespace rampa::app
