// Installs a bundle in a post's folder: by hand (`rampa profiles install`) or as HQ sent it.
#pragma once

#include <string>

#include "sync/bundle/bundle.hpp"

namespace rampa::app {

/// Why a bundle was not installed: one of the two.
struct NotInstalled {
  std::optional<bundle::Refusal> refusal;
  std::string what;  ///< a set that does not compile, or a folder that is not there
  [[nodiscard]] std::string text() const { return refusal ? bundle::text_of(*refusal) : what; }
};

/// A set that the lanes could not run on must not become active. Errors: invalid, with all findings.
[[nodiscard]] Result<void> compiles(const bundle::ProfileTable& set);

/// Locks the folder, verifies, compiles, installs. A set that the lanes could not run on never becomes active. Thread: any.
[[nodiscard]] tl::expected<bundle::Installed, NotInstalled> install_bundle(const std::string& folder, const std::string& post, const SharedBytes& bytes, WallTime now);

}  // namespace rampa::app
