#include <gtest/gtest.h>

#include <limits>

#include "edge/api/json_input.hpp"
#include "edge/api/json_writer.hpp"

namespace rampa::api {
namespace {

TEST(JsonWriter, WritesNestedValuesWithCommas) {
  JsonWriter w;
  w.object().field("a", 1).field("b", true).key("c").array().value("x").value(nullptr).end().field("d", 1.5).end();
  EXPECT_EQ(w.take(), R"({"a":1,"b":true,"c":["x",null],"d":1.5})");
}

TEST(JsonWriter, EscapesAndMendsText) {
  JsonWriter w;
  w.array().value("q\" b\\ n\n").value("\xc4\x8d ok").value("bad \xff\xc3 end").value("\xed\xa0\x80").end();
  EXPECT_EQ(w.take(), "[\"q\\\" b\\\\ n\\u000a\",\"\xc4\x8d ok\",\"bad \xef\xbf\xbd\xef\xbf\xbd end\",\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"]");
}

TEST(JsonWriter, IntegersThatBrowsersWouldRoundBecomeText) {
  JsonWriter w;
  w.array().value(std::int64_t{9007199254740992}).value(std::int64_t{9007199254740993}).value(UINT64_MAX).value(INT64_MIN).end();
  EXPECT_EQ(w.take(), R"([9007199254740992,"9007199254740993","18446744073709551615","-9223372036854775808"])");
}

TEST(JsonWriter, WhatIsNotFiniteIsNull) {
  JsonWriter w;
  w.array().value(std::numeric_limits<double>::quiet_NaN()).value(std::numeric_limits<double>::infinity()).end();
  EXPECT_EQ(w.take(), "[null,null]");
}

TEST(JsonInput, ReadsWhatIsAskedFor) {
  auto in = JsonInput::parse(R"({"name":"Ana","n":7,"yes":true,"second":{"badge":"2"},"list":[{"x":1},{"x":2}],"gone":null})");
  ASSERT_TRUE(in);
  EXPECT_EQ(in->text("name", 1, 10), "Ana");
  EXPECT_EQ(in->integer("n", 0, 10), 7);
  EXPECT_EQ(in->flag_if("yes"), true);
  EXPECT_EQ(in->integer_if("gone", 0, 1), std::nullopt);
  auto second = in->object_if("second");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->text("badge", 1, 10), "2");
  auto list = in->objects("list");
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[1].integer("x", 0, 9), 2);
  EXPECT_TRUE(in->finish());
}

TEST(JsonInput, SaysWhatIsWrong) {
  struct Case { const char* text; const char* complaint; };
  const Case cases[] = {{R"({"n":11})", "n: must be a whole number from 0 to 10"},
                        {R"({"n":"1"})", "n: must be a whole number from 0 to 10"},
                        {R"({"n":1.0})", "n: must be a whole number from 0 to 10"},
                        {R"({"n":18446744073709551615})", "n: must be a whole number from 0 to 10"},
                        {R"({})", "n: is missing"},
                        {R"({"n":1,"m":2})", "m: unknown key"}};
  for (const auto& c : cases) {
    auto in = JsonInput::parse(c.text);
    ASSERT_TRUE(in) << c.text;
    (void)in->integer("n", 0, 10);
    const auto ok = in->finish();
    ASSERT_FALSE(ok) << c.text;
    EXPECT_EQ(ok.error().what, c.complaint) << c.text;
  }
}

TEST(JsonInput, RefusesWhatIsNoPlainObject) {
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "[";
  const std::string cases[] = {"", "[]", "7", "{", R"({"a":1,"a":2})", R"({"a":{"b":1,"b":2}})", "{\"a\":\"\xff\"}",
                               R"({"a":1}x)", "{\"x\":" + deep, R"({"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}})"};
  for (const auto& text : cases) EXPECT_FALSE(JsonInput::parse(text)) << text.substr(0, 60);
}

TEST(JsonInput, RefusesControlCharactersInText) {
  auto in = JsonInput::parse(R"({"reason":"a\nb"})");
  ASSERT_TRUE(in);
  (void)in->text("reason", 1, 10);
  EXPECT_EQ(in->finish().error().what, "reason: must not hold control characters");
}

}  // namespace
}  // namespace rampa::api
