// NII-IL/1 part (c): a scanner's detector lines, and what its aids say of a scan, over TCP. Format: drivers/nii_scanner/NII-IL-1.md.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::wire {

struct NiiLine {
  std::uint64_t scan_id = 0;
  std::uint32_t line = 0;
  std::uint64_t time_us = 0;
  std::int32_t encoder = 0;
  int bits = 16;
  bool dual_energy = false, last = false;
  Bytes pixels;  ///< 16-bit little-endian, as on the wire
  [[nodiscard]] std::uint32_t width_px() const { return static_cast<std::uint32_t>(pixels.size() / 2); }
};

struct NiiAids {
  struct Aid {
    std::string name;
    int result = 0;  ///< 0 nothing marked, 1 marked something, 2 failed
  };
  std::uint64_t scan_id = 0;
  std::vector<Aid> aids;
};

using NiiMessage = std::variant<NiiLine, NiiAids>;

/// Cuts a byte stream into messages; whatever does not check is skipped up to the next magic and counted.
class NiiLineFramer {
 public:
  static constexpr std::size_t header_bytes = 40;  ///< of a line
  static constexpr std::size_t aids_header_bytes = 20, aid_bytes = 34, aids_max = 32;
  static constexpr std::uint32_t pixels_max = 16384;
  void put(ByteView bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
  /// The next good message, or nothing until more bytes arrive.
  [[nodiscard]] std::optional<NiiMessage> next();
  void reset() { buffer_.clear(); at_ = 0; }
  [[nodiscard]] std::uint64_t skipped_bytes() const { return skipped_; }

 private:
  void drop(std::size_t count);
  /// What begins at `at_`: its message, how many bytes it needs to be judged (more than there are), or neither: it is none.
  struct Begun {
    std::optional<NiiMessage> message;
    std::size_t bytes = 0;
  };
  [[nodiscard]] static Begun line_at(ByteView bytes);
  [[nodiscard]] static Begun aids_at(ByteView bytes);
  Bytes buffer_;
  std::size_t at_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace rampa::wire
