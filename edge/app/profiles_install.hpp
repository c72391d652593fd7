// Installs a bundle in a post's folder: by hand (`rampa profiles install`) or as HQ sent it.
#pragma once

#include <functional>
#include <string>

#include "edge/risk/risk.hpp"
#include "sync/bundle/bundle.hpp"

namespace rampa::app {

/// Why a bundle was not installed: one of the two.
struct NotInstalled {
  std::optional<bundle::Refusal> refusal;
  std::string what;  ///< a set that does not compile or that the gate keeps out, or a folder that is not there
  [[nodiscard]] std::string text() const { return refusal ? bundle::text_of(*refusal) : what; }
};

/// A set that the lanes could not run on must not become active. Gives what whoever installs it is told of the limits in its policy: empty
/// where they are the usual ones. Errors: invalid, with all findings.
[[nodiscard]] Result<std::string> compiles(const bundle::ProfileTable& set, risk::Reading reading);

/// Judges a set that compiles, before it becomes active (explosive_sets.hpp). Errors: refused, with the reason. A text: what whoever installs, and
/// the journal, is told. `active` is null where there is none.
using SetGate = std::function<Result<std::string>(const bundle::ProfileTable& set, const bundle::ProfileTable* active, WallTime now)>;

/// Locks the folder, verifies, compiles, asks the gate, installs. A set that the lanes could not run on never becomes active. Not asked about a
/// refresh, nor where two persons go back by a break-glass record. What the gate says is among the notices. Thread: any.
[[nodiscard]] tl::expected<bundle::Installed, NotInstalled> install_bundle(const std::string& folder, const std::string& post, const SharedBytes& bytes, WallTime now, const SetGate& gate);

}  // namespace rampa::app
