#include "edge/app/recent_crossings.hpp"

#include <algorithm>

#include "edge/risk/plate_text.hpp"
#include "edge/risk/risk.hpp"

namespace rampa::app {

Result<void> RecentCrossings::load(store::PictureReader& picture, const std::vector<LaneId>& lanes, WallTime now) {
  if (auto ok = load_releases(picture, now); !ok) {
    nothing_known(now);
    return ok;
  }
  std::map<CrossingId, std::pair<std::uint64_t, SelectivityChannel>> last;  // of each crossing the last assessment
  for (const auto& lane : lanes) {
    auto made = picture.newest("assessment", lane, window);
    if (!made) return tl::unexpected(made.error());
    for (const auto& record : *made)
      if (const auto* body = std::get_if<AssessmentMade>(&record.body); body && now.ms - record.at.wall.ms <= remembered_ms)
        if (auto& [sequence, channel] = last[record.crossing]; record.sequence > sequence) sequence = record.sequence, channel = risk::reached_by_profiles(body->assessment);
  }
  std::vector<std::pair<std::uint64_t, SelectivityChannel>> in_order;
  for (const auto& [crossing, one] : last) in_order.push_back(one);
  std::sort(in_order.begin(), in_order.end());
  for (const auto& [sequence, channel] : in_order) add_channel(channel);
  return {};
}

// Page by page until a whole page is older: a busy post has more crossings in 30 days than one answer should hold.
Result<void> RecentCrossings::load_releases(store::PictureReader& picture, WallTime now) {
  store::CrossingQuery query;
  query.limit = 5'000;
  struct Seen { WallTime opened; std::string plate; bool released; };
  std::vector<Seen> newest_first;
  for (bool more = true; more;) {
    auto rows = picture.crossings(query);
    if (!rows) return tl::unexpected(rows.error());
    more = false;
    for (auto& row : *rows) {
      if (now.ms - row.opened.wall.ms > remembered_ms) continue;
      more = true;
      if (!row.plate.empty()) newest_first.push_back({row.opened.wall, std::move(row.plate), row.outcome == "released"});
    }
    if (rows->size() < query.limit) break;
    query.before = rows->back().id;
  }
  for (auto one = newest_first.rbegin(); one != newest_first.rend(); ++one)
    if (one->released) add_release(one->plate, one->opened);
    else add_attempt(one->plate, one->opened);
  return {};
}

void RecentCrossings::nothing_known(WallTime now) {
  known_from_ = now;
  released_.clear();
  in_order_.clear();
  begun_.clear();
  begun_in_order_.clear();
}

void RecentCrossings::add_channel(SelectivityChannel channel) {
  channels_.push_back(channel);
  ++of_channel_[static_cast<std::size_t>(channel)];
  if (channels_.size() <= window) return;
  --of_channel_[static_cast<std::size_t>(channels_.front())];
  channels_.pop_front();
}

void RecentCrossings::add_release(const std::string& read, WallTime opened) {
  const auto plate = risk::alike_plate(read);
  released_[plate].push_back(opened);
  in_order_.emplace_back(opened, plate);
  begun_.erase(plate);
}

void RecentCrossings::add_attempt(const std::string& read, WallTime opened) {
  const auto [place, fresh] = begun_.try_emplace(risk::alike_plate(read), opened);
  if (fresh) begun_in_order_.emplace_back(opened, place->first);
}

void RecentCrossings::forget_before(WallTime now) {
  while (!in_order_.empty() && now.ms - in_order_.front().first.ms > remembered_ms) {
    const auto of_plate = released_.find(in_order_.front().second);
    of_plate->second.pop_front();  // in the same order as here
    if (of_plate->second.empty()) released_.erase(of_plate);
    in_order_.pop_front();
  }
  for (; !begun_in_order_.empty() && now.ms - begun_in_order_.front().first.ms > remembered_ms; begun_in_order_.pop_front())
    if (const auto begun = begun_.find(begun_in_order_.front().second); begun != begun_.end() && begun->second == begun_in_order_.front().first) begun_.erase(begun);
}

void RecentCrossings::note(const Record& record) {
  if (std::holds_alternative<CrossingOpened>(record.body)) {
    open_[record.crossing].opened = record.at.wall;
  } else if (const auto* made = std::get_if<AssessmentMade>(&record.body)) {
    auto& open = open_[record.crossing];
    open.by_profiles = risk::reached_by_profiles(made->assessment);
    const auto plate = made->assessment.facts.find("vehicle.plate");
    if (plate != made->assessment.facts.end())
      if (const auto* text = std::get_if<std::string>(&plate->second)) open.plate = *text;
    if (!open.plate.empty()) add_attempt(open.plate, open.opened.value_or(record.at.wall));
  } else if (const auto* verdict = std::get_if<VerdictGiven>(&record.body); verdict && !verdict->overrides) {
    auto& open = open_[record.crossing];
    if (!open.counted) add_channel(open.by_profiles);
    open.counted = true;
  } else if (const auto* closed = std::get_if<CrossingClosed>(&record.body)) {
    const auto open = open_.find(record.crossing);
    if (open == open_.end()) return;
    if (closed->outcome == "released" && !open->second.plate.empty()) add_release(open->second.plate, open->second.opened.value_or(record.at.wall));
    open_.erase(open);
    forget_before(record.at.wall);
  }
}

std::optional<std::int64_t> RecentCrossings::released(const std::string& plate, WallTime now) const {
  if (known_from_ && now.ms - known_from_->ms <= remembered_ms) return std::nullopt;
  const auto found = released_.find(risk::alike_plate(plate));
  if (found == released_.end()) return 0;
  return std::count_if(found->second.begin(), found->second.end(), [&](WallTime at) { return now.ms - at.ms <= remembered_ms; });
}

RecentCrossings::Beginning RecentCrossings::movement(const std::string& read, WallTime now) const {
  const auto plate = risk::alike_plate(read);
  Beginning beginning{now};
  if (const auto begun = begun_.find(plate); begun != begun_.end() && now.ms - begun->second.ms <= remembered_ms) beginning.at = begun->second;
  constexpr std::int64_t day_ms = 24LL * 3600 * 1000;
  const auto released = released_.find(plate);
  if (released == released_.end()) return beginning;
  beginning.released_that_day =
      std::count_if(released->second.begin(), released->second.end(), [&](WallTime at) { return at.ms / day_ms == beginning.at.ms / day_ms && at.ms <= beginning.at.ms; });
  return beginning;
}

}  // namespace rampa::app
