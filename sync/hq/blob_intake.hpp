// Takes blobs in slices: asks for those that the records name, knows every chunk by its hash, goes on at the byte where it
// was cut off, and calls a blob held only when the whole of it has its hash and lies durably. Throws DatabaseError.
#pragma once

#include <map>
#include <set>

#include "sync/hq/bell.hpp"
#include "sync/hq/image_store.hpp"

namespace rampa::sync::hq {

inline constexpr std::size_t blobs_asked_max = 8;  ///< per post at a time
inline constexpr int blob_attempts_max = 3;        ///< times that wrong content may arrive

/// Thread: the ledger's.
class BlobIntake {
 public:
  BlobIntake(Ledger& ledger, ImageStore& images, Bell& bell) : ledger_(ledger), images_(images), bell_(bell) {}

  void greet(const std::string& post) { posts_[post].anew = true; }  ///< says again all that is wanted
  void look(const std::string& post) { posts_[post].look = true; }   ///< new records name blobs, or an order came
  void take(const std::string& post, const Manifest& manifest, Stamp now);
  void take(const std::string& post, const BlobSlice& slice, Stamp now);
  void take(const std::string& post, const Unavailable& gone, Stamp now);

  /// Before the commit: saves progress, chooses what to ask for. What the posts are to be told after it.
  [[nodiscard]] std::vector<std::pair<std::string, Want>> settle(Stamp now);
  void rollback() { posts_.clear(); }
  void forget(const std::string& post) { posts_.erase(post); }

 private:
  struct Transfer {
    WantRow row;
    std::map<std::uint64_t, std::uint64_t> begun;  ///< bytes that are here of chunks that are not whole
    std::unique_ptr<Digest> digest = std::make_unique<Digest>();  ///< over the chunks from the start, as far as they are here...
    std::uint64_t digested = 0;                    ///< ...which is so many
    bool touched = false, resend = false, fresh_manifest = false;
  };
  struct Post {
    std::map<Sha256, Transfer> active;
    std::set<std::string> done, dropped;
    bool anew = false, look = false;
  };

  [[nodiscard]] Transfer* transfer(Post& state, const std::string& post, const Sha256& sha256);
  void begin(Post& state, WantRow row);
  void not_wanted(Post& state, const Sha256& sha256);
  void chunk_is_whole(const std::string& post, Transfer& t, std::uint64_t chunk, ByteView bytes);
  void advance(const std::string& post, Transfer& t, std::uint64_t chunk, ByteView bytes);
  [[nodiscard]] bool whole(const Transfer& t) const;
  void finish(const std::string& post, Post& state, Transfer& t, Stamp now);
  void wrong(const std::string& post, Post& state, Transfer& t, const std::string& what, Stamp now);
  void drop(const std::string& post, Post& state, const Sha256& sha256);
  void choose(const std::string& post, Post& state, Stamp now);
  [[nodiscard]] WantedBlob wanted(const Transfer& t) const;
  Ledger& ledger_;
  ImageStore& images_;
  Bell& bell_;
  std::map<std::string, Post> posts_;
};

}  // namespace rampa::sync::hq
