// How sure a share is. Pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace rampa::risk {

struct Interval {
  double low = 0, high = 1;
};

/// Score interval of a share at 95 % (Wilson 1927, "Probable inference, the law of succession, and statistical inference"); 0..1 where
/// nothing was tried. `found` <= `tried`.
[[nodiscard]] inline Interval wilson95(std::uint64_t found, std::uint64_t tried) {
  if (tried == 0) return {};
  constexpr double z = 1.959963984540054;  // 97.5 % quantile of the normal distribution
  const double n = static_cast<double>(tried), p = static_cast<double>(found) / n;
  const double centre = p + z * z / (2 * n), half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)), scale = 1 + z * z / n;
  return {found == 0 ? 0 : std::max(0.0, (centre - half) / scale), found == tried ? 1 : std::min(1.0, (centre + half) / scale)};
}

}  // namespace rampa::risk
