// One journal of one post as the receiver has it in memory: what is held of each stream, and what this group has stored.
#pragma once

#include <array>
#include <map>

#include "sync/hq/ledger.hpp"
#include "sync/ranges.hpp"

namespace rampa::sync::hq {

/// A record that was stored in the group that is not committed yet. The bytes belong to the group.
struct FreshRecord {
  std::uint64_t sequence = 0;
  store::Hash hash{};
  ByteView bytes;
};

/// Refusals, and records kept apart, that one ack names at most.
inline constexpr std::size_t told_max = 100;

struct HeldStream {
  RangeSet held;              ///< stored or in quarantine
  RangeSet lost;              ///< the post has told that it cannot read them; most are in `held`, and not stored
  RangeSet passed;            ///< HQ went on without them and has not met them since, also where they are asked for anew
  std::uint64_t recheck = 0;  ///< see StreamRow
  std::map<std::uint64_t, FreshRecord> fresh;
  std::map<std::uint64_t, Sha256> expected;  ///< what later frames said of records that are not here yet
  bool changed = false;

  [[nodiscard]] std::uint64_t through() const { return !held.empty() && held.front().first == 1 ? held.front().last : 0; }
};

struct History {
  HistoryRow row;
  std::array<HeldStream, store::streams.size()> streams;  ///< by Stream
  bool changed = false;
  bool walk = false;     ///< the chain may be walked further
  bool answer = false;   ///< owes an ack
  bool greeted = false;  ///< that ack answers a hello
  std::vector<QuarantinedRecord> quarantined;  ///< to be named in it
  std::vector<RefusedFrame> refused;

  /// Records from the ledger that the chain walk will need next; by stream, with the numbers that were looked for.
  struct ReadAhead {
    Range asked{1, 0};
    std::vector<StoredRecord> records;
  };
  std::array<ReadAhead, store::streams.size()> read_ahead;

  [[nodiscard]] HeldStream& stream(Stream s) { return streams[static_cast<std::size_t>(s)]; }
};

}  // namespace rampa::sync::hq
