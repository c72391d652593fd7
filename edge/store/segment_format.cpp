#include "edge/store/segment_format.hpp"

#include <sodium.h>

#include <algorithm>

#include "edge/store/record_format.hpp"

namespace rampa::store::format {

namespace {

constexpr std::string_view k_segment_magic = "RMPJSEG1";
constexpr std::string_view k_seal_magic = "RMPH";
constexpr std::uint16_t k_seal_version = 1;
constexpr std::uint16_t k_at_close = 1;
constexpr std::size_t k_signed_bytes = 88;

Bytes signed_message(ByteView head, const PostId& post) {
  Bytes message;
  FieldWriter w(message);
  w.text("rampa seal 1\n");
  w.bytes(genesis(post));
  w.bytes(head.first(k_signed_bytes));
  return message;
}

}  // namespace

Result<Bytes> encode(const SegmentHeader& h) {
  if (h.post.empty() || h.post.text.size() > post_bytes_max)
    return fail(ErrorCode::invalid, "post '" + h.post.text + "': the journal needs a name of 1 to " +
                                        std::to_string(post_bytes_max) + " bytes");
  Bytes out;
  FieldWriter w(out);
  w.text(k_segment_magic);
  w.u32(1);
  w.u32(segment_header_bytes);
  w.u64(h.first_sequence);
  w.i64(h.created.ms);
  w.bytes(h.previous);
  w.text(h.post.text);
  w.zeros(post_bytes_max - h.post.text.size());
  w.u32(crc32c(out));
  return out;
}

Result<SegmentHeader> parse_segment_header(ByteView bytes) {
  if (bytes.size() < segment_header_bytes) return fail(ErrorCode::invalid, "segment shorter than its header");
  FieldReader r(bytes.first(segment_header_bytes));
  if (r.text(8) != k_segment_magic) return fail(ErrorCode::invalid, "no journal segment (magic)");
  const auto version = r.u32(), length = r.u32();
  SegmentHeader h;
  h.first_sequence = r.u64();
  h.created.ms = r.i64();
  r.into(h.previous);
  h.post.text = r.text(post_bytes_max);
  h.post.text.resize(std::min(h.post.text.size(), h.post.text.find('\0')));
  if (r.u32() != crc32c(bytes.first(segment_header_bytes - 4)))
    return fail(ErrorCode::invalid, "the segment header's CRC does not fit");
  if (version != 1 || length != segment_header_bytes)
    return fail(ErrorCode::invalid, "segment version " + std::to_string(version) + ", this program reads version 1");
  return h;
}

std::string segment_name(std::uint64_t first_sequence) {
  std::string digits = std::to_string(first_sequence);
  return std::string(20 - digits.size(), '0') + digits + ".seg";
}

Result<std::uint64_t> sequence_of_segment(const std::string& name) {
  if (name.size() != 24 || !name.ends_with(".seg") ||
      !std::all_of(name.begin(), name.begin() + 20, [](char c) { return c >= '0' && c <= '9'; }))
    return fail(ErrorCode::invalid, name + " is no segment's name");
  std::uint64_t sequence = 0;
  for (int i = 0; i < 20; ++i) sequence = sequence * 10 + static_cast<std::uint64_t>(name[static_cast<std::size_t>(i)] - '0');
  return sequence;
}

PublicKey public_key_of(const SigningSeed& seed) {
  PublicKey key{};
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret{};
  crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
  sodium_memzero(secret.data(), secret.size());
  return key;
}

Signature sign(ByteView message, const SigningSeed& seed) {
  PublicKey key{};
  Signature signature{};
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret{};
  crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret.data());
  sodium_memzero(secret.data(), secret.size());
  return signature;
}

Epoch epoch_of(const PostId& post, const PublicKey& key) {
  const Hash hash = sha256(as_bytes("rampa epoch 1\n" + post.text + "\n"), key);
  Epoch epoch{};
  std::copy_n(hash.begin(), epoch.size(), epoch.begin());
  return epoch;
}

Bytes sign_and_encode(Seal seal, const PostId& post, const SigningSeed& seed) {
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret{};
  crypto_sign_seed_keypair(seal.key.data(), secret.data(), seed.data());
  Bytes out;
  FieldWriter w(out);
  w.text(k_seal_magic);
  w.u16(k_seal_version);
  w.u16(seal.at_close ? k_at_close : 0);
  w.u64(seal.sequence);
  w.i64(seal.wall.ms);
  w.bytes(seal.head);
  w.bytes(seal.key);
  const Bytes message = signed_message(out, post);
  crypto_sign_detached(seal.signature.data(), nullptr, message.data(), message.size(), secret.data());
  sodium_memzero(secret.data(), secret.size());
  w.bytes(seal.signature);
  w.u32(crc32c(out));
  w.u32(0);
  return out;
}

Result<Seal> parse_seal(ByteView bytes) {
  if (bytes.size() < seal_bytes) return fail(ErrorCode::invalid, "seal is cut off");
  FieldReader r(bytes.first(seal_bytes));
  if (r.text(4) != k_seal_magic) return fail(ErrorCode::invalid, "no seal (magic)");
  const auto version = r.u16();
  Seal s;
  s.at_close = (r.u16() & k_at_close) != 0;
  s.sequence = r.u64();
  s.wall.ms = r.i64();
  r.into(s.head);
  r.into(s.key);
  r.into(s.signature);
  if (r.u32() != crc32c(bytes.first(seal_bytes - 8)) || r.u32() != 0)
    return fail(ErrorCode::invalid, "the seal's CRC does not fit");
  if (version != k_seal_version)
    return fail(ErrorCode::invalid, "seal version " + std::to_string(version) + ", this program reads version 1");
  return s;
}

bool signature_holds(ByteView seal, const PostId& post) {
  auto parsed = parse_seal(seal);
  if (!parsed) return false;
  const Bytes message = signed_message(seal, post);
  return crypto_sign_verify_detached(parsed->signature.data(), message.data(), message.size(), parsed->key.data()) == 0;
}

}  // namespace rampa::store::format
