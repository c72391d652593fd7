// `rampa picture`: a picture out of the post's store, masked.
#pragma once

namespace CLI {
class App;
}

namespace rampa::app {

struct ToolOptions;

/// Adds the command to the program; its exit code goes to `code` when it ran.
void add_picture_command(CLI::App& program, ToolOptions& options, int& code);

}  // namespace rampa::app
