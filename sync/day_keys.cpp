#include "sync/day_keys.hpp"

#include <sodium.h>

#include "sync/json_object.hpp"

namespace rampa::sync {
namespace {

using store::format::DayKey;
constexpr std::size_t sealed_bytes = crypto_box_SEALBYTES + sizeof(DayKey);

json to_json(const DayKeyName& name) { return {{"day", name.day}, {"generation", name.generation}}; }

DayKeyName read_name(JsonObject& f) {
  const std::uint64_t day = f.number("day"), generation = f.number("generation");
  if (f.whole() && (day < 19700101 || day > 99991231 || generation == 0 || generation > UINT32_MAX)) f.complain("day or generation is out of range");
  return {static_cast<std::uint32_t>(day), static_cast<std::uint32_t>(generation)};
}

void at_most(JsonObject& f, std::size_t count) {
  if (count > day_keys_max) f.complain("more than " + std::to_string(day_keys_max) + " keys");
}

Bytes from_base64(JsonObject& f, const char* key) {
  const std::string text = f.text(key);
  Bytes out(text.size());
  std::size_t length = 0;
  if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &length, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0 ||
      length != sealed_bytes)
    f.complain(std::string(key) + " is not " + std::to_string(sealed_bytes) + " bytes in base64");
  out.resize(length);
  return out;
}

std::string base64(ByteView bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  out.resize(out.size() - 1);  // its final zero
  return out;
}

}  // namespace

Bytes encode(const DayKeysWanted& wanted) {
  json keys = json::array();
  for (const DayKeyName& name : wanted.keys) keys.push_back(to_json(name));
  return payload_of({{"keys", std::move(keys)}});
}

Bytes encode(const DayKeys& d) {
  json keys = json::array(), gone = json::array();
  for (const SealedDayKey& key : d.keys) {
    keys.push_back(to_json(key.name));
    keys.back()["sealed"] = base64(key.sealed);
  }
  for (const GoneDayKey& key : d.gone) {
    gone.push_back(to_json(key.name));
    gone.back()["erased"] = key.erased;
    gone.back()["reason"] = key.reason;
  }
  return payload_of({{"keys", std::move(keys)}, {"gone", std::move(gone)}});
}

Result<DayKeysWanted> decode_day_keys_wanted(ByteView bytes) {
  return decoded<DayKeysWanted>(bytes, "day_keys_wanted", [](JsonObject& f, DayKeysWanted& wanted) {
    const json& keys = f.list("keys");
    at_most(f, keys.size());
    for (const json& entry : keys) {
      JsonObject key(entry, "day_keys_wanted, keys");
      wanted.keys.push_back(read_name(key));
      f.adopt(key);
    }
  });
}

Result<DayKeys> decode_day_keys(ByteView bytes) {
  return decoded<DayKeys>(bytes, "day_keys", [](JsonObject& f, DayKeys& d) {
    const json &keys = f.list("keys"), &gone = f.list("gone");
    at_most(f, keys.size() + gone.size());
    for (const json& entry : keys) {
      JsonObject key(entry, "day_keys, keys");
      d.keys.push_back({read_name(key), from_base64(key, "sealed")});
      f.adopt(key);
    }
    for (const json& entry : gone) {
      JsonObject key(entry, "day_keys, gone");
      d.gone.push_back({read_name(key), key.flag("erased"), key.text("reason")});
      f.adopt(key);
    }
  });
}

Result<Bytes> seal_day_key(const PublicKey& reader, const DayKey& key) {
  std::array<std::uint8_t, crypto_box_PUBLICKEYBYTES> box_key{};
  if (crypto_sign_ed25519_pk_to_curve25519(box_key.data(), reader.data()) != 0) return fail(ErrorCode::invalid, "HQ's key is no Ed25519 key");
  Bytes sealed(sealed_bytes);
  crypto_box_seal(sealed.data(), key.data(), key.size(), box_key.data());
  return sealed;
}

Result<DayKey> unseal_day_key(const std::array<std::uint8_t, 32>& seed, ByteView sealed) {
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> own{};
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret{};
  crypto_sign_seed_keypair(own.data(), secret.data(), seed.data());
  std::array<std::uint8_t, crypto_box_PUBLICKEYBYTES> box_public{};
  std::array<std::uint8_t, crypto_box_SECRETKEYBYTES> box_secret{};
  DayKey key{};
  const bool open = sealed.size() == sealed_bytes && crypto_sign_ed25519_pk_to_curve25519(box_public.data(), own.data()) == 0 &&
                    crypto_sign_ed25519_sk_to_curve25519(box_secret.data(), secret.data()) == 0 &&
                    crypto_box_seal_open(key.data(), sealed.data(), sealed.size(), box_public.data(), box_secret.data()) == 0;
  sodium_memzero(secret.data(), secret.size());
  sodium_memzero(box_secret.data(), box_secret.size());
  if (!open) return fail(ErrorCode::bad_reply, "a day key that was not sealed for this HQ");
  return key;
}

DayKeys answer(const DayKeysWanted& wanted, const std::function<Result<std::optional<store::format::DayKey>>(const DayKeyName&)>& key_of,
               const PublicKey& reader) {
  DayKeys out;
  for (const DayKeyName& name : wanted.keys) {
    if (!key_of) {
      out.gone.push_back({name, false, "this post gives HQ no keys ([sync] hq_reads_personal)"});
    } else if (const auto key = key_of(name); !key) {
      out.gone.push_back({name, false, key.error().what});
    } else if (!*key) {
      out.gone.push_back({name, true, "destroyed"});
    } else if (auto sealed = seal_day_key(reader, **key)) {
      out.keys.push_back({name, std::move(*sealed)});
    } else {
      out.gone.push_back({name, false, sealed.error().what});
    }
  }
  return out;
}

}  // namespace rampa::sync
