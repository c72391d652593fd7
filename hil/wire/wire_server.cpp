#include "hil/wire/wire_server.hpp"

#include <algorithm>

namespace rampa::hil {
namespace {

struct Wanted {
  std::vector<pollfd> fds;
  MonoTime due = never;
};

Wanted wanted_by(std::span<WireServer* const> servers) {
  Wanted wanted;
  for (const auto* server : servers) {
    server->want(wanted.fds);
    wanted.due = std::min(wanted.due, server->due());
  }
  return wanted;
}

void wait_for(Wanted& wanted, const Clock& clock, Duration timeout) {
  auto wait = timeout;
  if (wanted.due != never) wait = std::clamp(wanted.due - clock.mono(), Duration{0}, timeout);
  const timespec spec{static_cast<time_t>(wait.count() / 1'000'000'000),
                      static_cast<long>(wait.count() % 1'000'000'000)};
  ::ppoll(wanted.fds.data(), wanted.fds.size(), &spec, nullptr);
}

}  // namespace

void poll_once(std::span<WireServer* const> servers, const Clock& clock, Duration timeout) {
  auto wanted = wanted_by(servers);
  wait_for(wanted, clock, timeout);
  for (auto* server : servers) server->serve();
}

WireThread::WireThread(std::vector<WireServer*> servers, const Clock& clock, Duration tick)
    : servers_(std::move(servers)), clock_(clock), tick_(tick), thread_([this] { run(); }) {}

WireThread::~WireThread() {
  with([this] { stop_ = true; });
  thread_.join();
}

void WireThread::with(const std::function<void()>& change) {
  const std::lock_guard lock(mutex_);
  change();
}

void WireThread::run() {
  for (;;) {
    Wanted wanted;
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      for (auto* server : servers_) server->serve();
      wanted = wanted_by(servers_);
    }
    wait_for(wanted, clock_, tick_);  // outside the lock, so that with() never waits for a quiet wire
  }
}

}  // namespace rampa::hil
