// SHA-256, the one hash of this project. Thread: a Digest belongs to one thread; sha256() is free of state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edge/store/digest.hpp"
#include "firmware-interfaces/bytes.hpp"

namespace rampa::sync {

using Sha256 = store::Hash;
using store::sha256;

/// 64 lower-case hex digits.
[[nodiscard]] std::string hex(const Sha256& hash);
[[nodiscard]] std::string hex(ByteView bytes);
/// Nothing unless it is exactly 64 lower-case hex digits.
[[nodiscard]] std::optional<Sha256> parse_sha256(std::string_view text);

/// Hash of something that arrives in pieces.
using Digest = store::RunningSha256;

}  // namespace rampa::sync
