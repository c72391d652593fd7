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
  const auto a = parse_address("http://10.0.0.8:80/snap.jpg?camera=2&unit=x");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->path, "/snap.jpg?camera=2&unit=x") << "as it is asked for";
}

TEST(Address, Videos) {
  const auto camera = parse_address("rtsp://10.0.0.8:554/cam/realmonitor?channel=1&subtype=0");
  ASSERT_TRUE(camera) << camera.error().what;
  EXPECT_EQ(camera->path, "/cam/realmonitor?channel=1&subtype=0");
  EXPECT_EQ(camera->port, 554);
  EXPECT_EQ(parse_address("v4l2:///dev/video0")->path, "/dev/video0");
  EXPECT_EQ(parse_address("file:///var/lib/lane.mp4")->path, "/var/lib/lane.mp4");
  const auto password = parse_address("rtsp://admin:secret@10.0.0.8:554/x");
  ASSERT_FALSE(password);
  EXPECT_NE(password.error().what.find("password_file"), std::string::npos);
}

TEST(Address, Ipv6InBrackets) {
  const auto a = parse_address("http://[::1]:9001/x");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->host, "::1");
  EXPECT_FALSE(parse_address("http://::1:9001/x"));
}

TEST(Address, UnitsAsTheirWireHasThem) {
  EXPECT_TRUE(parse_address("modbus+tcp://10.0.0.7:502?unit=255"));
  EXPECT_TRUE(parse_address("modbus+tcp://10.0.0.7:502?unit=0"));
  EXPECT_TRUE(parse_address("modbus+rtu:///dev/ttyS0?unit=247"));
}

TEST(Address, EveryNetworkIsSaidOutLoud) {
  EXPECT_TRUE(parse_address("push://0.0.0.0:80/anpr?every_network=yes"));
  EXPECT_TRUE(parse_address("push://10.0.0.1:80/anpr"));
}

class WrongAddress : public testing::TestWithParam<const char*> {};
TEST_P(WrongAddress, IsRefusedWithTheAddressNamed) {
  const auto a = parse_address(GetParam());
  ASSERT_FALSE(a);
  EXPECT_EQ(a.error().code, rampa::ErrorCode::invalid);
  EXPECT_NE(a.error().what.find(GetParam()), std::string::npos) << a.error().what;
}
INSTANTIATE_TEST_SUITE_P(All, WrongAddress,
                         testing::Values("", "10.0.0.7:502", "modbus+tpc://10.0.0.7:1", "modbus+tcp://10.0.0.7", "modbus+tcp://10.0.0.7:0",
                                         "modbus+tcp://10.0.0.7:65536", "modbus+tcp://10.0.0.7:1?unit=256", "modbus+tcp://10.0.0.7:1?unti=1",
                                         "modbus+tcp://10.0.0.7:1/path", "modbus+tcp://:502", "modbus+rtu://ttyS0",
                                         "modbus+rtu:///dev/ttyS0?baud=12", "modbus+rtu:///dev/ttyS0?parity=X",
                                         "serial:///dev/ttyS0?format=9N1", "http://10.0.0.8:80", "rtsp://10.0.0.8:554", "rtsp://cam:554/x", "v4l2://video0", "file://lane.mp4", "http://cam:80/x", "http://10.0.0.8:80/a b",
                                         "modbus+rtu:///dev/ttyS0?unit=0", "modbus+rtu:///dev/ttyS0?unit=248",
                                         "modbus+rtu:///dev/ttyS0?baud=14400", "serial:///dev/ttyS0?stop_bits=3",
                                         "serial:///dev/ttyS0?stop=2", "serial:///dev/ttyS0?format=8N1&stop_bits=2",
                                         "tcp://scale.example:1", "tcp://[::1]:9001", "tcp://10.0.0.256:1", "push://0.0.0.0:80/anpr",
                                         "push://10.0.0.1:80/anpr?every_network=maybe",
                                         "push://0.0.0.0:80",
                                         "tcp://10.0.0.7:1?unit=1", "modbus+tcp://10.0.0.7:1?unit=1&unit=2"));
