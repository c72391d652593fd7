// The roles' metadata (TUF specification 1.0.x: root, targets, snapshot, timestamp; and Rampa's break-glass record) as
// values. Readers are strict: canonical JSON, every field known, typed, in range. Which fields: BUNDLES.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firmware-interfaces/time.hpp"
#include "sync/bundle/hashing.hpp"
#include "sync/bundle/keys.hpp"

namespace rampa::bundle {

/// Signed bytes and who claims to have signed them. Views into the text it was read from.
struct Envelope {
  std::string_view signed_text;
  std::vector<std::pair<std::string, Signature>> signatures;  ///< by ascending key id, each once
};
/// `where`: the role, for refusals.
[[nodiscard]] Checked<Envelope> read_envelope(std::string_view text, const std::string& where);
[[nodiscard]] std::string write_envelope(std::string_view signed_text, const std::map<std::string, Signature>& signatures);

struct Role {
  std::vector<std::string> key_ids;
  std::uint64_t threshold = 0;
};

struct Root {
  std::uint64_t version = 0;
  WallTime expires;
  KeyRing keys;
  std::map<std::string, Role> roles;  ///< "root", "targets", "snapshot", "timestamp", and "breakglass" where there is one
};
/// Also what the post asks of every root, whatever it says: two persons at least for root, targets and break-glass.
[[nodiscard]] Checked<Root> read_root(std::string_view signed_text);

/// One role names the metadata of the one before it.
struct MetaFile {
  std::uint64_t version = 0;
  std::uint64_t length = 0;
  Sha256 hash{};
};
/// snapshot (names targets.json) and timestamp (names snapshot.json).
struct Listing {
  std::uint64_t version = 0;
  WallTime expires;
  MetaFile file;
};
[[nodiscard]] Checked<Listing> read_listing(std::string_view signed_text, const std::string& role);

struct Target {
  std::uint64_t length = 0;  ///< as it lies in the bundle
  Sha256 hash{};
  bool delta = false;
  bool zstd = false;
  std::vector<std::string> posts;  ///< or "*"
  std::uint64_t release = 0;       ///< of the set that there is afterwards; grows with every publication for a post
  std::string version;             ///< the set's own text
  std::uint64_t unpacked_length = 0;
  Sha256 set_hash{};  ///< of the set that there is afterwards
  Sha256 base_hash{}; ///< delta: of the set before
};
struct Targets {
  std::uint64_t version = 0;
  WallTime expires;
  std::map<std::string, Target> targets;  ///< by name
};
[[nodiscard]] Checked<Targets> read_targets(std::string_view signed_text);

struct BreakGlass {
  std::string post;
  std::uint64_t from_release = 0, to_release = 0;
  Sha256 from_hash{}, to_hash{};
  std::string reason;
  WallTime expires;
};
[[nodiscard]] Checked<BreakGlass> read_breakglass(std::string_view signed_text);

/// The `signed` part, canonical.
[[nodiscard]] std::string write_root(const Root& root);
[[nodiscard]] std::string write_listing(const Listing& listing, const std::string& role);
[[nodiscard]] std::string write_targets(const Targets& targets);
[[nodiscard]] std::string write_breakglass(const BreakGlass& record);

/// "2026-11-21T18:00:00Z"; whole seconds.
[[nodiscard]] std::string time_text(WallTime time);
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text);

}  // namespace rampa::bundle
