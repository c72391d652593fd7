#include "drivers/camera/jpeg_picture.hpp"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace rampa::drivers::camera {

Result<Bytes> jpeg_of(const VideoFrame& frame) {
  const auto pixels = static_cast<std::size_t>(frame.width_px) * static_cast<std::size_t>(frame.height_px);
  if (frame.width_px < 2 || frame.height_px < 2 || frame.width_px % 2 || frame.height_px % 2 || frame.planes.size() != pixels * 3 / 2)
    return fail(ErrorCode::bad_reply, "a video frame whose bytes are not those of its size");
  try {
    // OpenCV has no const view; the bytes are only read.
    const cv::Mat planes(frame.height_px * 3 / 2, frame.width_px, CV_8UC1, const_cast<std::uint8_t*>(frame.planes.data()));
    cv::Mat picture;
    cv::cvtColor(planes, picture, cv::COLOR_YUV2BGR_I420);
    Bytes jpeg;
    if (cv::imencode(".jpg", picture, jpeg, {cv::IMWRITE_JPEG_QUALITY, jpeg_quality_percent})) return jpeg;
    return fail(ErrorCode::bad_reply, "a video frame that does not become a JPEG");
  } catch (const cv::Exception& e) {
    return fail(ErrorCode::bad_reply, std::string("a video frame that does not become a JPEG: ") + e.what());
  }
}

}  // namespace rampa::drivers::camera
