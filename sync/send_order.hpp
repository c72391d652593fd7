// Whose turn it is on the line: verdicts strictly first; events, thumbnails and images share by deficit round robin
// (Shreedhar and Varghese, 1995, in the variant that pays afterwards), so that the smaller parts never starve. Who has
// nothing to send gives its part to the others. Caps by class and time of day are token buckets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "firmware-interfaces/time.hpp"

namespace rampa::sync {

enum class Traffic : std::uint8_t { verdicts, events, thumbnails, images };
inline constexpr std::array traffics{Traffic::verdicts, Traffic::events, Traffic::thumbnails, Traffic::images};
[[nodiscard]] constexpr std::string_view name_of(Traffic t) {
  constexpr std::array<std::string_view, 4> names{"verdicts", "events", "thumbnails", "images"};
  return names[static_cast<std::size_t>(t)];
}

/// At most so much of one class between two times of day (UTC); `from` > `to` goes over midnight, equal: always.
struct Cap {
  Traffic traffic = Traffic::images;
  int from_minute = 0, to_minute = 0;  ///< 0 to 1439
  std::uint64_t bytes_per_s = 0;       ///< 0: nothing of it goes in that time
  bool operator==(const Cap&) const = default;
};

class SendOrder {
 public:
  explicit SendOrder(std::vector<Cap> caps = {}) : caps_(std::move(caps)) {}

  /// The class whose turn it is among those that `wants` something; nothing where caps forbid all of them.
  [[nodiscard]] std::optional<Traffic> next(const std::array<bool, 4>& wants, Stamp now);
  /// `bytes` of this class went out. They may be more than was left: that is paid back before its next turn.
  void sent(Traffic traffic, std::size_t bytes);
  /// When a class that caps held back may go on; nothing where none is held back.
  [[nodiscard]] std::optional<MonoTime> release() const { return release_; }

 private:
  [[nodiscard]] bool capped(Traffic traffic, Stamp now);

  struct Bucket {
    double tokens = 0;
    MonoTime filled{};
    const Cap* cap = nullptr;
  };
  std::vector<Cap> caps_;
  std::array<double, 4> deficit_{};
  std::array<Bucket, 4> buckets_;
  std::size_t turn_ = 1;
  std::optional<MonoTime> release_;
};

}  // namespace rampa::sync
