// How well each camera reads, by day: from what the post recorded.
#pragma once

#include <string>
#include <vector>

#include "config/site.hpp"
#include "edge/store/store.hpp"

namespace rampa::app {

/// A camera on one day (UTC, of the crossing's beginning).
struct ReadRate {
  std::string day;             ///< "2026-07-14"
  DeviceId camera;
  LaneId lane;
  std::string role;            ///< "plate_front", "plate_rear"
  int crossings = 0;           ///< vehicles it was to read
  int read = 0;                ///< of them: with a plate read, however sure
  int good = 0;                ///< of those: sure enough for the lane (its plate_confidence_min_percent) from a camera in good condition
  std::vector<std::string> faults;  ///< words of what was told of it that day, each once, in order
  [[nodiscard]] int unread() const { return crossings - read; }
  [[nodiscard]] double read_percent() const { return crossings ? 100.0 * read / crossings : 0; }
  bool operator==(const ReadRate&) const = default;
};

/// Of all cameras of the site's lanes that look for plates, on `days` days up to the one of `now`; newest day first, then in the site's
/// order. Days on which nobody crossed at its lane are left out. Crossings entered from paper do not count. Works where days are erased.
/// Errors: those of the reader.
[[nodiscard]] Result<std::vector<ReadRate>> read_rates(store::PictureReader& picture, const config::Site& site, WallTime now, int days);

}  // namespace rampa::app
