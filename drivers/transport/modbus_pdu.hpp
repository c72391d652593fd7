// Modbus requests and the check of their replies, without a wire. Source: MODBUS Application Protocol V1.1b3.
#pragma once

#include <cstdint>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/icd/product.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::drivers {

/// One request as it goes out, and what its reply must look like.
struct ModbusRequest {
  int unit = 0;
  Bytes pdu;  ///< function code and fields
  bool writes = false;
  std::size_t count = 0;  ///< registers or bits asked for (reads)

  [[nodiscard]] std::uint8_t function() const { return pdu[0]; }
  /// Size of the right reply's PDU.
  [[nodiscard]] std::size_t reply_size() const;
};

/// Errors: invalid (count or unit out of the protocol's range).
[[nodiscard]] Result<ModbusRequest> read_request(int unit, icd::Table table, std::uint16_t address,
                                                 std::uint16_t count);
[[nodiscard]] Result<ModbusRequest> write_register_request(int unit, std::uint16_t address, std::uint16_t value);
[[nodiscard]] Result<ModbusRequest> write_registers_request(int unit, std::uint16_t address,
                                                            const std::vector<std::uint16_t>& values);
[[nodiscard]] Result<ModbusRequest> write_coil_request(int unit, std::uint16_t address, bool on);

/// Function, size, byte count and, for writes, the echo. Errors: bad_reply; busy (exceptions 5, 6 of a read, 6 of a
/// write); timeout (exception 11 of a read: a gateway got nothing from the device); refused (other exceptions);
/// outcome_unknown (a write answered with 4, 5 or 11: the device may be doing it, or have done a part).
[[nodiscard]] Result<void> check_reply(const ModbusRequest& request, ByteView pdu);

/// Of a checked reply.
[[nodiscard]] std::vector<std::uint16_t> registers_in(const ModbusRequest& request, ByteView pdu);
[[nodiscard]] std::vector<bool> bits_in(const ModbusRequest& request, ByteView pdu);

/// CRC-16/MODBUS; on the wire low byte first.
[[nodiscard]] std::uint16_t rtu_crc(ByteView bytes);
/// Size of the RTU reply that starts here, with its CRC, from its function code; 0: more bytes are needed or it is no
/// reply.
[[nodiscard]] std::size_t rtu_reply_size(ByteView bytes);
/// A whole RTU frame with the right CRC.
[[nodiscard]] bool rtu_frame_ok(ByteView frame);

}  // namespace rampa::drivers
