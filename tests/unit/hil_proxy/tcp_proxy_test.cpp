// The proxy between a client and an echoing upstream, both on loopback, all in one poll loop under a clock of our own.
#include "hil/proxy/tcp_proxy.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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

class TcpProxyTest : public ::testing::Test {
 protected:
  TcpProxyTest() : upstream(*Endpoint::tcp("127.0.0.1", 0)) {
    proxy = *TcpProxy::listen("127.0.0.1", 0, "127.0.0.1", upstream.port(), clock);
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
  std::unique_ptr<TcpProxy> proxy;
  std::string upstream_heard;
};

TEST_F(TcpProxyTest, forwards_both_ways_unharmed) {
  Client client(proxy->port());
  ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
  const std::string text(100'000, 'x');
  client.send(text);
  EXPECT_TRUE(until(client, [&] { return client.heard.size() >= text.size(); }));
  EXPECT_EQ(client.heard, text);
}

TEST_F(TcpProxyTest, delays_each_way) {
  Client client(proxy->port());
  ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
  ASSERT_TRUE(proxy->fault("delay", 100, true));
  const auto start = clock.mono();
  client.send("hello");
  ASSERT_TRUE(until(client, [&] { return client.heard == "hello"; }));
  EXPECT_GE(clock.mono() - start, 200ms);
}

TEST_F(TcpProxyTest, half_open_swallows_and_keeps_the_connection) {
  Client client(proxy->port());
  ASSERT_TRUE(until(client, [&] { return proxy->connections() == 1; }));
  proxy->fault("half_open", 0, true);
  client.send("lost");
  EXPECT_FALSE(until(client, [&] { return !client.heard.empty() || client.ended; }, 1ms, 100));
  proxy->fault("half_open", 0, false);
  client.send("found");
  EXPECT_TRUE(until(client, [&] { return client.heard == "found"; }));
}

TEST_F(TcpProxyTest, refuse_ends_present_and_new_connections) {
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

TEST_F(TcpProxyTest, corrupts_and_duplicates_on_order) {
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

TEST_F(TcpProxyTest, refuses_faults_it_does_not_know) { EXPECT_FALSE(proxy->fault("cosmic_ray", 1, true)); }

TEST_F(TcpProxyTest, an_upstream_that_is_not_there_ends_the_client) {
  const auto port = upstream.port();
  upstream.drop_queue();
  auto elsewhere = *TcpProxy::listen("127.0.0.1", 0, "127.0.0.1", static_cast<std::uint16_t>(port == 1 ? 2 : 1), clock);
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
