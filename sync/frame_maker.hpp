// Takes records of a stream from the journal and makes signed frames of them. What the journal cannot give any more stands in
// its place as lost, with the reason: HQ knows of the gap, and nothing behind it waits.
#pragma once

#include <array>
#include <string>

#include "edge/store/store.hpp"
#include "sync/drain_settings.hpp"
#include "sync/frame.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync {

class FrameMaker {
 public:
  /// Both outlive it.
  FrameMaker(const DrainSettings& settings, store::JournalReader& journal) : settings_(settings), journal_(journal) {}

  struct Made {
    Range range;
    std::string topic;
    Bytes payload;
    std::string lost;  ///< not empty: why a record in it is
  };
  /// Records of about `bytes_max` from the beginning of `wanted` on, at least one. `live`: the newest are read beside the
  /// backlog. Errors: io (the disk is away), not_found (the journal gives less than it says it has).
  [[nodiscard]] Result<Made> make(Stream stream, Range wanted, bool live, std::size_t bytes_max);
  /// The same of what was told to HQ as lost, as far as it is there again from the beginning of `wanted` on. Errors:
  /// not_found (it is not).
  [[nodiscard]] Result<Made> restored(Stream stream, Range wanted);

 private:
  [[nodiscard]] Result<Sha256> hash_before(Stream stream, std::uint64_t number, bool live);
  [[nodiscard]] Made seal(Stream stream, std::uint64_t first, const Sha256& previous, std::span<const ByteView> records) const;

  const DrainSettings& settings_;
  store::JournalReader& journal_;
  struct Tail {
    std::uint64_t number = 0;
    std::string hash;
  };
  std::array<std::array<Tail, 2>, store::streams.size()> tails_;  ///< last made of each stream: backlog, live
};

}  // namespace rampa::sync
