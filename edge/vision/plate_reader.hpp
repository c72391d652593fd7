// Pictures in, plate reads out: the door that the vision pool knows. The product's reader is in plates/plate_read.hpp.
#pragma once

#include <memory>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/device/captures.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::vision {

class PlateReader {
 public:
  virtual ~PlateReader() = default;
  /// All plates found in one JPEG, best first; empty when none was found (not an error).
  /// Errors: invalid (not a picture, or larger than 64 Mpx). Thread: one object per thread.
  [[nodiscard]] virtual Result<std::vector<device::PlateRead>> read(ByteView jpeg) = 0;
};

}  // namespace rampa::vision
