#include "edge/app/profiles_watch.hpp"

#include <spdlog/spdlog.h>

#include <exception>
#include <filesystem>

#include "edge/app/lanes_first.hpp"

namespace rampa::app {

namespace {

namespace fs = std::filesystem;
/// Changes whenever the set may have changed: a folder's by the file that says what is active.
std::string mark_of(const std::string& from) {
  std::error_code error;
  const fs::path file = fs::is_directory(from, error) ? fs::path(from) / "trusted" / "state.json" : fs::path(from);
  const auto size = fs::file_size(file, error);
  if (error) return {};
  const auto time = fs::last_write_time(file, error);
  return error ? std::string{} : std::to_string(size) + " " + std::to_string(time.time_since_epoch().count());
}

}  // namespace

ProfilesWatch::ProfilesWatch(std::string from, std::string active_sha256, Calls calls, Duration period)
    : from_(std::move(from)), calls_(std::move(calls)), period_(period), active_sha256_(std::move(active_sha256)), thread_([this] { loop(); }) {}

ProfilesWatch::~ProfilesWatch() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  end_.notify_all();
  thread_.join();
}

bool ProfilesWatch::alive(MonoTime now) {
  if (const auto beats = beats_.load() + LanesFirst::turns(); beats != beats_seen_) {
    beats_seen_ = beats;
    beat_at_ = now;
  }
  return now - beat_at_ < (LanesFirst::under_way() ? LanesFirst::longest : silence_max);
}

void ProfilesWatch::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    end_.wait_for(lock, period_, [this] { return ending_ || woken_; });
    if (ending_) return;
    woken_ = false;
    lock.unlock();
    tick();  // a look may take long, and no urgent profile lives longer for it
    before();
    look();
    ++beats_;
    lock.lock();
  }
}

void ProfilesWatch::wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  end_.notify_all();
}

void ProfilesWatch::before() {
  try {
    if (calls_.before) calls_.before();
  } catch (const std::exception& thrown) {
    spdlog::error("what HQ sent is not used: {}", thrown.what());
  } catch (...) {
    spdlog::error("what HQ sent is not used: an unknown exception");
  }
}

void ProfilesWatch::look() {
  try {
    const auto mark = mark_of(from_);
    if (!mark.empty() && mark != seen_) look_at(mark);
  } catch (const std::exception& thrown) {
    seen_.clear();  // memory may have been short: tried again
    refuse(thrown.what(), thrown.what());
  } catch (...) {
    seen_.clear();
    refuse("an unknown exception", "an unknown exception");
  }
}

void ProfilesWatch::tick() {
  try {
    if (calls_.tick) calls_.tick();
  } catch (const std::exception& thrown) {
    refuse(thrown.what(), std::string("urgent profiles: ") + thrown.what());
  }
}

void ProfilesWatch::look_at(const std::string& mark) {
  seen_ = mark;
  auto read = [&] {
    const LanesFirst reading;
    return calls_.read(from_);
  }();
  if (!read) {
    if (read.error().code != ErrorCode::invalid) seen_.clear();  // the disk, not the set: tried again
    return refuse(read.error().what, said_aloud(from_, read.error()));
  }
  if (calls_.fresh) calls_.fresh(read->fresh_until);  // a refresh brings nothing else
  if (read->set->sha256() == active_sha256_) return refused_.clear();
  const std::string sha256 = read->set->sha256(), version = read->set->version();
  for (const auto& notice : read->notices) spdlog::error("{}: {}", from_, notice);
  if (auto used = calls_.use(std::move(*read)); !used) {
    seen_.clear();  // and tried again
    return refuse(used.error().what, "version " + version + " is not used: " + used.error().what);
  }
  refused_.clear();
  active_sha256_ = sha256;
  spdlog::info("profile set {} is active for the next crossings", version);
}

// `why` tells one refusal from another; `said` is what a log may hold.
void ProfilesWatch::refuse(const std::string& why, const std::string& said) {
  if (why != refused_) spdlog::error("the new profile set is refused, the present one stays: {}", said);
  refused_ = why;
}

}  // namespace rampa::app
