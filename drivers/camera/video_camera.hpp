// Driver family "video_camera": a camera that gives a video (RTSP, V4L2; a file for trials) and reads nothing itself. While
// TakeFrames is in force its newest pictures are published as CameraFrame with attachment "frame", as JPEG, like those of
// "snapshot_camera"; the vision pool reads them.
#pragma once

#include <memory>

#include "drivers/transport/transport.hpp"
#include "firmware-interfaces/device/driver.hpp"

namespace rampa::drivers::camera {

/// Address rtsp://HOST:PORT/path, v4l2:///dev/videoN or file:///path.
/// A frame's stamp is the moment it was sent (VideoFrame::captured), not that of decoding. A picture that is older than `frame_age_max_ms` when
/// it would be published is left out, whatever held it up; where only such come for the ICD's reply_timeout the camera is suspect ("late_pictures").
/// Pictures that stay the same to the last bit for `frozen_after_ms` are frozen: frames are suspect and so is the camera. Two alike in
/// a row are not yet: an encoder may send "nothing changed" for a dark lane.
/// No picture for the ICD's reply_timeout, or late ones alone: the video is closed and begun anew, with the ICD's back-off.
/// Options: `position`, `user`, `password_file`; `frame_period_ms`, `frame_age_max_ms`, `idle_check_ms`, `frozen_after_ms`, `frames_for_ms_max`
/// (else the ICD's). Errors: invalid.
[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_video_camera(const icd::Product& product, const device::Settings& settings, Transports& transports,
                                                                        const Clock& clock);

}  // namespace rampa::drivers::camera
