// By OpenSSL, which uses the processor's SHA instructions: five times as fast as libsodium's. Its one-shot calls look their
// algorithm up each time, which costs more than hashing a record; the plain SHA256_ functions don't. They are marked as deprecated there and
// not removed.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "edge/store/digest.hpp"

#include <openssl/sha.h>

#include "firmware-interfaces/hex.hpp"

namespace rampa::store {

struct RunningSha256::State {
  SHA256_CTX sha;
};

RunningSha256::RunningSha256() : state_(std::make_unique<State>()) { SHA256_Init(&state_->sha); }
RunningSha256::~RunningSha256() = default;
RunningSha256::RunningSha256(RunningSha256&&) noexcept = default;
RunningSha256& RunningSha256::operator=(RunningSha256&&) noexcept = default;

void RunningSha256::add(ByteView bytes) { SHA256_Update(&state_->sha, bytes.data(), bytes.size()); }

Hash RunningSha256::finish() {
  Hash out{};
  SHA256_Final(out.data(), &state_->sha);
  SHA256_Init(&state_->sha);
  return out;
}

Hash sha256(ByteView bytes) { return sha256(bytes, {}); }

Hash sha256(ByteView first, ByteView second) {
  SHA256_CTX sha;
  SHA256_Init(&sha);
  SHA256_Update(&sha, first.data(), first.size());
  SHA256_Update(&sha, second.data(), second.size());
  Hash out{};
  SHA256_Final(out.data(), &sha);
  return out;
}

std::string to_hex(ByteView bytes) { return hex_of(bytes); }

Result<Bytes> from_hex(std::string_view text) {
  auto bytes = bytes_of_hex(text);
  if (!bytes) return fail(ErrorCode::invalid, "\"" + std::string(text.substr(0, 80)) + "\" is not hex: pairs of 0-9a-f");
  return std::move(*bytes);
}

Result<Hash> hash_from_hex(std::string_view text) {
  const auto hash = array_of_hex<32>(text);
  if (!hash) return fail(ErrorCode::invalid, "\"" + std::string(text.substr(0, 80)) + "\" is no SHA-256: 64 digits 0-9a-f");
  return *hash;
}

}  // namespace rampa::store
