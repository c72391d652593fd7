// The bench's programs are told to end by signals; one that comes while somebody is asked something is no failure of his.
#include <gtest/gtest.h>
#include <sys/time.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "hil/stage/sockets.hpp"
#include "tests/support/loopback.hpp"

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

/// The peer's side runs with all signals blocked.
class Peer {
 public:
  ~Peer() {
    if (serves_.joinable()) serves_.join();
  }
  [[nodiscard]] int port() const { return server_.port(); }

  /// Reads what is asked first.
  void answers_after_signals(int count, std::string text) {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    serves_ = std::thread([this, count, text = std::move(text)] {
      tests::LoopbackPeer peer = server_.accept();
      EXPECT_FALSE(peer.receive_some().empty());
      while (signals_seen < count) std::this_thread::yield();
      EXPECT_TRUE(peer.send(text));
    });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

 private:
  tests::LoopbackServer server_;
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
