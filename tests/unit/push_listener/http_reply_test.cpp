#include "drivers/transport/http/http_reply.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rampa::drivers::http {
namespace {

TEST(HttpReply, ReadsWhatCamerasSend) {
  auto head = parse_reply_head("HTTP/1.0 200 OK\r\nCONTENT-TYPE: Image/JPEG; q=1\r\nContent-Length: 12");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->media_type, "image/jpeg");
  EXPECT_EQ(head->body_bytes, 12u);
  auto stream = parse_reply_head("HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=--myboundary");
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->boundary, "myboundary");
}

TEST(HttpReply, RefusesWhatItCannotBound) {
  EXPECT_FALSE(parse_reply_head("ICY 200 OK"));
  EXPECT_FALSE(parse_reply_head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4"));
  EXPECT_FALSE(parse_reply_head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"));
  EXPECT_FALSE(parse_reply_head("HTTP/1.1 200 OK\r\nno colon"));
}

TEST(PartStream, CutsPartsWithAndWithoutLength) {
  PartStream parts("b", 100);
  parts.feed(as_bytes("--b\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n\r\nabc\r\n--b\r\nContent-Type: image/jpeg\r\n\r\nde"));
  auto one = parts.next();
  ASSERT_TRUE(one && *one);
  EXPECT_EQ(as_text((*one)->body), "abc");
  auto two = parts.next();
  ASSERT_TRUE(two);
  EXPECT_FALSE(*two) << "half a part was given";
  parts.feed(as_bytes("f\r\n--b\r\n"));
  two = parts.next();
  ASSERT_TRUE(two && *two);
  EXPECT_EQ(as_text((*two)->body), "def");
}

TEST(PartStream, RefusesTooLargeAndNoBoundary) {
  PartStream large("b", 10);
  large.feed(as_bytes("--b\r\nContent-Length: 11\r\n\r\n"));
  EXPECT_FALSE(large.next());
  PartStream lost("b", 10);
  lost.feed(as_bytes(std::string(20000, 'x')));
  EXPECT_FALSE(lost.next());
}

TEST(PartStream, ALengthThatReachesIntoTheNextPartIsRefused) {
  PartStream parts("b", 1000);
  parts.feed(as_bytes("--b\r\nContent-Length: 20\r\n\r\nabc\r\n--"));
  auto part = parts.next();
  ASSERT_TRUE(part);
  EXPECT_FALSE(*part);
  parts.feed(as_bytes("b\r\nContent-Length: 3\r\n\r\ndef\r\n"));
  EXPECT_FALSE(parts.next()) << "a picture with a piece of the next one";
}

TEST(PartStream, APartInSinglesIsThePart) {
  const std::string text = "--b\r\nContent-Length: 6\r\n\r\nabc\r\n-\r\n--b\r\n\r\nd\r\n-e\r\n--b\r\n";
  PartStream parts("b", 10);
  std::vector<std::string> got;
  for (const char c : text) {
    parts.feed(as_bytes(std::string_view(&c, 1)));
    auto part = parts.next();
    ASSERT_TRUE(part) << part.error().what;
    if (*part) got.emplace_back(as_text((*part)->body));
  }
  EXPECT_EQ(got, (std::vector<std::string>{"abc\r\n-", "d\r\n-e"}));
}

TEST(PartStream, RandomBytesNeverCrash) {
  std::mt19937 random(2);
  for (int round = 0; round < 3000; ++round) {
    std::string text = "--b\r\nContent-Length: 3\r\n\r\nabc\r\n--b\r\n\r\nde\r\n--b--";
    for (int i = 0; i < 3; ++i) text[random() % text.size()] = static_cast<char>(random());
    PartStream parts("b", 10);
    for (std::size_t i = 0; i < text.size(); i += 7) {
      parts.feed(as_bytes(std::string_view(text).substr(i, 7)));
      auto part = parts.next();
      if (!part) break;
      if (*part) { EXPECT_LE((*part)->body.size(), 10u); }
    }
  }
}

}  // namespace
}  // namespace rampa::drivers::http
