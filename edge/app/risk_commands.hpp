// `rampa assess`, `rampa explain`, and what authors ask of a set before it is signed: `rampa profiles check|test`.
#pragma once

#include <string>

#include "edge/app/tools.hpp"

namespace CLI {
class App;
}

namespace rampa::app {

/// Adds assess and explain to the program, check and test to its `profiles` command. Each sets `code` when it ran.
void add_risk_commands(CLI::App& cli, CLI::App& profiles, ToolOptions& options, int& code);

}  // namespace rampa::app
