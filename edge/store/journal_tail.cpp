#include "edge/store/journal_tail.hpp"

#include <algorithm>

#include "edge/crossing/record_json.hpp"

namespace rampa::store {

namespace {

void fold(const format::Entry& e, JournalTail& tail) {
  LaneTail& lane = tail.lanes[LaneId{e.lane}];
  if (e.kind == kind_of(CrossingOpened{})) {
    lane.unfinished.push_back(CrossingId{e.crossing});
  } else if (e.kind == kind_of(CrossingClosed{})) {
    std::erase(lane.unfinished, CrossingId{e.crossing});
  } else if (e.kind == kind_of(LaneModeChanged{})) {
    const auto body = decode(e.open, "");  // the mode is no personal field
    const auto* mode = body ? std::get_if<LaneModeChanged>(&*body) : nullptr;
    lane.modes.push_back(mode ? mode->mode : std::string("out_of_service"));
  }
}

}  // namespace

Result<JournalTail> read_tail(std::shared_ptr<Disk> disk, const Layout& layout, std::uint64_t last_sequence, std::size_t records_max) {
  JournalTail tail;
  RecordSource source(std::move(disk), layout);
  std::uint64_t next = last_sequence < records_max ? 1 : last_sequence - records_max + 1;
  tail.whole = next == 1;
  while (next <= last_sequence) {
    auto read = source.by_sequence(next);
    if (!read && read.error().code == ErrorCode::invalid) {
      tail = JournalTail{};  // what stood there could have been any of it
      read = source.after_damage(next);
      if (!read && read.error().code == ErrorCode::not_found) return tail;
    }
    if (!read) return tl::unexpected(read.error());
    const format::Entry& entry = read->record.entry;
    if (entry.sequence > last_sequence) break;
    if (!entry.lane.empty()) fold(entry, tail);
    next = entry.sequence + 1;
  }
  return tail;
}

}  // namespace rampa::store
