// `rampa profiles test`: what a case may say, and what comes of it.
#include "edge/app/profiles_cases.hpp"

#include "tests/unit/risk/sets.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {

std::string refused(const std::string& line) {
  const auto read = app::read_case(line);
  return read ? "accepted" : read.error().what;
}
/// With "A": red where one item is tobacco from AE.
std::string tried(const std::string& line) {
  const auto set = compiled(profile("A", "red", R"({"any_item":[{"field":"goods.hs_code","op":"prefix","value":"2402"},{"field":"goods.origin","op":"eq","value":"AE"}]})"));
  const auto read = app::read_case(line);
  return read ? app::differs(*set, *read, WallTime{1'780'000'000'000}) : read.error().what;
}

}  // namespace

TEST(ProfileCases, GoodsAreCounted) {
  EXPECT_EQ(tried(R"({"facts":{"goods.0.hs_code":"61","goods.0.origin":"TR","goods.1.hs_code":"240220","goods.1.origin":"AE"},"channel":"red","hits":["A"],"undetermined":[]})"), "");
  EXPECT_EQ(tried(R"({"facts":{"goods.0.hs_code":"240220","goods.0.origin":"TR","goods.count":1},"channel":"green"})"), "");
  EXPECT_EQ(tried(R"({"facts":{"goods.0.hs_code":"240220"},"undetermined":["A: goods.origin missing"]})"), "");
  EXPECT_EQ(tried(R"({"facts":{},"channel":"red","hits":["A"]})"), R"(channel is yellow; hits are [])");
  EXPECT_EQ(refused(R"({"facts":{"goods.0.hs_code":"61","goods.count":2},"channel":"red"})"), "facts.goods.count is 2, and the case has 1 goods item; leave it out, it is counted");
  EXPECT_EQ(refused(R"({"facts":{"goods.0.hs_code":"61","goods.2.hs_code":"61"},"channel":"red"})"),
            "facts: there is goods.2 and no goods.1; number the goods items from 0 on without a gap");
  EXPECT_EQ(refused(R"({"facts":{"goods.origin":"AE"},"channel":"red"})"), "facts.goods.origin is of no goods item; write goods.0.origin for the first");
  EXPECT_EQ(refused(R"({"facts":{"goods.0.colour":"red"},"channel":"red"})").substr(0, 44), "facts.goods.0.colour is not in the catalogue");
}

TEST(ProfileCases, WhatIsOfAnotherTypeIsRefusedWithPlaceAndRemedy) {
  EXPECT_EQ(refused(R"({"name":5,"facts":{},"channel":"red"})"), "name is not a text");
  EXPECT_EQ(refused(R"({"facts":{"time.hour":"12"},"channel":"red"})"), "facts.time.hour is a text; write a whole number");
  EXPECT_EQ(refused(R"({"facts":{"declaration.route":"RS"},"channel":"red"})"), "facts.declaration.route is a text; write a list of texts");
  EXPECT_EQ(refused(R"({"facts":{"declaration.route":[]},"channel":"red"})"), "accepted");
  EXPECT_EQ(refused(R"({"facts":{"set.frozen":1},"channel":"red"})"), "facts.set.frozen is a whole number; write true or false");
  EXPECT_EQ(refused(R"({"facts":{"time.hour":18446744073709551615},"channel":"red"})"),
            "facts.time.hour is neither true/false, a whole number (of 64 bits), a text nor a list of texts");
  EXPECT_EQ(refused(R"({"facts":{},"at":18446744073709551615,"channel":"red"})"), "at is not a whole number of milliseconds since 1970");
  EXPECT_EQ(refused(R"({"facts":{},"channel":"crimson"})"), "channel is none; write green, blue, yellow or red");
  EXPECT_EQ(refused(R"({"facts":{},"hits":"A"})"), "hits is not a list of texts; write [\"...\"], or [] for none");
  EXPECT_EQ(refused(R"({"facts":{"vehicle.plat":"X"},"channel":"red"})"), "facts.vehicle.plat is not in the catalogue; did you mean vehicle.plate?");
}

TEST(ProfileCases, ACaseThatTestsNothingIsRefused) {
  EXPECT_EQ(refused(R"({"name":"x","facts":{}})"), "says nothing that must come of it, so it would test nothing; give channel, hits or undetermined");
  EXPECT_EQ(refused(R"({"facts":{},"chanel":"red"})"), R"("chanel" is not known, so it would test nothing; did you mean "channel"?)");
}
