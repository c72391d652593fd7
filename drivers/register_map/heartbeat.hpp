// Does the device live behind its answers? A point that its ICD marks as heartbeat must change; one that stands still
// means that the answers are fresh and the values are not.
#pragma once

#include <optional>

#include "firmware-interfaces/time.hpp"

namespace rampa::drivers {

class Heartbeat {
 public:
  enum class State {
    unproven,  ///< not seen to change yet; after it was seen to stand still: not seen to change twice
    beating,
    frozen,    ///< has not changed for longer than allowed
  };

  explicit Heartbeat(Duration quiet_max) : quiet_max_(quiet_max) {}

  /// A value that was read at `now`. `range`: number of values before the counter wraps.
  void seen(double value, double range, MonoTime now);
  [[nodiscard]] State state(MonoTime now) const;
  /// True once after the counter fell back without having wrapped: the device has restarted.
  [[nodiscard]] bool take_restarted();

 private:
  Duration quiet_max_;
  std::optional<double> last_;
  MonoTime last_change_;
  int changes_ = 0;         ///< since the first value, or since it was seen to stand still
  bool stood_still_ = false;
  bool restarted_ = false;
};

}  // namespace rampa::drivers
