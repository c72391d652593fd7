// How the line to HQ stands.
#pragma once

#include <string>

#include "edge/store/stream.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::sync {

/// For screens and `rampa status`.
struct LinkStatus {
  bool up = false;            ///< HQ itself answers (not merely a broker)
  std::string phase;          ///< "waiting", "connecting", "greeting", "streaming", "forked"
  std::size_t broker = 0;     ///< index into the list
  std::uint64_t cursor = 0;   ///< journal sequence up to which HQ has everything
  std::uint64_t last_sequence = 0;
  std::uint64_t backlog = 0;  ///< records durable here and not acknowledged
  store::StreamEnds waiting;  ///< of it by stream
  std::size_t blobs_wanted = 0;
  std::uint64_t quarantined = 0;      ///< records HQ keeps apart, since start
  MonoTime last_ack;                  ///< 0: none since start
  std::uint64_t attempts = 0, resends = 0;
  Duration round_trip{};              ///< the shortest on this connection; 0: none measured
  std::size_t budget_bytes = 0;       ///< what may be under way
  bool metered = false;
  std::string durability;             ///< of HQ: "disk", "standby"; empty before its first answer
  std::string trouble;                ///< empty, or what is wrong and what to do
};

}  // namespace rampa::sync
