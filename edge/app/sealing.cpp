#include "edge/app/sealing.hpp"

#include <sodium.h>

#include <vector>

namespace rampa::app {
namespace {

std::string hex_of(const unsigned char* bytes, std::size_t size) {
  std::string text(size * 2 + 1, 0);
  sodium_bin2hex(text.data(), text.size(), bytes, size);
  text.pop_back();
  return text;
}

bool bytes_of(const std::string& hex, unsigned char* bytes, std::size_t size) {
  std::size_t count = 0;
  const char* end = nullptr;
  return sodium_hex2bin(bytes, size, hex.data(), hex.size(), " \n\r\t", &count, &end) == 0 && count == size && end == hex.data() + hex.size();
}

bool ready() { return sodium_init() >= 0; }

}  // namespace

SealKeys make_seal_keys() {
  if (!ready()) return {};
  unsigned char open_key[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];
  crypto_box_keypair(open_key, secret);
  SealKeys keys{hex_of(open_key, sizeof open_key), hex_of(secret, sizeof secret)};
  sodium_memzero(secret, sizeof secret);
  return keys;
}

Result<std::string> seal(const std::string& text, const std::string& open_key) {
  unsigned char key[crypto_box_PUBLICKEYBYTES];
  if (!ready() || !bytes_of(open_key, key, sizeof key)) return fail(ErrorCode::invalid, "is not 64 hexadecimal digits; `rampa explain --make-key` makes one");
  std::vector<unsigned char> box(text.size() + crypto_box_SEALBYTES);
  if (crypto_box_seal(box.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), key) != 0)
    return fail(ErrorCode::invalid, "nothing can be sealed to this key; `rampa explain --make-key` makes a sound one");
  std::string out(sodium_base64_ENCODED_LEN(box.size(), sodium_base64_VARIANT_ORIGINAL), 0);
  sodium_bin2base64(out.data(), out.size(), box.data(), box.size(), sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // the closing zero
  return out;
}

Result<std::string> open_seal(const std::string& text, const std::string& secret_key) {
  unsigned char secret[crypto_box_SECRETKEYBYTES], open_key[crypto_box_PUBLICKEYBYTES];
  if (!ready() || !bytes_of(secret_key, secret, sizeof secret)) return fail(ErrorCode::invalid, "is not a key; `rampa explain --make-key` makes one");
  std::vector<unsigned char> box(text.size());
  std::size_t size = 0;
  if (sodium_base642bin(box.data(), box.size(), text.data(), text.size(), "\n\r ", &size, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0 || size < crypto_box_SEALBYTES)
    return fail(ErrorCode::bad_reply, "this is not a sealed explanation");
  std::string out(size - crypto_box_SEALBYTES, 0);
  const bool fine = crypto_scalarmult_base(open_key, secret) == 0 &&
                    crypto_box_seal_open(reinterpret_cast<unsigned char*>(out.data()), box.data(), size, open_key, secret) == 0;
  sodium_memzero(secret, sizeof secret);
  if (!fine) return fail(ErrorCode::refused, "the explanation is sealed to another key, or damaged");
  return out;
}

}  // namespace rampa::app
