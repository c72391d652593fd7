#include "sync/hq/record_intake.hpp"

#include <algorithm>

#include "sync/hq/eviction.hpp"

namespace rampa::sync::hq {
namespace format = store::format;
namespace {

std::string named(Stream stream, std::uint64_t number) {
  return "number " + std::to_string(number) + " of the " + std::string(store::name_of(stream));
}

/// Empty, or why this cannot be the record of that number.
std::string trouble_of(const Result<format::ParsedRecord>& record, Stream stream, std::uint64_t number, std::size_t bytes) {
  if (!record) return record.error().what;
  if (record->length != bytes) return "its length says " + std::to_string(record->length) + " bytes";
  if (record->entry.stream != stream) return "it says it belongs to the " + std::string(store::name_of(record->entry.stream));
  if (record->entry.stream_sequence() != number) return "it says it is number " + std::to_string(record->entry.stream_sequence());
  if (record->entry.sequence >= number_end) return "it says it is record " + std::to_string(record->entry.sequence) + " of its journal";
  return {};
}

}  // namespace

void RecordIntake::refuse(History& history, const RecordFrame& frame, const std::string& reason, Stamp) {
  history.answer = true;
  if (history.refused.size() < told_max) history.refused.push_back({frame.head.stream, frame.head.first, reason});
  bell_.tell({"refused", history.row.post, named(frame.head.stream, frame.head.first) + ": " + reason, 0});
}

bool RecordIntake::take(History& history, const RecordFrame& frame, Stamp now) {
  const Stream which = frame.head.stream;
  HeldStream& stream = history.stream(which);
  const std::uint64_t first = frame.head.first, last = first + frame.records.size() - 1;
  history.answer = true;
  if (last >= number_end) return refuse(history, frame, "no journal has so many records", now), false;
  if (first == 1 && frame.head.previous != Sha256{}) return refuse(history, frame, "nothing can come before number 1", now), false;
  const bool joined = first == 1 || stream.held.contains(first - 1);
  const bool after_gap = first > 1 && frame.head.previous == Sha256{};  // the post cannot read the record before
  if (first > 1 && joined && !(after_gap && follows_lost(history, frame))) {
    if (const auto before = hash_of(history, which, first - 1); before && *before != frame.head.previous) {
      const std::string why = "it follows another record than HQ holds as " + named(which, first - 1);
      bell_.alarm(history.row.post, 0, "chain_broken", named(which, first) + ": " + why, now);
      return refuse(history, frame, why, now), false;
    }
  }
  const std::vector<Range> missing = stream.held.missing_in({first, last});
  if (!missing.empty() && !joined && stream.held.list().size() >= holes_max)
    return refuse(history, frame, "HQ sees " + std::to_string(holes_max) + " holes in this stream: fill some first", now), false;
  if (!joined && !after_gap && stream.expected.emplace(first - 1, frame.head.previous).second) ledger_.expect(history.row.id, which, first - 1, frame.head.previous);

  bool blobs = false;
  RangeSet found;
  std::uint64_t number = first, sequence = number_end;
  const auto compare_through = [&](std::uint64_t end) {
    if (number > end) return;
    StoredRecords stored;
    auto at = stored.records.begin();
    for (; number <= end; ++number) {
      if (number > stored.through) {
        stored = ledger_.records(history.row.id, which, number, end, end - number + 1);
        at = stored.records.begin();
      }
      while (at != stored.records.end() && at->number < number) ++at;
      const ByteView bytes = frame.records[number - first];
      if (const auto fresh = stream.fresh.find(number); fresh != stream.fresh.end()) compare(history, which, number, fresh->second.bytes, bytes, now);
      else if (at != stored.records.end() && at->number == number) compare(history, which, number, at->bytes, bytes, now);
      else if (stream.lost.contains(number)) blobs |= take_new(history, which, number, bytes, now);
      else continue;  // it is in quarantine, and stays there
      if (!stream.lost.contains(number)) continue;
      if (const auto fresh = stream.fresh.find(number); fresh != stream.fresh.end()) sequence = std::min(sequence, fresh->second.sequence);
      else if (at == stored.records.end() || at->number != number) continue;  // damaged on the way, too
      found.add({number, number});
    }
  };
  for (const Range& gap : missing) {
    compare_through(gap.first - 1);
    for (; number <= gap.last; ++number) blobs |= take_new(history, which, number, frame.records[number - first], now);
  }
  compare_through(last);
  if (!found.empty()) turned_up(history, which, found, sequence);
  if (missing.empty()) return blobs;
  stream.held.add({first, last});
  stream.changed = history.walk = true;
  return blobs;
}

/// Whether the record before these is one of which the post has told that it cannot read it. HQ may hold it all the same: then what
/// follows it in the journal must follow it here.
bool RecordIntake::follows_lost(History& history, const RecordFrame& frame) {
  const std::uint64_t before = frame.head.first - 1;
  HeldStream& stream = history.stream(frame.head.stream);
  if (!stream.lost.contains(before)) return false;
  const auto hash = hash_of(history, frame.head.stream, before);
  if (!hash) return true;
  const auto fresh = stream.fresh.find(before);
  const auto stored = ledger_.records(history.row.id, frame.head.stream, before, before, 1).records;
  const std::uint64_t sequence = fresh != stream.fresh.end() ? fresh->second.sequence : stored.empty() ? 0 : stored.front().sequence;
  const auto record = format::parse(frame.records.front());
  return record && (record->entry.sequence > sequence + 1 || (record->entry.sequence == sequence + 1 && format::chain_hash(*hash, frame.records.front()) == record->hash));
}

void RecordIntake::take(History& history, const Lost& lost, Stamp now) {
  history.answer = true;
  for (const LostRecords& told : lost.records) {
    HeldStream& stream = history.stream(told.stream);
    const Range& numbers = told.numbers;
    const std::string named_range = "numbers " + std::to_string(numbers.first) + " to " + std::to_string(numbers.last) + " of the " + std::string(store::name_of(told.stream));
    // No more than the post says to have: the chain is walked over all of them.
    if (numbers.last > history.row.hello.ends.of(told.stream) || numbers.last - numbers.first >= lost_max || stream.lost.count() > lost_max ||
        stream.lost.list().size() >= holes_max) {
      bell_.alarm(history.row.post, 0, "refused", named_range + " cannot be taken for lost: it is more than the post says to have, or more than HQ takes", now);
      continue;
    }
    RangeSet fresh;
    for (const Range& r : stream.lost.missing_in(numbers)) fresh.add(r);
    if (fresh.empty()) continue;  // told again
    for (const Range& r : fresh.list()) lose(history, {told.stream, r, told.reason}, now);
    bell_.alarm(history.row.post, 0, "lost_at_post", named_range + ": " + told.reason, now);
  }
}

/// Numbers that were not told yet.
void RecordIntake::lose(History& history, const LostRecords& told, Stamp now) {
  HeldStream& stream = history.stream(told.stream);
  RangeSet gone, here;
  here.add(told.numbers);
  for (const Range& r : stream.held.missing_in(told.numbers)) gone.add(r), here.remove(r);
  const bool go_on = !gone.empty();
  // What was asked for anew may be here all the same, if only in quarantine.
  for (const Range& r : gone.list()) {
    if (r.first > stream.recheck) break;
    const Range asked{r.first, std::min(r.last, stream.recheck)};
    for (const std::uint64_t number : ledger_.stored(history.row.id, told.stream, asked)) gone.remove({number, number}), here.add({number, number});
    for (const std::uint64_t number : ledger_.only_quarantined(history.row.id, told.stream, asked)) gone.remove({number, number}), here.add({number, number});
  }
  for (const Range& r : gone.list()) {
    ledger_.lose(history.row, {told.stream, r, told.reason}, false, now.wall);
    pass(history, told.stream, r);
  }
  for (const Range& r : here.list()) ledger_.lose(history.row, {told.stream, r, told.reason}, true, now.wall);
  stream.lost.add(told.numbers);
  if (!go_on) return;
  stream.held.add(told.numbers);
  stream.changed = history.walk = true;
  history.read_ahead[static_cast<std::size_t>(told.stream)] = {};
}

/// HQ goes on without them: should they be stored after all, exports are told.
void RecordIntake::pass(History& history, Stream which, const Range& numbers) {
  RangeSet& passed = history.stream(which).passed;
  for (const Range& r : passed.missing_in(numbers)) passed.add(r), ledger_.pass(history.row.id, which, r);
}

/// They were told to be lost. What follows them can be checked now.
void RecordIntake::turned_up(History& history, Stream which, const RangeSet& numbers, std::uint64_t sequence) {
  HeldStream& stream = history.stream(which);
  for (const Range& r : numbers.list()) {
    stream.lost.remove(r);
    ledger_.find(history.row.id, which, r);
    bell_.tell({"found", history.row.post, "numbers " + std::to_string(r.first) + " to " + std::to_string(r.last) + " of the " + std::string(store::name_of(which)) + " can be read again", 0});
  }
  history.read_ahead[static_cast<std::size_t>(which)] = {};
  if (sequence > history.row.cursor) return;
  ledger_.flush();
  walk_again(history, sequence);
}

std::optional<store::Hash> RecordIntake::hash_of(History& history, Stream stream, std::uint64_t number) {
  const auto& fresh = history.stream(stream).fresh;
  if (const auto found = fresh.find(number); found != fresh.end()) return found->second.hash;
  const auto stored = ledger_.records(history.row.id, stream, number, number, 1).records;
  if (stored.empty()) return {};
  return stored.front().hash;
}

void RecordIntake::keep_apart(History& history, Stream stream, std::uint64_t number, const std::string& reason, ByteView bytes, Stamp now) {
  const QuarantinedRecord record{number, reason, stream};
  ledger_.quarantine(history.row, record, bytes, now.wall);
  if (history.quarantined.size() < told_max) history.quarantined.push_back(record);
  bell_.tell({"quarantine", history.row.post, named(stream, number) + ": " + reason, 0});
}

/// A record that HQ already has: the same one is fine, another one is an alarm and never overwrites.
void RecordIntake::compare(History& history, Stream stream, std::uint64_t number, ByteView held, ByteView bytes, Stamp now) {
  if (std::equal(held.begin(), held.end(), bytes.begin(), bytes.end())) return;
  const auto record = format::parse(bytes);
  const std::string trouble = trouble_of(record, stream, number, bytes.size());
  const std::string detail = "arrived again as another one: " + (trouble.empty() ? "its hash is " + hex(ByteView{record->hash}) : trouble);
  keep_apart(history, stream, number, detail, bytes, now);
  bell_.alarm(history.row.post, trouble.empty() ? record->entry.sequence : 0, "conflict", named(stream, number) + " " + detail, now);
}

bool RecordIntake::take_new(History& history, Stream which, std::uint64_t number, ByteView bytes, Stamp now) {
  HeldStream& stream = history.stream(which);
  const auto record = format::parse(bytes);
  const std::string trouble = trouble_of(record, which, number, bytes.size());
  if (!stream.expected.empty())
    if (const auto said = stream.expected.find(number); said != stream.expected.end()) {
      if (trouble.empty() && said->second != record->hash)
        bell_.alarm(history.row.post, record->entry.sequence, "chain_broken", "a later frame said that another record is " + named(which, number), now);
      ledger_.met(history.row.id, which, number);
      stream.expected.erase(said);
    }
  if (!trouble.empty()) {
    keep_apart(history, which, number, trouble, bytes, now);
    bell_.alarm(history.row.post, 0, "quarantined", named(which, number) + ": " + trouble, now);
    return false;
  }
  if (number <= stream.recheck) {
    // Asked for again although it may be stored: then it is only compared.
    if (const auto stored = ledger_.records(history.row.id, which, number, number, 1).records; !stored.empty()) {
      compare(history, which, number, stored.front().bytes, bytes, now);
      return false;
    }
  }
  ledger_.add(history.row.id, number, *record, bytes, now.wall);
  if (stream.passed.contains(number)) {
    stream.passed.remove({number, number});
    ledger_.turned_up(history.row.id, which, number, record->entry.sequence);
  }
  stream.fresh.emplace_hint(stream.fresh.end(), number, FreshRecord{record->entry.sequence, record->hash, bytes});
  ++history.row.records;
  history.changed = true;
  keys_.seen(history.row, record->entry, now);
  if (const auto eviction = eviction_in(record->entry)) {  // the post may have said before that it lacks it
    ledger_.take_back_alarms(history.row.post, "blob_unavailable", eviction->sha256);
    if (!eviction->held_at_hq) bell_.tell({"blob_evicted", history.row.post, eviction->sha256 + ": " + text_of(*eviction), eviction->sequence});
  }
  bool blobs = false;
  for (std::size_t i = 0; i < record->entry.blobs.size(); ++i)
    blobs |= ledger_.name_blob(history.row, which, number, record->entry.sequence, i, record->entry.blobs[i]);
  return blobs;
}

/// From this place in the journal on.
void RecordIntake::walk_again(History& history, std::uint64_t from) {
  HistoryRow& row = history.row;
  row.cursor = row.verdicts = 0;
  row.head = format::genesis(PostId{row.post});
  if (const auto before = ledger_.before(row.id, from)) {
    const std::uint64_t number = number_of_key(before->first);
    row.cursor = before->second;
    row.verdicts = stream_of_key(before->first) == Stream::verdicts ? number : row.cursor - number;
    row.head = hash_of(history, stream_of_key(before->first), number);
  }
  ledger_.forget_breaks(row.id, row.cursor + 1);
  history.changed = history.walk = history.answer = true;
}

void RecordIntake::renew(History& history, std::uint64_t from) {
  HistoryRow& row = history.row;
  walk_again(history, std::clamp<std::uint64_t>(from, 1, row.cursor + 1));
  for (const Stream which : store::streams) {
    HeldStream& stream = history.stream(which);
    const std::uint64_t keep = which == Stream::verdicts ? row.verdicts : row.cursor - row.verdicts;
    if (stream.held.empty()) continue;
    const std::uint64_t last = stream.held.list().back().last;
    if (last <= keep) continue;
    stream.lost.remove({keep + 1, last});  // the post tells it again where it is still so
    ledger_.find(row.id, which, {keep + 1, last});
    for (const std::uint64_t number : ledger_.only_quarantined(row.id, which, {keep + 1, last})) pass(history, which, {number, number});
    stream.recheck = std::max(stream.recheck, last);
    stream.held.remove({keep + 1, last});
    stream.changed = true;
    history.read_ahead[static_cast<std::size_t>(which)] = {};
  }
  ++row.renewals;
  history.changed = history.walk = history.answer = true;
}

}  // namespace rampa::sync::hq
