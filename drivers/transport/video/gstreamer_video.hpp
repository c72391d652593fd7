// Video decoded by GStreamer: RTSP with H.264 (asked for and taken from the line by our own client), a V4L2 camera, a file. GStreamer's types and
// threads stay in the .cpp; they get what was read, and post to one slot.
#pragma once

#include <memory>

#include "drivers/transport/transport.hpp"

namespace rampa::drivers {

/// For rtsp://HOST:PORT/path (H.264 alone, interleaved in the one TCP connection), v4l2:///dev/videoN and file:///path (what
/// GStreamer's installed decoders know; played at its own speed). Does not begin yet.
/// Limits: pictures of 4096 x 4096; 16 MiB from an RTSP camera without a picture between; one frame waits, the newest.
/// Errors: invalid (the password's file can't be read, GStreamer or one of its elements is missing).
[[nodiscard]] Result<std::shared_ptr<VideoSource>> make_gstreamer_video(const device::Address& address, const VideoAccess& access, const Clock& clock);

inline constexpr int video_side_max_px = 4096;
inline constexpr std::size_t video_bytes_without_picture_max = 16u << 20;

}  // namespace rampa::drivers
