// Tells when a broker's port can be reached again: during a long outage the pauses between two attempts to connect grow to half a
// minute, and the newest verdict should not wait for the end of one. A plain TCP connection is opened and closed again, nothing is
// said over it: to a line that is dead that is a few packets a second, and a broker that is there pays for one TLS handshake only
// when the door opens, not for each look at it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "firmware-interfaces/time.hpp"

namespace rampa::sync {

class ReachProbe {
 public:
  struct Target {
    std::string broker;      ///< "mqtts://host:8883"
    Duration every = 300ms;  ///< between two looks at a port that is shut
  };
  /// A shut port is one that was not reached within 2 s, or whose connection ended within 150 ms (a modem, tunnel or proxy that
  /// takes the connection itself and then finds its own line dead). `opened`, from the probe's thread: the port of
  /// targets[index] was shut while watched, and can be reached now.
  ReachProbe(std::vector<Target> targets, std::function<void(std::size_t index)> opened, const Clock& clock);
  ~ReachProbe();  ///< ends the thread; waits for a name that is being looked up (seconds without a name server)
  ReachProbe(const ReachProbe&) = delete;
  ReachProbe& operator=(const ReachProbe&) = delete;

  /// What was seen before is forgotten with each true after a false. The first look follows a second later: most attempts to
  /// connect need none. Thread: any.
  void watch(bool on);

 private:
  class Looks;
  std::unique_ptr<Looks> looks_;
};

}  // namespace rampa::sync
