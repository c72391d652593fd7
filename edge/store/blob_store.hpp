// Content-addressed blobs: written as temporary files, synced, renamed, their directory synced; only then may a record name
// them. FORMAT.md, "Blobs".
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edge/store/blob_manifest.hpp"
#include "edge/store/disk.hpp"
#include "edge/store/layout.hpp"

namespace rampa::store {

[[nodiscard]] std::string blob_path(const Layout& layout, const std::string& sha256);
/// Only blobs of more than one chunk have a manifest file; a smaller one's only chunk hash is its address.
[[nodiscard]] std::string manifest_path(const Layout& layout, const std::string& sha256);

/// Thread: the store's.
class BlobStore {
 public:
  /// Removes what is left over of an earlier run. Errors: io.
  [[nodiscard]] static Result<BlobStore> open(Disk& disk, const Layout& layout, std::size_t growing_max);

  /// Writes the attachments of one group under temporary names; no record may name them before settle().
  /// A grown blob stays as it is until forget_grown(): whatever goes wrong before, its group may be tried again.
  /// Errors: no_space, io, invalid (an unknown growing key, or what grew cannot be had any more); then nothing of this
  /// call is staged.
  [[nodiscard]] Result<std::vector<BlobRef>> stage(const std::vector<Attachment>& attachments);
  /// Makes everything that is staged durable under its address: one round of syncs for the files, one for their names.
  /// Content that is there already is not kept twice. Errors: no_space, io; then nothing that was staged may be named.
  [[nodiscard]] Result<void> settle();

  /// The records that name these attachments are durable.
  void forget_grown(const std::vector<std::string>& keys);

  /// Appends to the growing blob of this key; what goes wrong is kept and is the answer of the stage() that finishes it.
  void append(const std::string& key, ByteView strip);
  /// Takes these blobs off the disk; one that is not there is fine. After a power cut their names may be back. Errors: io.
  [[nodiscard]] Result<void> remove(const std::vector<std::string>& sha256s);
  /// Of all growing blobs together.
  [[nodiscard]] std::uint64_t growing_bytes() const;
  /// A grown blob waits for its group to be tried again: it may lie under its address already, named by no record yet.
  [[nodiscard]] bool tries_again() const;
  /// The caller had to throw a strip away: the blob cannot be finished any more.
  void give_up(const std::string& key, Error why);

 private:
  struct Growing {
    std::shared_ptr<DiskFile> file;
    std::string path;
    ManifestBuilder manifest;
    std::uint64_t size = 0;
    std::uint64_t used = 0;  ///< for finding the one idle longest
    std::optional<Error> wrong;
    std::optional<BlobManifest> finished;  ///< asked for once; strips that come later are another blob's
    bool doubtful = false;                 ///< its sync failed: what lies on the disk may not be what was written
  };
  /// A file under a temporary name, and the one that it gets.
  struct Staged {
    std::shared_ptr<DiskFile> file;
    std::string temporary, path;
    std::string grown_key;  ///< not empty: the temporary file is the growing blob's own
  };

  BlobStore(Disk& disk, Layout layout, std::size_t growing_max)
      : disk_(&disk), layout_(std::move(layout)), growing_max_(growing_max) {}
  [[nodiscard]] std::string temporary_name();
  [[nodiscard]] Result<Staged> write_temporary(ByteView bytes);
  [[nodiscard]] Result<BlobManifest> stage_one(const Attachment& attachment);
  [[nodiscard]] Result<BlobManifest> stage_grown(const std::string& key);
  [[nodiscard]] Result<void> write_again(Growing& grown);
  [[nodiscard]] Result<void> place();
  [[nodiscard]] Result<void> ready_directory(const std::string& directory);
  void unstage(std::size_t down_to);
  void drop(std::map<std::string, Growing>::iterator it);

  Disk* disk_;
  Layout layout_;
  std::size_t growing_max_;
  std::map<std::string, Growing> growing_;
  std::vector<Staged> staged_;
  std::set<std::string> directories_;  ///< known to be there, durably
  std::uint64_t counter_ = 0;
};

}  // namespace rampa::store
