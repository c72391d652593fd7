#include "edge/store/core.hpp"

#include <algorithm>
#include <chrono>

#include "edge/crossing/record_json.hpp"
#include "edge/store/plant.hpp"

namespace rampa::store {

namespace {

constexpr std::uint64_t k_seal_records = 1000;
constexpr Duration k_seal_wait = 60s;
constexpr std::size_t k_syncs_kept = 1024;

Result<void> make_directories(Disk& disk, const Layout& layout) {
  const bool new_root = !disk.exists(layout.root);
  for (const std::string& directory : {layout.root, layout.journal(), layout.seals(), layout.blobs(), layout.blobs_tmp(),
                                       layout.keys(), layout.day_keys()})
    if (auto ok = disk.make_directory(directory); !ok) return ok;
  // Always, not only when new: names that a killed run left may not be durable yet.
  for (const std::string& directory : {layout.day_keys(), layout.keys(), layout.blobs(), layout.seals(), layout.journal(), layout.root})
    if (auto ok = sync_names(disk, directory); !ok) return ok;
  return new_root ? sync_names(disk, directory_of(layout.root)) : Result<void>{};
}

std::string low_space_text(const Settings& settings) {
  return "less than " + std::to_string(settings.reserve_bytes >> 20) + " MiB free in " + settings.directory +
         ": new evidence is refused so that verdicts can still be written; free space";
}

bool is_verdict(const Record& r) { return std::holds_alternative<VerdictGiven>(r.body); }
bool is_evidence(const Record& r) { return !r.attachments.empty() || std::holds_alternative<CaptureTaken>(r.body); }

}  // namespace

struct Core::Ready {
  Request* request = nullptr;
  bool attachments = false;
  std::vector<PlainRecord> records;
  std::vector<std::uint64_t> sequences;
};

Result<std::uint32_t> parse_date(const std::string& date) {
  std::string digits;
  std::copy_if(date.begin(), date.end(), std::back_inserter(digits), [](char c) { return c != '-'; });
  const bool dashes = date.size() == 8 || (date.size() == 10 && date[4] == '-' && date[7] == '-');
  const bool all_digits = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (dashes && all_digits && digits.size() == 8) {
    const auto value = static_cast<std::uint32_t>(std::stoul(digits));
    const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(value / 10000)),
                                          std::chrono::month(value / 100 % 100), std::chrono::day(value % 100)};
    if (day.ok()) return value;
  }
  return fail(ErrorCode::invalid, "'" + date + "' is no date; write YYYY-MM-DD");
}

Result<std::unique_ptr<Core>> Core::open(Disk& disk, const Settings& settings, Clock& clock, Entropy entropy) {
  const Layout layout{settings.directory};
  if (auto ok = make_directories(disk, layout); !ok) return tl::unexpected(ok.error());
  auto names = disk.list(layout.root);
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names)
    if (name.ends_with(".tmp"))
      if (auto ok = disk.unlink(layout.root + "/" + name); !ok) return tl::unexpected(ok.error());
  auto segments = list_segments(disk, layout);
  if (!segments) return tl::unexpected(segments.error());
  const bool create = segments->empty();
  if (auto header = format::encode(format::SegmentHeader{1, {}, {}, settings.post}); !header) return tl::unexpected(header.error());

  auto keys = KeyRing::open(disk, layout, entropy, create);
  if (!keys) return tl::unexpected(keys.error());
  auto blobs = BlobStore::open(disk, layout, settings.growing_blobs_max);
  if (!blobs) return tl::unexpected(blobs.error());
  auto held = HeldLog::open(disk, layout);
  if (!held) return tl::unexpected(held.error());
  auto cursor = SlotFile::open(disk, layout.cursor());
  if (!cursor) return tl::unexpected(cursor.error());
  auto boots = SlotFile::open(disk, layout.boots());
  if (!boots) return tl::unexpected(boots.error());

  auto core = std::unique_ptr<Core>(
      new Core(disk, settings, clock, std::move(*keys), std::move(*blobs), std::move(*held), std::move(*cursor), std::move(*boots)));
  const Stamp now = clock.now();
  auto seals = SealLog::open(disk, layout, settings.post, core->keys_.signing_seed(), now.wall, create);
  if (!seals) return tl::unexpected(seals.error());
  core->seals_ = std::move(*seals);
  core->acknowledged_ = core->cursor_.value();
  if (settings.boot) core->boot_ = *settings.boot;
  else entropy(core->boot_);
  auto journal = Journal::open(disk, layout, core->keys_, {settings.post, settings.segment_bytes_max, core->boot_}, now.wall,
                               core->seals_.newest().sequence, core->acknowledged_, core->opened_);
  if (!journal) return tl::unexpected(journal.error());
  core->journal_ = std::move(*journal);
  if (const format::Seal& seal = core->seals_.newest();
      seal.sequence == core->journal_->last_sequence() && seal.head != core->journal_->head())
    return fail(ErrorCode::invalid, layout.journal() + ": record " + std::to_string(seal.sequence) +
                                        " is not the one that was sealed; restore the directory from the backup");
  core->clean_before_ = core->seals_.newest().at_close && core->seals_.newest().sequence == core->journal_->last_sequence();
  // Where the counter's file is new but the journal is not, its last sequence is more than all boots there were.
  core->boot_number_ = std::max(core->boots_.value(), core->boots_.value() == 0 ? core->journal_->last_sequence() : 0) + 1;
  if (auto ok = core->boots_.store(core->boot_number_); !ok) return tl::unexpected(ok.error());
  core->sealed_at_ = now.mono;
  return core;
}

void Core::answer(Request& request, Result<std::vector<std::uint64_t>> result) {
  if (!result) {
    const ErrorCode code = result.error().code;
    if (code == ErrorCode::not_found || code == ErrorCode::outcome_unknown) result = fail(ErrorCode::io, result.error().what);
    note_failure(result.error());
  }
  if (result) {
    std::vector<std::string> grown;
    for (const Record& r : request.records)
      for (const Attachment& a : r.attachments)
        if (!a.bytes) grown.push_back(a.growing_key);
    blobs_.forget_grown(grown);
  }
  if (request.answer) request.answer(std::move(result));
}

void Core::note_failure(const Error& error) {
  if (error.code == ErrorCode::io) journal_->fail_for_good(error.what);
  if (error.code == ErrorCode::no_space) no_space_ = error.what;
}

Result<Core::Ready> Core::prepare(const Request& request, bool room_for_evidence) {
  Ready ready;
  const bool evidence = std::any_of(request.records.begin(), request.records.end(), is_evidence) &&
                        std::none_of(request.records.begin(), request.records.end(), is_verdict);
  if (evidence && !room_for_evidence)
    return fail(ErrorCode::no_space, low_space_text(settings_));
  if (evidence && admit_)
    if (auto ok = admit_(request.records); !ok) return tl::unexpected(ok.error());
  const WallQuality quality = wall_quality();
  for (const Record& r : request.records) {
    PlainRecord plain{r.at, std::string(kind_of(r.body)), r.lane.text, r.crossing.text, {}, {}, {}, quality};
    RecordText text = encode(r.body);
    plain.open = std::move(text.open);
    if (text.personal != "{}") plain.personal = std::move(text.personal);
    if (!r.attachments.empty()) {
      auto refs = blobs_.stage(r.attachments);
      if (!refs) return tl::unexpected(refs.error());
      plain.blobs = std::move(*refs);
      ready.attachments = true;
    }
    ready.records.push_back(std::move(plain));
  }
  return ready;
}

Result<void> Core::timed_commit() {
  const Stamp start = clock_.now();
  auto done = journal_->commit(start.wall);
  const Duration took = clock_.mono() - start.mono;
  if (syncs_.size() < k_syncs_kept) syncs_.push_back(took);
  else syncs_[next_sync_++ % k_syncs_kept] = took;
  return done;
}

void Core::commit(std::vector<Request> batch) {
  auto free = disk_.free_bytes(settings_.directory);
  const bool room = free && *free >= settings_.reserve_bytes;
  std::vector<Ready> prepared, waiting;
  for (Request& request : batch) {
    Result<Ready> ready = journal_->failed() ? Result<Ready>(fail(ErrorCode::io, journal_->failure())) : prepare(request, room);
    if (!ready) {
      answer(request, tl::unexpected(ready.error()));
      continue;
    }
    ready->request = &request;
    prepared.push_back(std::move(*ready));
  }
  auto settled = plant::blob_after_record ? Result<void>{} : blobs_.settle();
  for (Ready& ready : prepared) {
    auto sequences = !settled && ready.attachments ? Result<std::vector<std::uint64_t>>(tl::unexpected(settled.error())) : journal_->add(ready.records);
    if (!sequences) {
      answer(*ready.request, tl::unexpected(sequences.error()));
      continue;
    }
    ready.sequences = std::move(*sequences);
    if constexpr (plant::ack_before_sync) answer(*ready.request, ready.sequences);
    waiting.push_back(std::move(ready));
  }
  if (waiting.empty()) return;

  auto done = timed_commit();
  if constexpr (plant::blob_after_record) (void)blobs_.settle();
  if constexpr (plant::ack_before_sync) return;
  if (done) no_space_.clear();
  const bool again = !done && done.error().code == ErrorCode::no_space && (give_reserve() || waiting.size() > 1);
  if (!again) {
    for (Ready& ready : waiting)
      answer(*ready.request, done ? Result<std::vector<std::uint64_t>>(ready.sequences) : tl::unexpected(done.error()));
    return;
  }
  // Too much for the room that is left: what fits alone still goes in, now also into the reserve.
  for (Ready& ready : waiting) {
    auto sequences = journal_->add(ready.records);
    if (sequences) {
      if (auto alone = timed_commit(); !alone) sequences = tl::unexpected(alone.error());
    }
    answer(*ready.request, std::move(sequences));
  }
}

Result<void> Core::evict(const std::vector<Eviction>& evictions) {
  if (evictions.empty()) return {};
  std::vector<PlainRecord> group;
  std::vector<std::string> files;
  for (const Eviction& e : evictions) {
    const RecordBody body = e.what;
    group.push_back({clock_.now(), std::string(kind_of(body)), e.lane.text, e.crossing.text, {}, encode(body).open, {}, wall_quality()});
    files.push_back(e.what.sha256);
  }
  if constexpr (plant::blob_before_tombstone) (void)blobs_.remove(files);
  Result<void> done;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (auto added = journal_->add(group); !added) return tl::unexpected(added.error());
    done = timed_commit();
    if (done || done.error().code != ErrorCode::no_space || !give_reserve()) break;
  }
  if (!done) {
    note_failure(done.error());
    return done;
  }
  return blobs_.remove(files);
}

void Core::keep_reserve() {
  if (settings_.reserve_file_bytes == 0 || disk_.exists(layout_.reserve())) return;
  auto free = disk_.free_bytes(settings_.directory);
  if (!free || *free < settings_.reserve_bytes + 2 * settings_.reserve_file_bytes) return;
  auto file = disk_.open(layout_.reserve(), OpenMode::create);
  if (file && !(*file)->allocate(settings_.reserve_file_bytes)) (void)disk_.unlink(layout_.reserve());  // else at the next try
}

bool Core::give_reserve() {
  return settings_.reserve_file_bytes > 0 && disk_.exists(layout_.reserve()) && disk_.unlink(layout_.reserve()).has_value();
}

void Core::acknowledge(std::uint64_t sequence) {
  if (sequence > journal_->last_sequence()) {
    acknowledged_too_much_ = "HQ acknowledged record " + std::to_string(sequence) + ", the journal ends at " +
                             std::to_string(journal_->last_sequence()) + ": not this post's journal? Ask HQ";
    return;
  }
  acknowledged_ = sequence;
}

void Core::tick() {
  if (journal_->failed()) return;
  keep_reserve();
  if (!no_space_.empty())
    if (auto free = disk_.free_bytes(settings_.directory); free && *free >= settings_.reserve_bytes) no_space_.clear();
  if (cursor_.value() != acknowledged_)
    if (auto ok = cursor_.store(acknowledged_); !ok) return note_failure(ok.error());
  const Stamp now = clock_.now();
  const std::uint64_t unsealed = journal_->last_sequence() - seals_.newest().sequence;
  if (unsealed == 0) sealed_at_ = now.mono;
  if (unsealed < k_seal_records && now.mono - sealed_at_ < k_seal_wait) return;
  if (auto ok = seals_.seal(journal_->last_sequence(), journal_->head(), now.wall, false); !ok) note_failure(ok.error());
  sealed_at_ = now.mono;
}

void Core::close() {
  if (journal_->failed()) return;
  if (cursor_.value() != acknowledged_)
    if (auto ok = cursor_.store(acknowledged_); !ok) return note_failure(ok.error());
  if (auto ok = seals_.seal(journal_->last_sequence(), journal_->head(), clock_.now().wall, true); !ok) note_failure(ok.error());
}

Result<void> Core::erase_day(const std::string& date) {
  auto day = parse_date(date);
  if (!day) return tl::unexpected(day.error());
  if (*day >= format::day_of(clock_.now().wall))
    return fail(ErrorCode::invalid, date + " is not over yet (UTC): its key is still in use");
  if (journal_->failed()) return fail(ErrorCode::io, journal_->failure());
  auto done = keys_.erase(*day);
  if (!done) note_failure(done.error());
  return done;
}

Status Core::status() const {
  Status s;
  s.last_sequence = journal_->last_sequence();
  s.acknowledged = acknowledged_;
  s.boot_id = to_hex(boot_);
  s.chain_head = to_hex(journal_->head());
  s.device_key = to_hex(keys_.public_key());
  s.epoch = to_hex(format::epoch_of(settings_.post, keys_.public_key()));
  s.streams = journal_->durable()->ends();
  if (auto free = disk_.free_bytes(settings_.directory)) s.free_bytes = *free;
  const bool low = s.free_bytes < settings_.reserve_bytes;
  s.writable = !journal_->failed() && no_space_.empty() && !low;
  if (journal_->failed())
    s.trouble = "the disk failed (" + journal_->failure() + "): nothing more is recorded until Rampa is restarted; check the disk";
  else if (!no_space_.empty())
    s.trouble = no_space_;
  else if (low)
    s.trouble = low_space_text(settings_);
  else if (opened_.damage)
    s.trouble = opened_.damaged_segment + ": record " + std::to_string(opened_.damage->sequence) + " is damaged (" +
                opened_.damage->what + "); run `rampa verify` and restore the segment from the backup";
  else
    s.trouble = acknowledged_too_much_;
  s.boot_number = boot_number_;
  s.clean_before = clean_before_;
  s.repaired = opened_.repaired;
  std::vector<Duration> sorted = syncs_;
  if (!sorted.empty()) {
    auto p99 = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) * 99 / 100);
    std::nth_element(sorted.begin(), p99, sorted.end());
    s.fdatasync_p99 = *p99;
  }
  return s;
}

}  // namespace rampa::store
