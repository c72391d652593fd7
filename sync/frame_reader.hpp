// Reads records from the journal as the frames that HQ takes, each with the hash that ties it to the record before. Pure but
// for the journal.
#pragma once

#include <array>
#include <string>

#include "edge/store/store.hpp"
#include "sync/frame.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync {

class FrameReader {
 public:
  FrameReader(store::JournalReader& journal, const Epoch& epoch) : journal_(journal), epoch_(epoch) {}

  struct Frame {
    Range range;  ///< what is in it: of the numbers asked for the first ones, at least one
    Bytes body;
  };
  /// As many of these records as have room in `bytes_max`, or the first one alone. `live`: of the newest, not of the backlog.
  /// `after_gap`: the record before them cannot be read, and its hash stands as zeros.
  /// Errors: the journal's, not_found.
  [[nodiscard]] Result<Frame> read(Stream stream, const Range& numbers, bool live, bool after_gap, std::size_t bytes_max);

 private:
  [[nodiscard]] Result<Sha256> hash_before(Stream stream, std::uint64_t number, bool live);

  store::JournalReader& journal_;
  const Epoch epoch_;
  struct Tail {
    std::uint64_t number = 0;
    std::string hash;
  };
  std::array<std::array<Tail, 2>, store::streams.size()> tails_;  ///< last read of each stream: backlog, live
};

}  // namespace rampa::sync
