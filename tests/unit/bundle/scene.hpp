// A post with release 10 installed, and a bundle for it that is good until a test spoils it. The bundle is put together from
// JSON by the test itself (not by sync/bundle/signing): what is spoiled is signed again by the right keys, so that a vector
// is refused by the rule it names and not by a signature that no longer fits.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sync/bundle/bundle.hpp"
#include "tests/unit/store/crash_disk.hpp"

namespace rampa::tests {

using Json = nlohmann::json;

inline constexpr const char* k_post = "RS-BATROVCI";
inline constexpr const char* k_folder = "post/profiles";
/// The moment of all tests: 2026-11-21T12:00:00Z.
inline constexpr WallTime k_now{1795262400000};

struct Keys {
  bundle::KeyPair root_a, root_b, root_c, author, approver, third, snapshot, timestamp, glass_a, glass_b, stranger;
  bundle::KeyPair author_again;  ///< a second key of the author's
  Keys();
};
[[nodiscard]] const Keys& keys();

/// How one role's metadata is made and spoiled, in this order.
struct Stage {
  std::function<void(Json&)> json;                 ///< the signed object
  std::function<void(std::string&)> signed_text;   ///< its bytes, before they are signed
  std::vector<bundle::KeyPair> signers;
  std::function<void(Json&)> envelope;             ///< {"signatures":[..],"signed":..} after signing
  std::function<void(std::string&)> text;          ///< the part's bytes
};

/// One target: its bytes in the bundle and what the targets metadata says of it.
struct Item {
  std::string name;
  std::string bytes;
  Json listed;
  /// Length and hash as they are now; `listed` said otherwise only where a test wants it so.
  void relist(const std::string& unpacked);
};

struct Scene {
  enum class Kind { set, packed_set, delta, two_deltas, refresh, rotation, rollback };
  explicit Scene(Kind kind);

  /// The bundle, with all that was spoiled.
  [[nodiscard]] std::string build();
  /// Offers it to the post as the appliance does: verify, make the set, install. 
  [[nodiscard]] bundle::Checked<bundle::Installed> offer(const std::string& bytes, CrashDisk& disk) const;

  bundle::Installed installed;  ///< what the post has; a test may change its state
  std::string post = k_post;
  WallTime now = k_now;
  std::vector<Json> roots;  ///< signed objects of new roots
  Json targets, snapshot, timestamp, breakglass;  ///< breakglass null: none
  std::map<std::string, Stage> stage;
  std::vector<Item> items;
  bool link = true;  ///< snapshot and timestamp name what is really there
  std::function<void(Json&)> snapshot_meta, timestamp_meta;  ///< after linking
  std::function<void(std::vector<std::pair<std::string, std::string>>&)> parts;
  std::function<void(std::string&)> whole;
};

/// Root 1 as a signed object; root 2 differs in its version alone.
[[nodiscard]] Json root_object(std::uint64_t version);
[[nodiscard]] std::string canonical(const Json& json);
/// A set of about 36 profiles, canonical; some differ from those of another release, come or go.
[[nodiscard]] const std::string& set_text(std::uint64_t release);
[[nodiscard]] std::string delta_text(const std::string& from, const std::string& to);
[[nodiscard]] const std::string& set_hash(const std::string& set);

/// A post with releases 9 and 10 installed, on a disk of its own.
struct Post {
  Post();
  CrashDisk disk;
  bundle::Installed installed;
};
/// Every file of the post: path and bytes.
[[nodiscard]] std::map<std::string, Bytes> files_of(CrashDisk& disk);

}  // namespace rampa::tests
