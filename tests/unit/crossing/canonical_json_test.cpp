// JSON Canonicalization Scheme, against the examples that RFC 8785 itself prints.
#include "edge/crossing/canonical_json.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>

using namespace rampa;

namespace {

std::string canonical(std::string_view text) {
  auto result = canonical_json(text);
  return result ? *result : "error: " + result.error().what;
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

struct NumberRow {
  std::uint64_t bits;
  const char* text;
};
class CanonicalNumber : public ::testing::TestWithParam<NumberRow> {};
TEST_P(CanonicalNumber, IsWrittenAsInTheTable) {
  const auto text = canonical_number(std::bit_cast<double>(GetParam().bits));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, GetParam().text);
}
// RFC 8785, appendix B.
INSTANTIATE_TEST_SUITE_P(AppendixB, CanonicalNumber, ::testing::Values(
    NumberRow{0x0000000000000000, "0"}, NumberRow{0x8000000000000000, "0"}, NumberRow{0x0000000000000001, "5e-324"},
    NumberRow{0x8000000000000001, "-5e-324"}, NumberRow{0x7fefffffffffffff, "1.7976931348623157e+308"},
    NumberRow{0xffefffffffffffff, "-1.7976931348623157e+308"}, NumberRow{0x4340000000000000, "9007199254740992"},
    NumberRow{0xc340000000000000, "-9007199254740992"}, NumberRow{0x4430000000000000, "295147905179352830000"},
    NumberRow{0x44b52d02c7e14af5, "9.999999999999997e+22"}, NumberRow{0x44b52d02c7e14af6, "1e+23"},
    NumberRow{0x44b52d02c7e14af7, "1.0000000000000001e+23"}, NumberRow{0x444b1ae4d6e2ef4e, "999999999999999700000"},
    NumberRow{0x444b1ae4d6e2ef4f, "999999999999999900000"}, NumberRow{0x444b1ae4d6e2ef50, "1e+21"},
    NumberRow{0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"}, NumberRow{0x3eb0c6f7a0b5ed8d, "0.000001"},
    NumberRow{0x41b3de4355555553, "333333333.3333332"}, NumberRow{0x41b3de4355555554, "333333333.33333325"},
    NumberRow{0x41b3de4355555555, "333333333.3333333"}, NumberRow{0x41b3de4355555556, "333333333.3333334"},
    NumberRow{0x41b3de4355555557, "333333333.33333343"}, NumberRow{0xbecbf647612f3696, "-0.0000033333333333333333"},
    NumberRow{0x43143ff3c1cb0959, "1424953923781206.2"}));

TEST(CanonicalJson, NaNAndInfinityAreErrors) {
  EXPECT_FALSE(canonical_number(std::bit_cast<double>(0x7fffffffffffffffull)));
  EXPECT_FALSE(canonical_number(std::bit_cast<double>(0x7ff0000000000000ull)));
  EXPECT_FALSE(canonical_number(-INFINITY));
  EXPECT_TRUE(has(canonical("[NaN]"), "error: byte 2"));
  EXPECT_TRUE(has(canonical("[1e999]"), "error:"));
}

// RFC 8785, sections 3.2.2 (input) and 3.2.4 (its bytes): numbers, string escapes, literals, key order.
TEST(CanonicalJson, SampleOfSection322) {
  EXPECT_EQ(canonical(R"({
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    })"),
            R"({"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"})");
}

// RFC 8785, section 3.2.3: the expected order of the values.
TEST(CanonicalJson, KeysAreSortedByUtf16CodeUnits) {
  EXPECT_EQ(canonical(R"({
      "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"})"),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\","
            "\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
  EXPECT_EQ(canonical(R"({"aa":1,"a":2,"":3,"a\u0000":4})"), R"({"":3,"a":2,"a\u0000":4,"aa":1})");
}

TEST(CanonicalJson, ListsKeepTheirOrderAndNestingIsFollowed) {
  EXPECT_EQ(canonical(R"( [ {"b":[],"a":{}} , [3,2,1,[ ]], "" ] )"), R"([{"a":{},"b":[]},[3,2,1,[]],""])");
  EXPECT_EQ(canonical("7"), "7");
  EXPECT_EQ(canonical("[-0, -0.0, 0e7, 1.0, 100e-2, -9223372036854775808]"), "[0,0,0,1,1,-9223372036854776000]");
}

TEST(CanonicalJson, WhatReadersOfJsonUnderstandDifferentlyIsRefused) {
  EXPECT_TRUE(has(canonical(R"({"a":{"list":[1,{"k":1,"\u006b":2}]}})"), "error: $.a.list[1]: has the key \"k\" twice"));
  EXPECT_TRUE(has(canonical("[9007199254740993]"), "error: $[0]: has the number 9007199254740993"));
  EXPECT_TRUE(has(canonical(R"({"n":[1,18446744073709551615]})"), "error: $.n[1]: has the number"));
  EXPECT_TRUE(has(canonical("[123456789012345678901234567890]"), "write it as text"));
  EXPECT_TRUE(has(canonical("[\"\xff\"]"), "error:"));
  EXPECT_TRUE(has(canonical("[\"\xed\xa0\x80\"]"), "error:"));    // a surrogate written as UTF-8
  EXPECT_TRUE(has(canonical("[\"\xc0\xaf\"]"), "error:"));        // too long for what it says
  EXPECT_TRUE(has(canonical(R"(["\ud800"])"), "error:"));         // lone
  EXPECT_TRUE(has(canonical(R"(["\udead\ud83d"])"), "error:"));   // RFC 8785 3.2.2.2
  EXPECT_TRUE(has(canonical("[1] [2]"), "error:"));
  EXPECT_TRUE(has(canonical(std::string_view("[1]\0x", 5)), "error: byte 4"));
  EXPECT_TRUE(has(canonical(""), "error:"));
  EXPECT_TRUE(has(canonical("[1,]"), "error:"));
  EXPECT_TRUE(has(canonical("[01]"), "error:"));
  EXPECT_TRUE(has(canonical(std::string(100000, '[')), "nested too deep"));
}

TEST(CanonicalJson, CanonicalTextStaysAsItIs) {
  std::mt19937_64 random(8785);
  for (int i = 0; i < 20000; ++i) {
    const double x = std::bit_cast<double>(random());
    if (!std::isfinite(x)) continue;
    const auto text = *canonical_number(x);
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), x) << text;
    EXPECT_EQ(canonical(text), text);
  }
}
