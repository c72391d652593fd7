// SHA-256 by OpenSSL, which uses the processor's SHA instructions: five times as fast as the one in sync/digest.hpp, and a
// set of 25 MB is hashed while a lane waits. Thread: any.
#pragma once

#include "sync/digest.hpp"

namespace rampa::bundle {

using sync::hex;
using sync::parse_sha256;
using sync::Sha256;

[[nodiscard]] Sha256 sha256(std::string_view bytes);

/// Of several pieces, one after the other.
class RunningHash {
 public:
  RunningHash();
  ~RunningHash();
  RunningHash(const RunningHash&) = delete;
  RunningHash& operator=(const RunningHash&) = delete;
  void add(std::string_view bytes);
  [[nodiscard]] Sha256 finish();  ///< once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rampa::bundle
