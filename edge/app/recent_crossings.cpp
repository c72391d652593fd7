#include "edge/app/recent_crossings.hpp"

#include <algorithm>

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
  std::vector<std::pair<WallTime, std::string>> newest_first;
  for (bool more = true; more;) {
    auto rows = picture.crossings(query);
    if (!rows) return tl::unexpected(rows.error());
    more = false;
    for (auto& row : *rows) {
      if (now.ms - row.opened.wall.ms > remembered_ms) continue;
      more = true;
      if (row.outcome == "released" && !row.plate.empty()) newest_first.emplace_back(row.opened.wall, std::move(row.plate));
    }
    if (rows->size() < query.limit) break;
    query.before = rows->back().id;
  }
  for (auto one = newest_first.rbegin(); one != newest_first.rend(); ++one) add_release(one->second, one->first);
  return {};
}

void RecentCrossings::nothing_known(WallTime now) {
  known_from_ = now;
  released_.clear();
  in_order_.clear();
}

void RecentCrossings::add_channel(SelectivityChannel channel) {
  channels_.push_back(channel);
  ++of_channel_[static_cast<std::size_t>(channel)];
  if (channels_.size() <= window) return;
  --of_channel_[static_cast<std::size_t>(channels_.front())];
  channels_.pop_front();
}

void RecentCrossings::add_release(const std::string& plate, WallTime at) {
  released_[plate].push_back(at);
  in_order_.emplace_back(at, plate);
}

void RecentCrossings::forget_before(WallTime now) {
  while (!in_order_.empty() && now.ms - in_order_.front().first.ms > remembered_ms) {
    const auto of_plate = released_.find(in_order_.front().second);
    of_plate->second.pop_front();  // in the same order as here
    if (of_plate->second.empty()) released_.erase(of_plate);
    in_order_.pop_front();
  }
}

void RecentCrossings::note(const Record& record) {
  if (const auto* made = std::get_if<AssessmentMade>(&record.body)) {
    auto& open = open_[record.crossing];
    open.by_profiles = risk::reached_by_profiles(made->assessment);
    const auto plate = made->assessment.facts.find("vehicle.plate");
    if (plate != made->assessment.facts.end())
      if (const auto* text = std::get_if<std::string>(&plate->second)) open.plate = *text;
  } else if (const auto* verdict = std::get_if<VerdictGiven>(&record.body); verdict && !verdict->overrides) {
    auto& open = open_[record.crossing];
    if (!open.counted) add_channel(open.by_profiles);
    open.counted = true;
  } else if (const auto* closed = std::get_if<CrossingClosed>(&record.body)) {
    const auto open = open_.find(record.crossing);
    if (open == open_.end()) return;
    if (closed->outcome == "released" && !open->second.plate.empty()) add_release(open->second.plate, record.at.wall);
    open_.erase(open);
    forget_before(record.at.wall);
  }
}

std::optional<std::int64_t> RecentCrossings::released(const std::string& plate, WallTime now) const {
  if (known_from_ && now.ms - known_from_->ms <= remembered_ms) return std::nullopt;
  const auto found = released_.find(plate);
  if (found == released_.end()) return 0;
  return std::count_if(found->second.begin(), found->second.end(), [&](WallTime at) { return now.ms - at.ms <= remembered_ms; });
}

}  // namespace rampa::app
