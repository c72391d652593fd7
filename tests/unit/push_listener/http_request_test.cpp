// The strict parser: what Poco 1.11 took though it should be refused (our reliability reference, appendix A) must be
// refused here, however the bytes are cut.
#include "drivers/transport/http/http_request.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rampa::drivers::http {
namespace {

using State = RequestParser::State;

State feed_in_pieces(RequestParser& parser, const std::string& text, std::size_t piece) {
  for (std::size_t i = 0; i < text.size(); i += piece) parser.feed(as_bytes(std::string_view(text).substr(i, piece)));
  return parser.state();
}

const std::string good = "POST /anpr HTTP/1.1\r\nHost: 10.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

TEST(HttpRequest, TakesThePlainShapeInAnyPieces) {
  for (std::size_t piece = 1; piece <= good.size(); ++piece) {
    RequestParser parser{RequestLimits{}};
    ASSERT_EQ(feed_in_pieces(parser, good, piece), State::complete) << piece;
    EXPECT_EQ(parser.request().path, "/anpr");
    EXPECT_EQ(parser.request().content_type, "text/plain");
    EXPECT_EQ(as_text(parser.request().body), "hello");
  }
}

struct Probe {
  const char* name;
  std::string text;
  int status;
};

class Refused : public ::testing::TestWithParam<Probe> {};

TEST_P(Refused, InOnePieceAndByteByByte) {
  for (std::size_t piece : {std::size_t{1}, GetParam().text.size()}) {
    RequestParser parser{RequestLimits{}};
    EXPECT_EQ(feed_in_pieces(parser, GetParam().text, piece), State::refused) << "piece " << piece;
    EXPECT_EQ(parser.refusal().status, GetParam().status) << parser.refusal().why;
    EXPECT_FALSE(parser.refusal().why.empty());
  }
}

std::string post(const std::string& headers, const std::string& body = "") { return "POST /a HTTP/1.1\r\n" + headers + "\r\n" + body; }

INSTANTIATE_TEST_SUITE_P(
    HttpRequest, Refused,
    ::testing::Values(
        Probe{"length_and_chunked", post("Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        Probe{"chunked", post("Host: a\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        Probe{"identity", post("Host: a\r\nContent-Length: 0\r\nTransfer-Encoding: identity\r\n"), 400},
        Probe{"two_lengths", post("Host: a\r\nContent-Length: 0\r\nContent-Length: 40\r\n"), 400},
        Probe{"two_equal_lengths", post("Host: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n"), 400},
        Probe{"length_list", post("Host: a\r\nContent-Length: 0, 0\r\n"), 400},
        Probe{"empty_length", post("Host: a\r\nContent-Length:\r\n"), 400},
        Probe{"plus_length", post("Host: a\r\nContent-Length: +2\r\n", "ab"), 400},
        Probe{"negative_length", post("Host: a\r\nContent-Length: -1\r\n"), 400},
        Probe{"hex_length", post("Host: a\r\nContent-Length: 0x2\r\n", "ab"), 400},
        Probe{"huge_length", post("Host: a\r\nContent-Length: 99999999999999999999999\r\n"), 413},
        Probe{"large_body", post("Host: a\r\nContent-Length: 8388609\r\n"), 413},
        Probe{"no_length", post("Host: a\r\n"), 411},
        Probe{"space_before_colon", post("Host: a\r\nContent-Length : 0\r\n"), 400},
        Probe{"bare_lf", "POST /a HTTP/1.1\nHost: a\nContent-Length: 0\n\n", 400},
        Probe{"bare_cr", "POST /a HTTP/1.1\r\nHost: a\rX: b\r\nContent-Length: 0\r\n\r\n", 400},
        Probe{"fold", post("Host: a\r\nX: b\r\n c\r\nContent-Length: 0\r\n"), 400},
        Probe{"no_host", post("Content-Length: 0\r\n"), 400},
        Probe{"two_hosts", post("Host: a\r\nHost: b\r\nContent-Length: 0\r\n"), 400},
        Probe{"nul", post(std::string("Host: a\r\nX: a\0b\r\nContent-Length: 0\r\n", 37)), 400},
        Probe{"ctl_in_name", post("Host: a\r\nX\x01: a\r\nContent-Length: 0\r\n"), 400},
        Probe{"no_colon", post("Host: a\r\nnothing\r\nContent-Length: 0\r\n"), 400},
        Probe{"empty_name", post("Host: a\r\n: a\r\nContent-Length: 0\r\n"), 400},
        Probe{"version_9", "POST /a HTTP/9.9\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 505},
        Probe{"version_10", "POST /a HTTP/1.0\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 505},
        Probe{"space_in_path", "POST /a b HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 400},
        Probe{"no_version", "POST /a\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 400},
        Probe{"absolute_uri", "POST http://b/a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 400},
        Probe{"get", "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405},
        Probe{"second_request", good + good, 400},
        Probe{"long_path", "POST /" + std::string(600, 'a') + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 414},
        Probe{"large_head", post("Host: a\r\nX: " + std::string(9000, 'x') + "\r\nContent-Length: 0\r\n"), 431},
        Probe{"endless_head", "POST /a HTTP/1.1\r\nX: " + std::string(9000, 'x'), 431},
        Probe{"gzip", post("Host: a\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n"), 415}),
    [](const auto& test) { return test.param.name; });

TEST(HttpRequest, RefusesTooManyHeaders) {
  std::string text = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n";
  for (int i = 0; i < 65; ++i) text += "X: 1\r\n";
  RequestParser parser{RequestLimits{}};
  EXPECT_EQ(parser.feed(as_bytes(text + "\r\n")), State::refused);
  EXPECT_EQ(parser.refusal().status, 431);
}

TEST(HttpRequest, RandomDamageNeverGivesAnotherBody) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string text = good;
    const int kind = static_cast<int>(random() % 3);
    if (kind == 0) text.resize(random() % text.size());
    if (kind == 1) text[random() % text.size()] = static_cast<char>(random());
    if (kind == 2) text.insert(random() % text.size(), 1, static_cast<char>(random()));
    RequestParser parser{RequestLimits{}};
    feed_in_pieces(parser, text, 1 + random() % 16);
    if (parser.state() == State::complete) {
      // Only whole bodies: as long as announced, and never a truncated one.
      EXPECT_EQ(parser.request().body.size(), parser.request().body_bytes);
      EXPECT_NE(kind, 0) << "a truncated request was taken";
    }
  }
}

}  // namespace
}  // namespace rampa::drivers::http
