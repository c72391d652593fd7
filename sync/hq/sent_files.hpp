// Files that people send to the posts: they go among HQ's blobs, the letter says where (sync/letters.hpp), the post fetches them.
// A file that no post could use is not sent.
#pragma once

#include <optional>
#include <string>

#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"
#include "sync/hq/database.hpp"
#include "sync/letters.hpp"

namespace rampa::sync::hq {

struct SentFile {
  std::string sha256;
  std::string body;  ///< of the letter, JSON
};

/// Errors: not_found, io (the file, or HQ's disk).
[[nodiscard]] Result<SentFile> shelve_bundle(const Place& place, const std::string& path);
/// A picture to compare with: JPEG or PNG. `letter` says what it is for; the rest of it is filled in. Errors: not_found, io; invalid: no
/// picture that a post shows, too large, the letter.
[[nodiscard]] Result<SentFile> shelve_reference(const Place& place, const std::string& path, ReferenceImageLetter letter);
/// The same with one that HQ holds: a picture, or a scan of a post's. Errors: as above (not_found: HQ does not hold it).
[[nodiscard]] Result<SentFile> held_reference(const Place& place, const std::string& sha256, ReferenceImageLetter letter);
/// A list that `rampa watchlist build` made; nothing where the file is none. Errors: not_found, io; invalid: damaged, of an
/// older version, over already, too large.
[[nodiscard]] Result<std::optional<SentFile>> shelve_watch_list(const Place& place, const std::string& path, WallTime now);

}  // namespace rampa::sync::hq
