#include "sync/bundle/keys.hpp"

#include <sodium.h>

#include <nlohmann/json.hpp>

#include "firmware-interfaces/hex.hpp"
#include "sync/bundle/hashing.hpp"
#include "sync/bundle/json_walk.hpp"

namespace rampa::bundle {
namespace {

using Json = nlohmann::json;

std::string text_at(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

}  // namespace

bool good_person(std::string_view person) {
  if (person.empty() || person.size() > 100 || person.front() == ' ' || person.back() == ' ') return false;
  if (person.find("  ") != std::string_view::npos || person.find_first_of("\"\\") != std::string_view::npos) return false;
  for (const char c : person)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  return check_json("\"" + std::string(person) + "\"", "").has_value();  // UTF-8
}

std::string key_json(const PublicKey& key) {
  return R"({"keytype":"ed25519","keyval":{"public":")" + hex(ByteView{key.bytes}) + R"("},"person":")" + key.person + R"(","scheme":"ed25519"})";
}

std::string key_id(const PublicKey& key) { return hex(sha256(key_json(key))); }

Result<KeyPair> make_keys(const std::string& person) {
  if (!good_person(person))
    return fail(ErrorCode::invalid, "\"" + person + "\" can't be a key's person; 1 to 100 characters, no quotes, no blanks at the ends or in a row");
  if (sodium_init() < 0) return fail(ErrorCode::io, "no random numbers to be had for a key");
  KeyPair keys;
  keys.open.person = person;
  crypto_sign_ed25519_keypair(keys.open.bytes.data(), keys.secret.data());
  return keys;
}

KeyPair keys_from_seed(const std::string& person, std::uint64_t seed) {
  std::array<std::uint8_t, 32> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(seed >> (8 * i));
  KeyPair keys;
  keys.open.person = person;
  crypto_sign_ed25519_seed_keypair(keys.open.bytes.data(), keys.secret.data(), bytes.data());
  return keys;
}

Signature sign(std::string_view message, const KeyPair& keys) {
  Signature out{};
  const ByteView bytes = as_bytes(message);
  crypto_sign_ed25519_detached(out.data(), nullptr, bytes.data(), bytes.size(), keys.secret.data());
  return out;
}

bool verifies(std::string_view message, const Signature& signature, const PublicKey& key) {
  const ByteView bytes = as_bytes(message);
  return crypto_sign_ed25519_verify_detached(signature.data(), bytes.data(), bytes.size(), key.bytes.data()) == 0;
}

std::string key_file(const KeyPair& keys) {
  Json json = Json::parse(key_json(keys.open));
  json["keyval"]["private"] = hex(ByteView{keys.secret}.first(32));  // the seed; the rest of libsodium's secret key is the public one
  return json.dump(2) + "\n";
}

Result<PublicKey> read_key(std::string_view text, const std::string& name) {
  const Json json = Json::parse(text, nullptr, false);
  PublicKey key;
  if (!json.is_object() || text_at(json, "keytype") != "ed25519" || text_at(json, "scheme") != "ed25519" || !json.contains("keyval") ||
      !json["keyval"].is_object())
    return fail(ErrorCode::invalid, name + ": not an ed25519 key; make one with `rampa profiles keys`");
  const auto open = array_of_hex<32>(text_at(json["keyval"], "public"));
  if (!open) return fail(ErrorCode::invalid, name + ": not an ed25519 key; make one with `rampa profiles keys`");
  key.bytes = *open;
  key.person = text_at(json, "person");
  if (!good_person(key.person)) return fail(ErrorCode::invalid, name + ": names no person");
  return key;
}

Result<KeyPair> read_key_file(std::string_view text, const std::string& name) {
  auto open = read_key(text, name);
  if (!open) return tl::unexpected(open.error());
  KeyPair keys;
  const auto seed = array_of_hex<32>(text_at(Json::parse(text, nullptr, false)["keyval"], "private"));
  if (!seed)
    return fail(ErrorCode::invalid, name + ": holds no private key; signing needs the file that `rampa profiles keys` wrote");
  keys.open = *open;
  std::array<std::uint8_t, 32> derived{};
  crypto_sign_ed25519_seed_keypair(derived.data(), keys.secret.data(), seed->data());
  if (derived != keys.open.bytes) return fail(ErrorCode::invalid, name + ": public and private key do not belong together");
  return keys;
}

}  // namespace rampa::bundle
