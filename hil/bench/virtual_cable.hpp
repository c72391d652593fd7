// Inside hil/bench: the drivers of one cable and their host, as runtime::DeviceHost runs them, under virtual time.
#pragma once

#include <deque>
#include <vector>

#include "firmware-interfaces/device/driver.hpp"
#include "hil/bench/virtual_wires.hpp"

namespace rampa::hil {

class VirtualCable {
 public:
  VirtualCable(VirtualWires::Cable& cable, device::EventSink& sink) : cable_(cable), sink_(sink) {}

  void add(DeviceId id, std::unique_ptr<device::Driver> driver, MonoTime due) { slots_.push_back({std::move(id), std::move(driver), due}); }
  [[nodiscard]] bool has(const DeviceId& id) const;
  /// False: the queue is full.
  bool send(device::Command command, device::Permit permit);
  [[nodiscard]] std::size_t depth() const { return commands_.size(); }
  [[nodiscard]] VirtualWires::Cable& wires() { return cable_; }
  [[nodiscard]] MonoTime due() const;
  /// One command or one poll, if one is due.
  void run(MonoTime now);

 private:
  struct Slot {
    DeviceId id;
    std::unique_ptr<device::Driver> driver;
    MonoTime due;
  };
  VirtualWires::Cable& cable_;
  device::EventSink& sink_;
  std::vector<Slot> slots_;
  std::deque<std::pair<device::Command, device::Permit>> commands_;
  MonoTime busy_until_;
};

}  // namespace rampa::hil
