#include "edge/app/recent_crossings.hpp"

#include <algorithm>

namespace rampa::app {

void RecentCrossings::load(store::PictureReader& picture, WallTime now) {
  store::CrossingQuery query;
  query.limit = 100'000;
  auto rows = picture.crossings(query);  // newest first
  if (!rows) return;
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    if (now.ms - row->opened.wall.ms > remembered_ms) continue;
    if (row->outcome == "released" && !row->plate.empty()) released_[row->plate].push_back(row->opened.wall);
    for (const auto channel : {SelectivityChannel::green, SelectivityChannel::blue, SelectivityChannel::yellow, SelectivityChannel::red})
      if (row->channel == name_of(channel)) add_channel(channel);
  }
}

void RecentCrossings::add_channel(SelectivityChannel channel) {
  channels_.push_back(channel);
  ++of_channel_[static_cast<std::size_t>(channel)];
  if (channels_.size() <= window) return;
  --of_channel_[static_cast<std::size_t>(channels_.front())];
  channels_.pop_front();
}

void RecentCrossings::note(const Record& record) {
  if (const auto* made = std::get_if<AssessmentMade>(&record.body)) {
    const auto plate = made->assessment.facts.find("vehicle.plate");
    if (plate != made->assessment.facts.end())
      if (const auto* text = std::get_if<std::string>(&plate->second)) open_[record.crossing].plate = *text;
  } else if (const auto* verdict = std::get_if<VerdictGiven>(&record.body); verdict && !verdict->overrides) {
    auto& open = open_[record.crossing];
    if (!open.counted) add_channel(verdict->channel);
    open.counted = true;
  } else if (const auto* closed = std::get_if<CrossingClosed>(&record.body)) {
    const auto open = open_.find(record.crossing);
    if (open == open_.end()) return;
    if (closed->outcome == "released" && !open->second.plate.empty()) {
      auto& times = released_[open->second.plate];
      times.push_back(record.at.wall);
      while (!times.empty() && record.at.wall.ms - times.front().ms > remembered_ms) times.pop_front();
    }
    open_.erase(open);
  }
}

std::int64_t RecentCrossings::released(const std::string& plate, WallTime now) const {
  const auto found = released_.find(plate);
  if (found == released_.end()) return 0;
  return std::count_if(found->second.begin(), found->second.end(), [&](WallTime at) { return now.ms - at.ms <= remembered_ms; });
}

}  // namespace rampa::app
