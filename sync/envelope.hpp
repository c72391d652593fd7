// The signed wrapping of everything that counts between a post and HQ; layout in TOPICS.md. Pure.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string_view>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::sync {

inline constexpr std::size_t envelope_body_max = 33u << 20;

using PublicKey = std::array<std::uint8_t, 32>;  ///< Ed25519
/// 64 bytes: Ed25519 of the message with the owner's key. Thread: any.
using Signer = std::function<Bytes(ByteView message)>;

/// Packs (where that helps) and signs `body` for this topic.
[[nodiscard]] Bytes seal(std::string_view topic, ByteView body, const Signer& signer);

/// What seal() would make of this body, in bytes of the line.
[[nodiscard]] std::size_t envelope_bytes(ByteView body);

/// The body of an envelope that `key` signed for this topic.
/// Errors: bad_reply (damaged, cut, not signed by this key for this topic), invalid (other version, over envelope_body_max).
[[nodiscard]] Result<Bytes> open(std::string_view topic, ByteView sealed, const PublicKey& key);

/// The body without a look at the signature: only to learn which key to ask for; then call open(). Errors: as open().
[[nodiscard]] Result<Bytes> peek(ByteView sealed);

/// Nothing unless it is 64 lower-case hex digits.
[[nodiscard]] std::optional<PublicKey> parse_public_key(std::string_view text);
/// A signer of its own key, e.g. HQ's. `seed`: 32 secret bytes.
[[nodiscard]] Signer signer_of(const std::array<std::uint8_t, 32>& seed);
[[nodiscard]] PublicKey public_key_of(const std::array<std::uint8_t, 32>& seed);

}  // namespace rampa::sync
