// The keys of the days' personal fields on their way to HQ: sealed for HQ's key alone, asked for by HQ when a record names
// one that it lacks, and forgotten there when the post has destroyed it. TOPICS.md, "Personal fields". Pure.
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "edge/store/personal_part.hpp"
#include "sync/envelope.hpp"

namespace rampa::sync {

inline constexpr std::size_t day_keys_max = 64;  ///< in one message

struct DayKeyName {
  std::uint32_t day = 0;         ///< YYYYMMDD, UTC
  std::uint32_t generation = 0;  ///< 1 and up
  auto operator<=>(const DayKeyName&) const = default;
};

/// HQ: keys that its records need and that it lacks.
struct DayKeysWanted {
  std::vector<DayKeyName> keys;
  bool operator==(const DayKeysWanted&) const = default;
};

struct SealedDayKey {
  DayKeyName name;
  Bytes sealed;  ///< libsodium's sealed box of the 32 bytes: 80 bytes
  bool operator==(const SealedDayKey&) const = default;
};
struct GoneDayKey {
  DayKeyName name;
  bool erased = false;  ///< destroyed on purpose, for good; else `reason` may pass
  std::string reason;
  bool operator==(const GoneDayKey&) const = default;
};

/// Post: its answer.
struct DayKeys {
  std::vector<SealedDayKey> keys;
  std::vector<GoneDayKey> gone;
  bool operator==(const DayKeys&) const = default;
};

[[nodiscard]] Bytes encode(const DayKeysWanted& wanted);
[[nodiscard]] Bytes encode(const DayKeys& keys);
/// Errors: invalid, naming the key.
[[nodiscard]] Result<DayKeysWanted> decode_day_keys_wanted(ByteView bytes);
[[nodiscard]] Result<DayKeys> decode_day_keys(ByteView bytes);

/// The post's answer. `key_of`: nothing for one that was destroyed; not set: HQ is given none.
[[nodiscard]] DayKeys answer(const DayKeysWanted& wanted, const std::function<Result<std::optional<store::format::DayKey>>(const DayKeyName&)>& key_of,
                             const PublicKey& reader);

/// For the owner of this Ed25519 key (turned into its X25519 form). Errors: invalid (no point of the curve).
[[nodiscard]] Result<Bytes> seal_day_key(const PublicKey& reader, const store::format::DayKey& key);
/// `seed`: of the reader's Ed25519 key. Errors: bad_reply (not sealed for this key, or damaged).
[[nodiscard]] Result<store::format::DayKey> unseal_day_key(const std::array<std::uint8_t, 32>& seed, ByteView sealed);

}  // namespace rampa::sync
