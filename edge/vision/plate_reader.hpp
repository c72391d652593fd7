// Pictures in, plate reads out: the door that the vision pool knows. The product's reader is in plates/plate_read.hpp.
#pragma once

#include <memory>
#include <vector>

#include "edge/vision/plates/passage_vote.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/device/captures.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::vision {

/// One plate in one frame: its read alone, and what it votes with among the frames of its vehicle (its time is set by who knows the frame's).
struct PlateSeen {
  device::PlateRead read;
  plates::Sighting sighting;
};

class PlateReader {
 public:
  virtual ~PlateReader() = default;
  /// All plates found in one JPEG, best first; empty when none was found (not an error).
  /// Errors: invalid (not a picture, or larger than 64 Mpx). Thread: one object per thread.
  [[nodiscard]] virtual Result<std::vector<PlateSeen>> read(ByteView jpeg) = 0;
};

}  // namespace rampa::vision
