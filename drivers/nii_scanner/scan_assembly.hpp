// Puts a scan together from its lines: what is missing, what is repeated, what may be called complete.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firmware-interfaces/device/events.hpp"
#include "firmware-interfaces/wire/nii_lines.hpp"

namespace rampa::drivers {

class ScanAssembly {
 public:
  static constexpr std::uint32_t lines_max = 32'768;    ///< a scan that is longer ends here, incomplete
  static constexpr std::uint32_t gap_lines_max = 512;   ///< a wider gap is another scan's line or rubbish: the scan ends, incomplete
  explicit ScanAssembly(std::string device) : device_(std::move(device)) {}

  struct Out {
    std::vector<std::pair<device::ScanStrip, SharedBytes>> strips;  ///< to be stored now, in order
    std::optional<device::ScanImage> image;                         ///< the scan ended; its pixels are the strips
  };
  [[nodiscard]] Out take(const wire::NiiLine& line);
  /// The scanner says that the scan is over, or the connection is lost: what is there is kept, incomplete.
  [[nodiscard]] Out abort();
  [[nodiscard]] bool running() const { return image_.has_value(); }

 private:
  void flush(Out& out);
  void finish(Out& out, bool complete);

  static constexpr std::uint32_t strip_lines = 64;
  std::string device_;
  std::optional<device::ScanImage> image_;
  std::uint64_t number_ = 0;
  std::optional<std::uint64_t> finished_;  ///< late lines of it are dropped
  Bytes strip_;
  std::uint32_t strip_first_ = 0;
};

}  // namespace rampa::drivers
