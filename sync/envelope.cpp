#include "sync/envelope.hpp"

#include <sodium.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "sync/digest.hpp"

namespace rampa::sync {
namespace {

constexpr std::string_view magic = "RPE2";
constexpr std::size_t head_bytes = 12, signature_bytes = 64;
constexpr std::uint8_t packed_flag = 1;
constexpr std::size_t pack_from = 256;  ///< smaller bodies gain nothing
constexpr int pack_level = 1;           ///< faster than any line; records are JSON and shrink to a third

Bytes signed_text(std::string_view topic, ByteView bytes) {
  const std::string head = "rampa 2\n" + std::string(topic) + "\n";
  Bytes message(head.begin(), head.end());
  const Sha256 hash = sha256(bytes);
  message.insert(message.end(), hash.begin(), hash.end());
  return message;
}

/// Zstd's working memory is large; one each per thread serves all its envelopes.
ZSTD_CCtx* packer() {
  thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  return context.get();
}
ZSTD_DCtx* unpacker() {
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context{ZSTD_createDCtx(), &ZSTD_freeDCtx};
  return context.get();
}

/// An envelope without its signature.
Bytes packed(ByteView body) {
  Bytes out(head_bytes);
  std::copy(magic.begin(), magic.end(), out.begin());
  for (std::size_t i = 0; i < 4; ++i) out[8 + i] = static_cast<std::uint8_t>(body.size() >> (8 * i));
  out.resize(head_bytes + body.size());
  // Packed only where it comes out smaller: a destination one byte short of the body makes zstd say so.
  const std::size_t size = body.size() < pack_from ? 0 : ZSTD_compressCCtx(packer(), out.data() + head_bytes, body.size() - 1, body.data(), body.size(), pack_level);
  if (body.size() >= pack_from && !ZSTD_isError(size)) {
    out[4] = packed_flag;
    out.resize(head_bytes + size);
  } else {
    std::copy(body.begin(), body.end(), out.begin() + head_bytes);
  }
  return out;
}

}  // namespace

Bytes seal(std::string_view topic, ByteView body, const Signer& signer) {
  Bytes out = packed(body);
  const Bytes signature = signer(signed_text(topic, out));
  out.insert(out.end(), signature.begin(), signature.end());
  return out;
}

std::size_t envelope_bytes(ByteView body) { return packed(body).size() + signature_bytes; }

Result<Bytes> peek(ByteView sealed) {
  if (sealed.size() < head_bytes + signature_bytes) return fail(ErrorCode::bad_reply, "envelope is cut off");
  if (as_text(sealed.first(magic.size())) != magic)
    return fail(ErrorCode::invalid, "envelope does not begin with " + std::string(magic) + " (other version?)");
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length |= static_cast<std::size_t>(sealed[8 + i]) << (8 * i);
  if (length > envelope_body_max)
    return fail(ErrorCode::invalid, "envelope of " + std::to_string(length) + " bytes, at most " + std::to_string(envelope_body_max));
  if ((sealed[4] & ~packed_flag) != 0 || sealed[5] != 0 || sealed[6] != 0 || sealed[7] != 0)
    return fail(ErrorCode::invalid, "envelope has flags that this version does not know");
  const ByteView body = sealed.subspan(head_bytes, sealed.size() - head_bytes - signature_bytes);
  if ((sealed[4] & packed_flag) == 0) {
    if (body.size() != length) return fail(ErrorCode::bad_reply, "envelope's length does not fit");
    return Bytes(body.begin(), body.end());
  }
  if (ZSTD_getFrameContentSize(body.data(), body.size()) != length || ZSTD_findFrameCompressedSize(body.data(), body.size()) != body.size())
    return fail(ErrorCode::bad_reply, "envelope's packed body does not have the length that it states");
  Bytes out(length);
  const std::size_t got = ZSTD_decompressDCtx(unpacker(), out.data(), out.size(), body.data(), body.size());
  if (ZSTD_isError(got) || got != length) return fail(ErrorCode::bad_reply, "envelope cannot be unpacked: it is damaged");
  return out;
}

Result<Bytes> open(std::string_view topic, ByteView sealed, const PublicKey& key) {
  if (sealed.size() < head_bytes + signature_bytes) return fail(ErrorCode::bad_reply, "envelope is cut off");
  if (as_text(sealed.first(magic.size())) != magic)
    return fail(ErrorCode::invalid, "envelope does not begin with " + std::string(magic) + " (other version?)");
  const Bytes message = signed_text(topic, sealed.first(sealed.size() - signature_bytes));
  if (crypto_sign_verify_detached(sealed.last(signature_bytes).data(), message.data(), message.size(), key.data()) != 0)
    return fail(ErrorCode::bad_reply, "envelope is damaged, or not signed for " + std::string(topic) + " by the key that belongs to it");
  return peek(sealed);  // nothing is unpacked before the signature holds
}

std::optional<PublicKey> parse_public_key(std::string_view text) {
  return parse_sha256(text);  // the same shape: 32 bytes as 64 lower-case hex digits
}

PublicKey public_key_of(const std::array<std::uint8_t, 32>& seed) {
  PublicKey key{};
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret{};
  crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
  sodium_memzero(secret.data(), secret.size());
  return key;
}

Signer signer_of(const std::array<std::uint8_t, 32>& seed) {
  using Secret = std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES>;
  const std::shared_ptr<Secret> secret(new Secret, [](Secret* s) {
    sodium_memzero(s->data(), s->size());
    delete s;
  });
  PublicKey key{};
  crypto_sign_seed_keypair(key.data(), secret->data(), seed.data());
  return [secret](ByteView message) {
    Bytes signature(crypto_sign_BYTES);
    crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret->data());
    return signature;
  };
}

}  // namespace rampa::sync
