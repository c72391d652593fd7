// The profile set of a site file, read from disk; and the sets that stored assessments were made with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "edge/crossing/records.hpp"
#include "edge/risk/risk.hpp"
#include "firmware-interfaces/bytes.hpp"

namespace rampa::app {

struct LoadedProfiles {
  std::shared_ptr<const risk::ProfileSet> set;
  SharedBytes bytes;  ///< as they lie in the file: what the set's SHA-256 is of
  std::optional<AuditNote> installed;  ///< of a folder: who signed what is active, and why; for the journal
  std::vector<std::string> notices;  ///< what was damaged in a folder of bundles: to be logged and shown
  std::optional<WallTime> fresh_until = std::nullopt;  ///< of a folder: when the trusted timestamp expires; see frozen_text()
};
/// What is said of a set whose trusted timestamp has expired: headquarters may have newer ones that somebody keeps from the post.
[[nodiscard]] std::string frozen_text(WallTime expired);
/// How every set that lanes may use is compiled: in large pages. `idle`: at idle priority, for lanes work meanwhile; `usual`: they, or a
/// person, wait for it. Errors: invalid (all causes, one per line). Thread: any, not the lanes'.
enum class Priority { usual, idle };
[[nodiscard]] Result<std::shared_ptr<const risk::ProfileSet>> compile_set(const std::string& json, const std::string& sha256, Priority priority,
                                                                          risk::Reading reading);

/// A JSON file, or a folder of installed bundles (sync/bundle/BUNDLES.md), whose active set is read then, or the last good one. `reading`: kept
/// for lanes, which no upgrade may leave without their set: what a new one would be refused for is a notice. Fresh for whoever asks whether it is sound.
/// Errors: not_found, invalid (all causes, one per line), refused (the folder's trust).
[[nodiscard]] Result<LoadedProfiles> read_profiles(const std::string& file, risk::Reading reading = risk::Reading::kept);

/// The set with this hash, from the post's store: every set that a boot began with is kept there (kept_sets.hpp).
/// Errors: not_found, invalid, io.
[[nodiscard]] Result<std::shared_ptr<const risk::ProfileSet>> stored_profiles(const std::string& directory, const std::string& sha256);

/// What read_profiles() found wrong, with the line of each path in the file.
[[nodiscard]] std::vector<config::Finding> profile_findings(const std::string& file, const Error& error);

/// The same for logs and consoles, which are read by many: how many findings, where the first of them are ("line 812 (profiles[3])"),
/// and the command that names cause and remedy. Quotes nothing of the set: criteria are the risk unit's.
[[nodiscard]] std::string said_aloud(const std::string& file, const Error& error);

}  // namespace rampa::app
