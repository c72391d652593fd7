#include "sync/digest.hpp"

#include <sodium.h>

#include "firmware-interfaces/hex.hpp"

namespace rampa::sync {

struct Digest::State {
  crypto_hash_sha256_state sodium;
};

Sha256 sha256(ByteView bytes) {
  Sha256 hash{};
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  return hash;
}

std::string hex(ByteView bytes) { return hex_of(bytes); }

std::string hex(const Sha256& hash) { return hex(ByteView{hash}); }

std::optional<Sha256> parse_sha256(std::string_view text) { return array_of_hex<32>(text); }

Digest::Digest() : state_(std::make_unique<State>()) { crypto_hash_sha256_init(&state_->sodium); }
Digest::~Digest() = default;
void Digest::add(ByteView bytes) { crypto_hash_sha256_update(&state_->sodium, bytes.data(), bytes.size()); }
Sha256 Digest::finish() {
  Sha256 hash{};
  crypto_hash_sha256_final(&state_->sodium, hash.data());
  return hash;
}

}  // namespace rampa::sync
