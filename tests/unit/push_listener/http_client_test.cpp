// The camera client against a hand-fed server on loopback.
#include "drivers/transport/http_client.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "edge/runtime/system_clock.hpp"
#include "tests/support/loopback.hpp"

namespace rampa::drivers {
namespace {

class HttpClientTest : public ::testing::Test {
 protected:
  HttpClientTest() {
    device::Address address;
    address.scheme = "http";
    address.host = "127.0.0.1";
    address.port = server_.port();
    client_ = *make_http_client(address, clock_);
  }
  /// Serves `text` to one connection and closes.
  std::thread serve(std::string text) {
    return std::thread([this, text = std::move(text)] {
      auto peer = server_.accept();
      asked_ = peer.receive_some();
      peer.send(text);
    });
  }

  runtime::SystemClock clock_;
  tests::LoopbackServer server_;
  std::shared_ptr<HttpClient> client_;
  std::string asked_;
};

TEST_F(HttpClientTest, GetsASnapshot) {
  auto camera = serve("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nhello");
  auto reply = client_->get("/jpg/image.cgi", 100, 2s);
  camera.join();
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->media_type, "image/jpeg");
  EXPECT_EQ(as_text(reply->body), "hello");
  EXPECT_TRUE(asked_.starts_with("GET /jpg/image.cgi HTTP/1.1\r\n"));
}

TEST_F(HttpClientTest, HalfABodyIsAnError) {
  auto camera = serve("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello");
  auto reply = client_->get("/", 100, 2s);
  camera.join();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::bad_reply);
}

TEST_F(HttpClientTest, BoundsTheBody) {
  for (const char* text : {"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"}) {
    auto camera = serve(text + std::string(101, 'x'));
    auto reply = client_->get("/", 100, 2s);
    camera.join();
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::bad_reply);
  }
}

TEST_F(HttpClientTest, SaysTimeoutAndNoReply) {
  auto silent = client_->get("/", 100, 100ms);  // the listening socket accepts, nobody answers
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, ErrorCode::timeout);
  device::Address nobody;
  nobody.host = "127.0.0.1";
  nobody.port = 1;
  auto refused = (*make_http_client(nobody, clock_))->get("/", 100, 1s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::no_reply);
}

TEST_F(HttpClientTest, SaysThatPasswordsAreNotSupported) {
  auto camera = serve("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
  auto reply = client_->get("/", 100, 2s);
  camera.join();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::refused);
}

TEST_F(HttpClientTest, GivesTheNewestPictureOfAStream) {
  std::thread camera([this] {
    auto peer = server_.accept();
    peer.receive_some();
    const auto part = [](const std::string& body) { return "--x\r\nContent-Type: image/jpeg\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body + "\r\n"; };
    peer.send("HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n" + part("one") + part("two"));
    peer.receive_some(2000);  // until the client closes
  });
  auto reply = client_->get("/mjpg", 100, 2s);
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->media_type, "image/jpeg");
  EXPECT_EQ(as_text(reply->body), "two");
  EXPECT_FALSE(client_->get("/mjpg", 100, 50ms)) << "an old picture was given again";
  client_.reset();
  camera.join();
}

}  // namespace
}  // namespace rampa::drivers
