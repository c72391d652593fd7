#include "edge/store/digest.hpp"

#include <sodium.h>

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

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

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

std::string to_hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (std::uint8_t b : bytes) {
    out.push_back(digits[b >> 4]);
    out.push_back(digits[b & 15]);
  }
  return out;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2) return fail(ErrorCode::invalid, "hex text of odd length " + std::to_string(text.size()));
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return fail(ErrorCode::invalid, "not a hex digit at character " + std::to_string(i));
    out.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return out;
}

Result<Hash> hash_from_hex(std::string_view text) {
  auto bytes = from_hex(text);
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->size() != 32)
    return fail(ErrorCode::invalid, "a SHA-256 has 64 hex digits, not " + std::to_string(text.size()));
  Hash out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = (*bytes)[i];
  return out;
}

}  // namespace rampa::store
