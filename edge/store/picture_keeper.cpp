#include "edge/store/picture_keeper.hpp"

#include "edge/store/durable_file.hpp"

namespace rampa::store {

namespace {
constexpr std::uint64_t k_checkpoint_pages = 1000;  // 4 MB of WAL
}

PictureKeeper::PictureKeeper(std::shared_ptr<Disk> disk, Layout layout, std::shared_ptr<const Durable> durable,
                             std::shared_ptr<PictureShared> shared)
    : disk_(disk), layout_(layout), durable_(std::move(durable)), shared_(std::move(shared)), source_(disk, layout) {
  open();
}

void PictureKeeper::open() {
  if (!keys_) {
    auto keys = KeyRing::open_readonly(*disk_, layout_);
    if (!keys) {
      trouble_ = keys.error().what;
      return;
    }
    keys_.emplace(std::move(*keys));
  }
  auto picture = Picture::open(layout_.picture());
  if (!picture) return failed(picture.error());
  picture_ = std::move(*picture);
  if (!fits_journal()) return set_aside("it does not show this journal");
  trouble_.clear();
  renew_lists();
}

void PictureKeeper::renew_lists() {
  auto lists = read_cache(*disk_, layout_);
  if (!lists) {
    trouble_ = lists.error().what;
    return;
  }
  lists->declarations.insert(site_lists_.declarations.begin(), site_lists_.declarations.end());  // what is there stays
  lists->watch_lists.insert(site_lists_.watch_lists.begin(), site_lists_.watch_lists.end());
  if (auto ok = picture_->replace_lists(*lists); !ok) failed(ok.error());
}

void PictureKeeper::show_site_lists(CachedLists lists) {
  site_lists_ = std::move(lists);
  if (picture_) renew_lists();
}

bool PictureKeeper::fits_journal() {
  if (picture_->applied() == 0) return true;
  if (picture_->applied() > durable_->sequence) return false;
  // Its own place first: looking for the number would walk up to a whole segment, at every start.
  const auto row = picture_->last_record();
  auto record = row ? source_.at({row->segment, row->offset, row->length}) : tl::unexpected(row.error());
  if (!record || record->record.entry.sequence != picture_->applied()) record = source_.by_sequence(picture_->applied());
  // A damaged record is no reason to throw the picture away: it may be the only one that still shows it.
  return !record || picture_->applied_hash() == Bytes(record->record.hash.begin(), record->record.hash.end());
}

void PictureKeeper::set_aside(const std::string& why) {
  picture_.reset();
  const std::string path = layout_.picture();
  trouble_ = path + ": " + why + "; it was moved to " + path + ".damaged and is being built anew from the journal";
  if (disk_->exists(path))
    if (auto ok = disk_->rename(path, path + ".damaged"); !ok) trouble_ = ok.error().what;
  for (const char* rest : {"-wal", "-shm"})
    if (disk_->exists(path + rest))
      if (auto ok = disk_->unlink(path + rest); !ok) trouble_ = ok.error().what;
}

void PictureKeeper::failed(const Error& error) {
  if (error.code == ErrorCode::invalid || error.code == ErrorCode::refused) return set_aside(error.what);
  if (error.code == ErrorCode::busy) return;  // next time
  trouble_ = error.what;
  picture_.reset();  // full or failing disk: tick() tries again
}

std::uint64_t PictureKeeper::behind() const {
  const std::uint64_t last = durable_->sequence, applied = picture_ ? picture_->applied() : 0;
  return last - std::min(last, applied);
}

void PictureKeeper::offer(std::vector<Written> written) {
  for (Written& w : written) fresh_.push_back(std::move(w));
  if (fresh_.size() > backlog_max) fresh_.clear();  // far behind: the journal has them all
}

Result<std::optional<std::string>> PictureKeeper::personal_of(const format::Entry& entry) {
  auto plain = keys_->decrypt(entry);
  if (plain) return plain;
  // Shown without its personal part rather than not at all; verify names what is wrong with the key.
  trouble_ = plain.error().what;
  return std::optional<std::string>{};
}

Result<Pictured> PictureKeeper::next_from_journal(std::uint64_t sequence) {
  auto read = source_.by_sequence(sequence);
  if (!read && read.error().code == ErrorCode::invalid) {
    const std::string what = read.error().what;
    read = source_.after_damage(sequence);
    trouble_ = what;
  }
  if (!read) return tl::unexpected(read.error());
  Pictured p{std::move(read->record.entry), read->record.hash, read->place.segment, read->place.offset, read->place.length, {}};
  auto personal = personal_of(p.entry);
  if (!personal) return tl::unexpected(personal.error());
  p.personal = std::move(*personal);
  return p;
}

bool PictureKeeper::work(std::size_t count) {
  if (!picture_ || behind() == 0) return false;
  std::uint64_t next = picture_->applied() + 1;
  while (!fresh_.empty() && fresh_.front().entry.sequence < next) fresh_.pop_front();
  std::vector<Pictured> slice;
  while (slice.size() < count && next <= durable_->sequence) {
    if (!fresh_.empty() && fresh_.front().entry.sequence == next) {
      Written& w = fresh_.front();
      slice.push_back({std::move(w.entry), w.hash, w.segment, w.offset, w.length, std::move(w.personal)});
      fresh_.pop_front();
    } else {
      auto record = next_from_journal(next);
      if (!record) {
        trouble_ = record.error().what;
        break;
      }
      if (record->entry.sequence > durable_->sequence) break;
      slice.push_back(std::move(*record));
    }
    next = slice.back().entry.sequence + 1;
  }
  if (slice.empty()) return false;
  if (auto ok = picture_->apply(slice); !ok) {
    failed(ok.error());
    return false;
  }
  return true;
}

Picture* PictureKeeper::caught_up() {
  if (!picture_ || behind() > backlog_max) return nullptr;
  while (behind() > 0 && work(64)) {}
  return picture_ && behind() == 0 ? picture_.get() : nullptr;
}

void PictureKeeper::tick() {
  if (picture_ && shared_->suspect.exchange(false)) set_aside("a reader found a row whose hash does not fit");
  if (picture_ && file_identity(layout_.picture()) != picture_->file_identity()) {
    picture_.reset();
    // What is left of a deleted database would be taken for the new one's.
    if (!disk_->exists(layout_.picture())) set_aside("it was deleted while Rampa ran");
  }
  if (!picture_) open();
  if (!picture_) return;
  if (truncate_wanted_ || picture_->pages_waiting() > k_checkpoint_pages) {
    auto done = picture_->checkpoint(truncate_wanted_);
    if (done) truncate_wanted_ = false;
    else failed(done.error());
  }
}

void PictureKeeper::put(const std::vector<Declaration>& declarations) {
  if (!picture_) return;  // open() reads them from the cache's file
  if (auto ok = picture_->put(declarations); !ok) failed(ok.error());
}

void PictureKeeper::put_watch_list(const std::string& name, const std::vector<std::string>& plates) {
  if (!picture_) return;
  if (auto ok = picture_->put_watch_list(name, plates); !ok) failed(ok.error());
}

void PictureKeeper::erased(std::uint32_t day) {
  if (keys_) keys_->forget();
  fresh_.clear();  // holds plain text
  if (!picture_) return;
  while (work(256)) {}
  if (!picture_) return;
  auto crossings = picture_->crossings_of_day(day);
  if (!crossings) return failed(crossings.error());
  std::vector<std::vector<Pictured>> anew;
  for (const std::string& crossing : *crossings) {
    auto places = picture_->places_of(crossing);
    if (!places) return failed(places.error());
    for (Pictured& p : *places) {
      auto read = source_.at({p.segment, p.offset, p.length});
      if (!read) continue;  // damaged: verify names it
      p.entry = std::move(read->record.entry);
      if (auto personal = personal_of(p.entry)) p.personal = std::move(*personal);
    }
    anew.push_back(std::move(*places));
  }
  if (auto ok = picture_->refold(anew); !ok) return failed(ok.error());
  truncate_wanted_ = true;
  tick();
}

void PictureKeeper::close() {
  for (int i = 0; i < 64 && work(256); ++i) {}
  if (!picture_) return;
  if (auto ok = picture_->checkpoint(true); !ok && ok.error().code != ErrorCode::busy) failed(ok.error());
  picture_.reset();
}

}  // namespace rampa::store
