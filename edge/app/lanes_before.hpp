// What the boots before left at a lane: its mode, crossings that nobody closed, captures seen lately. From the picture
// where it shows the whole journal, else from the journal's end. Nothing here stops a start.
#pragma once

#include "edge/lane/lane.hpp"
#include "edge/store/store.hpp"

namespace rampa::app {

class LanesBefore {
 public:
  struct Limits {
    Duration picture_wait = 1s;             ///< for a picture that is a little behind
    std::size_t tail_records_max = 50'000;  ///< of the journal, read where the picture cannot be asked
  };
  /// `directory`: the store's. Waits for the picture. Call before anything of this boot is written.
  LanesBefore(store::Store& store, std::string directory, Limits limits);
  LanesBefore(store::Store& store, std::string directory) : LanesBefore(store, std::move(directory), Limits{}) {}
  /// Where neither picture nor journal tells a lane's mode, it is started out of service with a notice.
  [[nodiscard]] lane::Started of(const LaneId& lane);

 private:
  [[nodiscard]] Result<lane::Started> from_picture(const LaneId& lane);
  [[nodiscard]] lane::Started from_journal(const LaneId& lane);

  store::Store& store_;
  const std::string directory_;
  const Limits limits_;
  const std::uint64_t last_sequence_;
  const bool pictured_;
  std::optional<Result<store::JournalTail>> tail_;  ///< read once, when first wanted
};

/// The mode that counts and the one behind it, of a lane's mode records, newest first. `all`: there are no older ones.
/// Where an emergency stop or the key switch hides what was before, that is out_of_service.
struct Modes {
  std::string mode = "in_service", before = "in_service";
};
[[nodiscard]] Modes modes_of(const std::vector<std::string>& newest_first, bool all);

}  // namespace rampa::app
