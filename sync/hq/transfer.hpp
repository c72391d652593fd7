// One blob on its way from one post: which of its chunks are here, which ones HQ copies from content that it has, how far
// the whole was hashed. What it does by itself it does in steps. Throws DatabaseError (the disk).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "sync/hq/image_store.hpp"
#include "sync/hq/ledger.hpp"

namespace rampa::sync::hq {

inline constexpr std::size_t chunks_begun_max = 16;  ///< of one blob: chunks of which a part is here

/// What may still be done in this group.
struct WorkRoom {
  std::size_t chunks = 0;   ///< read, hashed, copied
  std::size_t lookups = 0;  ///< of chunks in the ledger
};

/// Thread: the ledger's.
class Transfer {
 public:
  Transfer(std::string post, WantRow row, ImageStore& images);

  [[nodiscard]] const WantRow& row() const { return row_; }
  [[nodiscard]] bool single() const { return row_.size_bytes <= chunk_bytes; }
  [[nodiscard]] bool knows_chunks() const { return single() || !row_.chunks.empty(); }

  void learn(const std::vector<Sha256>& chunks);
  enum class Taken { fine, lost, wrong };  ///< lost: something before it is missing; wrong: the chunk has other content
  [[nodiscard]] Taken take(const BlobSlice& slice);

  enum class State { waits, works, whole, wrong };
  /// As far as the room goes. waits: for the post. works: again, soon. whole: here, and its hash is right. wrong: it is not,
  /// and the manifest is forgotten.
  [[nodiscard]] State work(Ledger& ledger, WorkRoom& room);
  [[nodiscard]] WantedBlob wanted() const;
  [[nodiscard]] WantRow& save();  ///< the row with its progress
  void forget_progress();         ///< from the start, with a new manifest

  bool tell = false;      ///< the post is to hear how far it is
  bool resend = false;    ///< what is under way does not count
  bool dirty = false;     ///< the row is to be saved
  bool fresh_manifest = false;
  void set_boost(bool boost) { row_.boost = boost; }
  /// How often the whole was wrong, or one chunk after the other, without a right one in between (a line that damages one now and then
  /// must not make HQ give up a large image).
  [[nodiscard]] int count_wrong() { return ++row_.attempts; }
  [[nodiscard]] int count_wrong_chunk() { return ++wrong_chunks_; }

 private:
  [[nodiscard]] std::uint64_t count() const { return chunks_of(row_.size_bytes); }
  [[nodiscard]] std::uint64_t length_of(std::uint64_t chunk) const;
  [[nodiscard]] const Sha256& hash_of(std::uint64_t chunk) const { return single() ? row_.sha256 : row_.chunks[chunk]; }
  [[nodiscard]] bool has(std::uint64_t chunk) const;
  void set(std::uint64_t chunk, bool here);
  [[nodiscard]] std::optional<Bytes> own(std::uint64_t chunk) const;  ///< nothing where it is not there any more
  void prepare();
  void whole_chunk(std::uint64_t chunk, ByteView bytes);
  void expect_twins(std::uint64_t of);
  void look(Ledger& ledger, WorkRoom& room);
  void copy(WorkRoom& room);
  void hash(WorkRoom& room);
  [[nodiscard]] State check(WorkRoom& room);
  void chunk_is_gone(std::uint64_t chunk);

  std::string post_;
  WantRow row_;
  ImageStore& images_;
  std::uint64_t missing_ = 0;                    ///< chunks that are not here
  std::map<std::uint64_t, std::uint64_t> begun_; ///< bytes that are here of chunks that are not whole
  std::vector<std::uint32_t> by_hash_;           ///< chunks in the order of their hashes: equal ones stand together
  std::vector<bool> coming_;                     ///< will be copied
  int wrong_chunks_ = 0;                         ///< since the last right one
  std::deque<std::pair<std::uint32_t, std::uint32_t>> copies_;  ///< chunk, and the one of this blob that is like it
  std::uint64_t looked_ = 0;                     ///< so many chunks were looked for in other blobs; beyond none is asked for
  std::unique_ptr<Digest> digest_ = std::make_unique<Digest>();  ///< over the chunks from the start...
  std::uint64_t digested_ = 0;                   ///< ...so many
  struct Check { std::uint64_t next = 0, gone = 0; };
  std::optional<Check> check_;                   ///< the hash was wrong: which chunk is it?
};

}  // namespace rampa::sync::hq
