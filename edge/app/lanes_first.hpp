// Work that may take the whole machine for a while and that no lane waits for: compiling a profile set while lanes work.
#pragma once

#include <cstdint>

#include "firmware-interfaces/time.hpp"

namespace rampa::app {

/// While it lives, the thread that made it runs at idle priority. Not while it hands over: whoever waits for a lock that an idle thread
/// holds waits for all others. Thread: begins and ends on the same one; several threads at once, and one inside another, are fine.
class LanesFirst {
 public:
  LanesFirst();
  ~LanesFirst();
  LanesFirst(const LanesFirst&) = delete;
  LanesFirst& operator=(const LanesFirst&) = delete;

  // For the watchdog's feeder: on a busy post an idle thread may need long, and others may wait for it. Thread: any.
  /// Nothing that is done at idle priority takes longer.
  static constexpr Duration longest = 30min;
  [[nodiscard]] static bool under_way();
  /// Grows whenever such work begins or ends, anywhere in the program.
  [[nodiscard]] static std::uint64_t turns();

 private:
  int before_;
};

}  // namespace rampa::app
