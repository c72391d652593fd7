// `rampa profiles simulate|history|results`.
#pragma once

#include "edge/app/tools.hpp"

namespace CLI {
class App;
}

namespace rampa::app {

/// Adds them to the program's `profiles` command. Each sets `code` when it ran.
void add_learning_commands(CLI::App& profiles, int& code);

}  // namespace rampa::app
