// The picture's part about the room that blobs take: which lie on the disk, in which order they may go, what is gone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "edge/store/blob_class.hpp"
#include "edge/store/held_log.hpp"
#include "edge/store/picture.hpp"

namespace rampa::store {

/// A blob that may go.
struct Candidate {
  Hash sha256{};
  std::uint64_t size_bytes = 0, room = 0, sequence = 0;
  BlobClass blob_class = BlobClass::image;
  Rank rank = Rank::never;
  std::string lane, crossing;
};

/// Takes the blobs of these records in, and what they remove; `lines`: the crossings that they changed. Inside a transaction;
/// `totals` are its own until that is committed.
[[nodiscard]] Result<void> picture_blobs(Picture::Inside& inside, const std::vector<Pictured>& records,
                                         const std::map<std::string, CrossingLine>& lines, BlobTotals& totals);
[[nodiscard]] Result<BlobTotals> load_totals(Picture::Inside& inside);

/// Up to `count` of a rank, oldest first. Where one content is named by several crossings all must allow it.
[[nodiscard]] Result<std::vector<Candidate>> candidates(Picture& picture, Rank rank, std::size_t count);
enum class KnownBlob { unknown, present, gone };
[[nodiscard]] Result<KnownBlob> known_blob(Picture& picture, const Hash& sha256);

[[nodiscard]] Result<HeldPlace> held_place(Picture& picture);
/// What HQ said, in one transaction with the place in the held log up to which it is taken.
[[nodiscard]] Result<void> apply_held(Picture& picture, const std::vector<HeldEntry>& entries, HeldPlace up_to);
[[nodiscard]] Result<std::uint64_t> held_count(Picture& picture);
/// Up to `count` held ones after `after` in the order of their hash; nothing: from the first.
[[nodiscard]] Result<std::vector<HeldEntry>> held_after(Picture& picture, const std::optional<Hash>& after, std::size_t count);

}  // namespace rampa::store
