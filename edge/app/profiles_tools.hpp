// What `rampa profiles sign|verify|install|list|keys` do. Formats and roles: sync/bundle/BUNDLES.md. Exit codes: tools.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "edge/app/profiles_install.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::app {

/// Where bundles are installed, and whose post it is: from a site file, or named.
struct ProfilesPlace {
  bool json = false;
  std::string site_file, icd_directory;
  std::string directory;
  std::string post;
  std::string store_directory;         ///< of the site file; empty where it was not read
  std::int64_t urgent_hours_max = 72;  ///< of the site file
};

struct SignOptions {
  bool json = false;
  std::string set, base, target_name;       ///< a new draft
  std::string previous;                     ///< the set that it follows, where that is not `base`
  std::string proceed;                      ///< or a draft, bundle, root or record that others have begun
  std::vector<std::string> roots, keys, posts;
  std::uint64_t release = 0, metadata_version = 0;  ///< 0: seconds since 1970
  std::string expires;                      ///< of the targets, or the record
  int snapshot_days = 30, timestamp_days = 7, zstd_level = 19;
  bool refresh = false;                     ///< publish without the set
  std::string simulation;                   ///< of the new draft: what `simulate --json` printed
  std::string breakglass;                   ///< record to send along
  std::string from, to, reason;             ///< of a new break-glass record: RELEASE:HASH
  std::string out;
};
int profiles_sign(const SignOptions& options);

struct KeysOptions {
  bool json = false;
  std::string person;                            ///< a key pair for whom
  std::vector<std::string> roles, thresholds;    ///< a root: ROLE=FILE,FILE,...; ROLE=N
  std::uint64_t version = 1;
  std::string expires;
  std::vector<std::string> keys;                 ///< that sign the root
  std::string out;
};
int profiles_keys(const KeysOptions& options);

struct VerifyOptions {
  ProfilesPlace place;
  std::string bundle;
  std::string root;  ///< judge by this root alone, as a post that has nothing installed
  std::string now;   ///< judge as at this time
};
int profiles_verify(const VerifyOptions& options);

struct InstallOptions {
  ProfilesPlace place;
  std::string bundle;
  std::string root;      ///< begin the trust with this root
  std::string rollback;  ///< go back by this break-glass record
};
/// `gate_of`: makes the gate from the store's directory, where the site file says which that is.
int profiles_install(const InstallOptions& options, const std::function<SetGate(const std::string& store_directory)>& gate_of);

/// An urgent profile of the post, without its criteria.
struct ListedUrgent {
  std::string id, state, channel;  ///< "proposed" or "active"; "yellow" or "red"
  std::int64_t hours = 0, left_ms = 0;
  std::string proposed_by, confirmed_by;  ///< badges; the second empty for a proposal
};
/// `urgent`: asked where the site file says where the post keeps its own (urgent_list.hpp).
int profiles_list(const ProfilesPlace& place, const std::function<Result<std::vector<ListedUrgent>>(const ProfilesPlace&)>& urgent);

}  // namespace rampa::app
