#include "edge/app/link_report.hpp"

#include <utility>

namespace rampa::app {

std::vector<LinkReport::Line> LinkReport::take(const sync::LinkStatus& link, Stamp now) {
  std::vector<Line> lines;
  const bool first = !view_.since, was_up = view_.up;
  const std::string line_before = std::exchange(view_.line, link.broker < brokers_.size() ? brokers_[link.broker] : std::string{});
  view_.up = link.up;
  // While nothing answers, one line after the other is tried: that is no change of state.
  if (first || was_up != link.up || (link.up && line_before != view_.line)) view_.since = now;
  view_.phase = link.phase;
  view_.reserve = link.broker != 0;
  view_.metered = link.metered;
  view_.durability = link.durability;
  if (link.last_ack.ns != 0) view_.backlog = api::LinkBacklog{link.waiting.verdicts, link.waiting.events, link.blobs_wanted};
  view_.fetches_waiting = link.up ? link.fetches_waiting : 0;
  view_.refuses = link.refuses;
  const bool new_trouble = !link.trouble.empty() && (link.trouble != view_.trouble || view_.trouble_over);
  if (new_trouble) {
    view_.trouble = link.trouble;
    view_.trouble_since = now;
  }
  const bool over = link.trouble.empty() && !view_.trouble.empty();
  if (over && !view_.trouble_over) view_.trouble_until = now;
  view_.trouble_over = over;

  const std::string state = described();
  if (state != said_state_) lines.push_back({!link.up && !first, "hq link=" + state + (link.up || link.trouble.empty() ? "" : ": " + link.trouble)});
  const bool told = state != std::exchange(said_state_, state) && !link.up;
  if (new_trouble && to_be_said(link.trouble, now.mono) && !told) lines.push_back({true, "hq link: " + link.trouble});
  return lines;
}

std::string LinkReport::described() const {
  if (!view_.up) return "down";
  return "up line=" + view_.line + (view_.reserve ? " (reserve)" : " (primary)") + (view_.metered ? " metered" : "") + " durability=" + view_.durability +
         (view_.fetches_waiting > 0 ? " files that wait for a line that is not metered: " + std::to_string(view_.fetches_waiting) : "");
}

bool LinkReport::to_be_said(const std::string& trouble, MonoTime now) {
  std::erase_if(said_, [&](const auto& said) { return now - said.second >= said_again; });
  if (said_.contains(trouble)) return false;
  if (said_.size() >= troubles_max) return false;
  said_.emplace(trouble, now);
  return true;
}

api::LinkView LinkReport::view(MonoTime now) const {
  api::LinkView view = view_;
  if (view.trouble_over && view.trouble_until && now - view.trouble_until->mono >= over_shown) {
    view.trouble.clear();
    view.trouble_since.reset();
    view.trouble_until.reset();
    view.trouble_over = false;
  }
  return view;
}

}  // namespace rampa::app
