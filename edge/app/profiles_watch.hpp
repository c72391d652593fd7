// Takes a newer profile set while lanes work: looks at what the site names, compiles on a thread of its own at idle priority, and hands
// the set on. What does not compile, or ends in an exception, is told once and the last good set stays.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "edge/app/profiles_file.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::app {

class ProfilesWatch {
 public:
  /// All on the watch's thread. They may throw: that is a refusal like any other.
  struct Calls {
    std::function<Result<LoadedProfiles>(const std::string& from)> read;
    std::function<Result<void>(LoadedProfiles loaded)> use;  ///< an error: tried again
    std::function<void(std::optional<WallTime> until)> fresh = nullptr;  ///< LoadedProfiles::fresh_until, of every set that was read, used or known
    std::function<void()> tick = nullptr;                     ///< before every look: ends urgent profiles whose life is over
    std::function<void()> before = nullptr;                   ///< before every look: installs what HQ sent (Downlink); may take as long as a compilation
  };
  static constexpr Duration period_usual = 2s;
  /// A round while nothing is compiled (LanesFirst) takes no time.
  static constexpr Duration silence_max = 60s;

  /// `from`: the site's `profiles` (a file, or a folder of installed bundles), looked at every `period`.
  ProfilesWatch(std::string from, std::string active_sha256, Calls calls, Duration period = period_usual);
  ~ProfilesWatch();

  /// A round at once instead of after the period. Thread: any.
  void wake();
  /// Does the thread come round, or wait for a compiler at idle priority? Asked by the watchdog's feeder alone, about once a second.
  [[nodiscard]] bool alive(MonoTime now);

 private:
  void loop();
  void before();
  void look();
  void tick();
  void look_at(const std::string& mark);
  void refuse(const std::string& why, const std::string& said);

  const std::string from_;
  const Calls calls_;
  const Duration period_;
  std::string active_sha256_, refused_;
  std::string seen_;  ///< size and time of what was looked at last; empty at first: the set may have changed while the post started
  std::atomic<std::uint64_t> beats_{1};
  std::uint64_t beats_seen_ = 0;  ///< by the watchdog's feeder
  MonoTime beat_at_;
  std::mutex mutex_;
  std::condition_variable end_;
  bool ending_ = false, woken_ = false;
  std::thread thread_;
};

}  // namespace rampa::app
