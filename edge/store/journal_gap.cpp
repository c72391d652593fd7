#include "edge/store/journal_gap.hpp"

#include <algorithm>
#include <cstring>

namespace rampa::store {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024, page_bytes = 4096;
constexpr int bad_pages_max = 64;  ///< a dead disk takes seconds for each

struct Segment {
  Bytes bytes;          ///< zeros where the disk gave nothing
  std::string trouble;  ///< of the disk; empty: all was read
};

Segment read_what_can_be(Disk& disk, const std::string& path) {
  Segment out;
  auto file = disk.open(path, OpenMode::read);
  const auto size = file ? (*file)->size() : Result<std::uint64_t>(tl::unexpected(file.error()));
  if (!size) {
    out.trouble = size.error().what;
    return out;
  }
  out.bytes.resize(*size);
  int bad = 0;
  const auto read = [&](std::size_t at, std::size_t count) {
    const auto n = (*file)->read_at(at, std::span(out.bytes).subspan(at, count));
    if (!n) out.trouble = n.error().what;
    return n.has_value();
  };
  for (std::size_t at = 0; at < out.bytes.size() && bad < bad_pages_max; at += piece_bytes) {
    const std::size_t end = std::min(out.bytes.size(), at + piece_bytes);
    if (read(at, end - at)) continue;
    for (std::size_t page = at; page < end && bad < bad_pages_max; page += page_bytes) {
      const std::size_t count = std::min(page_bytes, end - page);
      if (read(page, count)) continue;
      ++bad;
      std::memset(out.bytes.data() + page, 0, count);
    }
  }
  return out;
}

/// `on` gets every record that is whole, with its offset, and says whether to go on. Unlike scan_segment() also what was never
/// synced by a later record's word: who asks here knows that it was durable.
template <class On>
void each_good(ByteView segment, const On& on) {
  std::uint64_t last = 0;
  std::size_t at = format::segment_header_bytes;
  while (at < segment.size()) {
    if (const auto record = format::parse(segment.subspan(at)); record && record->entry.sequence > last) {
      if (!on(*record, at)) return;
      last = record->entry.sequence;
      at += record->length;
      continue;
    }
    const void* hit = at + 1 < segment.size() ? ::memmem(segment.data() + at + 1, segment.size() - at - 1, "RMPR", 4) : nullptr;
    if (!hit) return;
    at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(hit) - segment.data());
  }
}

/// The last good record before the gap.
struct Before {
  std::uint64_t sequence = 0;
  StreamEnds ends;
  std::uint64_t segment = 0, end = 0;  ///< where it lies and where it ends
};

}  // namespace

Result<std::optional<FoundGap>> find_gap(Disk& disk, const Layout& layout, std::uint64_t sequence) {
  const auto segments = list_segments(disk, layout);
  if (!segments) return tl::unexpected(segments.error());
  if (segments->empty()) return fail(ErrorCode::io, layout.journal() + " is empty: is its disk mounted?");
  // The first segment that may hold what comes before; from there to the first good record behind.
  std::size_t begin = 0;
  while (begin + 1 < segments->size() && (*segments)[begin + 1].first_sequence <= sequence) ++begin;

  FoundGap found;
  Before before;
  std::string trouble, damage;
  bool there = false;
  const auto look = [&](std::size_t i) {
    const SegmentPlace& place = (*segments)[i];
    const Segment read = read_what_can_be(disk, place.path);
    if (!read.trouble.empty()) trouble = read.trouble;
    each_good(read.bytes, [&](const format::ParsedRecord& record, std::size_t at) {
      const format::Entry& e = record.entry;
      if (e.sequence == sequence) there = true;
      if (there) return false;
      if (e.sequence < sequence) {
        before = {e.sequence, {e.verdicts, e.sequence - e.verdicts}, place.first_sequence, at + record.length};
        return true;
      }
      const std::uint64_t verdicts = e.verdicts - (e.stream == Stream::verdicts ? 1 : 0);
      found.gap.last = e.sequence - 1;
      found.gap.after = {verdicts, e.sequence - 1 - verdicts};
      found.next = {place.first_sequence, at};
      return false;
    });
    // What stands where a record should follow.
    const std::size_t at = before.segment == place.first_sequence ? before.end : format::segment_header_bytes;
    const bool used = std::any_of(read.bytes.begin() + static_cast<std::ptrdiff_t>(std::min(at, read.bytes.size())), read.bytes.end(), [](std::uint8_t b) { return b != 0; });
    if (damage.empty() && used && (!found.next || found.next->segment == place.first_sequence) && !(found.next && found.next->offset == at))
      damage = place.path.substr(layout.journal().size() + 1) + ", offset " + std::to_string(at);
  };
  for (std::size_t i = begin; i < segments->size() && !found.next && !there; ++i) look(i);
  for (std::size_t i = begin; i > 0 && before.sequence == 0 && !there;) {  // nothing good before it in its own segment
    const auto next = found;
    found.next.reset();
    look(--i);
    if (next.next) found = next;
  }
  if (there) return std::optional<FoundGap>{};
  found.gap.first = before.sequence + 1;
  found.gap.before = before.ends;
  found.gap.sure = trouble.empty();
  found.gap.cause = !trouble.empty() ? "cannot be read at the post: " + trouble
                    : !damage.empty() ? "damaged at the post: " + damage
                                      : "not there at the post (or empty): segment " + format::segment_name(found.gap.first);
  if (found.next && (found.gap.after.verdicts < found.gap.before.verdicts || found.gap.after.events < found.gap.before.events))
    return fail(ErrorCode::invalid, "the records around " + std::to_string(sequence) + " count differently; run `rampa verify`");
  return found;
}

}  // namespace rampa::store
