// What the post has just done, as risk wants to know it: the channels of the last crossings (for capacity caps), and how
// often each plate was released in the last 30 days.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "edge/crossing/records.hpp"
#include "edge/store/store.hpp"

namespace rampa::app {

/// Thread: the core's alone, after load().
class RecentCrossings {
 public:
  static constexpr std::size_t window = 200;  ///< crossings that capacity caps look at
  static constexpr std::int64_t remembered_ms = 30LL * 24 * 3600 * 1000;

  /// From the picture of earlier boots.
  void load(store::PictureReader& picture, WallTime now);
  void note(const Record& record);

  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(channels_.size()); }
  [[nodiscard]] std::int64_t count(SelectivityChannel channel) const { return of_channel_[static_cast<std::size_t>(channel)]; }
  [[nodiscard]] std::int64_t released(const std::string& plate, WallTime now) const;

 private:
  void add_channel(SelectivityChannel channel);

  std::deque<SelectivityChannel> channels_;
  std::array<std::int64_t, 4> of_channel_{};
  std::map<std::string, std::deque<WallTime>> released_;  ///< by plate
  struct Open { std::string plate; bool counted = false; };
  std::map<CrossingId, Open> open_;
};

}  // namespace rampa::app
