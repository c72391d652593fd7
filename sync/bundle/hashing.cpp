// The one-shot calls of OpenSSL 3 look their algorithm up each time, which costs more than hashing a profile of 250 bytes;
// the plain SHA256_ functions don't. They are marked as deprecated there and not removed.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "sync/bundle/hashing.hpp"

#include <openssl/sha.h>

namespace rampa::bundle {

struct RunningHash::State {
  SHA256_CTX context;
};

Sha256 sha256(std::string_view bytes) {
  Sha256 hash{};
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  SHA256_Final(hash.data(), &context);
  return hash;
}

RunningHash::RunningHash() : state_(std::make_unique<State>()) { SHA256_Init(&state_->context); }
RunningHash::~RunningHash() = default;
void RunningHash::add(std::string_view bytes) { SHA256_Update(&state_->context, bytes.data(), bytes.size()); }
Sha256 RunningHash::finish() {
  Sha256 hash{};
  SHA256_Final(hash.data(), &state_->context);
  return hash;
}

}  // namespace rampa::bundle
