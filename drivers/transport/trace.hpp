// Raw frames of a cable, kept in a ring while somebody looks. Off by default; switched on and off at run time.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::drivers {

enum class Direction { sent, received };

struct TracedFrame {
  Stamp at;
  Direction direction = Direction::sent;
  int unit = -1;  ///< Modbus unit: tells the devices of one cable apart. -1: a byte stream, or unknown
  Bytes bytes;
};

/// The last frames of one cable. Thread: any; the cable's host writes, screens read.
class Trace {
 public:
  explicit Trace(const Clock& clock) : clock_(clock) {}
  /// Keeps the last `frames_max`; 0 switches off and forgets.
  void keep(std::size_t frames_max);
  [[nodiscard]] bool on() const { return frames_max_.load(std::memory_order_relaxed) > 0; }
  /// Costs one load while off.
  void record(Direction direction, int unit, ByteView bytes) {
    if (on()) add(direction, unit, bytes);
  }
  /// Oldest first; `unit` -1: all.
  [[nodiscard]] std::vector<TracedFrame> frames(int unit = -1) const;

 private:
  void add(Direction direction, int unit, ByteView bytes);

  const Clock& clock_;
  std::atomic<std::size_t> frames_max_{0};
  mutable std::mutex mutex_;
  std::deque<TracedFrame> frames_;
};

/// One Trace per cable (device::Address::cable()). Outlives the transports that write into it. Thread: any.
class Traces {
 public:
  explicit Traces(const Clock& clock) : clock_(clock) {}
  /// Made on first use, so that a trace can be switched on before the cable exists.
  [[nodiscard]] std::shared_ptr<Trace> of(const std::string& cable);
  [[nodiscard]] std::vector<std::string> cables() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Trace>> traces_;
};

}  // namespace rampa::drivers
