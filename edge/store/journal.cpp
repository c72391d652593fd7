#include "edge/store/journal.hpp"

#include "edge/store/durable_file.hpp"

namespace rampa::store {

namespace {

constexpr std::uint64_t k_small_segment = 1u << 20;  // what a segment is cut down to where the disk has no more room

Result<void> check_end(std::uint64_t last, std::uint64_t must_have, const std::string& says, const Layout& layout) {
  if (last >= must_have) return {};
  return fail(ErrorCode::invalid,
              "the journal in " + layout.journal() + " ends at record " + std::to_string(last) + ", but " + says + " " +
                  std::to_string(must_have) + ": records were cut off or the disk lost them. Restore the directory from " +
                  "the backup, or move it aside and start a new one; until then the lanes run by hand");
}

/// What the newest record before a segment without records counts.
Result<std::uint32_t> verdicts_before(Disk& disk, std::vector<SegmentPlace> segments) {
  for (segments.pop_back(); !segments.empty(); segments.pop_back()) {
    auto bytes = read_file(disk, segments.back().path);
    if (!bytes) return tl::unexpected(bytes.error());
    const auto scan = scan_segment(*bytes);
    if (scan && scan->last_sequence >= scan->header.first_sequence) return scan->last_verdicts;
  }
  return std::uint32_t{0};
}

}  // namespace

void Durable::set(std::uint64_t last_sequence, std::uint64_t last_verdicts) {
  ++version_;
  verdicts_ = last_verdicts;
  sequence = last_sequence;
  ++version_;
}

StreamEnds Durable::ends() const {
  for (;;) {
    const std::uint64_t before = version_, verdicts = verdicts_, last = sequence;
    if (before % 2 == 0 && before == version_) return {verdicts, last - verdicts};
  }
}

Result<std::unique_ptr<Journal>> Journal::open(Disk& disk, const Layout& layout, KeyRing& keys, const Settings& settings,
                                               WallTime now, std::uint64_t sealed, std::uint64_t acknowledged, Opened& opened) {
  auto journal = std::unique_ptr<Journal>(new Journal(disk, layout, keys, settings));
  auto names = disk.list(layout.journal());
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names)
    if (name.ends_with(".tmp"))
      if (auto ok = disk.unlink(layout.journal() + "/" + name); !ok) return tl::unexpected(ok.error());
  auto segments = list_segments(disk, layout);
  if (!segments) return tl::unexpected(segments.error());

  if (segments->empty()) {
    if (auto ok = check_end(0, sealed, "its seal stands at", layout); !ok) return tl::unexpected(ok.error());
    if (auto ok = check_end(0, acknowledged, "HQ has acknowledged", layout); !ok) return tl::unexpected(ok.error());
    opened.created = true;
    journal->head_ = journal->waiting_head_ = format::genesis(settings.post);
    if (auto ok = journal->start_segment(now, 0); !ok) return tl::unexpected(ok.error());
    return journal;
  }

  const SegmentPlace& last = segments->back();
  auto bytes = read_file(disk, last.path);
  if (!bytes) return tl::unexpected(bytes.error());
  auto scan = scan_segment(*bytes);
  if (!scan)
    return fail(ErrorCode::invalid, last.path + ": " + scan.error().what + "; restore it from the backup");
  if (scan->header.post != settings.post)
    return fail(ErrorCode::invalid, layout.journal() + " is the journal of post " + scan->header.post.text + ", not of " +
                                        settings.post.text + ": correct the site file's post or directory");
  for (auto [must_have, says] : {std::pair{sealed, "its seal stands at"}, {acknowledged, "HQ has acknowledged"},
                                 {scan->last_synced, "a record says that it was durable up to"}})
    if (auto ok = check_end(scan->last_sequence, must_have, says, layout); !ok) return tl::unexpected(ok.error());

  auto file = disk.open(last.path, OpenMode::read_write);
  if (!file) return tl::unexpected(file.error());
  journal->file_ = std::move(*file);
  journal->segment_ = last.first_sequence;
  journal->end_ = scan->end;
  journal->segment_room_ = bytes->size();
  journal->head_ = journal->waiting_head_ = scan->last_hash;
  journal->next_ = scan->last_sequence + 1;
  journal->verdicts_ = scan->last_verdicts;
  if (scan->last_sequence < scan->header.first_sequence) {
    const auto verdicts = verdicts_before(disk, *segments);
    if (!verdicts) return tl::unexpected(verdicts.error());
    journal->verdicts_ = *verdicts;
  }
  journal->waiting_verdicts_ = journal->verdicts_;
  opened.damage = scan->damage;
  if (scan->damage) opened.damaged_segment = last.path;
  if (!scan->torn.empty()) {
    opened.repaired = last.path + ": " + scan->torn + "; cut off";
    if (auto ok = journal->file_->truncate(scan->end); !ok) return tl::unexpected(ok.error());
    if (!journal->file_->allocate(bytes->size())) journal->segment_room_ = scan->end;  // full disk: it rolls when it must
  }
  // Records of a run that was killed may so far be in the page cache only; nobody may see them before they are durable.
  if (auto ok = sync_file(*journal->file_); !ok) return tl::unexpected(ok.error());
  if (auto ok = sync_names(disk, layout.journal()); !ok) return tl::unexpected(ok.error());
  journal->durable_->set(scan->last_sequence, journal->verdicts_);
  return journal;
}

Result<std::vector<std::uint64_t>> Journal::add(const std::vector<PlainRecord>& group) {
  if (failed()) return fail(ErrorCode::io, failure_);
  const std::size_t bytes_before = waiting_.size(), records_before = waiting_records_.size();
  const std::uint64_t next_before = next_;
  const std::uint32_t verdicts_before = waiting_verdicts_;
  const Hash head_before = waiting_head_;
  std::vector<std::uint64_t> sequences;
  auto encoded = [&]() -> Result<void> {
    for (std::size_t i = 0; i < group.size(); ++i) {
      const PlainRecord& plain = group[i];
      format::Entry entry;
      entry.sequence = next_;
      entry.synced = durable_->sequence;
      entry.ends_group = i + 1 == group.size();
      entry.stream = stream_of_kind(plain.kind);
      if (entry.stream == Stream::verdicts) ++waiting_verdicts_;
      entry.verdicts = waiting_verdicts_;
      entry.at = plain.at;
      entry.wall_quality = plain.wall_quality;
      entry.boot = settings_.boot;
      entry.kind = plain.kind;
      entry.lane = plain.lane;
      entry.crossing = plain.crossing;
      entry.blobs = plain.blobs;
      entry.open = plain.open;
      entry.day = format::day_of(plain.at.wall);
      if (!plain.personal.empty())
        if (auto ok = keys_.encrypt(entry, plain.personal); !ok) return ok;
      auto bytes = format::encode(entry, waiting_head_);
      if (!bytes) return fail(bytes.error().code, plain.kind + ": " + bytes.error().what);
      FieldReader hash(ByteView(*bytes).subspan(bytes->size() - format::record_trailer_bytes, 32));
      hash.into(waiting_head_);
      waiting_records_.push_back({std::move(entry), waiting_head_, 0, waiting_.size(), bytes->size(), plain.personal});
      waiting_.insert(waiting_.end(), bytes->begin(), bytes->end());
      sequences.push_back(next_++);
    }
    return {};
  }();
  if (!encoded) {
    waiting_.resize(bytes_before);
    waiting_records_.resize(records_before);
    next_ = next_before;
    waiting_verdicts_ = verdicts_before;
    waiting_head_ = head_before;
    // Making a key goes to the disk: where that failed, the disk failed.
    if (encoded.error().code == ErrorCode::io) fail_for_good(encoded.error().what);
    return tl::unexpected(encoded.error());
  }
  return sequences;
}

Result<void> Journal::commit(WallTime now) {
  if (failed()) {
    drop_waiting();
    return fail(ErrorCode::io, failure_);
  }
  if (waiting_.empty()) return {};
  auto done = write_waiting(now);
  if (!done) {
    drop_waiting();
    if (done.error().code != ErrorCode::no_space) {
      fail_for_good(done.error().what);
      return fail(ErrorCode::io, failure_);
    }
    return done;
  }
  for (Written& w : waiting_records_) {
    w.segment = segment_;
    w.offset += end_;
  }
  end_ += waiting_.size();
  head_ = waiting_head_;
  written_.insert(written_.end(), std::make_move_iterator(waiting_records_.begin()), std::make_move_iterator(waiting_records_.end()));
  waiting_.clear();
  waiting_records_.clear();
  verdicts_ = waiting_verdicts_;
  durable_->set(next_ - 1, verdicts_);
  return {};
}

Result<void> Journal::write_waiting(WallTime now) {
  if (end_ + waiting_.size() > segment_room_ && end_ + waiting_.size() > settings_.segment_bytes_max)
    if (auto ok = start_segment(now, waiting_.size()); !ok) return ok;
  if (auto ok = file_->write_at(end_, waiting_); !ok) return ok;
  if (auto ok = sync_file(*file_); !ok) return tl::unexpected(ok.error());
  return {};
}

void Journal::drop_waiting() {
  waiting_.clear();
  waiting_records_.clear();
  waiting_head_ = head_;
  waiting_verdicts_ = verdicts_;
  next_ = durable_->sequence + 1;
}

Result<void> Journal::start_segment(WallTime now, std::size_t bytes_needed) {
  const std::uint64_t first = durable_->sequence + 1;
  auto head = format::encode(format::SegmentHeader{first, now, head_, settings_.post});
  if (!head) return tl::unexpected(head.error());
  const std::string path = layout_.journal() + "/" + format::segment_name(first), temporary = path + ".tmp";
  std::unique_ptr<DiskFile> file;
  std::uint64_t room = 0;
  auto made = [&]() -> Result<void> {
    auto opened = disk_.open(temporary, OpenMode::create);
    if (!opened) return tl::unexpected(opened.error());
    file = std::move(*opened);
    const std::uint64_t least = format::segment_header_bytes + bytes_needed;
    room = std::max(settings_.segment_bytes_max, least);
    if (auto ok = file->allocate(room); !ok) {
      if (ok.error().code != ErrorCode::no_space) return ok;
      room = std::max(std::min(k_small_segment, settings_.segment_bytes_max), least);
      if (ok = file->allocate(room); !ok) return ok;
    }
    if (auto ok = file->write_at(0, *head); !ok) return ok;
    if (auto ok = sync_file(*file); !ok) return tl::unexpected(ok.error());
    return disk_.rename(temporary, path);
  }();
  if (!made) {
    file.reset();
    if (disk_.exists(temporary)) (void)disk_.unlink(temporary);  // else at the next start
    return made;
  }
  if (auto ok = sync_names(disk_, layout_.journal()); !ok) return tl::unexpected(ok.error());
  file_ = std::move(file);
  segment_ = first;
  segment_room_ = room;
  end_ = format::segment_header_bytes;
  return {};
}

}  // namespace rampa::store
