// The device's keys: one that signs chain heads, one per day that encrypts the personal part of records. FORMAT.md, "Keys".
// A destroyed day key leaves a tombstone, so that "erased" can be told from "lost".
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "edge/store/disk.hpp"
#include "edge/store/layout.hpp"
#include "edge/store/personal_part.hpp"
#include "edge/store/record_format.hpp"
#include "edge/store/segment_format.hpp"

namespace rampa::store {

/// Fills a buffer with unpredictable bytes (production: libsodium's randombytes; tests: a counter).
using Entropy = std::function<void(std::span<std::uint8_t>)>;
[[nodiscard]] Entropy system_entropy();

/// Thread: one at a time; readers have a ring of their own.
class KeyRing {
 public:
  /// Opens; with `create` makes the device key where there is none. Finishes an erasure that a power cut interrupted.
  /// Errors: not_found (no device key and not `create`), invalid (damaged), no_space, io.
  [[nodiscard]] static Result<KeyRing> open(Disk& disk, const Layout& layout, Entropy entropy, bool create);
  /// For readers: changes nothing on the disk.
  [[nodiscard]] static Result<KeyRing> open_readonly(Disk& disk, const Layout& layout);
  ~KeyRing();
  KeyRing(KeyRing&&) noexcept = default;
  KeyRing& operator=(KeyRing&&) noexcept = default;

  /// Encrypts `plain` for `entry`: sets key_generation, nonce and personal. entry.day and everything else must be final.
  /// Makes the key of the day, durably, where there is none. Errors: invalid, no_space, io.
  [[nodiscard]] Result<void> encrypt(format::Entry& entry, std::string_view plain);

  /// The plain text; nothing where the key was destroyed on purpose.
  /// Errors: not_found (the key is lost), invalid (damaged key or ciphertext), io.
  [[nodiscard]] Result<std::optional<std::string>> decrypt(const format::Entry& entry);

  /// Nothing where it was destroyed on purpose. Errors: not_found (the key is lost), invalid (damaged), io.
  [[nodiscard]] Result<std::optional<format::DayKey>> day_key(std::uint32_t day, std::uint32_t generation);

  /// Destroys all keys of that day: tombstone, overwrite, remove. Errors: not_found (no key and no tombstone), no_space, io.
  [[nodiscard]] Result<void> erase(std::uint32_t day);
  [[nodiscard]] bool erased(std::uint32_t day, std::uint32_t generation);

  /// Forgets day keys held in memory, so that the next decrypt() looks at the disk again.
  void forget();

  /// For the profile sets that the post keeps (FORMAT.md, "Profile sets"): derived from the wrapping key, the same for the device's life.
  [[nodiscard]] format::DayKey sets_key() const;

  [[nodiscard]] const format::SigningSeed& signing_seed() const { return signing_seed_; }
  [[nodiscard]] format::PublicKey public_key() const { return format::public_key_of(signing_seed_); }

 private:
  using Key = format::DayKey;
  using Place = std::pair<std::uint32_t, std::uint32_t>;  ///< day, generation

  KeyRing(Disk& disk, Layout layout, Entropy entropy) : disk_(&disk), layout_(std::move(layout)), entropy_(std::move(entropy)) {}
  [[nodiscard]] std::string key_path(Place place) const;
  [[nodiscard]] std::string tombstone_path(Place place) const;
  [[nodiscard]] Result<void> load_device_key();
  [[nodiscard]] Result<void> make_device_key();
  [[nodiscard]] Result<void> finish_erasures();
  [[nodiscard]] Result<void> destroy(Place place);
  [[nodiscard]] Result<Key> load(Place place);
  [[nodiscard]] Result<Place> current(std::uint32_t day);
  [[nodiscard]] Result<void> make(Place place);
  /// Highest generation of the day that has a key or a tombstone; 0: none.
  [[nodiscard]] Result<std::uint32_t> newest_generation(std::uint32_t day);

  Disk* disk_;
  Layout layout_;
  Entropy entropy_;
  format::SigningSeed signing_seed_{};
  Key wrapping_key_{};
  std::map<Place, Key> keys_;
  std::map<std::uint32_t, std::uint32_t> writing_;  ///< day -> generation that new records use
};

}  // namespace rampa::store
