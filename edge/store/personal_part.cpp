#include "edge/store/personal_part.hpp"

#include <sodium.h>

#include <algorithm>

namespace rampa::store::format {

static_assert(personal_tag_bytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(sizeof(DayKey) == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

Result<std::string> open_personal(const Entry& entry, const DayKey& key) {
  if (entry.personal.empty()) return std::string{};
  auto header = personal_header(entry, entry.personal.size());
  if (!header) return tl::unexpected(header.error());
  std::string plain(entry.personal.size() - std::min(entry.personal.size(), personal_tag_bytes), '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<std::uint8_t*>(plain.data()), nullptr, nullptr, entry.personal.data(),
                                                 entry.personal.size(), header->data(), header->size(), entry.nonce.data(), key.data()) != 0)
    return fail(ErrorCode::invalid, "record " + std::to_string(entry.sequence) + ": the personal part does not open with the key of " +
                                        std::to_string(entry.day) + "." + std::to_string(entry.key_generation));
  return plain;
}

}  // namespace rampa::store::format
