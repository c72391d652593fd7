// A device made of golden frames: answers the requests it was told to expect, in their order, and remembers every other.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

#include "tests/support/loopback.hpp"
#include "tests/unit/golden_frames/golden_step.hpp"

namespace rampa::tests {

/// Thread: one of its own for the socket; the members may be called from the test's.
class GoldenPeer {
 public:
  GoldenPeer();
  ~GoldenPeer();
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  void expect(const std::vector<GoldenExchange>& wire);
  /// What was asked and is not golden, and what is golden and was not asked, since the last call; empty: all was as it should be.
  [[nodiscard]] std::string differences();

 private:
  void serve(LoopbackPeer& peer);
  [[nodiscard]] std::string answer(const std::string& request);

  LoopbackServer server_;
  std::mutex lock_;
  std::deque<GoldenExchange> expected_;
  std::string differences_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace rampa::tests
