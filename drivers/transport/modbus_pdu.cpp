#include "drivers/transport/modbus_pdu.hpp"

#include <string>

namespace rampa::drivers {
namespace {

void put_word(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

std::uint8_t read_function(icd::Table table) {
  switch (table) {
    case icd::Table::coil:
      return 1;
    case icd::Table::discrete_input:
      return 2;
    case icd::Table::holding_register:
      return 3;
    case icd::Table::input_register:
      return 4;
  }
  return 3;
}

bool reads_bits(std::uint8_t function) {
  return function == 1 || function == 2;
}

/// Unit 0 on a serial line is the broadcast, which nobody answers; on TCP it means the peer itself.
Result<void> check_unit(int unit) {
  if (unit >= 0 && unit <= 255) return {};
  return fail(ErrorCode::invalid, "Modbus unit " + std::to_string(unit) + ": must be 0 to 255 (serial: 1 to 247)");
}

Result<void> exception_of(const ModbusRequest& request, int code) {
  const std::string what = "exception " + std::to_string(code) + " to function " + std::to_string(request.function());
  if (code == 6) return fail(ErrorCode::busy, what + " (device busy)");
  if (request.writes && (code == 4 || code == 5 || code == 11))
    return fail(ErrorCode::outcome_unknown, what + " (the device may have acted)");
  if (code == 5) return fail(ErrorCode::busy, what + " (acknowledged, working)");
  if (code == 11) return fail(ErrorCode::timeout, what + " (the gateway got no answer from the device)");
  return fail(ErrorCode::refused, what);
}

}  // namespace

std::size_t ModbusRequest::reply_size() const {
  if (writes) return 5;
  return 2 + (reads_bits(function()) ? (count + 7) / 8 : count * 2);
}

Result<ModbusRequest> read_request(int unit, icd::Table table, std::uint16_t address, std::uint16_t count) {
  if (auto ok = check_unit(unit); !ok) return tl::unexpected(ok.error());
  ModbusRequest request{unit, {read_function(table)}, false, count};
  const std::size_t count_max = reads_bits(request.function()) ? 2000 : 125;
  if (count < 1 || count > count_max)
    return fail(ErrorCode::invalid,
                "one Modbus read takes 1 to " + std::to_string(count_max) + ", not " + std::to_string(count));
  put_word(request.pdu, address);
  put_word(request.pdu, count);
  return request;
}

Result<ModbusRequest> write_register_request(int unit, std::uint16_t address, std::uint16_t value) {
  if (auto ok = check_unit(unit); !ok) return tl::unexpected(ok.error());
  ModbusRequest request{unit, {6}, true, 0};
  put_word(request.pdu, address);
  put_word(request.pdu, value);
  return request;
}

Result<ModbusRequest> write_registers_request(int unit, std::uint16_t address,
                                              const std::vector<std::uint16_t>& values) {
  if (auto ok = check_unit(unit); !ok) return tl::unexpected(ok.error());
  if (values.empty() || values.size() > 123)
    return fail(ErrorCode::invalid, "one Modbus write takes 1 to 123 registers, not " + std::to_string(values.size()));
  ModbusRequest request{unit, {16}, true, 0};
  put_word(request.pdu, address);
  put_word(request.pdu, values.size());
  request.pdu.push_back(static_cast<std::uint8_t>(values.size() * 2));
  for (const auto value : values) put_word(request.pdu, value);
  return request;
}

Result<ModbusRequest> write_coil_request(int unit, std::uint16_t address, bool on) {
  if (auto ok = check_unit(unit); !ok) return tl::unexpected(ok.error());
  ModbusRequest request{unit, {5}, true, 0};
  put_word(request.pdu, address);
  put_word(request.pdu, on ? 0xFF00 : 0);
  return request;
}

Result<void> check_reply(const ModbusRequest& request, ByteView pdu) {
  if (pdu.size() < 2) return fail(ErrorCode::bad_reply, "reply of " + std::to_string(pdu.size()) + " bytes");
  if (pdu[0] == (request.function() | 0x80)) {
    if (pdu.size() != 2) return fail(ErrorCode::bad_reply, "exception of " + std::to_string(pdu.size()) + " bytes");
    return exception_of(request, pdu[1]);
  }
  if (pdu[0] != request.function())
    return fail(ErrorCode::bad_reply,
                "function " + std::to_string(pdu[0]) + " answers function " + std::to_string(request.function()));
  if (pdu.size() != request.reply_size())
    return fail(ErrorCode::bad_reply,
                std::to_string(pdu.size()) + " bytes instead of " + std::to_string(request.reply_size()));
  if (!request.writes && pdu[1] != request.reply_size() - 2)
    return fail(ErrorCode::bad_reply,
                "byte count " + std::to_string(pdu[1]) + " instead of " + std::to_string(request.reply_size() - 2));
  for (std::size_t i = 1; request.writes && i < 5; ++i)
    if (pdu[i] != request.pdu[i]) return fail(ErrorCode::bad_reply, "the echo of a write differs from the write");
  return {};
}

std::vector<std::uint16_t> registers_in(const ModbusRequest& request, ByteView pdu) {
  std::vector<std::uint16_t> values;
  for (std::size_t i = 0; i < request.count; ++i)
    values.push_back(static_cast<std::uint16_t>(pdu[2 + 2 * i] << 8 | pdu[3 + 2 * i]));
  return values;
}

std::vector<bool> bits_in(const ModbusRequest& request, ByteView pdu) {
  std::vector<bool> values;
  for (std::size_t i = 0; i < request.count; ++i) values.push_back((pdu[2 + i / 8] >> i % 8 & 1) != 0);
  return values;
}

std::uint16_t rtu_crc(ByteView bytes) {
  std::uint16_t crc = 0xFFFF;
  for (const auto byte : bytes) {
    crc = static_cast<std::uint16_t>(crc ^ byte);
    for (int i = 0; i < 8; ++i) crc = static_cast<std::uint16_t>(crc >> 1 ^ ((crc & 1) != 0 ? 0xA001 : 0));
  }
  return crc;
}

std::size_t rtu_reply_size(ByteView bytes) {
  if (bytes.size() < 3) return 0;
  const auto function = bytes[1];
  if ((function & 0x80) != 0) return 5;
  if (function >= 1 && function <= 4) return 5u + bytes[2];
  if (function == 5 || function == 6 || function == 15 || function == 16) return 8;
  return 0;
}

bool rtu_frame_ok(ByteView frame) {
  if (frame.size() < 4) return false;
  const auto crc = rtu_crc(frame.first(frame.size() - 2));
  return frame[frame.size() - 2] == (crc & 0xFF) && frame[frame.size() - 1] == crc >> 8;
}

}  // namespace rampa::drivers
