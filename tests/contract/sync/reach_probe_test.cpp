// When a post learns that a broker can be reached again: real sockets, and a real broker that comes back during a long pause.
#include "sync/link/reach_probe.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "sync/link/broker_address.hpp"
#include "tests/contract/sync/link_client.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::tests;

namespace {

const runtime::SystemClock machine;

/// A port of this machine: shut until it is opened (a bound socket that does not listen answers RST).
class Port {
 public:
  Port() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    number_ = ntohs(address.sin_port);
  }
  ~Port() {
    ending_ = true;
    ::shutdown(fd_, SHUT_RDWR);
    if (resetting_.joinable()) resetting_.join();
    ::close(fd_);
  }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  void open() { EXPECT_EQ(::listen(fd_, 16), 0); }
  /// Takes each connection and ends it with RST, as a tunnel does whose own line is dead, until it is told that the line is back.
  void open_onto_a_dead_line() {
    open();
    resetting_ = std::thread([this] {
      while (!ending_) {
        const int taken = ::accept(fd_, nullptr, nullptr);
        if (taken < 0) continue;
        ++taken_;
        if (line_) continue;  // stands, until this program ends
        const linger now{1, 0};
        ::setsockopt(taken, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        ::close(taken);
      }
    });
  }
  void line_back() { line_ = true; }
  [[nodiscard]] int taken() const { return taken_; }
  [[nodiscard]] std::string broker() const { return "mqtts://127.0.0.1:" + std::to_string(number_); }

 private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t number_ = 0;
  std::atomic<bool> line_ = false, ending_ = false;
  std::atomic<int> taken_ = 0;
  std::thread resetting_;
};

/// How often each port was told to have opened.
struct Seen {
  std::array<std::atomic<int>, 2> opened{};
  std::function<void(std::size_t)> call() {
    return [this](std::size_t index) { ++opened.at(index); };
  }
};

struct ReachContract : SyncContract {};

}  // namespace

TEST(BrokerAddress, IsTakenApart) {
  const auto is = [](const std::string& text, const std::string& host, int port, bool encrypted) {
    const BrokerAddress a = broker_address(text);
    EXPECT_EQ(a.host, host) << text;
    EXPECT_EQ(a.port, port) << text;
    EXPECT_EQ(a.encrypted, encrypted) << text;
  };
  is("mqtts://hq.example:8884", "hq.example", 8884, true);
  is("mqtts://hq.example", "hq.example", 8883, true);
  is("mqtt://10.0.0.1", "10.0.0.1", 1883, false);
  is("mqtts://[fd00::1]:8884", "fd00::1", 8884, true);
  is("mqtts://[fd00::1]", "fd00::1", 8883, true);
}

TEST(ReachProbe, APortThatOpensIsToldOnceOneThatWasOpenNever) {
  Port shut, open;
  open.open();
  Seen seen;
  ReachProbe probe({{shut.broker(), 50ms}, {open.broker(), 50ms}}, seen.call(), machine);
  probe.watch(true);
  EXPECT_FALSE(eventually([&] { return seen.opened[0] + seen.opened[1] > 0; }, 2s)) << "nothing has changed";
  shut.open();
  EXPECT_TRUE(eventually([&] { return seen.opened[0] == 1; }));
  EXPECT_FALSE(eventually([&] { return seen.opened[0] > 1 || seen.opened[1] > 0; }, 1s));
}

TEST(ReachProbe, WhileNobodyWatchesNothingIsLookedAt) {
  Port port;
  port.open_onto_a_dead_line();
  Seen seen;
  ReachProbe probe({{port.broker(), 20ms}}, seen.call(), machine);
  probe.watch(true);
  ASSERT_TRUE(eventually([&] { return port.taken() > 2; }));
  probe.watch(false);
  // A last look may be under way.
  const int before = port.taken() + 1;
  EXPECT_FALSE(eventually([&] { return port.taken() > before; }, 1s));
}

TEST(ReachProbe, AConnectionThatEndsAtOnceIsNoLine) {
  Port tunnel;
  tunnel.open_onto_a_dead_line();
  Seen seen;
  ReachProbe probe({{tunnel.broker(), 50ms}}, seen.call(), machine);
  probe.watch(true);
  ASSERT_TRUE(eventually([&] { return tunnel.taken() > 5; }));
  EXPECT_EQ(seen.opened[0], 0);
  tunnel.line_back();
  EXPECT_TRUE(eventually([&] { return seen.opened[0] == 1; }));
}

TEST_F(ReachContract, ABrokerThatComesBackDuringALongPauseIsNotKeptWaiting) {
  start_hq();
  auto settings = uplink_settings(*broker, "P1");
  settings.drain.pause_first = settings.drain.pause_last = 2h;
  Post post(settings, journal, 0);
  post.append(1);
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  broker->kill();
  ASSERT_TRUE(eventually([&] { return post.status().phase == "waiting"; }));
  post.append(1);
  // The probe is to see the port shut once; what it saw cannot be asked for.
  EXPECT_FALSE(eventually([&] { return post.status().up; }, 3s));
  ASSERT_TRUE(broker->start()) << broker->log();
  EXPECT_TRUE(post.drained()) << "the pause would last for an hour and more: " << post.status().trouble;
}
