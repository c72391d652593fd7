// What a post's business would have recorded, from a seed: record n is the same at every start.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "edge/crossing/records.hpp"

namespace rampa::hil {

struct BusinessSettings {
  std::uint64_t seed = 1;
  std::size_t record_bytes = 1024;       ///< about so long in the journal (those without an attachment)
  std::uint64_t image_every = 0;         ///< every so many records one with a scan of image_bytes; 0: none
  std::size_t image_bytes = 20u << 20;
  std::uint64_t picture_every = 0;       ///< every so many records one with a picture of 10 to 200 kB; 0: none
  bool closes = false;                   ///< each crossing's tenth record ends it, so that its pictures may make room
};

/// Every fifth record is a verdict, the others are events. `n` >= 1. `truth`: when it really happened; it stands in the record's
/// open part, so that whoever has the record can judge what is said of its time.
[[nodiscard]] Record business_record(const BusinessSettings& settings, std::uint64_t n, Stamp now, WallTime truth);
/// A verdict that is made at once, beside the numbered ones.
[[nodiscard]] Record timed_verdict(Stamp now, WallTime truth);
/// From the open part of such a record, as JSON.
[[nodiscard]] std::optional<WallTime> true_time_in(std::string_view open);

/// Bytes that no compression makes shorter.
[[nodiscard]] Bytes random_bytes(std::uint64_t seed, std::uint64_t n, std::size_t count);

}  // namespace rampa::hil
