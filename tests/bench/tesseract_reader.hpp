// The peer that our own reader is measured beside: contour search, and tesseract on each row of characters. Lanes read with it once.
#pragma once

#include "edge/vision/plate_reader.hpp"

namespace rampa::bench {

/// Errors: not_found (tesseract's English data).
[[nodiscard]] Result<std::unique_ptr<vision::PlateReader>> make_tesseract_reader();

}  // namespace rampa::bench
