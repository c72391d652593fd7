// A Modbus server and our bus on one wire, TCP or pseudo-terminal.
#pragma once

#include "drivers/transport/modbus_bus.hpp"
#include "edge/runtime/system_clock.hpp"
#include "hil/wire/modbus_server.hpp"
#include "tests/contract/modbus/wire_bench.hpp"

namespace rampa::tests {

enum class Wire { tcp, rtu };

inline device::Address address_of(const hil::ModbusServer& server, Wire wire) {
  if (wire == Wire::tcp) return {"modbus+tcp", "127.0.0.1", server.port(), {}, {}};
  return {"modbus+rtu", {}, 0, server.path(), {{"baud", "115200"}}};
}

class BusBench {
 public:
  explicit BusBench(Wire wire)
      : server((wire == Wire::tcp ? hil::ModbusServer::tcp("127.0.0.1", 0, clock) : hil::ModbusServer::rtu(clock))
                   .value()),
        trace(std::make_shared<drivers::Trace>(clock)),
        bus(drivers::make_modbus_bus(address_of(*server, wire), clock, trace).value()),
        thread({server.get()}, clock) {}

  /// As a device host does: not before the unit's pause is over. Bounded by the pause's own bound.
  void wait_for_turn(int unit) {
    for (auto left = bus->pause(unit); left > Duration{0}; left = bus->pause(unit))
      runtime::sleep_for(std::min<Duration>(left, 5ms));  // 5 ms: a late reply may end the pause sooner
  }
  void faults(std::string_view name, double value, int count, int unit = -1) {
    thread.with([&] { ASSERT_TRUE(server->fault_next(name, value, count, unit)) << name; });
  }

  runtime::SystemClock clock;
  std::unique_ptr<hil::ModbusServer> server;
  std::shared_ptr<drivers::Trace> trace;
  std::shared_ptr<drivers::ModbusBus> bus;
  hil::WireThread thread;
};

}  // namespace rampa::tests
