// `rampa read-plates`.
#pragma once

namespace CLI {
class App;
}

namespace rampa::app {

/// Adds the command to the program; its exit code goes to `code` when it ran.
void add_plates_commands(CLI::App& program, int& code);

}  // namespace rampa::app
