#include "edge/app/lanes_before.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace rampa::app {

namespace {
constexpr std::size_t seen_reads_max = 64;
constexpr std::size_t modes_looked_at = 32;
}  // namespace

Modes modes_of(const std::vector<std::string>& newest_first, bool all) {
  if (newest_first.empty()) return {};
  Modes modes;
  modes.mode = newest_first.front();
  const auto plain = std::find_if(newest_first.begin(), newest_first.end(),
                                  [](const auto& mode) { return mode == "in_service" || mode == "out_of_service"; });
  if (plain != newest_first.end()) modes.before = *plain;
  else if (!all) modes.before = "out_of_service";
  return modes;
}

LanesBefore::LanesBefore(store::Store& store, std::string directory, Limits limits)
    : store_(store), directory_(std::move(directory)), limits_(limits), last_sequence_(store.status().last_sequence),
      pictured_(store.wait_for_picture(limits.picture_wait)) {
  if (!pictured_) spdlog::warn("the picture does not show the whole journal yet: the lanes start from the journal itself");
}

lane::Started LanesBefore::of(const LaneId& lane) {
  if (pictured_) {
    auto started = from_picture(lane);
    if (started) return std::move(*started);
    spdlog::warn("lane={} the picture does not tell what was before this start ({}): read from the journal", lane.text,
                 started.error().what);
  }
  return from_journal(lane);
}

Result<lane::Started> LanesBefore::from_picture(const LaneId& lane) {
  auto reader = store_.picture_reader();
  if (!reader) return tl::unexpected(reader.error());
  auto records = (*reader)->newest("lane_mode", lane, modes_looked_at);
  if (!records) return tl::unexpected(records.error());
  std::vector<std::string> newest_first;
  for (const auto& record : *records)
    if (const auto* changed = std::get_if<LaneModeChanged>(&record.body)) newest_first.push_back(changed->mode);
  const Modes modes = modes_of(newest_first, records->size() < modes_looked_at);

  lane::Started started;
  started.mode = modes.mode;
  started.mode_before = modes.before;
  store::CrossingQuery query;
  query.lane = lane;
  auto rows = (*reader)->crossings(query);
  if (!rows) return tl::unexpected(rows.error());
  bool only_restarts = true;  // have ended the crossings from the newest to this one
  for (const auto& row : *rows) {
    if (row.paper) continue;
    const bool unfinished = row.outcome.empty();
    if (unfinished) started.unfinished.push_back(row.id);
    only_restarts = only_restarts && (unfinished || row.outcome == "aborted");
    if (!only_restarts && started.seen_reads.size() >= seen_reads_max) continue;
    auto written = (*reader)->records_of(row.id);
    if (!written) {  // costs the memory of a few reads, and one look of an officer
      spdlog::warn("crossing={} cannot be read: {}", row.id.text, written.error().what);
      started.held = started.held || only_restarts;
      continue;
    }
    const auto any = [&](auto what) { return std::any_of(written->begin(), written->end(), what); };
    only_restarts = only_restarts && (unfinished || any([](const auto& r) {
      const auto* closed = std::get_if<CrossingClosed>(&r.body);
      return closed && closed->summary == lane::ended_by_restart;
    }));
    started.held = started.held || (only_restarts && any([](const auto& r) { return lane::held_by(r.body); }));
    for (const auto& record : *written)
      if (const auto* capture = std::get_if<CaptureTaken>(&record.body))
        if (auto key = lane::read_key(capture->role, capture->body); !key.empty()) started.seen_reads.push_back(std::move(key));
  }
  return started;
}

lane::Started LanesBefore::from_journal(const LaneId& lane) {
  if (!tail_) tail_ = store::read_journal_tail(directory_, last_sequence_, limits_.tail_records_max);
  lane::Started started;
  if (!*tail_) {
    started.notice = "out of service: what was before this start cannot be read (" + tail_->error().what + ")";
    return started;
  }
  const store::JournalTail& tail = **tail_;
  const auto found = tail.lanes.find(lane);
  if (found != tail.lanes.end()) started.unfinished = found->second.unfinished;
  started.held = true;  // the tail does not tell who waited, and why
  if (found == tail.lanes.end() || found->second.modes.empty()) {
    if (!tail.whole)
      started.notice = "out of service: whether the lane was in service before this start is not known until the picture is built "
                       "or the journal repaired; look at the lane and return it to service";
    return started;
  }
  const auto& oldest_first = found->second.modes;
  const Modes modes = modes_of({oldest_first.rbegin(), oldest_first.rend()}, tail.whole);
  started.mode = modes.mode;
  started.mode_before = modes.before;
  return started;
}

}  // namespace rampa::app
