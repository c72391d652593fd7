// What serves a simulated device on a wire. Poll-driven: one thread can serve many, and a test can wrap some in a
// thread.
#pragma once

#include <poll.h>

#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::hil {

/// "Nothing is due".
inline constexpr MonoTime never{INT64_MAX};

/// Thread: all calls from one thread, or under WireThread::with().
class WireServer {
 public:
  virtual ~WireServer() = default;
  /// Adds the descriptors that should wake the server.
  virtual void want(std::vector<pollfd>& fds) const = 0;
  /// When it has something to give out next; `never` when there is nothing.
  [[nodiscard]] virtual MonoTime due() const = 0;
  /// Accepts, reads, moves the models to now and gives out what is due. Never blocks.
  virtual void serve() = 0;
};

/// Waits until one of the servers has something to do, at most `timeout`, then lets all of them serve once; so models
/// move at least once per call. A signal ends the wait.
void poll_once(std::span<WireServer* const> servers, const Clock& clock, Duration timeout);

/// Serves on a thread of its own until it is destroyed. For tests and benches.
class WireThread {
 public:
  /// The servers and the clock outlive this object. `tick`: how often models move when nothing arrives.
  WireThread(std::vector<WireServer*> servers, const Clock& clock, Duration tick = 5ms);
  ~WireThread();
  WireThread(const WireThread&) = delete;
  WireThread& operator=(const WireThread&) = delete;

  /// Runs `change` between two polls: to switch faults and to look at models while they are served.
  void with(const std::function<void()>& change);

 private:
  void run();

  std::vector<WireServer*> servers_;
  const Clock& clock_;
  Duration tick_;
  std::mutex mutex_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace rampa::hil
