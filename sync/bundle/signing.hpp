// Headquarters' side: roots, targets that an author and an approver sign one after the other, and bundles that are published
// with the machine's keys. Pure; the command line brings the files.
#pragma once

#include <map>

#include "sync/bundle/profile_table.hpp"
#include "sync/bundle/metadata.hpp"

namespace rampa::bundle {

/// A set in any JSON form as it is signed: canonical (RFC 8785), profiles by ascending id. Errors: invalid (not JSON, no
/// profiles, an id twice), naming the place.
[[nodiscard]] Result<std::string> canonical_set(std::string_view json);

struct RootPlan {
  std::uint64_t version = 1;
  WallTime expires;
  /// By role: "root", "targets", "snapshot", "timestamp", "breakglass" (may be absent).
  std::map<std::string, std::vector<PublicKey>> keys;
  std::map<std::string, std::uint64_t> thresholds;  ///< absent: 2 for root, targets, breakglass, else 1
};
/// Unsigned beyond `signers`; add_signatures() brings the others'. For a rotation sign with the old root's keys too.
/// Errors: refused (what a post would refuse of it: thresholds, keys twice, ...).
[[nodiscard]] Result<std::string> make_root(const RootPlan& plan, const std::vector<KeyPair>& signers);

/// The metadata with further signatures, each by a key that is not yet there. Errors: invalid.
[[nodiscard]] Result<std::string> add_signatures(std::string_view metadata, const std::string& role, const std::vector<KeyPair>& signers);
[[nodiscard]] Result<Root> root_of(std::string_view metadata);

/// What is on its way to a bundle: signed targets and their payload, no snapshot and timestamp yet.
struct Draft {
  std::vector<std::string> roots;  ///< metadata, ascending versions; the last one is in force
  std::string targets;             ///< metadata
  std::string breakglass;          ///< metadata, or empty
  std::vector<std::pair<std::string, std::string>> payload;  ///< name, bytes
};

struct DraftPlan {
  std::vector<std::string> roots;
  std::string set;    ///< canonical
  std::string base;   ///< canonical set that a delta shall lead from; empty: the whole set is sent
  std::vector<std::string> posts;
  std::uint64_t release = 1;
  std::uint64_t targets_version = 1;
  WallTime expires;
  int zstd_level = 0;  ///< 0: not packed
  std::string name;    ///< of the target; empty: "profiles-RELEASE"
  std::string breakglass;
};
/// Errors: invalid, refused.
[[nodiscard]] Result<Draft> make_draft(const DraftPlan& plan, const std::vector<KeyPair>& signers);
[[nodiscard]] std::string pack_draft(const Draft& draft);
/// A draft, or a published bundle without its snapshot and timestamp. Errors: invalid.
[[nodiscard]] Result<Draft> read_draft(std::string_view bytes);

struct PublishPlan {
  std::uint64_t version = 1;  ///< of snapshot and timestamp
  WallTime snapshot_expires, timestamp_expires;
};
/// A whole bundle. `signers` hold the keys of snapshot and timestamp. Errors: refused: targets lack signatures, or a key.
[[nodiscard]] Result<std::string> publish(const Draft& draft, const PublishPlan& plan, const std::vector<KeyPair>& signers);

/// A break-glass record. Errors: refused.
[[nodiscard]] Result<std::string> make_breakglass(const BreakGlass& record, const std::vector<KeyPair>& signers);

/// Those of `keys` that the role names.
[[nodiscard]] std::vector<KeyPair> keys_of_role(const Root& root, const std::string& role, const std::vector<KeyPair>& keys);

}  // namespace rampa::bundle
