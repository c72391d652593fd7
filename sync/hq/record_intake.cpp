#include "sync/hq/record_intake.hpp"

#include <algorithm>

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
  if (first > 1 && joined) {
    if (const auto before = hash_of(history, which, first - 1); before && *before != frame.head.previous) {
      const std::string why = "it follows another record than HQ holds as " + named(which, first - 1);
      bell_.alarm(history.row.post, 0, "chain_broken", named(which, first) + ": " + why, now);
      return refuse(history, frame, why, now), false;
    }
  }
  const std::vector<Range> missing = stream.held.missing_in({first, last});
  if (!missing.empty() && !joined && stream.held.list().size() >= holes_max)
    return refuse(history, frame, "HQ sees " + std::to_string(holes_max) + " holes in this stream: fill some first", now), false;
  if (!joined && stream.expected.emplace(first - 1, frame.head.previous).second) ledger_.expect(history.row.id, which, first - 1, frame.head.previous);

  bool blobs = false;
  std::uint64_t number = first;
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
      // Otherwise it is in quarantine, and stays there.
    }
  };
  for (const Range& gap : missing) {
    compare_through(gap.first - 1);
    for (; number <= gap.last; ++number) blobs |= take_new(history, which, number, frame.records[number - first], now);
  }
  compare_through(last);
  if (missing.empty()) return false;
  stream.held.add({first, last});
  stream.changed = history.walk = true;
  return blobs;
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
  stream.fresh.emplace_hint(stream.fresh.end(), number, FreshRecord{record->entry.sequence, record->hash, bytes});
  ++history.row.records;
  history.changed = true;
  keys_.seen(history.row, record->entry, now);
  bool blobs = false;
  for (std::size_t i = 0; i < record->entry.blobs.size(); ++i)
    blobs |= ledger_.name_blob(history.row, which, number, record->entry.sequence, i, record->entry.blobs[i]);
  return blobs;
}

void RecordIntake::renew(History& history, std::uint64_t from) {
  HistoryRow& row = history.row;
  from = std::clamp<std::uint64_t>(from, 1, row.cursor + 1);
  row.cursor = row.verdicts = 0;
  row.head = format::genesis(PostId{row.post});
  if (const auto before = ledger_.before(row.id, from)) {
    const std::uint64_t number = number_of_key(before->first);
    row.cursor = before->second;
    row.verdicts = stream_of_key(before->first) == Stream::verdicts ? number : row.cursor - number;
    row.head = hash_of(history, stream_of_key(before->first), number);
  }
  ledger_.forget_breaks(row.id, row.cursor + 1);
  for (const Stream which : store::streams) {
    HeldStream& stream = history.stream(which);
    const std::uint64_t keep = which == Stream::verdicts ? row.verdicts : row.cursor - row.verdicts;
    if (stream.held.empty()) continue;
    const std::uint64_t last = stream.held.list().back().last;
    if (last <= keep) continue;
    stream.recheck = std::max(stream.recheck, last);
    stream.held.remove({keep + 1, last});
    stream.changed = true;
    history.read_ahead[static_cast<std::size_t>(which)] = {};
  }
  ++row.renewals;
  history.changed = history.walk = history.answer = true;
}

}  // namespace rampa::sync::hq
