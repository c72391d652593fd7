// What a post trusts and what it runs on: the only thing that a new bundle is judged by. No bundle can write it; it is made
// by begin_trust() from a root that a person brought, and moved on by installed bundles alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sync/bundle/metadata.hpp"

namespace rampa::bundle {

/// One file of an installed set: the whole, or a delta on the files before it.
struct SetFile {
  bool delta = false;
  Sha256 hash{};  ///< whole: the set's hash; delta: SHA-256 of the file
  std::uint64_t bytes = 0;
  bool operator==(const SetFile&) const = default;
};

struct InstalledSet {
  std::uint64_t release = 0;
  std::string version;  ///< the set's own text
  Sha256 set_hash{};
  std::uint64_t profiles = 0;
  WallTime installed_at;
  std::vector<std::string> signers;  ///< persons whose signatures on the targets were good
  std::vector<SetFile> files;        ///< one whole set, then deltas in order
  bool operator==(const InstalledSet&) const = default;
};

struct TrustedRole {
  std::uint64_t version = 0;  ///< 0: none yet
  Sha256 hash{};              ///< of the metadata's bytes
  WallTime expires;
};

/// One line of the history that `rampa profiles list` prints.
struct Activation {
  WallTime at;
  std::string how;  ///< "set", "deltas", "rollback"
  std::uint64_t release = 0;
  std::string version;
  Sha256 set_hash{};
  std::vector<std::string> persons;
  std::string reason;  ///< of a rollback
};

struct TrustedState {
  std::uint64_t generation = 0;  ///< of the state itself; grows with every write
  std::string root;              ///< the newest trusted root's metadata, as it came
  std::map<std::uint64_t, Sha256> roots;  ///< of every root that was ever trusted here
  TrustedRole timestamp, snapshot, targets;
  std::uint64_t highest_release = 0;  ///< ever active here; no bundle goes below without a break-glass record
  WallTime last_seen;                 ///< the clock at the last installation
  std::optional<InstalledSet> active, last_good;
  std::vector<std::pair<Sha256, WallTime>> breakglass_used;  ///< records' signed bytes, until they expire
  std::vector<Activation> history;                           ///< the last 100
  /// Not stored: what open_installed() found damaged. This very set may come again though it is not newer.
  std::optional<InstalledSet> damaged;
};

/// The first trust, from a root that somebody brought on purpose; it has to be signed by its own keys.
[[nodiscard]] Checked<TrustedState> first_trust(std::string_view root, WallTime now);

/// Two lines: JSON, and its SHA-256.
[[nodiscard]] std::string write_state(const TrustedState& state);
[[nodiscard]] Checked<TrustedState> read_state(std::string_view text);

/// Persons whose signatures on `envelope` count for the role: every signature by one of the role's keys, good, as many
/// persons as the threshold asks for.
[[nodiscard]] Checked<std::vector<std::string>> check_signers(const Envelope& envelope, const KeyRing& keys, const Role& role,
                                                              const std::string& where);

}  // namespace rampa::bundle
