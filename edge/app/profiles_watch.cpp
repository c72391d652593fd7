#include "edge/app/profiles_watch.hpp"

#include <sched.h>
#include <spdlog/spdlog.h>

#include <filesystem>

#include "edge/app/profiles_file.hpp"

namespace rampa::app {

namespace {

namespace fs = std::filesystem;
constexpr std::chrono::seconds period{2};

/// Changes whenever the set may have changed: a folder's by the file that says what is active.
std::string mark_of(const std::string& from) {
  std::error_code error;
  const fs::path file = fs::is_directory(from, error) ? fs::path(from) / "trusted" / "state.json" : fs::path(from);
  const auto size = fs::file_size(file, error);
  if (error) return {};
  const auto time = fs::last_write_time(file, error);
  return error ? std::string{} : std::to_string(size) + " " + std::to_string(time.time_since_epoch().count());
}

/// Of the calling thread, while it compiles. Not while it hands over: whoever waits for a lock that an idle thread holds waits for all others.
void lanes_come_first(bool yes) {
  sched_param none{};
  ::sched_setscheduler(0, yes ? SCHED_IDLE : SCHED_OTHER, &none);
}

}  // namespace

ProfilesWatch::ProfilesWatch(Appliance& appliance, std::string from, std::string active_sha256)
    : appliance_(appliance), from_(std::move(from)), active_sha256_(std::move(active_sha256)), thread_([this] { loop(); }) {}

ProfilesWatch::~ProfilesWatch() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  end_.notify_all();
  thread_.join();
}

void ProfilesWatch::loop() {
  std::unique_lock lock(mutex_);
  while (!end_.wait_for(lock, period, [this] { return ending_; })) {
    lock.unlock();
    look();
    lock.lock();
  }
}

void ProfilesWatch::look() {
  const auto mark = mark_of(from_);
  if (mark.empty() || mark == seen_) return;
  seen_ = mark;
  lanes_come_first(true);
  auto read = read_profiles(from_);
  lanes_come_first(false);
  if (!read) {
    if (read.error().what != refused_) spdlog::error("the new profile set is refused, the present one stays: {}", said_aloud(from_, read.error()));
    refused_ = read.error().what;
    return;
  }
  refused_.clear();
  if (read->set->sha256() == active_sha256_) return;
  const std::string sha256 = read->set->sha256(), version = read->set->version();
  if (auto used = appliance_.use_profiles(std::move(read->set), std::move(read->bytes)); !used) {
    spdlog::error("profile set {} is not used: {}", version, used.error().what);
    seen_.clear();  // and tried again
    return;
  }
  active_sha256_ = sha256;
  spdlog::info("profile set {} is active for the next crossings", version);
}

}  // namespace rampa::app
