#include "sync/digest.hpp"

#include <sodium.h>

#include <algorithm>

namespace rampa::sync {

struct Digest::State {
  crypto_hash_sha256_state sodium;
};

Sha256 sha256(ByteView bytes) {
  Sha256 hash{};
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  return hash;
}

std::string hex(ByteView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string hex(const Sha256& hash) { return hex(ByteView{hash}); }

std::optional<Sha256> parse_sha256(std::string_view text) {
  if (text.size() != 64) return {};
  Sha256 hash{};
  for (std::size_t i = 0; i < 64; ++i) {
    const char c = text[i];
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0) return {};
    hash[i / 2] = static_cast<std::uint8_t>(hash[i / 2] << 4 | value);
  }
  return hash;
}

Digest::Digest() : state_(std::make_unique<State>()) { crypto_hash_sha256_init(&state_->sodium); }
Digest::~Digest() = default;
void Digest::add(ByteView bytes) { crypto_hash_sha256_update(&state_->sodium, bytes.data(), bytes.size()); }
Sha256 Digest::finish() {
  Sha256 hash{};
  crypto_hash_sha256_final(&state_->sodium, hash.data());
  return hash;
}

}  // namespace rampa::sync
