// Password hashes (argon2id by libsodium), secrets and their digests. At most two hashes are computed at once, because
// each takes 64 MiB and most of a core for a while: a flood of sign-ins must not starve the lanes.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "firmware-interfaces/result.hpp"

namespace rampa::api {

/// Thread: any; callers wait their turn, and are refused (busy) where eight wait already.
class Passwords {
 public:
  /// `cheap`: least cost, for tests.
  explicit Passwords(bool cheap) : cheap_(cheap) {}

  [[nodiscard]] Result<std::string> hash(const std::string& password);
  /// An empty `hash` (unknown badge) takes as long as a real one and is false.
  [[nodiscard]] Result<bool> verify(const std::string& hash, const std::string& password);

 private:
  class Turn;
  [[nodiscard]] Result<std::string> compute(const std::string& password) const;
  const bool cheap_;
  std::mutex mutex_;
  std::condition_variable free_;
  int running_ = 0, waiting_ = 0;
  std::string decoy_;  ///< hash of a random password
};

/// Must have succeeded once before anything here is used. Error: io.
[[nodiscard]] Result<void> prepare_crypto();

/// 256 random bits as 64 hex digits.
[[nodiscard]] std::string new_token();
/// Twenty characters of an alphabet without look-alikes, in groups of five: 100 random bits.
[[nodiscard]] std::string new_claim_code();
/// What was typed, in the form that was printed: upper case, O as 0, I and L as 1, other characters dropped.
[[nodiscard]] std::string normalised_claim_code(std::string_view typed);
/// BLAKE2b-256 in hex: for secrets with enough randomness of their own.
[[nodiscard]] std::string digest(std::string_view text);
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace rampa::api
