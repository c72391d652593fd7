// `rampa profiles ...`: the command line's tree for profile sets and their bundles.
#pragma once

namespace CLI {
class App;
}

namespace rampa::app {

/// Adds `profiles` with sign, verify, install, list, keys and convert; `code` receives the exit code of the one that is called.
/// Returns `profiles`, for further subcommands. `code` has to outlive the parsing.
CLI::App* add_profiles_commands(CLI::App& cli, int& code);

}  // namespace rampa::app
