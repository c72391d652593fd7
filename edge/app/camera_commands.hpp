// `rampa confirm-view`, `rampa read-rates`.
#pragma once

namespace CLI {
class App;
}

namespace rampa::app {

struct ToolOptions;

/// Adds the commands to the program; its exit code goes to `code` when it ran.
void add_camera_commands(CLI::App& program, ToolOptions& options, int& code);

}  // namespace rampa::app
