// `rampa-hq export`.
#pragma once

#include <atomic>
#include <string>

#include "sync/hq/export/exporter.hpp"

namespace rampa::sync::hq {

struct ExportOptions {
  ExportSettings settings;
  std::string to;               ///< a folder, or http://...
  std::string format = "json";  ///< or "xml"
  Look look;                    ///< who and on what ground, where `personal`
  bool personal = false;
  bool follow = false;          ///< go on until `stop`; a target that is away is tried again
  bool again = false;           ///< first what was set aside, also what the target has refused
};

/// Prints a line per document that the target has taken, and one per result that is set aside. What was set aside because it could
/// not be put together is tried again at each start. False: something is set aside. Errors: invalid (options), those of export_results().
[[nodiscard]] Result<bool> export_to(ExportOptions& options, bool json, const std::atomic<bool>& stop);

}  // namespace rampa::sync::hq
