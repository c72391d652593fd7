// One message under way, and what the line was like when it went: for whoever measures the line by what comes back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "firmware-interfaces/time.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync {

/// LineBudget's own note about a message; only `at` means something to others.
struct LineMark {
  MonoTime at;                  ///< when it went
  std::uint64_t delivered = 0;  ///< bytes that HQ had taken by then
  MonoTime newest_arrived;      ///< of these, when the newest one arrived...
  MonoTime newest_sent;         ///< ...and when it went
  bool idle = false;            ///< the post had less to send than the line takes: says nothing about the line's rate
};

struct Sent {
  Range range;
  std::size_t bytes = 0;     ///< on the wire
  std::uint64_t order = 0;   ///< rises with every message of the connection
  LineMark mark;
  bool live = false;
};

}  // namespace rampa::sync
