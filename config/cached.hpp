// Declarations and watch lists as files: what a post knows before HQ's downlink has brought anything, and what the
// demonstration and the scenarios run on. One JSON object per line; empty lines are skipped.
// Examples: config/examples/declarations.jsonl, config/examples/watch-lists.jsonl.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "edge/crossing/declaration.hpp"

namespace rampa::config {

struct DeclarationsRead {
  std::vector<Declaration> declarations;  ///< the good ones, in the file's order
  std::vector<Finding> findings;          ///< all at once; a line with a finding gives no declaration
};
/// Plates are normalised: upper case, no spaces or dashes. A reference that stands twice is a finding.
[[nodiscard]] DeclarationsRead read_declarations(const std::string& file);

/// A line of a watch-list file as it is written; all but the plate may be empty.
struct WatchedPlate {
  std::string plate, country, trailer, carrier, note;
  int line = 0;
};

struct WatchListsRead {
  std::map<std::string, std::set<std::string>> plates;  ///< list's name -> plates, normalised
  std::map<std::string, std::vector<WatchedPlate>> lines;  ///< the same with what stands beside each plate
  std::vector<Finding> findings;
  /// Names of the lists that any of these (normalised) plates is on.
  [[nodiscard]] std::vector<std::string> lists_with(const std::vector<std::string>& wanted) const;
};
[[nodiscard]] WatchListsRead read_watch_lists(const std::string& file);

/// Upper case, without spaces, dots and dashes.
[[nodiscard]] std::string normalised_plate(const std::string& plate);

}  // namespace rampa::config
