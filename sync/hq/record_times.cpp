#include "sync/hq/record_times.hpp"

#include <algorithm>
#include <vector>

#include "firmware-interfaces/hex.hpp"
#include "sync/hq/ledger.hpp"

namespace rampa::sync::hq {
namespace format = store::format;

ClockEstimate clock_sample(Database& database, std::int64_t history, const std::string& boot) {
  ClockEstimate clock;
  auto asked = database.query("SELECT lower_ns, lower_at_ns, upper_ns, upper_at_ns FROM clock_samples WHERE history = $1 AND boot = $2", history, boot);
  if (!asked.step()) return clock;
  if (!asked.null(0)) clock.lower = ClockBound{asked.number(0), MonoTime{asked.number(1)}};
  if (!asked.null(2)) clock.upper = ClockBound{asked.number(2), MonoTime{asked.number(3)}};
  return clock;
}

namespace {

/// A record may say anything; what cannot be reckoned with is taken for the nearest that can.
MonoTime countable(MonoTime said) { return {std::clamp<std::int64_t>(said.ns, 0, 3'999'999'999'999'999'999)}; }

}  // namespace

std::optional<RecordTimes::Place> RecordTimes::found(const char* sql, std::uint64_t sequence) {
  auto asked = database_.query(sql, journal_key(history_, sequence), journal_key(history_, 0), journal_key(history_ + 1, 0));
  if (!asked.step()) return {};
  const auto record = format::parse(asked.bytes(1));
  if (!record) return {};
  return Place{static_cast<std::uint64_t>(asked.number(0) - journal_key(history_, 0)), record->entry.boot, countable(record->entry.at.mono), WallTime{asked.number(2)}};
}

std::optional<RecordTimes::Place> RecordTimes::at_or_after(std::uint64_t sequence) {
  return found("SELECT turn, bytes, received_ms FROM records WHERE turn >= $1 AND turn > $2 AND turn < $3 ORDER BY turn LIMIT 1", sequence);
}

std::optional<RecordTimes::Place> RecordTimes::at_or_before(std::uint64_t sequence) {
  return found("SELECT turn, bytes, received_ms FROM records WHERE turn <= $1 AND turn > $2 AND turn < $3 ORDER BY turn DESC LIMIT 1", sequence);
}

RecordTimes::Boot& RecordTimes::boot_of(const Place& inside) {
  const auto [known, is_new] = boots_.try_emplace(inside.boot);
  Boot& boot = known->second;
  if (!is_new) return boot;
  boot.first = boot.last = inside;
  // Halving: the records of a boot stand together, and numbers that are not here do not disturb that.
  for (std::uint64_t low = 1, high = inside.sequence; low < high;) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto place = at_or_after(middle);
    if (!place || place->boot == inside.boot) {
      high = middle;
      if (place && place->sequence < boot.first.sequence) boot.first = *place;
    } else {
      low = place->sequence + 1;
    }
  }
  const auto end = at_or_before(number_end);
  for (std::uint64_t low = inside.sequence, high = end ? end->sequence : inside.sequence; low < high;) {
    const std::uint64_t middle = high - (high - low) / 2;
    const auto place = at_or_before(middle);
    if (!place || place->boot == inside.boot) {
      low = middle;
      if (place && place->sequence > boot.last.sequence) boot.last = *place;
    } else {
      high = place->sequence - 1;
    }
  }
  boot.clock = clock_sample(database_, history_, hex(ByteView{inside.boot}));
  boot.by_exchange = boot.clock.lower && boot.clock.upper;
  return boot;
}

void RecordTimes::bound_from_before(Boot& boot) {
  std::vector<Boot*> unknown;
  Boot* at = &boot;
  while (!at->clock.lower) {
    const auto place = at_or_before(at->first.sequence - 1);
    if (!place) break;
    Boot& before = boot_of(*place);
    if (before.last.sequence >= at->first.sequence) break;  // a post that gives one boot two places is not believed
    unknown.push_back(at);
    at = &before;
  }
  for (; !unknown.empty(); at = unknown.back(), unknown.pop_back())
    if (const auto time = at->clock.not_before(at->last.mono))
      unknown.back()->clock.lower = ClockBound{*time - unknown.back()->first.mono.ns, unknown.back()->first.mono};
}

void RecordTimes::bound_from_behind(Boot& boot) {
  std::vector<Boot*> unknown;
  Boot* at = &boot;
  while (!at->clock.upper) {
    unknown.push_back(at);
    const auto place = at_or_after(at->last.sequence + 1);
    if (!place) break;
    Boot& behind = boot_of(*place);
    if (behind.first.sequence <= at->last.sequence) break;
    at = &behind;
  }
  for (; !unknown.empty(); unknown.pop_back()) {
    Boot& earlier = *unknown.back();
    std::int64_t time = (earlier.last.received.ms + 1) * 1'000'000;
    if (at != &earlier) time = std::min({time, (at->first.received.ms + 1) * 1'000'000, at->clock.not_after(at->first.mono).value_or(time)});
    earlier.clock.upper = ClockBound{time - earlier.last.mono.ns, earlier.last.mono};
    at = &earlier;
  }
}

RecordTime RecordTimes::of(const format::Entry& record, WallTime received) {
  Boot& boot = boot_of({record.sequence, record.boot, countable(record.at.mono), received});
  if (!boot.complete) {
    bound_from_before(boot);
    bound_from_behind(boot);
    boot.complete = true;
  }
  RecordTime time;
  time.by_exchange = boot.by_exchange;
  if (const auto ns = boot.clock.not_before(record.at.mono)) time.earliest = WallTime{*ns / 1'000'000};
  if (const auto ns = boot.clock.not_after(record.at.mono)) time.latest = WallTime{*ns / 1'000'000 + 1};
  if (!boot.by_exchange) time.latest = std::min(time.latest.value_or(received), received);
  if (time.earliest && time.latest && *time.latest < *time.earliest) return {};  // HQ's clock was set between: nothing is known
  return time;
}

}  // namespace rampa::sync::hq
