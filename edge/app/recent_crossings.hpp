// What the post has just done, as risk wants to know it: where profiles sent the last crossings (for capacity caps), how often each
// plate was released in the last 30 days, and since when it has been trying to be released now. Plates that differ only in what
// cameras confuse are one.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "edge/crossing/records.hpp"
#include "edge/store/store.hpp"

namespace rampa::app {

/// Thread: the core's alone, after load().
class RecentCrossings {
 public:
  static constexpr std::size_t window = 200;  ///< crossings that capacity caps look at
  static constexpr std::size_t least = 20;    ///< fewer are no share of anything: no cap holds then, so nothing is declined
  static constexpr std::int64_t remembered_ms = 30LL * 24 * 3600 * 1000;

  /// From the picture of earlier boots. Errors: those of the picture; what is not known then is asked as such: no caps until this
  /// boot has seen enough, no number of earlier crossings for 30 days.
  Result<void> load(store::PictureReader& picture, const std::vector<LaneId>& lanes, WallTime now);
  /// load() could not even begin.
  void nothing_known(WallTime now);
  void note(const Record& record);

  /// Crossings that are looked at; 0 while there are fewer than `least`.
  [[nodiscard]] std::int64_t count() const { return channels_.size() < least ? 0 : static_cast<std::int64_t>(channels_.size()); }
  /// Of them, those whose channel profiles reached (risk::reached_by_profiles): not those that a floor or the random share alone sent there.
  [[nodiscard]] std::int64_t count(SelectivityChannel channel) const { return count() == 0 ? 0 : of_channel_[static_cast<std::size_t>(channel)]; }
  /// Nothing where it is not known.
  [[nodiscard]] std::optional<std::int64_t> released(const std::string& plate, WallTime now) const;
  /// When the plate was first seen since its last release, now where it was not (or longer ago than what is remembered), and
  /// how often it had been released on that day (UTC).
  struct Beginning {
    WallTime at;
    std::int64_t released_that_day = 0;
  };
  [[nodiscard]] Beginning movement(const std::string& plate, WallTime now) const;
  [[nodiscard]] std::size_t plates_held() const { return released_.size() + begun_.size(); }

 private:
  Result<void> load_releases(store::PictureReader& picture, WallTime now);
  void add_channel(SelectivityChannel channel);
  void add_release(const std::string& plate, WallTime opened);
  void add_attempt(const std::string& plate, WallTime opened);
  void forget_before(WallTime now);

  std::deque<SelectivityChannel> channels_;
  std::array<std::int64_t, 4> of_channel_{};
  std::map<std::string, std::deque<WallTime>> released_;     ///< by plate; when the crossing was opened
  std::deque<std::pair<WallTime, std::string>> in_order_;    ///< every release, as it came: what is to be forgotten first
  std::map<std::string, WallTime> begun_;                    ///< by plate: seen and not released since
  std::deque<std::pair<WallTime, std::string>> begun_in_order_;
  std::optional<WallTime> known_from_;                       ///< releases before it are not known
  struct Open {
    std::optional<WallTime> opened;
    std::string plate;
    SelectivityChannel by_profiles = SelectivityChannel::green;
    bool counted = false;
  };
  std::map<CrossingId, Open> open_;
};

}  // namespace rampa::app
