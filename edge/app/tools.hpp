// The appliance's command-line tools: read-only (but for erase_day), beside a running appliance or without one.
#pragma once

#include <optional>
#include <string>

#include "config/site.hpp"

namespace rampa::app {

/// Exit codes of every command: 0 fine, 1 it found something wrong, 2 wrong usage, 78 configuration (EX_CONFIG).
enum Exit { exit_ok = 0, exit_found = 1, exit_usage = 2, exit_config = 78 };

/// All of a file; nothing where it cannot be read.
[[nodiscard]] std::optional<std::string> whole_file(const std::string& path);

struct ToolOptions {
  bool json = false;
  std::string site_file;
  std::string icd_directory;
};

/// The site's settings, or its findings on standard error.
[[nodiscard]] std::optional<config::Site> site_of(const ToolOptions& options);

int check_config(const ToolOptions& options);
int crossings(const ToolOptions& options, std::size_t limit, const std::string& lane, const std::string& plate);
int show(const ToolOptions& options, const std::string& id);
int verify(const ToolOptions& options);
int reassess(const ToolOptions& options, const std::string& id);
/// The only one that writes: needs the store for itself, so `serve` must be stopped. Leaves an audit record.
int erase_day(const ToolOptions& options, const std::string& date, const std::string& by, bool confirmed);
int status(const ToolOptions& options);
int serve(const ToolOptions& options, bool simulated);

}  // namespace rampa::app
