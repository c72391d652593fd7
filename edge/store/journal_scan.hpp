// Walks the bytes of one segment: where its records are, where they end, and whether what follows is a torn tail (never
// acknowledged to anyone, may be cut) or damage (something that was durable is broken, must not be cut).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "edge/store/disk.hpp"
#include "edge/store/layout.hpp"
#include "edge/store/record_format.hpp"
#include "edge/store/segment_format.hpp"

namespace rampa::store {

/// A place in a segment that should hold a record and does not.
struct Damage {
  std::uint64_t sequence = 0;  ///< the first that is missing or broken
  std::uint64_t offset = 0;
  std::string what;
};

struct SegmentScan {
  format::SegmentHeader header;
  std::uint64_t last_sequence = 0;   ///< of the last whole group; header.first_sequence - 1 where there is none
  std::uint64_t last_synced = 0;     ///< the highest sequence that any record here says was durable
  Hash last_hash{};
  std::uint32_t last_verdicts = 0;   ///< what its last whole record counts; 0 where there is none
  std::uint64_t end = 0;             ///< offset after the last whole group
  std::optional<Damage> damage;      ///< the first
  std::string torn;                  ///< what lies after `end`; empty: nothing
};

/// Called for every good record in order, also of a group that turns out to be torn (sequence > last_sequence then).
using OnRecord = std::function<void(const format::ParsedRecord& record, std::uint64_t offset)>;

/// `segment`: the whole file. Errors: invalid (header unreadable).
[[nodiscard]] Result<SegmentScan> scan_segment(ByteView segment, const OnRecord& on_record = {});

struct SegmentPlace {
  std::uint64_t first_sequence = 0;
  std::string path;
};
/// All segments, ascending. Errors: not_found, io.
[[nodiscard]] Result<std::vector<SegmentPlace>> list_segments(Disk& disk, const Layout& layout);

}  // namespace rampa::store
