#include "edge/store/digest.hpp"

#include <sodium.h>

#include "firmware-interfaces/hex.hpp"

namespace rampa::store {

namespace {

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1u) ? (c >> 1) ^ 0x82F63B78u : c >> 1;
    table[i] = c;
  }
  return table;
}
constexpr auto k_crc = crc_table();

}  // namespace

struct RunningSha256::State {
  crypto_hash_sha256_state sha;
};

RunningSha256::RunningSha256() : state_(std::make_unique<State>()) { crypto_hash_sha256_init(&state_->sha); }
RunningSha256::~RunningSha256() = default;
RunningSha256::RunningSha256(RunningSha256&&) noexcept = default;
RunningSha256& RunningSha256::operator=(RunningSha256&&) noexcept = default;

void RunningSha256::add(ByteView bytes) { crypto_hash_sha256_update(&state_->sha, bytes.data(), bytes.size()); }

Hash RunningSha256::finish() {
  Hash out{};
  crypto_hash_sha256_final(&state_->sha, out.data());
  crypto_hash_sha256_init(&state_->sha);
  return out;
}

Hash sha256(ByteView bytes) { return sha256(bytes, {}); }

Hash sha256(ByteView first, ByteView second) {
  RunningSha256 running;
  running.add(first);
  running.add(second);
  return running.finish();
}

std::uint32_t crc32c(ByteView bytes) {
  std::uint32_t c = 0xFFFFFFFFu;
  for (std::uint8_t b : bytes) c = (c >> 8) ^ k_crc[(c ^ b) & 0xFFu];
  return c ^ 0xFFFFFFFFu;
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
