// One direction of a long line, without sockets: a router's bounded queue, then a wire of so many bits per second, then
// the way itself. Moves only with the `now` it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::hil {

struct LineSettings {
  Duration delay{};                            ///< one way
  double rate_bit_s = 0;                       ///< payload bits; 0: as fast as the machine
  std::size_t buffer_bytes = 256u << 10;       ///< what may wait for the wire; then nothing more is taken
};

/// What one connection sent. `ends`: after these bytes it was closed (`reset`: broken off).
struct Parcel {
  int connection = 0;
  Bytes bytes;
  bool ends = false;
  bool reset = false;
};

/// First in, first out over all connections: they share the wire. Thread: one.
class Line {
 public:
  explicit Line(LineSettings settings = {}) : settings_(settings) {}

  /// What is on the way stays on its way; what waits leaves at the new rate.
  void set(LineSettings settings, MonoTime now);
  [[nodiscard]] const LineSettings& settings() const { return settings_; }

  /// How many bytes are taken now. Never more than the buffer, 0 when it is full.
  [[nodiscard]] std::size_t room(MonoTime now);
  void put(Parcel parcel, MonoTime now);
  /// What has arrived by `now`, in order.
  [[nodiscard]] std::vector<Parcel> take(MonoTime now);
  /// When take() gives the next parcel; INT64_MAX where nothing is under way.
  [[nodiscard]] MonoTime due() const;
  /// When the buffer has room again after room() gave 0; INT64_MAX where it is not full.
  [[nodiscard]] MonoTime room_due() const;

  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_; }
  [[nodiscard]] std::size_t waiting_bytes_max() const { return waiting_bytes_max_; }  ///< most since the start
  [[nodiscard]] std::size_t flying_bytes() const { return flying_bytes_; }

 private:
  struct Flying { MonoTime arrives; Parcel parcel; };
  void settle(MonoTime now);
  [[nodiscard]] MonoTime departure() const;  ///< of the first that waits

  LineSettings settings_;
  std::deque<Parcel> waiting_;
  std::deque<Flying> flying_;
  MonoTime wire_free_{};
  std::size_t waiting_bytes_ = 0, waiting_bytes_max_ = 0, flying_bytes_ = 0;
};

}  // namespace rampa::hil
