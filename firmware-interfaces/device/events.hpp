// Devices report facts: a DeviceEvent is a value, stamped when its bytes arrived.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/device/captures.hpp"
#include "firmware-interfaces/device/quality.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::device {

/// One named input or output read-back of a lane, under the lane's name for it (see lane_points.hpp).
struct PointValue {
  std::string point;
  bool on = false;
  bool operator==(const PointValue&) const = default;
};

/// All points of one I/O module, read in one cycle. Published on every poll: its stamp is the freshness of the inputs.
struct PointImage {
  std::vector<PointValue> points;
  bool operator==(const PointImage&) const = default;
};

enum class ConditionLevel {
  connecting,  ///< no connection yet, or lost
  checking,    ///< connected; identity, watchdog and safe values are being read back
  ready,       ///< answers; an actuator is armed
  suspect,     ///< answers, but not believed (frozen heartbeat, wrong identity, too old)
  faulted,     ///< says itself that it is broken, or failed its checks
};

[[nodiscard]] constexpr std::string_view name_of(ConditionLevel level) {
  switch (level) {
    case ConditionLevel::connecting: return "connecting";
    case ConditionLevel::checking: return "checking";
    case ConditionLevel::ready: return "ready";
    case ConditionLevel::suspect: return "suspect";
    case ConditionLevel::faulted: return "faulted";
  }
  return "?";
}

/// A device's condition; published when it changes.
struct DeviceCondition {
  ConditionLevel level = ConditionLevel::connecting;
  std::string fault;   ///< short stable word: "watchdog_unarmed", "frozen_heartbeat"; empty when ready, but for
                       ///< what limits a device that works ("calibration_ended")
  std::string detail;  ///< for people, with the remedy
  bool operator==(const DeviceCondition&) const = default;
};

enum class Outcome { done, refused, unknown };

[[nodiscard]] constexpr std::string_view name_of(Outcome o) {
  return o == Outcome::done ? "done" : o == Outcome::refused ? "refused" : "unknown";
}

/// What became of a Command. `done` means the output was read back equal, not that anything moved:
/// motion is confirmed by the lane's feedback points.
struct CommandReport {
  std::uint64_t command = 0;
  Outcome outcome = Outcome::unknown;
  std::string detail;
  bool operator==(const CommandReport&) const = default;
};

struct ScannerReport {
  ScannerState state = ScannerState::off;
  std::string scan_id;  ///< of the scan that runs or ran last
  bool operator==(const ScannerReport&) const = default;
};

/// A run of whole lines of a scan that is still growing; attachment "strip". Lets a scan be stored as it arrives.
struct ScanStrip {
  std::string scan_id;
  std::uint32_t first_line = 0;
  std::uint32_t lines = 0;
  bool operator==(const ScanStrip&) const = default;
};

/// The portal is occupied or free again (the reading itself follows at the end of the occupancy).
struct PortalOccupied {
  bool occupied = false;
  bool operator==(const PortalOccupied&) const = default;
};

using EventBody = std::variant<PointImage, WeighReading, PlateRead, CameraFrame, RadiationReading, PortalOccupied,
                               ScannerReport, ScanStrip, ScanImage, ScanAids, DeviceCondition, CommandReport>;

struct DeviceEvent {
  Provenance from;
  EventBody body;
  std::vector<Attachment> attachments;
};

/// Where drivers put their events. Thread: the driver's host thread; publish_durably also from the threads of a push
/// listener (a camera is told "received" there), so an implementation takes calls from any thread at once.
class EventSink {
 public:
  virtual ~EventSink() = default;

  /// Fire and forget. Point images and weighings are telemetry (the oldest may be dropped and counted when the
  /// reactor is behind); everything else waits for room.
  virtual void publish(DeviceEvent event) = 0;

  /// Returns when a durable record holds the event, so that a device may be told "received".
  /// Errors: timeout, no_space, io. On any error the device must not be told that it was received.
  virtual Result<void> publish_durably(DeviceEvent event, Duration timeout) = 0;
};

}  // namespace rampa::device
