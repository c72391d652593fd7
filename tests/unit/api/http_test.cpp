#include "edge/api/http.hpp"

#include <gtest/gtest.h>

namespace rampa::api {
namespace {

TEST(ParseTarget, DecodesSegmentsAndQuery) {
  Request r;
  ASSERT_TRUE(parse_target("/api/v1/lanes/L%31?plate=BG+1%2B&x", r));
  EXPECT_EQ(r.segments, (std::vector<std::string>{"api", "v1", "lanes", "L1"}));
  EXPECT_EQ(r.query.at("plate"), "BG 1+");
  EXPECT_EQ(r.query.at("x"), "");
}

TEST(ParseTarget, RefusesWhatIsDoubtful) {
  for (const char* target : {"", "x", "*", "http://h/", "/a%", "/a%2", "/a%zz", "/a%00", "/a?b%0a=1", "/a?b=1&b=2", "/a#b"}) {
    Request r;
    EXPECT_FALSE(parse_target(target, r)) << target;
  }
}

TEST(ParseTarget, DotsAreJustNames) {
  Request r;
  ASSERT_TRUE(parse_target("/assets/../../etc/passwd", r));
  EXPECT_EQ(r.segments[1], "..");
}

TEST(ParseRange, FollowsRfc9110) {
  const auto range = [](const char* text) { return parse_range(text, 1000); };
  EXPECT_EQ(range("bytes=0-0")->last, 0u);
  EXPECT_EQ(range("bytes=10-19")->first, 10u);
  EXPECT_EQ(range("bytes=990-5000")->last, 999u);
  EXPECT_EQ(range("bytes=500-")->last, 999u);
  EXPECT_EQ(range("bytes=-1")->first, 999u);
  EXPECT_EQ(range("bytes=-5000")->first, 0u);
  EXPECT_FALSE(range("bytes=1000-")->satisfiable);
  EXPECT_FALSE(range("bytes=-0")->satisfiable);
  EXPECT_FALSE(parse_range("bytes=0-", 0)->satisfiable);
  for (const char* ignored : {"", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1",
                              "bytes=0x1-2", "bytes=99999999999999999999-", "bytes= 0-1"})
    EXPECT_FALSE(range(ignored)) << ignored;
}

TEST(Cookie, IsFoundByItsWholeName) {
  Request r;
  r.headers["cookie"] = "xrampa_session=bad; rampa_session=good; other=1";
  EXPECT_EQ(r.cookie("rampa_session"), "good");
  EXPECT_EQ(r.cookie("session"), "");
}

TEST(Problem, IsRfc9457) {
  Request r;
  r.number = 7;
  const auto p = problem(409, "refused", "the \"crossing\" is over", r);
  EXPECT_EQ(p.type, "application/problem+json");
  EXPECT_EQ(p.body, R"({"type":"urn:rampa:problem:refused","title":"Conflict","status":409,"detail":"the \"crossing\" is over","instance":"urn:rampa:request:7"})");
}

}  // namespace
}  // namespace rampa::api
