// Modbus on the server's side, byte by byte, from "MODBUS Application Protocol Specification V1.1b3" and "MODBUS over
// Serial Line V1.02". Written on its own: neither libmodbus nor anything of drivers/ is used, so that the two can
// disagree.
#pragma once

#include <cstdint>
#include <optional>

#include "firmware-interfaces/bytes.hpp"
#include "hil/devices/model.hpp"

namespace rampa::hil {

/// CRC-16/MODBUS (poly 0x8005 reflected, start 0xFFFF); sent low byte first. Check value of "123456789": 0x4B37.
[[nodiscard]] std::uint16_t modbus_crc(ByteView bytes);

struct ModbusFrame {
  std::uint16_t transaction = 0;  ///< TCP only
  std::uint8_t unit = 0;
  Bytes pdu;  ///< function code and what follows
};

/// Takes one request from the front of `buffer`. RTU frames have no length: the function code tells it; bytes that
/// can't start a frame with a valid CRC are thrown away one by one.
[[nodiscard]] std::optional<ModbusFrame> take_tcp_request(Bytes& buffer);
[[nodiscard]] std::optional<ModbusFrame> take_rtu_request(Bytes& buffer);

[[nodiscard]] Bytes tcp_frame(const ModbusFrame& frame);
[[nodiscard]] Bytes rtu_frame(const ModbusFrame& frame);

/// The answer's PDU: the model's values, or an exception (1 illegal function, 3 illegal value, or the model's own).
[[nodiscard]] Bytes answer_pdu(const ModbusFrame& request, RegisterModel& model);
[[nodiscard]] Bytes exception_pdu(std::uint8_t function, int code);

}  // namespace rampa::hil
