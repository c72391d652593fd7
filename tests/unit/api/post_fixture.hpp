// A served post with two lanes, an administrator and three officers, on a clock that the test can push forward.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "edge/api/server.hpp"
#include "edge/runtime/system_clock.hpp"
#include "tests/browser/fake_appliance.hpp"
#include "tests/unit/api/client.hpp"

namespace rampa::tests {

/// Real time plus what the test added: threads wait in real time, limits of minutes are reached by pushing.
class PushedClock : public Clock {
 public:
  [[nodiscard]] Stamp now() const override {
    Stamp s = real_.now();
    const Duration by{pushed_ns_.load()};
    s.mono = s.mono + by;
    s.wall.ms += to_ms(by);
    return s;
  }
  void push(Duration by) { pushed_ns_ += by.count(); }

 private:
  runtime::SystemClock real_;
  std::atomic<std::int64_t> pushed_ns_{0};
};

class ServedPost : public ::testing::Test {
 protected:
  ServedPost();
  ~ServedPost() override;
  /// (Re)starts the server with the present settings.
  void serve();
  /// Claims the post and makes the officers 1001, 1003 (officer) and 1002 (shift leader), all with `password`.
  void staff();
  Client signed_in(const std::string& badge);
  Answer act(Client& who, const std::string& lane, const std::string& body, const std::string& key);
  /// A crossing that waits for an officer at L1.
  void lorry_waits();

  static constexpr const char* password = "correct horse battery";
  std::string directory;
  PushedClock clock;
  FakeAppliance post{clock};
  api::Settings settings;
  std::unique_ptr<api::Server> server;
};

}  // namespace rampa::tests
