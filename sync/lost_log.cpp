#include "sync/lost_log.hpp"

#include <algorithm>
#include <array>

#include "sync/ranges.hpp"

namespace rampa::sync {

void LostLog::found(const store::JournalReader::Gap& gap, MonoTime now) {
  for (const Stream stream : store::streams) {
    Entry fresh{stream, {gap.before.of(stream) + 1, gap.after.of(stream)}, gap.cause, gap.sure, now, now, State::suspected, 0};
    if (fresh.numbers.last < fresh.numbers.first) continue;
    const auto met = [&](const Entry& e) { return e.stream == stream && e.numbers.first <= fresh.numbers.last && fresh.numbers.first <= e.numbers.last; };
    for (const Entry& e : entries_) {
      if (!met(e)) continue;
      fresh.since = std::min(fresh.since, e.since);
      // HQ is told of the whole anew where there is more of it.
      if (e.numbers.first <= fresh.numbers.first && fresh.numbers.last <= e.numbers.last && e.state > fresh.state) fresh.state = e.state, fresh.order = e.order;
    }
    std::erase_if(entries_, met);
    if (fresh.state == State::suspected && now >= fresh.since + (fresh.sure ? times_.tell_sure : times_.tell_unsure)) fresh.state = State::to_tell;
    fresh.look = now + (fresh.state != State::suspected ? times_.look_told : fresh.sure ? times_.tell_sure : times_.look_unsure);
    entries_.push_back(std::move(fresh));
  }
}

void LostLog::at_hq(const std::vector<LostRecords>& lost, MonoTime now) {
  std::array<RangeSet, store::streams.size()> named;
  for (const LostRecords& l : lost) {
    named[static_cast<std::size_t>(l.stream)].add(l.numbers);
    if (std::none_of(entries_.begin(), entries_.end(), [&](const Entry& e) {
          return e.stream == l.stream && e.numbers.first <= l.numbers.last && l.numbers.first <= e.numbers.last;
        }))
      entries_.push_back({l.stream, l.numbers, "told to HQ earlier", true, now, now, State::known, 0});
  }
  for (Entry& e : entries_) {
    e.named = named[static_cast<std::size_t>(e.stream)].covers(e.numbers);
    if (e.named) e.state = State::known;
  }
}

std::vector<LostLog::Look> LostLog::known_and_not_named() const {
  std::vector<Look> out;
  for (const Entry& e : entries_)
    if (e.state == State::known && !e.named) out.push_back({e.stream, e.numbers});
  return out;
}

void LostLog::back(Stream stream, const Range& numbers) {
  std::erase_if(entries_, [&](const Entry& e) { return e.stream == stream && e.numbers.first <= numbers.last && numbers.first <= e.numbers.last; });
}

const LostLog::Entry* LostLog::entry_of(Stream stream, std::uint64_t number) const {
  for (const Entry& e : entries_)
    if (e.stream == stream && e.numbers.first <= number && number <= e.numbers.last) return &e;
  return nullptr;
}

bool LostLog::told(Stream stream, std::uint64_t number) const {
  const Entry* e = entry_of(stream, number);
  return e && e->state >= State::told;
}

std::optional<LostLog::Look> LostLog::look(MonoTime now) {
  if (now < next_look_) return {};
  const auto first = std::min_element(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.look < b.look; });
  if (first == entries_.end() || now < first->look) return {};
  next_look_ = now + times_.between_looks;
  return Look{first->stream, first->numbers};
}

void LostLog::cannot_tell(const Look& look, MonoTime now) {
  for (Entry& e : entries_)
    if (e.stream == look.stream && e.numbers == look.numbers) e.look = now + times_.tell_sure;
}

std::optional<MonoTime> LostLog::wake() const {
  std::optional<MonoTime> out;
  for (const Entry& e : entries_)
    if (!out || e.look < *out) out = e.look;
  if (out) out = std::max(*out, next_look_);
  return out;
}

std::vector<LostRecords> LostLog::tell(std::uint64_t order) {
  std::vector<LostRecords> out;
  for (Entry& e : entries_) {
    if (e.state != State::to_tell || out.size() >= lost_told_max) continue;
    e.state = State::told;
    e.order = order;
    out.push_back({e.stream, e.numbers, e.cause});
  }
  return out;
}

void LostLog::untold(Stream stream, std::uint64_t number, std::uint64_t before) {
  for (Entry& e : entries_)
    if (e.stream == stream && e.numbers.first <= number && number <= e.numbers.last && e.state >= State::told && e.order < before) e.state = State::to_tell;
}

void LostLog::disconnected() {
  for (Entry& e : entries_)
    if (e.state == State::told) e.state = State::to_tell;
}

std::vector<LostLog::Look> LostLog::told_ones() const {
  std::vector<Look> out;
  for (const Entry& e : entries_)
    if (e.state == State::told) out.push_back({e.stream, e.numbers});
  return out;
}

std::uint64_t LostLog::count() const {
  std::uint64_t count = 0;
  for (const Entry& e : entries_) count += e.numbers.last - e.numbers.first + 1;
  return count;
}

std::string LostLog::trouble() const {
  if (entries_.empty()) return {};
  const Entry& e = entries_.front();
  return std::to_string(count()) + " records of the journal cannot be read (" + std::string(store::name_of(e.stream)) + " " + std::to_string(e.numbers.first) + " to " +
         std::to_string(e.numbers.last) + ": " + e.cause + "); HQ is told where it stays so. Run `rampa verify` and restore the segment from the backup";
}

}  // namespace rampa::sync
