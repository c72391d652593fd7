// Requests and reply checks without a wire. Frames written out by hand from "MODBUS Application Protocol V1.1b3".
#include "drivers/transport/modbus_pdu.hpp"

#include <gtest/gtest.h>

namespace rampa::drivers {
namespace {

using icd::Table;

TEST(ModbusPdu, RequestsAsTheStandardPrintsThem) {
  EXPECT_EQ(read_request(1, Table::holding_register, 0x6B, 3)->pdu, (Bytes{3, 0, 0x6B, 0, 3}));              // 6.3
  EXPECT_EQ(read_request(1, Table::input_register, 8, 1)->pdu, (Bytes{4, 0, 8, 0, 1}));                      // 6.4
  EXPECT_EQ(read_request(1, Table::coil, 0x13, 0x13)->pdu, (Bytes{1, 0, 0x13, 0, 0x13}));                    // 6.1
  EXPECT_EQ(read_request(1, Table::discrete_input, 0xC4, 0x16)->pdu, (Bytes{2, 0, 0xC4, 0, 0x16}));          // 6.2
  EXPECT_EQ(write_coil_request(1, 0xAC, true)->pdu, (Bytes{5, 0, 0xAC, 0xFF, 0}));                           // 6.5
  EXPECT_EQ(write_register_request(1, 1, 3)->pdu, (Bytes{6, 0, 1, 0, 3}));                                   // 6.6
  EXPECT_EQ(write_registers_request(1, 1, {0x0A, 0x0102})->pdu, (Bytes{16, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2}));  // 6.12
}

TEST(ModbusPdu, RepliesAsTheStandardPrintsThem) {
  const auto registers = read_request(1, Table::holding_register, 0x6B, 3).value();
  const Bytes reply{3, 6, 0x02, 0x2B, 0, 0, 0, 0x64};
  ASSERT_TRUE(check_reply(registers, reply));
  EXPECT_EQ(registers_in(registers, reply), (std::vector<std::uint16_t>{555, 0, 100}));
  const auto coils = read_request(1, Table::coil, 0x13, 0x13).value();
  const Bytes bits{1, 3, 0xCD, 0x6B, 0x05};
  ASSERT_TRUE(check_reply(coils, bits));
  const auto values = bits_in(coils, bits);
  EXPECT_EQ(values.size(), 19u);
  EXPECT_TRUE(values[0]);
  EXPECT_FALSE(values[1]);
  EXPECT_TRUE(values[18]);
}

TEST(ModbusPdu, WrongRepliesAreBad) {
  const auto request = read_request(1, Table::holding_register, 0, 2).value();
  const std::vector<Bytes> bad{
      {},        {3},    {3, 4, 0, 1, 0}, {3, 4, 0, 1, 0, 2, 0}, {4, 4, 0, 1, 0, 2}, {3, 2, 0, 1}, {3, 6, 0, 1, 0, 2},
      {0x84, 2}, {0x83}, {0x83, 2, 0}};
  for (const auto& pdu : bad) {
    const auto checked = check_reply(request, pdu);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::bad_reply);
  }
  const auto write = write_register_request(1, 5, 0x1234).value();
  EXPECT_TRUE(check_reply(write, Bytes{6, 0, 5, 0x12, 0x34}));
  for (const auto& pdu : {Bytes{6, 0, 4, 0x12, 0x34}, Bytes{6, 0, 5, 0x12, 0x35}, Bytes{6, 0, 5, 0x12}})
    EXPECT_EQ(check_reply(write, pdu).error().code, ErrorCode::bad_reply);
}

TEST(ModbusPdu, ExceptionsMeanWhatSomebodyCanReactTo) {
  const auto read = read_request(1, Table::coil, 0, 1).value();
  const auto write = write_coil_request(1, 0, true).value();
  const auto of = [](const ModbusRequest& request, std::uint8_t code) {
    return check_reply(request, Bytes{static_cast<std::uint8_t>(request.function() | 0x80), code}).error().code;
  };
  EXPECT_EQ(of(read, 2), ErrorCode::refused);
  EXPECT_EQ(of(read, 4), ErrorCode::refused);
  EXPECT_EQ(of(read, 5), ErrorCode::busy);
  EXPECT_EQ(of(read, 6), ErrorCode::busy);
  EXPECT_EQ(of(read, 11), ErrorCode::timeout);
  EXPECT_EQ(of(write, 2), ErrorCode::refused);
  EXPECT_EQ(of(write, 6), ErrorCode::busy);
  for (const std::uint8_t code : {4, 5, 11}) EXPECT_EQ(of(write, code), ErrorCode::outcome_unknown);
}

TEST(ModbusPdu, LimitsOfTheProtocol) {
  EXPECT_FALSE(read_request(1, Table::holding_register, 0, 0));
  EXPECT_FALSE(read_request(1, Table::holding_register, 0, 126));
  EXPECT_FALSE(read_request(1, Table::coil, 0, 2001));
  EXPECT_FALSE(read_request(256, Table::coil, 0, 1));
  EXPECT_FALSE(write_registers_request(1, 0, {}));
  EXPECT_FALSE(write_registers_request(1, 0, std::vector<std::uint16_t>(124)));
}

TEST(ModbusPdu, CrcAndFrameSizes) {
  EXPECT_EQ(rtu_crc(as_bytes("123456789")), 0x4B37);  // the catalogue's check value of CRC-16/MODBUS
  EXPECT_TRUE(rtu_frame_ok(Bytes{1, 4, 2, 0xFF, 0xFF, 0xB8, 0x80}));
  EXPECT_FALSE(rtu_frame_ok(Bytes{1, 4, 2, 0xFF, 0xFE, 0xB8, 0x80}));
  EXPECT_EQ(rtu_reply_size(Bytes{1, 3, 4}), 9u);
  EXPECT_EQ(rtu_reply_size(Bytes{1, 0x83, 2}), 5u);
  EXPECT_EQ(rtu_reply_size(Bytes{1, 6, 0}), 8u);
  EXPECT_EQ(rtu_reply_size(Bytes{1, 3}), 0u);
  EXPECT_EQ(rtu_reply_size(Bytes{1, 99, 0}), 0u);
}

}  // namespace
}  // namespace rampa::drivers
