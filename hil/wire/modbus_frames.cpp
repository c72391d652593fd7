#include "hil/wire/modbus_frames.hpp"

#include <cstddef>

namespace rampa::hil {
namespace {

std::uint16_t word(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void put_word(Bytes& out, unsigned value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void drop_front(Bytes& buffer, std::size_t count) {
  buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
}

/// Length of an RTU request with its CRC; 0: more bytes are needed, or no function we know (then `unknown`).
std::size_t rtu_request_length(ByteView bytes, bool& unknown) {
  unknown = false;
  if (bytes.size() < 2) return 0;
  switch (bytes[1]) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return 8;
    case 15:
    case 16:
      return bytes.size() < 7 ? 0 : 9u + bytes[6];
    default:
      unknown = true;
      return 0;
  }
}

bool is_bit_table(icd::Table table) {
  return table == icd::Table::coil || table == icd::Table::discrete_input;
}

Bytes read_answer(const ModbusFrame& request, RegisterModel& model, icd::Table table) {
  const auto function = request.pdu[0];
  const auto address = word(request.pdu, 1), count = word(request.pdu, 3);
  const bool bits = is_bit_table(table);
  if (count < 1 || count > (bits ? 2000 : 125)) return exception_pdu(function, 3);
  if (address + count > 0x10000) return exception_pdu(function, 2);
  std::vector<std::uint16_t> values;
  if (const int code = model.read(request.unit, table, address, count, values); code != 0)
    return exception_pdu(function, code);
  if (values.size() != count) return exception_pdu(function, 4);  // the model broke its promise
  Bytes pdu{function, static_cast<std::uint8_t>(bits ? (count + 7) / 8 : count * 2)};
  if (!bits) {
    for (const auto value : values) put_word(pdu, value);
    return pdu;
  }
  pdu.resize(2u + pdu[1]);
  for (std::size_t i = 0; i < count; ++i)
    if (values[i] != 0) pdu[2 + i / 8] = static_cast<std::uint8_t>(pdu[2 + i / 8] | 1u << i % 8);
  return pdu;
}

Bytes write_one_answer(const ModbusFrame& request, RegisterModel& model) {
  const auto function = request.pdu[0];
  const auto address = word(request.pdu, 1), value = word(request.pdu, 3);
  const bool coil = function == 5;
  if (coil && value != 0xFF00 && value != 0) return exception_pdu(function, 3);
  const std::uint16_t given = coil ? (value != 0 ? 1 : 0) : value;
  const auto table = coil ? icd::Table::coil : icd::Table::holding_register;
  if (const int code = model.write(request.unit, table, address, {given}); code != 0)
    return exception_pdu(function, code);
  return {request.pdu.begin(), request.pdu.begin() + 5};  // an echo
}

Bytes write_many_answer(const ModbusFrame& request, RegisterModel& model) {
  const auto function = request.pdu[0];
  const auto address = word(request.pdu, 1), count = word(request.pdu, 3);
  const std::size_t bytes = request.pdu[5];
  const bool bits = function == 15;
  const std::size_t expected = bits ? (count + 7u) / 8 : count * 2u;
  if (count < 1 || bytes != expected || request.pdu.size() != 6 + bytes) return exception_pdu(function, 3);
  std::vector<std::uint16_t> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(bits ? static_cast<std::uint16_t>(request.pdu[6 + i / 8] >> i % 8 & 1)
                          : word(request.pdu, 6 + 2 * i));
  const auto table = bits ? icd::Table::coil : icd::Table::holding_register;
  if (const int code = model.write(request.unit, table, address, values); code != 0)
    return exception_pdu(function, code);
  return {request.pdu.begin(), request.pdu.begin() + 5};
}

}  // namespace

std::uint16_t modbus_crc(ByteView bytes) {
  unsigned crc = 0xFFFF;
  for (const auto byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xA001 : crc >> 1;
  }
  return static_cast<std::uint16_t>(crc);
}

std::optional<ModbusFrame> take_tcp_request(Bytes& buffer) {
  // MBAP: transaction, protocol (0), length of what follows (unit + PDU), unit.
  if (buffer.size() < 8) return std::nullopt;
  const std::size_t length = word(buffer, 4);
  if (word(buffer, 2) != 0 || length < 2 || length > 254) {
    buffer.clear();  // no Modbus; a real server would close
    return std::nullopt;
  }
  if (buffer.size() < 6 + length) return std::nullopt;
  ModbusFrame frame{word(buffer, 0), buffer[6],
                    Bytes(buffer.begin() + 7, buffer.begin() + 6 + static_cast<int>(length))};
  drop_front(buffer, 6 + length);
  return frame;
}

std::optional<ModbusFrame> take_rtu_request(Bytes& buffer) {
  while (buffer.size() >= 4) {
    bool unknown = false;
    const auto length = rtu_request_length(buffer, unknown);
    if (!unknown && (length == 0 || buffer.size() < length)) return std::nullopt;
    if (!unknown && modbus_crc(ByteView(buffer).first(length - 2)) == (buffer[length - 2] | buffer[length - 1] << 8)) {
      ModbusFrame frame{0, buffer[0], Bytes(buffer.begin() + 1, buffer.begin() + static_cast<int>(length) - 2)};
      drop_front(buffer, length);
      return frame;
    }
    drop_front(buffer, 1);
  }
  return std::nullopt;
}

Bytes tcp_frame(const ModbusFrame& frame) {
  Bytes out;
  put_word(out, frame.transaction);
  put_word(out, 0);
  put_word(out, static_cast<unsigned>(frame.pdu.size() + 1));
  out.push_back(frame.unit);
  out.insert(out.end(), frame.pdu.begin(), frame.pdu.end());
  return out;
}

Bytes rtu_frame(const ModbusFrame& frame) {
  Bytes out{frame.unit};
  out.insert(out.end(), frame.pdu.begin(), frame.pdu.end());
  const auto crc = modbus_crc(out);
  out.push_back(static_cast<std::uint8_t>(crc));
  out.push_back(static_cast<std::uint8_t>(crc >> 8));
  return out;
}

Bytes exception_pdu(std::uint8_t function, int code) {
  return {static_cast<std::uint8_t>(function | 0x80), static_cast<std::uint8_t>(code)};
}

Bytes answer_pdu(const ModbusFrame& request, RegisterModel& model) {
  if (request.pdu.empty()) return exception_pdu(0, 1);
  const auto function = request.pdu[0];
  const bool single = function >= 1 && function <= 6, many = function == 15 || function == 16;
  if (!single && !many) return exception_pdu(function, 1);
  if (single && request.pdu.size() != 5) return exception_pdu(function, 3);
  if (many && request.pdu.size() < 7) return exception_pdu(function, 3);
  switch (function) {
    case 1:
      return read_answer(request, model, icd::Table::coil);
    case 2:
      return read_answer(request, model, icd::Table::discrete_input);
    case 3:
      return read_answer(request, model, icd::Table::holding_register);
    case 4:
      return read_answer(request, model, icd::Table::input_register);
    case 5:
    case 6:
      return write_one_answer(request, model);
    default:
      return write_many_answer(request, model);
  }
}

}  // namespace rampa::hil
