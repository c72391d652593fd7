#include "sync/hq/chain_walk.hpp"

#include <algorithm>

namespace rampa::sync::hq {
namespace {

constexpr std::size_t read_ahead_records = 64;

enum class Presence { absent, quarantined, stored };

struct Step {
  Presence presence = Presence::absent;
  std::uint64_t number = 0, sequence = 0;
  store::Hash hash{};
  ByteView bytes;
};

Step look(History& history, Ledger& ledger, Stream stream, std::uint64_t number) {
  HeldStream& held = history.stream(stream);
  if (!held.held.contains(number)) return {Presence::absent, number};
  if (const auto fresh = held.fresh.find(number); fresh != held.fresh.end())
    return {Presence::stored, number, fresh->second.sequence, fresh->second.hash, fresh->second.bytes};
  auto& ahead = history.read_ahead[static_cast<std::size_t>(stream)];
  if (number < ahead.asked.first || number > ahead.asked.last) {
    // Not past what is held: a record that comes later would be taken for one in quarantine.
    std::uint64_t last = number + read_ahead_records - 1;
    if (const auto missing = held.held.missing_in({number, last}); !missing.empty()) last = missing.front().first - 1;
    if (const auto fresh = held.fresh.lower_bound(number); fresh != held.fresh.end()) last = std::min(last, fresh->first - 1);
    auto stored = ledger.records(history.row.id, stream, number, last, read_ahead_records);
    ahead.asked = {number, stored.through};
    ahead.records = std::move(stored.records);
  }
  const auto found = std::lower_bound(ahead.records.begin(), ahead.records.end(), number,
                                      [](const StoredRecord& r, std::uint64_t n) { return r.number < n; });
  if (found == ahead.records.end() || found->number != number) return {Presence::quarantined, number};
  return {Presence::stored, number, found->sequence, found->hash, found->bytes};
}

/// Whether a quarantined record is next although the other stream's next is not here: nothing of the other one can lie
/// before it if the record behind it counts no more of them, or if the post has no more of them.
bool surely_next(History& history, Ledger& ledger, Stream stream, std::uint64_t number, std::uint64_t of_other) {
  const Stream other = stream == Stream::verdicts ? Stream::events : Stream::verdicts;
  if (const Step behind = look(history, ledger, stream, number + 1); behind.presence == Presence::stored)
    return behind.sequence - behind.number <= of_other;
  const store::StreamEnds& ends = history.row.hello.ends;
  return ends.of(other) <= of_other && ends.of(stream) >= number;
}

/// The record at this place of the journal, or nothing while it is not here.
std::optional<std::pair<Stream, Step>> next(History& history, Ledger& ledger) {
  const std::uint64_t turn = history.row.cursor + 1, verdicts = history.row.verdicts, events = history.row.cursor - verdicts;
  const Step event = look(history, ledger, Stream::events, events + 1);
  if (event.presence == Presence::stored && event.sequence <= turn) return std::pair{Stream::events, event};
  const Step verdict = look(history, ledger, Stream::verdicts, verdicts + 1);
  if (verdict.presence == Presence::stored && verdict.sequence <= turn) return std::pair{Stream::verdicts, verdict};
  if (event.presence == Presence::absent && verdict.presence == Presence::absent) return {};
  if (event.presence == Presence::absent) {
    if (verdict.presence == Presence::quarantined && surely_next(history, ledger, Stream::verdicts, verdict.number, events))
      return std::pair{Stream::verdicts, verdict};
    return {};
  }
  if (verdict.presence == Presence::absent) {
    if (event.presence == Presence::quarantined && surely_next(history, ledger, Stream::events, event.number, verdicts))
      return std::pair{Stream::events, event};
    return {};
  }
  // Both are here and neither says that it is next: the one in quarantine is, or the one that comes earlier.
  if (verdict.presence == Presence::quarantined) return std::pair{Stream::verdicts, verdict};
  if (event.presence == Presence::quarantined) return std::pair{Stream::events, event};
  return verdict.sequence < event.sequence ? std::pair{Stream::verdicts, verdict} : std::pair{Stream::events, event};
}

}  // namespace

bool walk(History& history, Ledger& ledger, Bell& bell, std::size_t records, Stamp now) {
  HistoryRow& row = history.row;
  for (; records > 0; --records) {
    const auto found = next(history, ledger);
    if (!found) return false;
    const auto& [stream, step] = *found;
    const std::uint64_t turn = row.cursor + 1;
    if (step.presence == Presence::quarantined) {
      row.head.reset();
    } else {
      if (step.sequence != turn || (row.head && store::format::chain_hash(*row.head, step.bytes) != step.hash)) {
        ledger.add_break(row.id, step.sequence, Break::broken);
        bell.alarm(row.post, step.sequence, "chain_broken",
                   step.sequence != turn ? "it stands where record " + std::to_string(turn) + " of the journal should stand"
                                         : "its hash does not follow from record " + std::to_string(turn - 1), now);
      } else if (!row.head) {
        ledger.add_break(row.id, step.sequence, Break::unverifiable);
      }
      row.head = step.hash;
    }
    row.cursor = turn;
    if (stream == Stream::verdicts) ++row.verdicts;
    history.changed = true;
  }
  return true;
}

}  // namespace rampa::sync::hq
