#include "edge/store/store_thread.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

#include "edge/store/journal_tail.hpp"
#include "edge/store/picture_reader.hpp"

namespace rampa::store {

namespace {
constexpr Duration k_tick = 1s;
constexpr Duration k_idle_wait = 400ms;           // so that beats() rises twice a second
constexpr std::size_t k_slice = 64;              // records pictured between two looks at the queue
constexpr std::size_t k_held_max = 65536;        // that HQ may say between two ticks
constexpr std::uint64_t k_behind_max = 512;      // more than this and the picture gets its slice even under load
}  // namespace

StoreThread::StoreThread(std::shared_ptr<Disk> disk, const Settings& settings, Clock& clock, std::unique_ptr<Core> core,
                         CacheFile cache, int lock)
    : disk_(disk), settings_(settings), layout_{settings.directory}, clock_(clock), core_(std::move(core)), cache_(std::move(cache)),
      lock_(lock), picture_(disk, layout_, core_->journal().durable(), shared_), durable_(core_->journal().durable()),
      room_(*disk, settings, *core_, picture_), signing_seed_(core_->signing_seed()),
      cache_trouble_(cache_.damage()), told_(core_->journal().last_sequence()) {
  shared_->acknowledged = core_->acknowledged();
  core_->set_admission([this](const std::vector<Record>& records) { return room_.admit(records); });
  last_tick_ = clock_.mono();
  refresh_status();
  thread_ = std::thread([this] { run(); });
}

StoreThread::~StoreThread() {
  {
    std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  ::close(lock_);
}

void StoreThread::push(Work work) {
  {
    std::lock_guard guard(mutex_);
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void StoreThread::persist(std::vector<Record> records, PersistAnswer answer) {
  std::unique_lock lock(mutex_);
  if (queued_records_ + records.size() > settings_.queue_records_max) {
    queue_.push_back(Rejected{std::move(answer)});
  } else {
    queued_records_ += records.size();
    queue_.push_back(Request{std::move(records), std::move(answer)});
  }
  lock.unlock();
  wake_.notify_one();
}

void StoreThread::append_blob(const std::string& key, SharedBytes strip) {
  if (!strip) return;
  std::unique_lock lock(mutex_);
  if (queued_strip_bytes_ + strip->size() > settings_.growing_queue_bytes_max) {
    queue_.push_back(GiveUp{key});
  } else {
    queued_strip_bytes_ += strip->size();
    queue_.push_back(Strip{key, std::move(strip)});
  }
  lock.unlock();
  wake_.notify_one();
}

void StoreThread::put_declarations(std::vector<Declaration> declarations, std::function<void(Result<void>)> answer) {
  push(Lists{std::move(declarations), std::move(answer)});
}
void StoreThread::put_watch_list(const std::string& name, std::vector<std::string> plates, std::function<void(Result<void>)> answer) {
  push(List{name, std::move(plates), std::move(answer)});
}
void StoreThread::show_site_lists(CachedLists lists) { push(SiteLists{std::move(lists)}); }
void StoreThread::erase_day(const std::string& date, std::function<void(Result<void>)> answer) { push(Erase{date, std::move(answer)}); }
void StoreThread::acknowledge(std::uint64_t sequence) { shared_->acknowledged = sequence; }  // the thread takes it at its next tick

void StoreThread::blob_held(const std::string& sha256, bool held) {
  const auto hash = hash_from_hex(sha256);
  if (!hash) return;
  std::lock_guard guard(mutex_);
  if (held_.size() < k_held_max) held_.push_back({*hash, held});  // else HQ is asked again
}

Status StoreThread::status() const {
  std::lock_guard guard(mutex_);
  Status s = status_;
  s.streams = durable_->ends();
  s.last_sequence = s.streams.verdicts + s.streams.events;
  s.acknowledged = shared_->acknowledged;
  return s;
}

std::unique_ptr<JournalReader> StoreThread::journal_reader() { return make_journal_reader(disk_, layout_, durable_); }
Result<std::unique_ptr<PictureReader>> StoreThread::picture_reader() { return make_picture_reader(disk_, layout_, shared_); }

bool StoreThread::wait_for_picture(Duration timeout) {
  std::unique_lock lock(mutex_);
  return pictured_.wait_for(lock, timeout, [this, wanted = durable_->sequence.load()] { return pictured_up_to_ >= wanted; });
}

std::function<Bytes(ByteView)> StoreThread::signer() const {
  return [seed = signing_seed_](ByteView message) {
    const format::Signature signature = format::sign(message, seed);
    return Bytes(signature.begin(), signature.end());
  };
}

void StoreThread::on_durable(std::function<void(std::uint64_t)> callback) {
  std::lock_guard guard(mutex_);
  callbacks_.push_back(std::move(callback));
}

void StoreThread::wait_for_company(std::unique_lock<std::mutex>& lock) {
  if (!committed_ || stopping_) return;
  const Duration since = clock_.mono() - last_commit_;
  if (since >= settings_.group_wait) return;
  wake_.wait_for(lock, settings_.group_wait - since,
                 [&] { return stopping_ || queued_records_ >= settings_.group_records_max; });
}

bool StoreThread::take(std::vector<Work>& batch, bool idle) {
  std::unique_lock lock(mutex_);
  if (idle) wake_.wait_for(lock, k_idle_wait, [&] { return stopping_ || !queue_.empty(); });
  if (queue_.empty()) return !stopping_;
  wait_for_company(lock);
  std::size_t records = 0;
  while (!queue_.empty()) {
    if (const auto* request = std::get_if<Request>(&queue_.front())) {
      if (records > 0 && records + request->records.size() > settings_.group_records_max) break;
      records += request->records.size();
      queued_records_ -= request->records.size();
    } else if (const auto* strip = std::get_if<Strip>(&queue_.front())) {
      queued_strip_bytes_ -= strip->bytes->size();
    }
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return true;
}

void StoreThread::run() {
  bool more_to_picture = true;
  while (true) {
    std::vector<Work> batch;
    // Whatever is thrown here (memory, a callback) must not end the process silently or go on half done.
    beats_.fetch_add(1, std::memory_order_relaxed);
    try {
      const bool idle = !more_to_picture;
      if (!take(batch, idle)) break;
      const bool busy = !batch.empty();
      handle(std::move(batch));
      more_to_picture = picture_.behind() > 0;
      if (!busy || picture_.behind() > k_behind_max) more_to_picture = picture_.work(k_slice);
      if (!more_to_picture || busy) more_to_picture = make_room(busy) || more_to_picture;
      tell_pictured();
      if (clock_.mono() - last_tick_ >= k_tick || (idle && !busy)) tick();
    } catch (const std::exception& e) {
      core_->give_up(std::string("the store's thread: ") + e.what());
      refresh_status();
    }
  }
  tick_held();
  core_->acknowledge(shared_->acknowledged);
  core_->close();
  picture_.close();
}

void StoreThread::handle(std::vector<Work> batch) {
  std::vector<Request> group;
  for (Work& work : batch) {
    if (auto* request = std::get_if<Request>(&work)) {
      group.push_back(std::move(*request));
    } else if (auto* strip = std::get_if<Strip>(&work)) {
      if (auto ok = room_.admit_strip(strip->bytes->size()); ok) core_->blobs().append(strip->key, *strip->bytes);
      else core_->blobs().give_up(strip->key, ok.error());
    } else if (auto* give_up = std::get_if<GiveUp>(&work)) {
      core_->blobs().give_up(give_up->key, {ErrorCode::busy, "strips of '" + give_up->key + "' came faster than the disk takes them"});
    } else if (auto* rejected = std::get_if<Rejected>(&work)) {
      if (rejected->answer)
        rejected->answer(fail(ErrorCode::busy, "the store's queue of " + std::to_string(settings_.queue_records_max) + " records is full"));
    } else if (auto* lists = std::get_if<Lists>(&work)) {
      const auto ok = cache_.put(lists->declarations);
      if (!ok) cache_trouble_ = ok.error().what;
      else picture_.put(lists->declarations);
      if (lists->answer) lists->answer(ok);
    } else if (auto* list = std::get_if<List>(&work)) {
      const auto ok = cache_.put(list->name, list->plates);
      if (!ok) cache_trouble_ = ok.error().what;
      else picture_.put_watch_list(list->name, list->plates);
      if (list->answer) list->answer(ok);
    } else if (auto* site = std::get_if<SiteLists>(&work)) {
      picture_.show_site_lists(std::move(site->lists));
    } else if (auto* erase = std::get_if<Erase>(&work)) {
      commit(group);
      auto done = core_->erase_day(erase->date);
      if (done) picture_.erased(*parse_date(erase->date));
      if (erase->answer) erase->answer(done);
    }
  }
  commit(group);
}

void StoreThread::commit(std::vector<Request>& group) {
  if (group.empty()) return;
  last_commit_ = clock_.mono();
  committed_ = true;
  core_->commit(std::exchange(group, {}));
  take_written();
  refresh_status();
  tell_durable();
}

void StoreThread::take_written() {
  auto written = core_->take_written();
  room_.committed(written);
  picture_.offer(std::move(written));
}

bool StoreThread::make_room(bool busy) {
  if (core_->journal().failed() || !room_.work(busy)) return false;
  refresh_status();
  tell_durable();
  return true;
}

void StoreThread::tell_durable() {
  const std::uint64_t last = durable_->sequence;
  if (last == told_) return;
  told_ = last;
  std::vector<std::function<void(std::uint64_t)>> callbacks;
  {
    std::lock_guard guard(mutex_);
    callbacks = callbacks_;
  }
  for (const auto& callback : callbacks) callback(last);
}

void StoreThread::tell_pictured() {
  const std::uint64_t applied = picture_.applied();
  std::lock_guard guard(mutex_);
  if (applied == pictured_up_to_) return;
  pictured_up_to_ = applied;
  pictured_.notify_all();
}

void StoreThread::tick_held() {
  std::vector<HeldEntry> held;
  {
    std::lock_guard guard(mutex_);
    held.swap(held_);
  }
  room_.held(held);
}

void StoreThread::tick() {
  last_tick_ = clock_.mono();
  core_->acknowledge(shared_->acknowledged);
  core_->tick();
  picture_.tick();
  tick_held();
  if (!core_->journal().failed()) room_.tick();
  refresh_status();
}

void StoreThread::refresh_status() {
  Status s = core_->status();
  s.picture_rebuilding = picture_.rebuilding();
  s.room = room_.status();
  for (const std::string& trouble : {s.room.trouble, picture_.trouble(), cache_trouble_})
    if (s.trouble.empty()) s.trouble = trouble;
  std::lock_guard guard(mutex_);
  status_ = std::move(s);
}

Result<std::unique_ptr<Store>> open(const Settings& settings, Clock& clock) {
  if (sodium_init() < 0) return fail(ErrorCode::io, "libsodium does not start: no source of randomness?");
  auto disk = real_disk();
  const Layout layout{settings.directory};
  if (auto ok = disk->make_directory(settings.directory); !ok)
    return fail(ok.error().code, ok.error().what + " (the site file's directory; its parent must exist)");
  const int lock = ::open(layout.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return fail(ErrorCode::io, layout.lock() + " cannot be opened: may this user write there?");
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return fail(ErrorCode::busy, settings.directory + " is in use by another rampa; stop that one first");
  }
  auto core = Core::open(*disk, settings, clock, system_entropy());
  CachedLists lists;
  auto cache = core ? CacheFile::open(*disk, layout, lists) : tl::unexpected(core.error());
  if (!core || !cache) {
    ::close(lock);
    return tl::unexpected(!core ? core.error() : cache.error());
  }
  return std::make_unique<StoreThread>(disk, settings, clock, std::move(*core), std::move(*cache), lock);
}

Result<std::unique_ptr<PictureReader>> open_picture(const std::string& directory) {
  auto disk = real_disk();
  const Layout layout{directory};
  if (!disk->exists(layout.journal())) return fail(ErrorCode::not_found, directory + " is no post's directory (it has no journal/)");
  return make_picture_reader(disk, layout, nullptr);
}

Result<std::unique_ptr<JournalReader>> open_journal(const std::string& directory) {
  auto disk = real_disk();
  const Layout layout{directory};
  if (!disk->exists(layout.journal())) return fail(ErrorCode::not_found, directory + " is no post's directory (it has no journal/)");
  return make_journal_reader(disk, layout, nullptr);
}

Result<JournalTail> read_journal_tail(const std::string& directory, std::uint64_t last_sequence, std::size_t records_max) {
  return read_tail(real_disk(), Layout{directory}, last_sequence, records_max);
}

Result<CachedLists> read_cached_lists(const std::string& directory) { return read_cache(*real_disk(), Layout{directory}); }

}  // namespace rampa::store
