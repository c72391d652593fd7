// The journal's records belong to two streams, each numbered 1, 2, 3... without gaps over the journal's life. HQ takes a
// stream in its order and knows of every gap in it; verdicts overtake everything else on the line (sync/TOPICS.md).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rampa::store {

enum class Stream : std::uint8_t { verdicts = 0, events = 1 };

inline constexpr std::array streams{Stream::verdicts, Stream::events};

[[nodiscard]] constexpr std::string_view name_of(Stream stream) { return stream == Stream::verdicts ? "verdicts" : "events"; }

/// By the kind of the record: what was decided about a lorry is a verdict, all else is an event.
[[nodiscard]] constexpr Stream stream_of_kind(std::string_view kind) {
  return kind == "verdict" || kind == "control" || kind == "paper_crossing" ? Stream::verdicts : Stream::events;
}

/// How much there is of each stream.
struct StreamEnds {
  std::uint64_t verdicts = 0, events = 0;
  [[nodiscard]] std::uint64_t of(Stream stream) const { return stream == Stream::verdicts ? verdicts : events; }
  [[nodiscard]] std::uint64_t& of(Stream stream) { return stream == Stream::verdicts ? verdicts : events; }
  bool operator==(const StreamEnds&) const = default;
};

}  // namespace rampa::store
