// The relay between a client and an echoing upstream, both on loopback, all in one poll loop under a clock of our own.
#include "hil/proxy/wan_relay.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hil/proxy/control_wan.hpp"
#include "hil/wire/endpoint.hpp"
#include "tests/support/virtual_clock.hpp"

namespace rampa::hil {
namespace {

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    (void)::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(fd_); }
  /// How many bytes of `text` from `from` on the kernel took.
  std::size_t send_some(const std::string& text, std::size_t from) {
    const auto n = ::send(fd_, text.data() + from, text.size() - from, MSG_NOSIGNAL);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  void send(const std::string& text) { (void)::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  /// Adds what came to `heard`.
  void listen() {
    char block[4096];
    for (;;) {
      const auto n = ::recv(fd_, block, sizeof block, 0);
      if (n > 0) heard.append(block, static_cast<std::size_t>(n));
      else {
        ended = ended || n == 0 || (errno != EAGAIN && errno != ENOTCONN);
        return;
      }
    }
  }
  std::string heard;
  bool ended = false;

 private:
  int fd_;
};

class WanRelayTest : public ::testing::Test {
 protected:
  WanRelayTest() : upstream(*Endpoint::tcp("127.0.0.1", 0)) {
    proxy = *WanRelay::listen("127.0.0.1", 0, "127.0.0.1", upstream.port(), clock);
  }
  /// Lets everybody work until `done`, at most `rounds` rounds; virtual time moves by `by` a round.
  template <class F>
  bool until(Client& client, F&& done, Duration by = 1ms, int rounds = 2000) {
    for (int i = 0; i < rounds; ++i) {
      proxy->serve();
      for (auto& arrival : upstream.look().received) {
        upstream_heard += std::string(as_text(arrival.bytes));
        upstream.send(arrival.connection, std::move(arrival.bytes), clock.mono());
      }
      upstream.give(clock.mono());
      client.listen();
      if (done()) return true;
      std::vector<pollfd> fds;
      proxy->want(fds);
      upstream.want(fds);
      ::poll(fds.data(), fds.size(), 1);
      clock.advance(by);
    }
    return false;
  }
  tests::VirtualClock clock;
  Endpoint upstream;
  std::unique_ptr<WanRelay> proxy;
  std::string upstream_heard;
};

TEST_F(WanRelayTest, forwards_both_ways_unharmed) {
  Client client(proxy->port());
  ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
  const std::string text(100'000, 'x');
  client.send(text);
  EXPECT_TRUE(until(client, [&] { return client.heard.size() >= text.size(); }));
  EXPECT_EQ(client.heard, text);
}

TEST_F(WanRelayTest, delays_each_way) {
  Client client(proxy->port());
  ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
  ASSERT_TRUE(proxy->fault("delay", 100, true));
  const auto start = clock.mono();
  client.send("hello");
  ASSERT_TRUE(until(client, [&] { return client.heard == "hello"; }));
  EXPECT_GE(clock.mono() - start, 200ms);
}

TEST_F(WanRelayTest, black_hole_swallows_and_keeps_the_connection) {
  Client client(proxy->port());
  ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
  proxy->fault("black_hole", 0, true);
  client.send("lost");
  EXPECT_FALSE(until(client, [&] { return !client.heard.empty() || client.ended; }, 1ms, 100));
  proxy->fault("black_hole", 0, false);
  client.send("found");
  EXPECT_TRUE(until(client, [&] { return client.heard == "found"; }));
}

TEST_F(WanRelayTest, refuse_ends_present_and_new_connections) {
  Client client(proxy->port());
  ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
  proxy->fault("refuse", 0, true);
  EXPECT_TRUE(until(client, [&] { return client.ended; }));
  Client second(proxy->port());
  EXPECT_TRUE(until(second, [&] { return second.ended; }));
  proxy->fault("refuse", 0, false);
  Client third(proxy->port());
  third.send("back");
  ASSERT_TRUE(until(third, [&] { return proxy->connections() == 1; }));
  third.send("back");
  EXPECT_TRUE(until(third, [&] { return third.heard.find("back") != std::string::npos; }));
}

TEST_F(WanRelayTest, corrupts_and_duplicates_on_order) {
  Client client(proxy->port());
  ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
  proxy->fault("duplicate", 1, true);
  client.send("ab");
  EXPECT_TRUE(until(client, [&] { return client.heard.size() >= 6; }));
  proxy->fault("duplicate", 0, false);
  upstream_heard.clear();
  proxy->fault("corrupt", 1, true);
  client.send("ab");
  EXPECT_TRUE(until(client, [&] { return upstream_heard.size() == 2; }));
  EXPECT_NE(upstream_heard, "ab");
}

TEST_F(WanRelayTest, half_open_is_deaf_one_way) {
  Client client(proxy->port());
  ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
  client.send("one");
  ASSERT_TRUE(until(client, [&] { return client.heard == "one"; }));
  proxy->fault("half_open_down", 0, true);
  client.send("two");
  EXPECT_TRUE(until(client, [&] { return upstream_heard == "onetwo"; }));
  EXPECT_FALSE(until(client, [&] { return client.heard != "one" || client.ended; }, 1ms, 100));
  EXPECT_EQ(proxy->statistics().ways[1].swallowed_bytes, 3u);
}

TEST_F(WanRelayTest, an_end_in_a_black_hole_is_noticed_only_by_what_is_sent_afterwards) {
  Client client(proxy->port());
  ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
  client.send("one");
  ASSERT_TRUE(until(client, [&] { return client.heard == "one"; }));
  proxy->fault("black_hole", 0, true);
  upstream.hang_up();
  EXPECT_FALSE(until(client, [&] { return client.ended; }, 1ms, 100));
  proxy->fault("black_hole", 0, false);
  EXPECT_FALSE(until(client, [&] { return client.ended; }, 1ms, 50));
  client.send("two");
  EXPECT_TRUE(until(client, [&] { return client.ended; }));
}

TEST_F(WanRelayTest, cuts_after_exactly_so_many_bytes) {
  for (const std::size_t bytes : {1u, 1460u, 40'001u}) {
    upstream_heard.clear();
    Client client(proxy->port());
    ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
    ASSERT_TRUE(proxy->fault("rate", 80'000'000, true));
    ASSERT_TRUE(proxy->fault("cut_up", static_cast<double>(bytes), true));
    client.send(std::string(100'000, 'x'));
    ASSERT_TRUE(until(client, [&] { return client.ended; }));
    until(client, [] { return false; }, 1ms, 20);
    EXPECT_EQ(upstream_heard.size(), bytes);
  }
  EXPECT_EQ(proxy->statistics().cuts, 3u);
  Client again(proxy->port());
  again.send("whole again");
  EXPECT_TRUE(until(again, [&] { return again.heard == "whole again"; }));
}

TEST_F(WanRelayTest, carries_at_the_rate_and_holds_no_more_than_the_buffer) {
  Client client(proxy->port());
  ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
  proxy->fault("rate", 512'000, true);
  proxy->fault("buffer", 20'000, true);
  const std::string text(128'000, 'x');  // two seconds at 64,000 bytes a second
  std::size_t given = 0;
  const MonoTime start = clock.mono();
  ASSERT_TRUE(until(client, [&] {
    if (given < text.size()) given += client.send_some(text, given);
    return upstream_heard.size() == text.size();
  }, 1ms, 5000));
  const double seconds = std::chrono::duration<double>(clock.mono() - start).count();
  EXPECT_NEAR(seconds, 2.0, 0.06);
  EXPECT_LE(proxy->statistics().ways[0].waiting_bytes_max, 20'000u);
  EXPECT_GE(proxy->statistics().ways[0].waiting_bytes_max, 19'000u);
}

TEST_F(WanRelayTest, losses_break_connections_as_often_as_ordered) {
  proxy->fault("loss", 0.1, true);  // one per 0.1 MiB: 50,000 bytes survive with exp(-0.477) = 0.62, their echo not counted
  int broken = 0;
  for (int i = 0; i < 200; ++i) {
    Client client(proxy->port());
    ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
    const std::uint64_t before = proxy->statistics().ways[0].taken_bytes;
    client.send(std::string(50'000, 'x'));
    until(client, [&] { return client.ended || proxy->statistics().ways[0].taken_bytes - before == 50'000; });
    broken += proxy->connections() == 0;
    proxy->fault("reset", 0, true);
  }
  EXPECT_GT(broken, 200 * 0.25);
  EXPECT_LT(broken, 200 * 0.75);
}

TEST_F(WanRelayTest, obeys_control_lines) {
  bool stop = false;
  EXPECT_EQ(control_wan(*proxy, stop, R"({"op":"set","delay":20,"rate":1000000,"black_hole":1})"), R"({"ok":true})");
  EXPECT_EQ(control_wan(*proxy, stop, R"({"op":"set","black_hole":null})"), R"({"ok":true})");
  EXPECT_NE(control_wan(*proxy, stop, R"({"op":"fault","name":"cosmic_ray"})").find("no fault 'cosmic_ray'"), std::string::npos);
  EXPECT_NE(control_wan(*proxy, stop, R"({"op":"fault","name":"rate","value":-1})").find("\"ok\":false"), std::string::npos);
  EXPECT_NE(control_wan(*proxy, stop, "not json").find("\"ok\":false"), std::string::npos);
  EXPECT_NE(control_wan(*proxy, stop, R"({"op":"stats"})").find("\"taken_bytes\":0"), std::string::npos);
  EXPECT_FALSE(stop);
  (void)control_wan(*proxy, stop, R"({"op":"stop"})");
  EXPECT_TRUE(stop);
}

TEST_F(WanRelayTest, refuses_faults_it_does_not_know) { EXPECT_FALSE(proxy->fault("cosmic_ray", 1, true)); }

TEST_F(WanRelayTest, an_upstream_that_is_not_there_ends_the_client) {
  const auto port = upstream.port();
  upstream.drop_queue();
  auto elsewhere = *WanRelay::listen("127.0.0.1", 0, "127.0.0.1", static_cast<std::uint16_t>(port == 1 ? 2 : 1), clock);
  Client client(elsewhere->port());
  bool ended = false;
  for (int i = 0; i < 500 && !ended; ++i) {
    elsewhere->serve();
    client.listen();
    ended = client.ended;
    clock.advance(1ms);
    std::vector<pollfd> fds;
    elsewhere->want(fds);
    ::poll(fds.data(), fds.size(), 1);
  }
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace rampa::hil
