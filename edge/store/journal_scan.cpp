#include "edge/store/journal_scan.hpp"

#include <algorithm>
#include <cstring>

namespace rampa::store {

namespace {

/// Offset after the last byte that is not zero. By memcmp: a segment is mostly room that was reserved.
std::size_t used_bytes(ByteView bytes) {
  constexpr std::size_t block = 4096;
  static constexpr std::uint8_t zeros[block] = {};
  std::size_t end = bytes.size();
  while (end > 0) {
    const std::size_t start = (end - 1) / block * block;
    if (std::memcmp(bytes.data() + start, zeros, end - start) != 0) break;
    end = start;
  }
  while (end > 0 && bytes[end - 1] == 0) --end;
  return end;
}

/// The next offset from `from` on where a record of a sequence over `after` parses; nothing where there is none.
std::optional<std::size_t> next_record(ByteView segment, std::size_t from, std::uint64_t after) {
  while (from < segment.size()) {
    const void* hit = ::memmem(segment.data() + from, segment.size() - from, "RMPR", 4);
    if (!hit) return std::nullopt;
    const auto at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(hit) - segment.data());
    if (auto record = format::parse(segment.subspan(at)); record && record->entry.sequence > after) return at;
    from = at + 1;
  }
  return std::nullopt;
}

}  // namespace

Result<SegmentScan> scan_segment(ByteView segment, const OnRecord& on_record) {
  auto header = format::parse_segment_header(segment);
  if (!header) return tl::unexpected(header.error());
  SegmentScan scan;
  scan.header = *header;
  scan.last_sequence = header->first_sequence - 1;
  scan.last_synced = scan.last_sequence;
  scan.last_hash = header->previous;
  scan.end = format::segment_header_bytes;

  std::uint64_t expected = header->first_sequence;
  Hash previous = header->previous;
  bool previous_known = true;
  const std::size_t used = used_bytes(segment);
  segment = segment.first(std::min(segment.size(), used + format::segment_header_bytes));  // a CRC may end in zeros
  std::size_t at = format::segment_header_bytes;
  while (at < segment.size()) {
    auto record = format::parse(segment.subspan(at));
    std::string wrong;
    if (!record) {
      wrong = record.error().what;
    } else if (record->entry.sequence != expected) {
      wrong = "sequence " + std::to_string(record->entry.sequence) + " where " + std::to_string(expected) + " belongs";
    } else if (previous_known && record->hash != format::chain_hash(previous, segment.subspan(at, record->length))) {
      wrong = "chain hash does not follow from the record before it";
    }
    if (wrong.empty()) {
      if (on_record) on_record(*record, at);
      previous = record->hash;
      previous_known = true;
      at += record->length;
      scan.last_synced = std::max(scan.last_synced, record->entry.synced);
      if (record->entry.ends_group) {
        scan.last_sequence = expected;
        scan.last_hash = record->hash;
        scan.last_verdicts = record->entry.verdicts;
        scan.end = at;
      }
      ++expected;
      continue;
    }
    // Was this place durable once? A later record that was written after its sync says so; then it is damage.
    std::size_t search_from = at + 1;
    std::optional<std::size_t> later;
    while ((later = next_record(segment, search_from, expected - 1))) {
      if (format::parse(segment.subspan(*later))->entry.synced >= expected) break;
      search_from = *later + 1;
    }
    if (!later) break;
    if (!scan.damage) scan.damage = Damage{expected, at, wrong};
    at = *later;
    expected = format::parse(segment.subspan(at))->entry.sequence;
    previous_known = false;
  }
  if (used > scan.end)
    scan.torn = std::to_string(used - scan.end) + " bytes after record " + std::to_string(scan.last_sequence) +
                " (offset " + std::to_string(scan.end) + "): a group that was being written and was acknowledged to nobody";
  return scan;
}

Result<std::vector<SegmentPlace>> list_segments(Disk& disk, const Layout& layout) {
  auto names = disk.list(layout.journal());
  if (!names) return tl::unexpected(names.error());
  std::vector<SegmentPlace> out;
  for (const std::string& name : *names)
    if (auto first = format::sequence_of_segment(name)) out.push_back({*first, layout.journal() + "/" + name});
  return out;
}

}  // namespace rampa::store
