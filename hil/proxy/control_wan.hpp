// What a WanRelay is told while it runs, as JSON lines (hil/CONTROL.md).
#pragma once

#include <string>

#include "hil/proxy/wan_relay.hpp"

namespace rampa::hil {

/// {"ways":{"up":{...},"down":{...}},"connections",...}
[[nodiscard]] std::string statistics_json(const WanStatistics& statistics);

/// Answers one line: {"op":"fault"|"set"|"faults"|"stats"|"stop"}. Never throws; a bad line is answered
/// {"ok":false,"error":...}. `stop` becomes true where that was said.
[[nodiscard]] std::string control_wan(WanRelay& relay, bool& stop, const std::string& line);

}  // namespace rampa::hil
