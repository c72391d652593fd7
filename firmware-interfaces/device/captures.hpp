// Captures: one item of evidence each, in the field's words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::device {

/// One weighing as the indicator gave it. Masses in grams, exactly as displayed: never recomputed, never rounded here.
struct WeighReading {
  std::int64_t gross_g = 0;
  std::int64_t net_g = 0;
  std::int64_t tare_g = 0;
  bool motion = false;          ///< not at rest; a ticket is taken only without motion
  bool over_range = false;
  bool under_range = false;
  bool centre_of_zero = false;
  bool net_mode = false;        ///< the indicator displays net
  bool tare_preset = false;     ///< tare typed in, not weighed
  std::string alibi_number;     ///< the indicator's legal record number, empty where it has none
  std::string calibrated_until; ///< ISO date from the site file, kept with every ticket
  std::string seal_number;      ///< from the site file
  [[nodiscard]] bool usable() const { return !motion && !over_range && !under_range; }
  bool operator==(const WeighReading&) const = default;
};

enum class PlatePosition { front, rear, unknown };
enum class Heading { forward, reverse, unknown };

/// One reading of one licence plate. `text` is upper-case without spaces; a plate that was seen but not read has
/// empty text and confidence 0.
struct PlateRead {
  std::string text;
  std::string country;               ///< ISO 3166 alpha-3 where the camera knows it, else empty
  int confidence_percent = 0;        ///< 0..100, of the whole text
  std::vector<int> char_confidence_percent;
  PlatePosition position = PlatePosition::unknown;
  Heading heading = Heading::unknown;
  std::string read_id;               ///< the camera's own event id: the key for telling a replay from a read
  std::optional<WallTime> captured;  ///< the camera's time of the picture
  std::string reader;                ///< who read it: "camera", "rampa"
  /// Its reader certifies what it is sure of, and not this: it is shown, matched and asked of the lists, but lets nobody go by policy.
  /// A camera that reads itself certifies nothing; there the confidence decides.
  bool uncertified = false;
  bool operator==(const PlateRead&) const = default;
};

/// What a radiation portal saw during one occupancy. Counts as the portal sent them.
struct RadiationReading {
  std::int64_t occupancy = 0;  ///< the portal's own counter
  bool gamma_alarm = false;
  bool neutron_alarm = false;
  bool portal_fault = false;   ///< high/low background fault or tamper: the reading proves nothing
  int gamma_background_cps = 0;  ///< sum over the detectors
  int gamma_peak_cps = 0;        ///< highest sum over the detectors, scaled to one second
  int neutron_peak_cps = 0;
  double gamma_sigma = 0;        ///< (5*c200ms - background) / sqrt(background), the highest; SRLS, see devices reference
  bool operator==(const RadiationReading&) const = default;
};

enum class ScannerState { off, init, idle, warmup, ready, interlock, armed, scanning, complete, fault, estop, maintenance };

/// A whole transmission scan. The pixels travel as attachment "scan": 16-bit little-endian, line after line.
struct ScanImage {
  std::string scan_id;
  std::uint32_t width_px = 0;   ///< pixels per detector line
  std::uint32_t height_px = 0;  ///< lines received
  int bits = 16;
  bool complete = false;        ///< false: aborted or lines are missing; never evidence of "clear"
  std::uint32_t lines_missing = 0;
  std::uint32_t lines_repeated = 0;
  bool operator==(const ScanImage&) const = default;
};

enum class ScanAidResult { nothing, marked, failed };

[[nodiscard]] constexpr std::string_view name_of(ScanAidResult r) {
  return r == ScanAidResult::nothing ? "nothing" : r == ScanAidResult::marked ? "marked" : "failed";
}

/// What one of the scanner's own aids (threat recognition, empty or not ...) says of a scan. A hint for operator and profiles, never a finding.
struct ScanAid {
  std::string name;  ///< the maker's word, 1 to 32 of a-z 0-9 _
  ScanAidResult result = ScanAidResult::nothing;
  bool operator==(const ScanAid&) const = default;
};

/// All of them, of one scan; may come some seconds after its pixels.
struct ScanAids {
  std::string scan_id;
  std::vector<ScanAid> aids;
  bool operator==(const ScanAids&) const = default;
};

/// A frame of a plain camera, as attachment "frame" (image/jpeg). The vision pool turns it into a PlateRead.
struct CameraFrame {
  PlatePosition position = PlatePosition::unknown;
  std::uint64_t number = 0;
  bool operator==(const CameraFrame&) const = default;
};

}  // namespace rampa::device
