// `rampa profiles convert`: between the forms that profiles and their conditions are written in (edge/risk/AUTHORING.md).
#pragma once

#include <ostream>
#include <string>

namespace rampa::app {

struct ConvertOptions {
  bool json = false;  ///< one JSON object on `out`: {"ok","to","text","told"}
  std::string file;   ///< .json (a set, or one condition), .dmn (a table), anything else: a condition as CEL text
  std::string to;     ///< "json", "cel", "dmn"
};
/// The result to `out`; what does not fit the other form, and what is wrong, to `err`. Exit codes (tools.hpp): 1 where something stays behind.
int convert_profiles(const ConvertOptions& options, std::ostream& out, std::ostream& err);

}  // namespace rampa::app
