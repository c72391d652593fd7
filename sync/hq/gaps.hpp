// What a post has recorded and HQ does not hold: numbers of its streams that are missing, and blobs whose tombstones stand in its
// journal. Read-only. Throws DatabaseError.
#pragma once

#include <string>
#include <vector>

#include "firmware-interfaces/result.hpp"
#include "sync/hq/eviction.hpp"
#include "sync/hq/ledger.hpp"

namespace rampa::sync::hq {

/// A post's current history, or another one.
struct Chosen {
  std::int64_t id = 0;
  std::string post, epoch;
  bool current = true;
  std::int64_t cursor = 0, last_sequence = 0, ends[2] = {0, 0};
};

/// Of which epochs, where none is given.
enum class Epochs { current, all };

/// Of each post the current one first. Errors: not_found (no such post or epoch; the text names the posts that are known).
[[nodiscard]] Result<std::vector<Chosen>> choose(Database& database, const std::string& post, const std::string& epoch, Epochs epochs = Epochs::current);
[[nodiscard]] StreamRow stream_of(Database& database, std::int64_t history, Stream stream);

/// Numbers that HQ knows of and does not hold as records.
struct Gap {
  Stream stream;
  Range numbers;
  std::string why;
  bool here_once = false;  ///< and only to be compared again
};

[[nodiscard]] std::vector<Gap> gaps_of(Database& database, const Chosen& of);
[[nodiscard]] std::uint64_t missing_in(Database& database, const Chosen& of);  ///< what is only to be compared again is not
/// Blobs that HQ does not hold and of which a tombstone stands in this journal; the newest one of each.
[[nodiscard]] std::vector<Eviction> evicted_in(Database& database, const Chosen& of);

}  // namespace rampa::sync::hq
