// Where HQ keeps the blobs' bytes: files (blob_shelf.hpp), or a service that speaks S3. Whole blobs go by their SHA-256;
// an unfinished one belongs to the post that is sending it, so that no post can spoil another's. Thread: one owner.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "firmware-interfaces/result.hpp"
#include "sync/digest.hpp"

namespace rampa::sync::hq {

class ImageStore {
 public:
  virtual ~ImageStore() = default;

  [[nodiscard]] virtual bool holds(const Sha256& sha256) const = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size(const Sha256& sha256) const = 0;  ///< Errors: not_found, io
  /// `count` bytes at `offset` of a whole blob; fewer at its end. Errors: not_found, io.
  [[nodiscard]] virtual Result<Bytes> read(const Sha256& sha256, std::uint64_t offset, std::size_t count) const = 0;

  /// Into an unfinished blob. Not durable: a power cut only means that finish() finds it missing. Errors: no_space, io.
  [[nodiscard]] virtual Result<void> write(const std::string& post, const Sha256& sha256, std::uint64_t offset, ByteView bytes) = 0;
  /// From an unfinished blob; bytes that were never written read as zeros or are cut off. Errors: not_found, io.
  [[nodiscard]] virtual Result<Bytes> read_unfinished(const std::string& post, const Sha256& sha256, std::uint64_t offset, std::size_t count) const = 0;
  /// A whole one that is not what it should be: not among the blobs any more, but kept. Errors: not_found, io.
  [[nodiscard]] virtual Result<void> set_aside(const Sha256& sha256) = 0;
  /// Forgets an unfinished blob.
  virtual void discard(const std::string& post, const Sha256& sha256) = 0;
  /// Removes unfinished ones that nobody will finish: those that are not wanted, a day after their last byte, and such as nothing
  /// came of for 90 days (should the post come back, they begin anew). By the clock of what they lie on.
  virtual void remove_leftovers(const std::function<bool(const std::string& post, const Sha256& sha256)>& wanted) = 0;
  /// All of it is written and its hash was found right: durable under its hash when this returns. Errors: busy (it is on its way, or
  /// what keeps it is away; the text says which: ask again in a moment, it stays unfinished meanwhile), not_found, no_space, io.
  [[nodiscard]] virtual Result<void> finish(const std::string& post, const Sha256& sha256) = 0;
  /// The same for who has nothing else to do meanwhile. Errors: as finish(), and disconnected, timeout instead of busy.
  [[nodiscard]] virtual Result<void> finish_now(const std::string& post, const Sha256& sha256) { return finish(post, sha256); }
  /// How many size() may be asked for in one go without holding up records.
  [[nodiscard]] virtual std::size_t looks_at_once() const { return 512; }
  /// Whether looking at a blob, reading one or setting one aside would not hold up records for long: who stores records asks first, and
  /// does it later where not.
  [[nodiscard]] virtual bool has_time() const { return true; }
  /// Whether this is where HQ's blobs are: at a wrong place all of them would look lost. `some`: a few of those that HQ holds. `mark`: a
  /// place without a mark gets one, where it holds one of them or none is held yet. Errors: invalid (it is not this one, or cannot
  /// be used; with the remedy). While it does not answer none of its blobs is said to be not there.
  [[nodiscard]] virtual Result<void> confirm(const std::vector<Sha256>& some, bool mark) {
    (void)some, (void)mark;
    return {};
  }
};

/// Whether a whole blob is what it should be, without holding it in memory. Errors as read_checked().
[[nodiscard]] Result<void> check(const ImageStore& images, const Sha256& sha256);
/// A whole blob, checked. Errors: not_found, bad_reply (damaged where it lies), io.
[[nodiscard]] Result<Bytes> read_checked(const ImageStore& images, const Sha256& sha256);

}  // namespace rampa::sync::hq
