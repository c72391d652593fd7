// Takes blobs in slices: asks for those that the records name, knows every chunk by its hash, goes on at the byte where it
// was cut off, and calls a blob held only when the whole of it has its hash and lies durably. Throws DatabaseError.
#pragma once

#include <map>
#include <set>

#include "sync/hq/bell.hpp"
#include "sync/hq/transfer.hpp"

namespace rampa::sync::hq {

inline constexpr std::size_t blobs_asked_max = 8;  ///< per post at a time
inline constexpr int blob_attempts_max = 3;        ///< times in a row that wrong content may arrive
/// Transfers of one post that are kept in memory, and what their manifests take; others are read again when needed.
inline constexpr std::size_t transfers_max = 24, manifest_bytes_max = 16u << 20;

/// What HQ does by itself for all blobs in one group: copying content that it has, hashing what came out of order.
struct BlobWork {
  std::size_t chunks = 64;     ///< of 128 KiB
  std::size_t lookups = 1024;
};

/// Thread: the ledger's.
class BlobIntake {
 public:
  BlobIntake(Ledger& ledger, ImageStore& images, Bell& bell, const BlobWork& work) : ledger_(ledger), images_(images), bell_(bell), work_(work) {}

  void greet(const std::string& post) { posts_[post].anew = true; }  ///< says again all that is wanted
  void look(const std::string& post) { posts_[post].look = true; }   ///< new records name blobs, or an order came
  void take(const std::string& post, const Manifest& manifest, Stamp now);
  void take(const std::string& post, const BlobSlice& slice, Stamp now);
  void take(const std::string& post, const Unavailable& gone, Stamp now);

  /// Before the commit: works, saves progress, chooses what to ask for. What the posts are to be told after it.
  [[nodiscard]] std::vector<std::pair<std::string, Want>> settle(Stamp now);
  [[nodiscard]] bool waiting() const { return waiting_; }  ///< a blob is whole and on its way to where it is kept: settle() again in a moment
  [[nodiscard]] bool busy() const { return busy_; }  ///< settle() has more to do, also without messages
  void rollback() { posts_.clear(); }
  void forget(const std::string& post) { posts_.erase(post); }

 private:
  struct Post {
    std::map<Sha256, Transfer> active;
    std::set<std::string> done, dropped;
    std::set<Sha256> finishing;  ///< whole; ImageStore::finish() has not got them yet
    bool anew = false, look = false;
    bool later = false;  ///< there was no time to look what is here already
    bool works = true;  ///< a transfer may have something to do by itself
  };

  [[nodiscard]] Transfer* transfer(Post& state, const std::string& post, const Sha256& sha256);
  Transfer& begin(Post& state, const std::string& post, WantRow row);
  void not_wanted(Post& state, const Sha256& sha256);
  void work(const std::string& post, Post& state, WorkRoom& room, Stamp now);
  void finish(const std::string& post, Post& state, const Transfer& t, Stamp now);
  void finish_again(const std::string& post, Post& state, Stamp now);
  void wrong(const std::string& post, Post& state, Transfer& t, int times, const std::string& what, Stamp now);
  void drop(const std::string& post, Post& state, const Sha256& sha256);
  void choose(const std::string& post, Post& state, Stamp now);
  void save(const std::string& post, Transfer& t);
  void make_room(const std::string& post, Post& state, const Sha256& keep, std::size_t bytes);
  Ledger& ledger_;
  ImageStore& images_;
  Bell& bell_;
  const BlobWork work_;
  std::map<std::string, Post> posts_;
  std::string turn_;  ///< the post that worked first the last time
  bool busy_ = false, waiting_ = false;
  std::string told_;  ///< why a blob could not be finished, told once
};

}  // namespace rampa::sync::hq
