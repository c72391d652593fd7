// The contract of every device driver. The guide for writing one: drivers/GUIDE.md.
#pragma once

#include "firmware-interfaces/device/commands.hpp"
#include "firmware-interfaces/device/events.hpp"

namespace rampa::device {

/// One driver object per device. Straight-line code, no thread of its own; it blocks only in its transport, which has
/// a time-out on everything. The same object runs on a real cable and on a simulated one.
/// Thread: all calls come from the one host thread of its cable.
class Driver {
 public:
  virtual ~Driver() = default;

  /// One cycle: (re)connect if needed, read, publish what is new. Publishes a DeviceCondition when its condition changes.
  /// Returns how long until it wants to be polled again (a back-off after failures, the poll period otherwise).
  virtual Duration poll(EventSink& out) = 0;

  /// Carries out one command. What moves or permits needs `permit.allows(command, now)` at the moment of writing and an armed
  /// driver (identity, watchdog, safe values read back on this connection); withholding, stopping and looking need neither.
  /// Outcomes: done (read back equal), refused (nothing was sent, or the device declined), unknown (sent, not confirmed).
  virtual CommandReport execute(const Command& command, Permit permit, EventSink& out) = 0;
};

}  // namespace rampa::device
