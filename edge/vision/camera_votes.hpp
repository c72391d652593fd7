// A plain camera takes several frames of a vehicle: each new one is told as what all of them say together.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "edge/vision/plate_reader.hpp"
#include "firmware-interfaces/device/events.hpp"

namespace rampa::vision {

/// A frame in which a plate was found.
struct SeenFrame {
  device::DeviceEvent event;  ///< with a PlateRead
  plates::Sighting sighting;
};

/// What a reader makes of an event with a CameraFrame and its attachment "frame": an event with the best PlateRead, same
/// device, the frame's own stamp and quality (a read is as old as its picture), the frame as attachment "scene.jpg"; nothing
/// where no plate was found. Errors: invalid (no picture in it, or the reader failed).
[[nodiscard]] Result<std::optional<SeenFrame>> look_at(PlateReader& reader, const device::DeviceEvent& frame);

/// The last frames of each camera, with their pictures. Thread: one at a time.
class CameraVotes {
 public:
  /// The read of the frame's passage by the vote of what came so far (plates::passages_of()): the picture and stamp of the best frame, an id of its own.
  /// Frames of doubtful quality are told as they are and have no vote.
  [[nodiscard]] device::DeviceEvent count(SeenFrame frame);

 private:
  std::map<DeviceId, std::vector<SeenFrame>> frames_;
};

}  // namespace rampa::vision
