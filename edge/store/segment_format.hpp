// The head of a journal segment and a seal (signed chain head) as bytes, as FORMAT.md says. Pure.
#pragma once

#include <string>

#include "edge/store/digest.hpp"
#include "firmware-interfaces/ids.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::store::format {

inline constexpr std::size_t segment_header_bytes = 96;
inline constexpr std::size_t post_bytes_max = 28;
inline constexpr std::size_t seal_bytes = 160;

struct SegmentHeader {
  std::uint64_t first_sequence = 1;  ///< of the first record in it, or that it will get
  WallTime created;
  Hash previous{};                   ///< chain hash of first_sequence - 1; genesis(post) in the first segment
  PostId post;                       ///< at most post_bytes_max bytes
};

/// Errors: invalid (post's name too long or empty).
[[nodiscard]] Result<Bytes> encode(const SegmentHeader& header);
/// Errors: invalid, naming what does not fit.
[[nodiscard]] Result<SegmentHeader> parse_segment_header(ByteView bytes);

/// "00000000000000000001.seg": names sort as the sequences do.
[[nodiscard]] std::string segment_name(std::uint64_t first_sequence);
/// Nothing where it is no segment's name.
[[nodiscard]] Result<std::uint64_t> sequence_of_segment(const std::string& name);

using PublicKey = std::array<std::uint8_t, 32>;
using SigningSeed = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

/// The chain's head at one moment, signed by the device.
struct Seal {
  std::uint64_t sequence = 0;  ///< 0: before the first record
  WallTime wall;
  Hash head{};                 ///< chain hash of `sequence`
  bool at_close = false;       ///< written by an orderly end
  PublicKey key{};
  Signature signature{};
};

/// Signs and encodes. `seal.key` and `seal.signature` are filled in here.
[[nodiscard]] Bytes sign_and_encode(Seal seal, const PostId& post, const SigningSeed& seed);
/// Checks magic, version and CRC, not the signature. Errors: invalid.
[[nodiscard]] Result<Seal> parse_seal(ByteView bytes);
/// Whether the signature is right for this post and for the key in the seal.
[[nodiscard]] bool signature_holds(ByteView seal, const PostId& post);
[[nodiscard]] PublicKey public_key_of(const SigningSeed& seed);
/// Ed25519 of `message`.
[[nodiscard]] Signature sign(ByteView message, const SigningSeed& seed);

using Epoch = std::array<std::uint8_t, 16>;
/// Names a journal among all that ever carried this post's name: a new store has a new device key and so a new epoch, a
/// copy has the same one. The first 16 bytes of SHA-256 of `rampa epoch 1`, a newline, the post's name, a newline, the key.
[[nodiscard]] Epoch epoch_of(const PostId& post, const PublicKey& key);

}  // namespace rampa::store::format
