// One Modbus cable: a request out, its checked reply back. Two kinds, TCP and RTU, because their traps differ.
// Thread: the cable's host.
#pragma once

#include <memory>
#include <string>

#include "drivers/transport/modbus_pdu.hpp"
#include "drivers/transport/port.hpp"
#include "drivers/transport/trace.hpp"

namespace rampa::drivers {

struct Exchange {
  Result<Bytes> pdu = Bytes{};  ///< passed check_reply()
  bool left = false;            ///< the request, or a part of it, is on the wire
};

class ModbusLine {
 public:
  virtual ~ModbusLine() = default;
  /// Takes at most one connection time-out and one reply time-out. A unit in its pause fails at once.
  virtual Exchange exchange(const ModbusRequest& request, const icd::Timing& timing) = 0;
  /// How long until the unit may be asked again; looks at what has arrived meanwhile.
  virtual Duration pause(int unit) = 0;
  [[nodiscard]] virtual std::uint64_t connections() const = 0;
};

[[nodiscard]] std::unique_ptr<ModbusLine> make_tcp_line(const device::Address& address, const Clock& clock,
                                                        std::shared_ptr<Trace> trace);
[[nodiscard]] std::unique_ptr<ModbusLine> make_rtu_line(const std::string& path, const LineFormat& format,
                                                        const Clock& clock, std::shared_ptr<Trace> trace);

}  // namespace rampa::drivers
