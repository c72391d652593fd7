// `rampa assess`: declarations against a profile set, without a post.
#pragma once

#include <iosfwd>
#include <string>

#include "firmware-interfaces/time.hpp"

namespace rampa::app {

struct AssessOptions { std::string profiles, declarations; };

/// When it is assessed, and the local time there.
struct AssessedAt {
  WallTime now;
  std::int32_t utc_offset_min = 0;
};

/// One JSON line per declaration on `out`, in input order; what is wrong on `complaints`. Own declarations are assessed by risk::assess,
/// as at the post, floors, random share and the set's age among it; what no lane has read is missing. Of the risk benchmark's lines only
/// the profiles speak. Returns the exit code.
[[nodiscard]] int assess(const AssessOptions& options, AssessedAt at, std::ostream& out, std::ostream& complaints);

}  // namespace rampa::app
