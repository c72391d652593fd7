#include <gtest/gtest.h>

#include "drivers/transport/port.hpp"

namespace rampa::drivers {
namespace {

using device::check_host;

device::Address serial(std::map<std::string, std::string> query) {
  return {"serial", {}, 0, "/dev/ttyS0", std::move(query)};
}

TEST(LineFormat, FromTheAddress) {
  const auto format = line_format(serial({{"baud", "2400"}, {"format", "7E1"}})).value();
  EXPECT_EQ(format.baud, 2400);
  EXPECT_EQ(format.data_bits, 7);
  EXPECT_EQ(format.parity, 'E');
  EXPECT_EQ(format.stop_bits, 1);
  EXPECT_EQ(line_format(serial({{"parity", "O"}, {"stop_bits", "2"}}))->parity, 'O');
  EXPECT_EQ(line_format(serial({})).value(), LineFormat{});
}

TEST(LineFormat, MistakesNameKeyAndRemedy) {
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{{"baud", "9601"},
                                                                                   {"baud", "96x"},
                                                                                   {"format", "9N1"},
                                                                                   {"format", "8X1"},
                                                                                   {"format", "8N3"},
                                                                                   {"format", "8N"},
                                                                                   {"parity", "S"},
                                                                                   {"parity", "NN"},
                                                                                   {"stop_bits", "3"}}) {
    const auto format = line_format(serial({{key, value}}));
    ASSERT_FALSE(format) << key << "=" << value;
    EXPECT_EQ(format.error().code, ErrorCode::invalid);
    EXPECT_NE(format.error().what.find(key + "=" + value), std::string::npos) << format.error().what;
    EXPECT_NE(format.error().what.find("use "), std::string::npos);
  }
}

TEST(LineFormat, IsSaidOnce) {
  EXPECT_FALSE(line_format(serial({{"format", "7E1"}, {"parity", "O"}})));
  EXPECT_FALSE(line_format(serial({{"format", "7E1"}, {"stop_bits", "2"}})));
}

TEST(LineFormat, TimeOfACharacter) {
  EXPECT_EQ(LineFormat{}.character().count(), 10 * 1'000'000'000LL / 9600);
  EXPECT_EQ((LineFormat{19200, 8, 'E', 1}).character().count(), 11 * 1'000'000'000LL / 19200);
}

TEST(Host, NamesAreRefusedWithARemedy) {
  EXPECT_TRUE(check_host({"tcp", "10.1.2.3", 502, {}, {}}));
  EXPECT_TRUE(check_host({"tcp", "localhost", 502, {}, {}}));
  const auto named = check_host({"tcp", "scale.post.example", 502, {}, {}});
  ASSERT_FALSE(named);
  EXPECT_NE(named.error().what.find("scale.post.example"), std::string::npos);
}

}  // namespace
}  // namespace rampa::drivers
