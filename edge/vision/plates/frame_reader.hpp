// Our own reader: a frame in, plates out. cv::Mat stays behind this door.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "edge/vision/plates/heat_map.hpp"
#include "edge/vision/plates/verdict.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::vision::plates {

/// Pixels that somebody else owns: 8 bit, blue green red, or grey.
struct Frame {
  const std::uint8_t* pixels = nullptr;
  int width = 0, height = 0;
  std::size_t stride = 0;  ///< bytes from a row to the next
  int channels = 3;        ///< 3 or 1
};

/// A decoded picture; copies share their pixels.
class Picture {
 public:
  Picture(std::shared_ptr<const void> owner, Frame frame) : owner_(std::move(owner)), frame_(frame) {}
  [[nodiscard]] const Frame& frame() const { return frame_; }

 private:
  std::shared_ptr<const void> owner_;
  Frame frame_;
};

/// Of JPEG, PNG or BMP. Errors: invalid (no picture, or larger than 64 Mpx).
[[nodiscard]] Result<Picture> decoded(ByteView coded);

struct FramePlate {
  PlateText read;
  Corners corners{};      ///< in the frame's pixels
  double found = 0;       ///< the detector's probability
  bool two_lines = false;
};

struct ReaderFiles {
  std::string detector, recogniser, notes, formats;
  /// The usual names in one folder: plate_detector.onnx, plate_recogniser.onnx, plates.json, formats.json.
  [[nodiscard]] static ReaderFiles in(const std::string& folder);
  /// RAMPA_PLATES_DIR; else PREFIX/share/rampa/plates of an installed binary; else the checkout that the binary was built in.
  [[nodiscard]] static ReaderFiles usual();
};

struct ReaderSettings {
  std::string country_hint;        ///< ISO 3166-1 alpha-2; empty: none
  double found_min = 0.35;         ///< detector's probability from which on a plate is read
  double reported_min = 0.20;      ///< confidence from which on a read is reported
  std::size_t plates_max = 8;
  std::size_t closer_looks_max = 2;  ///< a frame's plates that are looked for once more from nearby, because their read was not certified
  Bars bars;
};

class FrameReader {
 public:
  virtual ~FrameReader() = default;
  /// Best first; empty when none was found. Errors: invalid (no frame, or OpenCV failed). Thread: one object per thread.
  [[nodiscard]] virtual Result<std::vector<FramePlate>> read(const Frame& frame) = 0;
};

/// Errors: not_found, invalid, with the file.
[[nodiscard]] Result<std::unique_ptr<FrameReader>> make_frame_reader(const ReaderFiles& files, const ReaderSettings& settings = {});

}  // namespace rampa::vision::plates
