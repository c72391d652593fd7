// A real mosquitto on a free loopback port with TLS and the ACL that is shipped, and a rampa-hq beside it. Both are
// children of the test, ended by pid.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/child.hpp"

namespace rampa::tests {

/// Certificates, configuration, port. The folder is removed at the end.
class Broker {
 public:
  explicit Broker(const std::vector<std::string>& posts);
  /// Another one, whose certificates are those of this one.
  [[nodiscard]] static std::unique_ptr<Broker> beside(const Broker& first);
  ~Broker();
  /// Starts and waits until it listens. False: see log().
  [[nodiscard]] bool start();
  void kill() { process_.kill(); }
  /// From the next start on another value than the shipped configuration has.
  void set(const std::string& option, const std::string& value) { options_[option] = value; }
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string file(const std::string& name) const { return directory_ + "/" + name; }
  [[nodiscard]] std::string log() const { return process_.log(); }
  [[nodiscard]] Child& process() { return process_; }

 private:
  void write_options() const;

  std::string directory_;
  std::map<std::string, std::string> options_;
  int port_ = 0;
  Child process_;
};

/// Empty, or why there can be no broker here (mosquitto or openssl is not installed).
[[nodiscard]] std::string broker_missing();

/// The folder of the programs that were built with this test.
[[nodiscard]] std::string program(const std::string& name);

}  // namespace rampa::tests

#define RAMPA_NEEDS_BROKER()                                                    \
  if (const std::string why = rampa::tests::broker_missing(); !why.empty()) {   \
    if (rampa::tests::in_ci()) FAIL() << why;                                   \
    GTEST_SKIP() << why;                                                        \
  }
