// A frame of a video as the JPEG that everybody after the driver takes. cv::Mat stays in the .cpp.
#pragma once

#include "drivers/transport/transport.hpp"

namespace rampa::drivers::camera {

inline constexpr int jpeg_quality_percent = 90;

/// Errors: bad_reply (planes that are not of this size, or the encoder declines). Thread: any.
[[nodiscard]] Result<Bytes> jpeg_of(const VideoFrame& frame);

}  // namespace rampa::drivers::camera
