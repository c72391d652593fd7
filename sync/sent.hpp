// A message that is under way: what it carries, and what the line's measurement needs of the moment when it was sent.
#pragma once

#include <cstddef>
#include <cstdint>

#include "firmware-interfaces/time.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync {

/// How the delivery stood when a message was sent (line_budget.hpp).
struct LineMark {
  std::uint64_t delivered = 0;  ///< bytes of this connection that were acknowledged by then
  MonoTime delivered_at;        ///< when the newest of them were
  MonoTime first_sent;          ///< when the message was sent that was the newest acknowledged one by then
  bool idle = false;            ///< there was not enough to send: it says nothing of what the line can do
};

struct Sent {
  Range range;
  std::size_t bytes = 0;     ///< on the wire
  std::uint64_t order = 0;   ///< rises with every message of the connection
  MonoTime at;
  bool live = false;
  LineMark mark{};
};

}  // namespace rampa::sync
