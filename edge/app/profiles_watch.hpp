// Takes a newer profile set while lanes work: looks at what the site names, compiles on a thread of its own at idle priority, and hands
// the set to the appliance. What does not compile is told once and the last good set stays.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "edge/app/appliance.hpp"

namespace rampa::app {

class ProfilesWatch {
 public:
  /// `from`: the site's `profiles` (a file, or a folder of installed bundles). Looks every two seconds.
  ProfilesWatch(Appliance& appliance, std::string from, std::string active_sha256);
  ~ProfilesWatch();

 private:
  void loop();
  void look();

  Appliance& appliance_;
  const std::string from_;
  std::string active_sha256_, refused_;
  std::string seen_;  ///< size and time of what was looked at last; empty at first: the set may have changed while the post started
  std::mutex mutex_;
  std::condition_variable end_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace rampa::app
