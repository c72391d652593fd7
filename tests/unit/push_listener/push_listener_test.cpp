// The listener on real loopback sockets: what is answered when, and what it bears.
#include "drivers/transport/push_listener.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "edge/runtime/system_clock.hpp"
#include "tests/support/loopback.hpp"

namespace rampa::drivers {
namespace {

using tests::LoopbackPeer;

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class PushListenerTest : public ::testing::Test {
 protected:
  void listen(PushLimits limits) {
    device::Address address;
    address.scheme = "push";
    address.host = "127.0.0.1";
    auto made = listen_for_pushes(address, clock_, limits);
    ASSERT_TRUE(made) << made.error().what;
    listener_ = *made;
  }
  std::string exchange(const std::string& text) {
    auto peer = LoopbackPeer::connect(listener_->port());
    EXPECT_TRUE(peer.send(text));
    return peer.receive_all();
  }
  static int status(const std::string& reply) { return reply.size() > 12 ? std::stoi(reply.substr(9, 3)) : 0; }

  runtime::SystemClock clock_;
  std::shared_ptr<SocketPushListener> listener_;
};

TEST_F(PushListenerTest, GivesTheWholeRequestAndAnswersWhatTheCallbackSays) {
  listen({});
  PushedRequest seen;
  listener_->on_path("/anpr", [&](const PushedRequest& r) {
    seen = r;
    return 200;
  });
  listener_->on_path("/full", [](const PushedRequest&) { return 503; });
  listener_->on_path("/throws", [](const PushedRequest&) -> int { throw 1; });
  const std::string body(300'000, 'x');
  EXPECT_EQ(status(exchange(post("/anpr?camera=1", body))), 200);
  EXPECT_EQ(seen.peer, "127.0.0.1");
  EXPECT_EQ(seen.path, "/anpr?camera=1");
  EXPECT_EQ(seen.content_type, "text/plain");
  EXPECT_EQ(as_text(seen.body), body);
  EXPECT_EQ(status(exchange(post("/full", "a"))), 503);
  EXPECT_EQ(status(exchange(post("/throws", "a"))), 503);
  EXPECT_EQ(status(exchange(post("/nobody", "a"))), 404);
  EXPECT_EQ(status(exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 405);
  listener_->off_path("/anpr");
  EXPECT_EQ(status(exchange(post("/anpr", "a"))), 404);
}

TEST_F(PushListenerTest, AnswersOnlyAfterTheCallbackReturned) {
  listen({});
  std::promise<void> durable;
  auto is_durable = durable.get_future();
  std::atomic<bool> inside{false};
  listener_->on_path("/anpr", [&](const PushedRequest&) {
    inside = true;
    is_durable.wait();
    return 200;
  });
  auto peer = LoopbackPeer::connect(listener_->port());
  peer.send(post("/anpr", "x"));
  while (!inside) std::this_thread::yield();
  EXPECT_EQ(peer.receive_some(100), "") << "answered before the event was durable";
  durable.set_value();
  EXPECT_EQ(status(peer.receive_all()), 200);
}

TEST_F(PushListenerTest, HalfABodyIsNeverTaken) {
  listen({});
  std::atomic<int> taken{0};
  listener_->on_path("/anpr", [&](const PushedRequest&) { return ++taken, 200; });
  {
    auto peer = LoopbackPeer::connect(listener_->port());
    const std::string text = post("/anpr", std::string(1000, 'x'));
    peer.send(std::string_view(text).substr(0, text.size() - 1));
    peer.finish_sending();
    EXPECT_EQ(peer.receive_all(), "");
  }
  EXPECT_EQ(taken, 0);
  EXPECT_EQ(listener_->counters().refused_malformed, 1u);
}

TEST_F(PushListenerTest, DrippingDoesNotExtendTheDeadlineNorStopOthers) {
  PushLimits limits;
  limits.request_deadline = 300ms;
  limits.connections_per_peer_max = 5;
  listen(limits);
  listener_->on_path("/anpr", [](const PushedRequest&) { return 200; });
  std::vector<LoopbackPeer> drippers;
  for (int i = 0; i < 4; ++i) drippers.push_back(LoopbackPeer::connect(listener_->port()));
  for (auto& d : drippers) d.send("POST /anpr HTTP/1.1\r\nX: ");
  EXPECT_EQ(status(exchange(post("/anpr", "x"))), 200) << "slow peers stopped a good one";
  // One byte at a time until the listener has had enough of it.
  std::string reply;
  for (int i = 0; i < 200 && reply.empty(); ++i) {
    drippers[0].send("x");
    reply = drippers[0].receive_some(20);
  }
  EXPECT_EQ(status(reply), 408);
  EXPECT_GE(listener_->counters().too_slow, 1u);
}

TEST_F(PushListenerTest, LimitsConnectionsAndRatePerPeer) {
  PushLimits limits;
  limits.connections_per_peer_max = 2;
  limits.requests_per_second_max = 0.001;
  limits.requests_burst_max = 4;
  listen(limits);
  listener_->on_path("/anpr", [](const PushedRequest&) { return 200; });
  {
    auto one = LoopbackPeer::connect(listener_->port());
    auto two = LoopbackPeer::connect(listener_->port());
    auto three = LoopbackPeer::connect(listener_->port());
    EXPECT_EQ(status(three.receive_all()), 503);
  }
  EXPECT_EQ(listener_->counters().refused_busy, 1u);
  // Two of the burst of four are used up; the two connections above close by themselves when noticed.
  while (listener_->counters().refused_malformed < 2) std::this_thread::yield();
  EXPECT_EQ(status(exchange(post("/anpr", "x"))), 200);
  EXPECT_EQ(status(exchange(post("/anpr", "x"))), 200);
  EXPECT_EQ(status(exchange(post("/anpr", "x"))), 429);
  EXPECT_EQ(listener_->counters().refused_rate, 1u);
}

TEST_F(PushListenerTest, BoundsAllBodiesTogether) {
  PushLimits limits;
  limits.bytes_held_max = 3'000'000;
  listen(limits);
  listener_->on_path("/anpr", [](const PushedRequest&) { return 200; });
  const std::string head = "POST /anpr HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\nx";
  auto one = LoopbackPeer::connect(listener_->port());
  one.send(head);
  auto two = LoopbackPeer::connect(listener_->port());
  two.send(head);
  EXPECT_EQ(status(two.receive_all(300) + one.receive_all(300)), 503) << "one of the two has no room";
}

TEST_F(PushListenerTest, RefusesTooManyWaiting) {
  PushLimits limits;
  limits.takers = 1;
  limits.waiting_max = 1;
  limits.connections_per_peer_max = 10;
  listen(limits);
  std::promise<void> go;
  auto may_go = go.get_future().share();
  std::atomic<int> inside{0};
  listener_->on_path("/anpr", [&, may_go](const PushedRequest&) {
    ++inside;
    may_go.wait();
    return 200;
  });
  auto one = LoopbackPeer::connect(listener_->port());
  one.send(post("/anpr", "1"));
  while (inside < 1) std::this_thread::yield();
  auto two = LoopbackPeer::connect(listener_->port());
  two.send(post("/anpr", "2"));
  auto three = LoopbackPeer::connect(listener_->port());
  three.send(post("/anpr", "3"));
  // Which of the two found the one waiting place is the system's choice; exactly one did not.
  const std::string early = two.receive_some(300) + three.receive_some(300);
  EXPECT_EQ(status(early), 503);
  go.set_value();
  EXPECT_EQ(status(one.receive_all()), 200);
}

TEST_F(PushListenerTest, OffPathWaitsForARunningCallback) {
  listen({});
  std::promise<void> go;
  auto may_go = go.get_future().share();
  std::atomic<bool> inside{false}, left{false};
  listener_->on_path("/anpr", [&, may_go](const PushedRequest&) {
    inside = true;
    may_go.wait();
    left = true;
    return 200;
  });
  auto peer = LoopbackPeer::connect(listener_->port());
  peer.send(post("/anpr", "1"));
  while (!inside) std::this_thread::yield();
  auto off = std::async(std::launch::async, [&] {
    listener_->off_path("/anpr");
    return left.load();
  });
  go.set_value();
  EXPECT_TRUE(off.get()) << "off_path returned while the callback ran";
}

TEST_F(PushListenerTest, SaysContinueToWhoAsks) {
  listen({});
  listener_->on_path("/anpr", [](const PushedRequest&) { return 200; });
  auto peer = LoopbackPeer::connect(listener_->port());
  peer.send("POST /anpr HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(status(peer.receive_some()), 100);
  peer.send("ok");
  EXPECT_EQ(status(peer.receive_all()), 200);
}

TEST(PushListenerAddress, NeverEveryNetworkByDefault) {
  runtime::SystemClock clock;
  device::Address address;
  address.scheme = "push";
  EXPECT_EQ(make_push_listener(address, clock).error().code, ErrorCode::invalid);
  address.host = "0.0.0.0";
  EXPECT_EQ(make_push_listener(address, clock).error().code, ErrorCode::invalid);
  address.query["every_network"] = "yes";
  EXPECT_TRUE(make_push_listener(address, clock));
  address = {};
  address.host = "camera.example";
  EXPECT_EQ(make_push_listener(address, clock).error().code, ErrorCode::invalid);
  address.host = "192.0.2.1";  // documentation address: not ours
  EXPECT_EQ(make_push_listener(address, clock).error().code, ErrorCode::io);
}

}  // namespace
}  // namespace rampa::drivers
