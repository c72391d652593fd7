#include "config/address.hpp"

#include <gtest/gtest.h>

using rampa::config::parse_address;

TEST(Address, ModbusTcp) {
  const auto a = parse_address("modbus+tcp://10.0.0.7:502?unit=3");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->scheme, "modbus+tcp");
  EXPECT_EQ(a->host, "10.0.0.7");
  EXPECT_EQ(a->port, 502);
  EXPECT_EQ(a->query.at("unit"), "3");
}

TEST(Address, SerialLine) {
  const auto a = parse_address("modbus+rtu:///dev/serial/by-path/x?baud=9600&parity=E&unit=2");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->host, "");
  EXPECT_EQ(a->path, "/dev/serial/by-path/x");
  EXPECT_EQ(a->query.at("parity"), "E");
}

TEST(Address, HttpKeepsTheCamerasQuery) {
  const auto a = parse_address("http://cam:80/snap.jpg?channel=1&unit=x");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->path, "/snap.jpg");
  EXPECT_EQ(a->query.at("channel"), "1");
}

TEST(Address, Ipv6InBrackets) {
  const auto a = parse_address("tcp://[::1]:9001");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->host, "::1");
  EXPECT_FALSE(parse_address("tcp://::1:9001"));
}

class WrongAddress : public testing::TestWithParam<const char*> {};
TEST_P(WrongAddress, IsRefusedWithTheAddressNamed) {
  const auto a = parse_address(GetParam());
  ASSERT_FALSE(a);
  EXPECT_EQ(a.error().code, rampa::ErrorCode::invalid);
  EXPECT_NE(a.error().what.find(GetParam()), std::string::npos) << a.error().what;
}
INSTANTIATE_TEST_SUITE_P(All, WrongAddress,
                         testing::Values("", "10.0.0.7:502", "modbus+tpc://a:1", "modbus+tcp://a", "modbus+tcp://a:0",
                                         "modbus+tcp://a:65536", "modbus+tcp://a:1?unit=248", "modbus+tcp://a:1?unti=1",
                                         "modbus+tcp://a:1/path", "modbus+tcp://:502", "modbus+rtu://ttyS0",
                                         "modbus+rtu:///dev/ttyS0?baud=12", "modbus+rtu:///dev/ttyS0?parity=X",
                                         "serial:///dev/ttyS0?format=9N1", "http://cam:80", "push://0.0.0.0:80",
                                         "tcp://a:1?unit=1", "modbus+tcp://a:1?unit=1&unit=2"));
