// What several subcommands print.
#pragma once

#include <string>
#include <vector>

#include "hil/bench/report.hpp"

namespace rampa::hil::app {

/// One line: {"name","file","passed","wrong","crossings","world_s","trace_hash"}. `trace_hash` is null where it is empty
/// (real processes).
[[nodiscard]] std::string scenario_json(const Scenario& scenario, const RunReport& report, const std::vector<std::string>& wrong,
                                        const std::string& trace_hash);
/// The same for one that could not be played: {"name","file","passed":null,"skipped"} or {"name","file","passed":false,"error"}.
[[nodiscard]] std::string not_played_json(const std::string& name, const std::string& file, const std::string& key, const std::string& why);

}  // namespace rampa::hil::app
