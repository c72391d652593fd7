#include "edge/store/journal_reader.hpp"

#include <algorithm>

#include "edge/store/durable_file.hpp"

namespace rampa::store {

namespace {

class Reader : public JournalReader {
 public:
  Reader(std::shared_ptr<Disk> disk, const Layout& layout, std::shared_ptr<const Durable> durable)
      : disk_(disk), layout_(layout), source_(disk, layout), durable_(std::move(durable)) {
    for (std::size_t i = 0; i < places_max; ++i) places_.emplace_back(disk_, layout_);
  }

  Result<std::vector<Raw>> read(std::uint64_t sequence, std::size_t count) override {
    return read_from(source_, sequence, count);
  }

  Result<StreamEnds> ends() override {
    if (durable_) return durable_->ends();
    const auto last = last_sequence();
    if (!last) return tl::unexpected(last.error());
    if (*last == 0) return StreamEnds{};
    auto read = source_.by_sequence(*last);
    if (!read) return tl::unexpected(read.error());
    return StreamEnds{read->record.entry.verdicts, *last - read->record.entry.verdicts};
  }

 protected:
  /// The last segment whose first record is not past the wanted one: a few reads, then at most one segment to walk.
  Result<std::uint64_t> locate(Stream stream, std::uint64_t first) override {
    auto segments = list_segments(*disk_, layout_);
    if (!segments) return tl::unexpected(segments.error());
    std::size_t low = 0, high = segments->size();
    while (high - low > 1) {
      const std::size_t middle = (low + high) / 2;
      const std::uint64_t sequence = (*segments)[middle].first_sequence;
      const auto before = count_before(stream, sequence);
      (before && *before < first ? low : high) = middle;  // empty or damaged at its head: begin before it
    }
    if (segments->empty()) return 1;
    const std::uint64_t sequence = (*segments)[low].first_sequence;
    if (low > 0 || sequence == 1) return sequence;
    // The journal's first segment is not there: what lay before this one is looked for where it was.
    const auto before = count_before(stream, sequence);
    return before && *before < first ? sequence : 1;
  }

  Result<std::vector<Raw>> read_run(std::size_t place, std::uint64_t sequence, std::size_t count) override {
    return read_from(places_[place], sequence, count);
  }

  void look_anew() override {
    known_.clear();
    source_.look_anew();
    for (RecordSource& place : places_) place.look_anew();
  }

  Result<std::optional<Gap>> gap_at(std::uint64_t sequence) override {
    for (const Gap& known : known_)
      if (known.first <= sequence && sequence <= known.last) return std::optional(known);
    if (auto ok = journal_is_there(); !ok) return tl::unexpected(ok.error());
    const auto looked = find_gap(*disk_, layout_, sequence);
    if (!looked) return fail(ErrorCode::io, looked.error().what);
    const auto& found = *looked;
    if (!found) return std::optional<Gap>{};
    Gap gap = found->gap;
    if (!found->next) return fail(ErrorCode::invalid, "no good record follows record " + std::to_string(sequence));
    if (known_.size() < gaps_known_max) known_.push_back(gap);
    return std::optional(std::move(gap));
  }

 private:
  /// A folder whose disk is away for a moment shows nothing, or something older: then nothing may be taken for lost. It is this
  /// journal, as it is now, where the newest record stands in it.
  Result<void> journal_is_there() {
    const auto last = last_sequence();
    const auto read = last ? RecordSource(disk_, layout_).by_sequence(*last) : tl::unexpected(last.error());
    if (!read) return fail(ErrorCode::io, "the journal's newest record cannot be read: is its disk there? " + read.error().what);
    return {};
  }

  /// How much of this stream comes before this record; nothing where it cannot be read.
  std::optional<std::uint64_t> count_before(Stream stream, std::uint64_t sequence) {
    const auto read = source_.by_sequence(sequence);
    if (!read) return {};
    const format::Entry& e = read->record.entry;
    const std::uint64_t upto = stream == Stream::verdicts ? e.verdicts : e.sequence - e.verdicts;
    return upto - (e.stream == stream ? 1 : 0);
  }

  Result<std::uint64_t> last_sequence() {
    if (durable_) return durable_->sequence.load();
    return source_.last_whole_sequence();
  }

  Result<std::vector<Raw>> read_from(RecordSource& source, std::uint64_t sequence, std::size_t count) {
    const auto last = last_sequence();
    if (!last) return tl::unexpected(last.error());
    std::vector<Raw> out;
    for (std::uint64_t s = std::max<std::uint64_t>(sequence, 1); s <= *last && out.size() < count; ++s) {
      auto read = source.by_sequence(s);
      if (!read) {
        if (!out.empty()) break;  // what was read is good; the next call meets the error
        return tl::unexpected(read.error());
      }
      format::Entry& e = read->record.entry;
      out.push_back({s, std::move(read->bytes), to_hex(read->record.hash), std::move(e.blobs), std::move(e.kind), e.stream, e.stream_sequence()});
    }
    return out;
  }

  std::shared_ptr<Disk> disk_;
  Layout layout_;
  RecordSource source_;
  std::vector<RecordSource> places_;
  std::shared_ptr<const Durable> durable_;
  std::vector<Gap> known_;
};

constexpr std::size_t k_run = 64;  // records read at once on the way through a stream

}  // namespace

Result<std::vector<JournalReader::Raw>> JournalReader::read_stream(Stream stream, std::uint64_t first, std::size_t count,
                                                                   std::size_t bytes_max) {
  std::vector<Raw> out;
  // The place that stands there already, else the one that was used longest ago.
  std::size_t slot = static_cast<std::size_t>(stream) * places_per_stream;
  for (std::size_t i = slot, end = slot + places_per_stream; i < end; ++i) {
    if (places_[i].number == first) {
      slot = i;
      break;
    }
    if (places_[i].used < places_[slot].used) slot = i;
  }
  Place& place = places_[slot];
  if (place.number != first) {
    const auto at = locate(stream, first);
    if (!at) return tl::unexpected(at.error());
    place = {first, *at, {}, 0};
  }
  place.used = ++uses_;
  std::size_t bytes = 0;
  while (out.size() < count) {
    if (place.ahead.empty()) {
      auto run = read_run(slot, place.sequence, k_run);
      if (!run) {
        if (!out.empty()) break;  // what was read is good; the next call meets the error
        const auto lost = gap_at(place.sequence);
        if (lost && *lost && (*lost)->after.of(stream) < first) {  // nothing of this stream, or nothing that is wanted
          place.sequence = (*lost)->last + 1;
          continue;
        }
        place = {};
        return run;
      }
      if (run->empty()) break;
      place.sequence = run->back().sequence + 1;
      for (Raw& raw : *run)
        if (raw.stream == stream && raw.stream_sequence >= first) place.ahead.push_back(std::move(raw));
      continue;
    }
    Raw& raw = place.ahead.front();
    if (!out.empty() && bytes + raw.bytes.size() > bytes_max) break;
    bytes += raw.bytes.size();
    place.number = raw.stream_sequence + 1;
    out.push_back(std::move(raw));
    place.ahead.pop_front();
  }
  return out;
}

Result<std::optional<JournalReader::Gap>> JournalReader::gap(Stream stream, std::uint64_t number) {
  places_ = {};
  look_anew();
  const auto at = locate(stream, number);
  if (!at) return tl::unexpected(at.error());
  for (std::uint64_t sequence = *at;;) {
    const auto run = read_run(0, sequence, k_run);
    if (!run) {
      auto lost = gap_at(sequence);
      if (!lost || !*lost || (*lost)->after.of(stream) >= number) return lost;
      sequence = (*lost)->last + 1;
      continue;
    }
    if (run->empty()) return fail(ErrorCode::invalid, "number " + std::to_string(number) + " of the " + std::string(name_of(stream)) + " is not durable");
    for (const Raw& raw : *run)
      if (raw.stream == stream && raw.stream_sequence >= number) return std::optional<Gap>{};
    sequence = run->back().sequence + 1;
  }
}

Result<void> RecordSource::open_segment(std::uint64_t first_sequence) {
  if (file_ && segment_ == first_sequence) return {};
  auto file = disk_->open(layout_.journal() + "/" + format::segment_name(first_sequence), OpenMode::read);
  if (!file) return tl::unexpected(file.error());
  file_ = std::move(*file);
  segment_ = first_sequence;
  next_sequence_ = 0;
  return {};
}

Result<RecordSource::Read> RecordSource::read_here(std::uint64_t offset) {
  const auto damaged = [&](const std::string& what) {
    return fail(ErrorCode::invalid, layout_.journal() + "/" + format::segment_name(segment_) + ": offset " +
                                        std::to_string(offset) + ": " + what +
                                        "; run `rampa verify` and restore the segment from the backup");
  };
  Bytes bytes(4096);
  auto n = file_->read_at(offset, bytes);
  if (!n) return tl::unexpected(n.error());
  const auto length = format::length_at(ByteView(bytes).first(*n));
  if (!length) return damaged("no record starts here");
  const std::size_t have = std::min(*n, *length);
  bytes.resize(*length);
  if (have < *length) {
    n = file_->read_at(offset + have, std::span(bytes).subspan(have));
    if (!n) return tl::unexpected(n.error());
    if (have + *n < *length) return damaged("the record is cut off");
  }
  auto record = format::parse(bytes);
  if (!record) return damaged(record.error().what);
  return Read{std::move(*record), std::move(bytes), {segment_, offset, *length}};
}

Result<RecordSource::Read> RecordSource::at(const Place& place) {
  if (auto ok = open_segment(place.segment); !ok) return tl::unexpected(ok.error());
  return read_here(place.offset);
}

Result<RecordSource::Read> RecordSource::by_sequence(std::uint64_t sequence) {
  if (!file_ || next_sequence_ == 0 || sequence < next_sequence_ || sequence > next_sequence_ + 1000) {
    auto segments = list_segments(*disk_, layout_);
    if (!segments) return tl::unexpected(segments.error());
    std::uint64_t first = 0;
    for (const SegmentPlace& s : *segments)
      if (s.first_sequence <= sequence) first = s.first_sequence;
    if (first == 0) return fail(ErrorCode::not_found, "no segment in " + layout_.journal() + " holds record " + std::to_string(sequence));
    if (auto ok = open_segment(first); !ok) return tl::unexpected(ok.error());
    if (next_sequence_ == 0 || next_sequence_ > sequence) {
      next_sequence_ = first;
      next_offset_ = format::segment_header_bytes;
    }
  }
  while (true) {
    auto read = read_here(next_offset_);
    if ((!read || read->record.entry.sequence != next_sequence_) && pass_by(next_sequence_, sequence)) continue;
    if (!read) {
      // The end of this segment, where the next one begins with what is wanted here.
      const std::string next = layout_.journal() + "/" + format::segment_name(next_sequence_);
      if (segment_ == next_sequence_ || !disk_->exists(next)) return read;
      const std::uint64_t first = next_sequence_;
      if (auto ok = open_segment(first); !ok) {
        if (pass_by(first, sequence, true)) continue;
        return tl::unexpected(ok.error());
      }
      next_sequence_ = first;
      next_offset_ = format::segment_header_bytes;
      continue;
    }
    if (read->record.entry.sequence != next_sequence_) {
      const std::uint64_t wanted = std::exchange(next_sequence_, 0);
      return fail(ErrorCode::invalid, layout_.journal() + "/" + format::segment_name(segment_) + ": offset " +
                                          std::to_string(next_offset_) + ": record " + std::to_string(read->record.entry.sequence) +
                                          " stands where " + std::to_string(wanted) + " belongs; run `rampa verify`");
    }
    next_offset_ += read->place.length;
    if (next_sequence_++ == sequence) return read;
  }
}

bool RecordSource::pass_by(std::uint64_t damaged, std::uint64_t wanted, bool segment_fails) {
  if (wanted <= damaged) return false;
  if (!segment_fails && segment_ != damaged && disk_->exists(layout_.journal() + "/" + format::segment_name(damaged))) return false;  // it begins there
  auto known = std::find_if(gaps_.begin(), gaps_.end(), [&](const FoundGap& g) { return g.gap.first <= damaged && damaged <= g.gap.last; });
  if (known == gaps_.end()) {
    auto found = find_gap(*disk_, layout_, damaged);
    if (!found || !*found || !(*found)->next) return false;
    if (gaps_.size() >= gaps_known_max) gaps_.clear();
    known = gaps_.insert(gaps_.end(), std::move(**found));
  }
  if (known->gap.last >= wanted) return false;
  const FoundGap::Next next = *known->next;
  const std::uint64_t sequence = known->gap.last + 1;
  if (auto ok = open_segment(next.segment); !ok) return false;
  next_sequence_ = sequence;
  next_offset_ = next.offset;
  return true;
}

Result<RecordSource::Read> RecordSource::after_damage(std::uint64_t sequence) {
  auto segments = list_segments(*disk_, layout_);
  if (!segments) return tl::unexpected(segments.error());
  for (std::size_t i = 0; i < segments->size(); ++i) {
    if (i + 1 < segments->size() && (*segments)[i + 1].first_sequence <= sequence) continue;
    auto bytes = read_file(*disk_, (*segments)[i].path);
    if (!bytes) return tl::unexpected(bytes.error());
    std::uint64_t found = 0, offset = 0;
    auto scan = scan_segment(*bytes, [&](const format::ParsedRecord& r, std::uint64_t at) {
      if (found == 0 && r.entry.sequence > sequence) found = r.entry.sequence, offset = at;
    });
    if (!scan || found == 0 || found > scan->last_sequence) continue;
    if (auto ok = open_segment((*segments)[i].first_sequence); !ok) return tl::unexpected(ok.error());
    next_sequence_ = found;
    next_offset_ = offset;
    return by_sequence(found);
  }
  return fail(ErrorCode::not_found, "no good record follows record " + std::to_string(sequence));
}

Result<std::uint64_t> RecordSource::last_whole_sequence() {
  auto segments = list_segments(*disk_, layout_);
  if (!segments) return tl::unexpected(segments.error());
  if (segments->empty()) return std::uint64_t{0};
  auto bytes = read_file(*disk_, segments->back().path);
  if (!bytes) return tl::unexpected(bytes.error());
  auto scan = scan_segment(*bytes);
  if (!scan) return tl::unexpected(scan.error());
  return scan->last_sequence;
}

std::unique_ptr<JournalReader> make_journal_reader(std::shared_ptr<Disk> disk, const Layout& layout,
                                                   std::shared_ptr<const Durable> durable) {
  return std::make_unique<Reader>(std::move(disk), layout, std::move(durable));
}

}  // namespace rampa::store
