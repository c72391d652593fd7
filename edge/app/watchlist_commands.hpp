// `rampa watchlist build|match`.
#pragma once

namespace CLI {
class App;
}

namespace rampa::app {

/// Adds the command to the program; its exit code goes to `code` when it ran.
void add_watchlist_commands(CLI::App& program, int& code);

}  // namespace rampa::app
