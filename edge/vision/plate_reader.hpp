// Pictures in, plate reads out. cv::Mat stays behind this door.
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

/// The stopgap until our own reader lands: contour search + tesseract. Confidence is tesseract's, capped at 70 so that
/// it alone never makes a green.
[[nodiscard]] Result<std::unique_ptr<PlateReader>> make_tesseract_reader();

}  // namespace rampa::vision
