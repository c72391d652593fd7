// What a post's records say of blobs that made room there (edge/store/ROOM.md): planned, with a tombstone in the crossing that
// named the blob; no fault of anybody. Throws DatabaseError.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edge/store/record_format.hpp"
#include "sync/digest.hpp"
#include "sync/hq/database.hpp"

namespace rampa::sync::hq {

struct Eviction {
  std::string sha256;
  std::uint64_t size_bytes = 0;
  std::string reason;        ///< what it made room for: "quota_images", "quota_thumbnails", "disk_reserve"
  bool held_at_hq = false;   ///< HQ had said that it holds it
  std::uint64_t sequence = 0;
  WallTime at;               ///< by the post's clock
  std::int64_t history = 0;  ///< whose journal says so
  std::string post;
};

/// What this record says, if it is such a tombstone.
[[nodiscard]] std::optional<Eviction> eviction_in(const store::format::Entry& entry);
/// What the records here say of this blob, of all posts; the newest of a journal last.
[[nodiscard]] std::vector<Eviction> evictions_of(Database& database, const Sha256& sha256);
/// The newest of this journal.
[[nodiscard]] std::optional<Eviction> eviction_of(Database& database, std::int64_t history, const Sha256& sha256);
/// In words.
[[nodiscard]] std::string text_of(const Eviction& eviction);

}  // namespace rampa::sync::hq
