// Persons' and machines' Ed25519 keys (libsodium). Format of a key as in the TUF specification 1.0.x, with the person it
// belongs to inside it: who signs is thereby part of the key's id, and four eyes can be counted as persons.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "sync/bundle/refusal.hpp"

namespace rampa::bundle {

struct PublicKey {
  std::string person;  ///< whose it is: a person, or a machine that signs on its own ("publisher")
  std::array<std::uint8_t, 32> bytes{};
  bool operator==(const PublicKey&) const = default;
};

struct KeyPair {
  PublicKey open;
  std::array<std::uint8_t, 64> secret{};
};

using Signature = std::array<std::uint8_t, 64>;
using KeyRing = std::map<std::string, PublicKey>;  ///< by key id

/// {"keytype":"ed25519","keyval":{"public":HEX},"person":...,"scheme":"ed25519"}, canonical.
[[nodiscard]] std::string key_json(const PublicKey& key);
/// SHA-256 of key_json(), 64 hex digits.
[[nodiscard]] std::string key_id(const PublicKey& key);
/// 1 to 100 bytes of UTF-8 without control characters, quotes, backslashes, or blanks at an end or in a row: what looks
/// the same to a reader is the same.
[[nodiscard]] bool good_person(std::string_view person);

/// Random. Errors: invalid (person).
[[nodiscard]] Result<KeyPair> make_keys(const std::string& person);
/// For tests: always the same.
[[nodiscard]] KeyPair keys_from_seed(const std::string& person, std::uint64_t seed);

[[nodiscard]] Signature sign(std::string_view message, const KeyPair& keys);
[[nodiscard]] bool verifies(std::string_view message, const Signature& signature, const PublicKey& key);

/// The secret key's file: JSON, not encrypted; belongs on its person's own medium.
[[nodiscard]] std::string key_file(const KeyPair& keys);
/// Errors: invalid.
[[nodiscard]] Result<KeyPair> read_key_file(std::string_view text, const std::string& name);
/// A public key alone, as key_json() writes it. Errors: invalid.
[[nodiscard]] Result<PublicKey> read_key(std::string_view text, const std::string& name);

}  // namespace rampa::bundle
