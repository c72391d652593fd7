// `rampa assess`: declarations against a profile set, without a post.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "firmware-interfaces/time.hpp"

namespace rampa::app {

struct AssessOptions {
  std::string profiles, declarations;
  std::string draw_secret_file;          ///< 32 hex digits: the post's `draw_secret`, for a set that has none of its own; or empty
  std::optional<std::string> direction;  ///< of the lane where it will be assessed: part of what the post draws by
  std::int64_t released_before = 0;      ///< how often each plate was released at the post in 30 days: a fact
  std::int64_t released_today = 0;       ///< likewise today (UTC): part of what the post draws by
};

/// When it is assessed, and the local time there.
struct AssessedAt {
  WallTime now;
  std::int32_t utc_offset_min = 0;
};

/// One JSON line per declaration on `out`, in input order; what is wrong on `complaints`. Own declarations are assessed by risk::assess,
/// as at the post, floors, random share and the set's age among it; what no lane has read is missing. Random draws are those that the post
/// will make ("draws":"post") where it is known what it draws by: the set's secret, direction and plate; for a lorry that comes on the day
/// of the assessment (UTC). Otherwise they are made by the reference ("draws":"own") and say how often, not whether.
/// Of the risk benchmark's lines only the profiles speak. Returns the exit code.
[[nodiscard]] int assess(const AssessOptions& options, AssessedAt at, std::ostream& out, std::ostream& complaints);

}  // namespace rampa::app
