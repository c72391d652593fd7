// What a simulated plate camera sees of its lane, and when: one sighting per lorry that comes into its field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hil/world/substream.hpp"
#include "hil/world/world.hpp"

namespace rampa::hil {

/// The camera's own clock: set once, then it runs with the machine's monotonic time. A step of the appliance's wall
/// clock does not move it.
class CameraTime {
 public:
  explicit CameraTime(Stamp now) : offset_ms_(now.wall.ms - now.mono.ns / 1'000'000) {}
  [[nodiscard]] WallTime at(MonoTime t) const { return {offset_ms_ + t.ns / 1'000'000}; }
  /// "2026-06-01T10:15:30.250+02:00"; a camera shows local time with its offset.
  [[nodiscard]] std::string iso(MonoTime t, int offset_minutes) const;

 private:
  std::int64_t offset_ms_;
};

struct Sighting {
  std::uint64_t lorry = 0;
  std::string plate;        ///< as the camera reads it; empty: a plate was seen and not read
  std::string country;      ///< alpha-3
  int confidence_percent = 0;
  std::vector<int> char_confidence_percent;
  bool approaches = true;   ///< comes towards the camera
  MonoTime since;           ///< when it came into view
};

/// Faults of reading: "misread" (value: which character, from 0), "no_plate", "low_confidence" (value: per cent).
class CameraEye {
 public:
  CameraEye(const LaneWorld& world, bool rear, std::uint64_t seed) : world_(world), rear_(rear), random_(seed, rear ? "eye-rear" : "eye-front", 0) {}

  /// Looks. Returns a sighting at the moment when a lorry came into view.
  std::optional<Sighting> look(MonoTime now);
  /// The lorry in view, by number; 0 when the field is empty.
  [[nodiscard]] std::uint64_t in_view() const { return in_view_; }
  /// What the camera reads of this lorry (faults applied).
  [[nodiscard]] std::string text_of(const Lorry& lorry) const;
  [[nodiscard]] const Lorry* lorry() const;

  std::optional<double> misread, low_confidence;
  bool no_plate = false;

 private:
  const LaneWorld& world_;
  const bool rear_;
  SubStream random_;
  std::uint64_t in_view_ = 0;
};

/// Another character that a reader could take this one for.
[[nodiscard]] char confused(char c);

}  // namespace rampa::hil
