// Signed bundles of risk profiles: what a post believes, why it refuses, how it installs. Format, roles and rules:
// sync/bundle/BUNDLES.md. verify() and resulting_set() are pure; install() and its neighbours use the disk they are given.
// Thread: any; one installer at a time per folder.
#pragma once

#include <memory>

#include "edge/crossing/records.hpp"
#include "edge/store/disk.hpp"
#include "sync/bundle/profile_table.hpp"
#include "sync/bundle/trusted_state.hpp"

namespace rampa::bundle {

/// A bundle that this post may install now.
struct VerifiedBundle {
  enum class Kind : std::uint8_t {
    set,      ///< a whole set
    deltas,   ///< one or more, each on the result of the one before, the first on the active set
    refresh,  ///< metadata alone: the active set goes on, known to be still wanted
  };
  Kind kind = Kind::refresh;
  TrustedState next;  ///< what is trusted once it is installed; its active set is still the old one
  std::uint64_t base_generation = 0;
  std::uint64_t release = 0;
  std::string version;
  Sha256 set_hash{};
  std::vector<std::string> signers;
  std::shared_ptr<const ProfileTable> set;  ///< kind set
  std::vector<Delta> deltas;        ///< kind deltas
  std::vector<HeldText> texts;      ///< unpacked, as they are written to the disk
  std::optional<BreakGlass> rollback;
  std::vector<std::string> rollback_signers;
};

/// Everything that can be known without the disk: container, signatures and thresholds of every role, versions, expiry by
/// `now`, this post's assignment, lengths, hashes, unpacking, the set's form and hash, a delta's base.
[[nodiscard]] Checked<VerifiedBundle> verify(const SharedBytes& bundle, const TrustedState& state, const std::string& post, WallTime now);

/// The set that is active once the bundle is installed. `current` may be null where there is none. Refusals: those of
/// deltas, bad_set. Compile it before installing: a set that does not compile must not become active.
[[nodiscard]] Checked<std::shared_ptr<const ProfileTable>> resulting_set(const VerifiedBundle& bundle, const std::shared_ptr<const ProfileTable>& current);

/// A post's folder of profile sets, as it was found.
struct Installed {
  TrustedState state;
  std::shared_ptr<const ProfileTable> set;  ///< null: none is installed, or none is whole
  std::vector<std::string> notices;         ///< what was damaged or could not be tidied, for the log and the officers
  std::vector<AuditNote> notes;             ///< of install() and rollback(): for the journal
};

/// Makes the folder with the administration's first root. Refusals: trust_exists, those of a root, disk_failed.
[[nodiscard]] Checked<Installed> begin_trust(store::Disk& disk, const std::string& directory, std::string_view root, WallTime now);

/// The active set, verified by its hash; where it is damaged the last good one, with a notice. Refusals: no_trust_yet,
/// trust_damaged, disk_failed.
[[nodiscard]] Checked<Installed> open_installed(store::Disk& disk, const std::string& directory);

/// Writes `set` (from resulting_set()) and activates it with the new trust in one rename. Killed at any moment, the folder
/// holds the old set or the new one. Refusals: state_changed; disk_failed: then open the folder again to know which.
[[nodiscard]] Checked<Installed> install(store::Disk& disk, const std::string& directory, const Installed& before, const VerifiedBundle& bundle,
                                         const std::shared_ptr<const ProfileTable>& set, WallTime now);

/// Back to the last good set, which lies in the folder, by a break-glass record alone (no line to headquarters needed).
[[nodiscard]] Checked<Installed> rollback(store::Disk& disk, const std::string& directory, const Installed& before, std::string_view record,
                                          const std::string& post, WallTime now);

/// A record against what is trusted: signatures, post, expiry, used, and that it leads from the active set to this one.
struct CheckedBreakGlass {
  BreakGlass record;
  std::vector<std::string> signers;
  Sha256 hash{};  ///< of its signed bytes
};
[[nodiscard]] Checked<CheckedBreakGlass> check_breakglass(std::string_view text, const TrustedState& state, const Root& root, const std::string& post,
                                                          std::uint64_t to_release, const Sha256& to_hash, WallTime now);

/// A clock may be corrected backwards by so much without a bundle being refused.
inline constexpr Duration clock_back_max = 10min;

}  // namespace rampa::bundle
