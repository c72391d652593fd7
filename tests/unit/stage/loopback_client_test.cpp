// The bench's programs are told to end by signals; one that comes while somebody is asked something is no failure of his.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <thread>

#include "hil/stage/sockets.hpp"

namespace rampa::hil {
namespace {

std::atomic<int> signals_seen = 0;

/// SIGALRM every 2 ms, to this thread alone, and no system call goes on after it.
class SignalsAllTheTime {
 public:
  SignalsAllTheTime() {
    struct sigaction action {};
    action.sa_handler = [](int) { ++signals_seen; };
    signals_seen = 0;
    ::sigaction(SIGALRM, &action, &before_);
    const itimerval often{{0, 2000}, {0, 2000}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
  }
  SignalsAllTheTime(const SignalsAllTheTime&) = delete;
  ~SignalsAllTheTime() {
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  struct sigaction before_ {};
};

/// Listens on a port of its own; the peer's side runs with all signals blocked.
class Peer {
 public:
  Peer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  Peer(const Peer&) = delete;
  ~Peer() {
    if (serves_.joinable()) serves_.join();
    ::close(listener_);
  }
  [[nodiscard]] int port() const { return port_; }

  /// Reads what is asked first.
  void answers_after_signals(int count, std::string text) {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    serves_ = std::thread([this, count, text = std::move(text)] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      std::array<char, 100> asked{};
      EXPECT_GT(::recv(peer, asked.data(), asked.size(), 0), 0);
      while (signals_seen < count) std::this_thread::yield();
      EXPECT_EQ(::send(peer, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
      ::close(peer);
    });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

 private:
  int listener_, port_ = 0;
  std::thread serves_;
};

TEST(LoopbackClient, ASignalDoesNotEndTheWaitForAnAnswer) {
  Peer peer;
  peer.answers_after_signals(10, "here I am\r\n");
  LoopbackClient client(peer.port());
  const SignalsAllTheTime signals;
  ASSERT_TRUE(client.send("where are you?\n"));
  const auto line = client.receive_line(10s);
  ASSERT_TRUE(line) << line.error().what;
  EXPECT_EQ(*line, "here I am");
}

TEST(LoopbackClient, SignalsDoNotMakeTheWaitLonger) {
  Peer peer;  // accepts by its backlog and says nothing
  LoopbackClient client(peer.port());
  const SignalsAllTheTime signals;
  ASSERT_TRUE(client.send("anybody?\n"));
  const auto line = client.receive_line(50ms);
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, ErrorCode::timeout);
}

}  // namespace
}  // namespace rampa::hil
