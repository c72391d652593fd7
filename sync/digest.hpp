// SHA-256, the one hash of this project. Thread: a Digest belongs to one thread; sha256() is free of state.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-interfaces/bytes.hpp"

namespace rampa::sync {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(ByteView bytes);
/// 64 lower-case hex digits.
[[nodiscard]] std::string hex(const Sha256& hash);
[[nodiscard]] std::string hex(ByteView bytes);
/// Nothing unless it is exactly 64 lower-case hex digits.
[[nodiscard]] std::optional<Sha256> parse_sha256(std::string_view text);

/// Hash of something that arrives in pieces.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  void add(ByteView bytes);
  [[nodiscard]] Sha256 finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rampa::sync
