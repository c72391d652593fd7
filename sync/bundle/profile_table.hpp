// A profile set as the post holds it: the text it came in, cut into profiles, and a SHA-256 of each. The set's hash is over
// those hashes, so that a delta of 1,000 profiles on 100,000 costs 1,000 hashes of profiles and one of a list, not one of
// 25 MB. Profiles are opaque but for their `id`.
//
//   set hash = SHA-256( "rampa profile set 1\n" ‖ SHA-256(head) ‖ count, 8 bytes big-endian ‖ SHA-256(profile) ... )
//
// head: the set's object without `profiles`, canonical. Profiles in ascending order of ids (bytes).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sync/bundle/hashing.hpp"
#include "sync/bundle/refusal.hpp"

namespace rampa::bundle {

/// Text inside a buffer that is kept alive.
struct HeldText {
  SharedBytes held;
  std::string_view text;
};
[[nodiscard]] HeldText hold(std::string text);
[[nodiscard]] inline HeldText hold(SharedBytes bytes) { return {bytes, as_text(*bytes)}; }

struct Delta;

/// Immutable after it was made. Thread: any.
class ProfileTable {
 public:
  /// Cuts a set: {"...":...,"profiles":[{"id":...},...],...} without white space, keys and ids ascending.
  [[nodiscard]] static Checked<ProfileTable> read(HeldText set);
  /// The set that `delta` makes of this one; its hash is the delta's result. This one stays as it is.
  [[nodiscard]] Checked<ProfileTable> with(const Delta& delta) const;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] const Sha256& hash() const { return hash_; }
  [[nodiscard]] std::string_view head() const { return head_; }
  [[nodiscard]] std::string_view id(std::size_t i) const { return {entries_[i].at + entries_[i].id_offset, entries_[i].id_size}; }
  [[nodiscard]] std::string_view profile(std::size_t i) const { return {entries_[i].at, entries_[i].size}; }
  [[nodiscard]] const Sha256& profile_hash(std::size_t i) const { return hashes_[i]; }
  /// The set's `version`; empty where it is no text.
  [[nodiscard]] std::string version() const;
  /// The whole set, canonical: what read() takes and the risk engine compiles.
  [[nodiscard]] std::string text() const;
  /// Bytes of buffers that are kept alive, those of replaced profiles included.
  [[nodiscard]] std::size_t held_bytes() const;

 private:
  struct Entry {
    const char* at = nullptr;
    std::uint32_t size = 0;
    std::uint32_t id_offset = 0;
    std::uint32_t id_size = 0;
  };
  [[nodiscard]] static Entry entry(std::string_view profile, std::string_view id);
  void finish();

  std::string head_;
  std::vector<Entry> entries_;
  std::vector<Sha256> hashes_;  ///< of the entries; one after the other, as they are hashed
  std::vector<SharedBytes> held_;
  Sha256 hash_{};
};

struct Change {
  enum class Kind : std::uint8_t { add, replace, remove };
  Kind kind = Kind::add;
  std::string_view id;
  std::string_view profile;  ///< empty for `remove`
};

/// {"base":H,"changes":[{"id":..,"op":"add"|"replace"|"remove","profile":{..}},...],"format":1,"head":{..},"result":H},
/// canonical, ids ascending.
struct Delta {
  SharedBytes held;
  Sha256 base{}, result{};  ///< set hashes
  std::string_view head;
  std::vector<Change> changes;
};
[[nodiscard]] Checked<Delta> read_delta(HeldText text);
/// What leads from one set to the other.
[[nodiscard]] std::string write_delta(const ProfileTable& from, const ProfileTable& to);

}  // namespace rampa::bundle
