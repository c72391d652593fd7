// What `rampa profiles sign|verify|install|list|keys` do. Formats and roles: sync/bundle/BUNDLES.md. Exit codes: tools.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rampa::app {

/// Where bundles are installed, and whose post it is: from a site file, or named.
struct ProfilesPlace {
  bool json = false;
  std::string site_file, icd_directory;
  std::string directory;
  std::string post;
};

struct SignOptions {
  bool json = false;
  std::string set, base, target_name;       ///< a new draft
  std::string proceed;                      ///< or a draft, bundle, root or record that others have begun
  std::vector<std::string> roots, keys, posts;
  std::uint64_t release = 0, metadata_version = 0;  ///< 0: seconds since 1970
  std::string expires;                      ///< of the targets, or the record
  int snapshot_days = 30, timestamp_days = 7, zstd_level = 19;
  bool refresh = false;                     ///< publish without the set
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
int profiles_install(const InstallOptions& options);

int profiles_list(const ProfilesPlace& place);

}  // namespace rampa::app
