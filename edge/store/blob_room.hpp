// Keeps the blobs within their quotas and the disk above its reserve: which go, in which order, and that each leaves a
// tombstone. ROOM.md. Works in slices, so that a persist waits for one group of tombstones at most.
#pragma once

#include <deque>
#include <optional>

#include "edge/store/core.hpp"
#include "edge/store/picture_blobs.hpp"

namespace rampa::store {

/// The picture as the room sees it.
class PictureDoor {
 public:
  virtual ~PictureDoor() = default;
  /// As it is; nothing where there is none now.
  [[nodiscard]] virtual Picture* picture() = 0;
  /// With all that is durable in it; nothing where that would take long (it is being built).
  [[nodiscard]] virtual Picture* caught_up() = 0;
  virtual void offer(std::vector<Written> written) = 0;
  /// What working on it gave: it may have to be built anew.
  virtual void failed(const Error& error) = 0;
};

/// Thread: the store's. `core` and `door` must outlive it.
class BlobRoom {
 public:
  static constexpr std::size_t slice_blobs_max = 16;

  BlobRoom(Disk& disk, const Settings& settings, Core& core, PictureDoor& door);

  /// May this evidence come in? Makes room first where it must. Errors: no_space (over the quota and nothing may go).
  [[nodiscard]] Result<void> admit(const std::vector<Record>& records);
  /// The same for a strip of a growing blob.
  [[nodiscard]] Result<void> admit_strip(std::uint64_t bytes);
  /// What the last commit wrote; also where it wrote nothing.
  void committed(const std::vector<Written>& written);
  /// What HQ said.
  void held(const std::vector<HeldEntry>& entries);
  /// One slice. `busy`: others wait, so only what is pressing. False: there is nothing to do now.
  bool work(bool busy);
  /// About once a second: looks for files that no record names, keeps the held log short.
  void tick();

  /// Where the first pass over all files after the start stands: 0 to 256.
  [[nodiscard]] unsigned swept() const { return swept_; }
  [[nodiscard]] RoomStatus status() const;
  /// Bytes of this class, with what is on its way.
  [[nodiscard]] std::uint64_t usage(BlobClass c) const;
  /// Room is made down to this.
  [[nodiscard]] static std::uint64_t target(std::uint64_t quota) { return quota - std::min<std::uint64_t>(quota / 50, 64u << 20); }
  [[nodiscard]] static std::uint64_t limit(std::uint64_t quota) { return quota + quota / 100; }

 private:
  struct Need {
    bool images = false, thumbnails = false;
    std::uint64_t bytes = 0;
    const char* reason = "";
  };
  struct Pending {
    std::uint64_t sequence = 0, room = 0;
    BlobClass blob_class = BlobClass::image;
  };
  [[nodiscard]] std::uint64_t quota(BlobClass c) const { return c == BlobClass::image ? settings_.quota_images_bytes : settings_.quota_thumbnails_bytes; }
  [[nodiscard]] std::optional<Need> need() const;
  [[nodiscard]] Result<void> admit(BlobClass c, std::uint64_t bytes);
  [[nodiscard]] bool evict(Picture& picture, const Need& need);
  [[nodiscard]] bool take_held(Picture& picture);
  void sweep(Picture& picture, unsigned directory);
  void shorten_held(Picture& picture);

  Disk& disk_;
  Settings settings_;
  Layout layout_;
  Core& core_;
  PictureDoor& door_;
  std::deque<Pending> pending_;                  ///< durable, not yet in the picture
  std::array<std::uint64_t, 3> granted_{};       ///< admitted, not yet durable
  RoomStatus counted_;                           ///< its counters and trouble
  bool stopped_ = false;                         ///< making room failed: not again before the next tick
  unsigned swept_ = 0;
  std::uint64_t ticks_ = 0;
  std::optional<std::optional<Hash>> shortening_;  ///< the held log is written anew, from behind this one
};

}  // namespace rampa::store
