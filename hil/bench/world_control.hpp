// The control port of a served world: one JSON object per line in, one out. Commands: hil/CONTROL.md.
#pragma once

#include <string>

#include "hil/bench/served_post.hpp"

namespace rampa::hil {

struct ControlState {
  bool stop = false;  ///< somebody said stop
};

/// Answers one line. Never throws; a bad line is answered {"ok":false,"error":...}.
[[nodiscard]] std::string control_world(ServedPost& post, ControlState& state, const std::string& line);

/// A lorry as control JSON ({"op":"lorry",...}), for programs that talk to the port.
[[nodiscard]] std::string lorry_line(const std::string& lane, const Lorry& lorry);

}  // namespace rampa::hil
