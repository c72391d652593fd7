// Importer of the public risk-matching workload: declarations and profiles as flat JSON lines ("f", "op", "v"; `lane` there is our
// channel, days count from 2020-01-01). For `rampa assess`, tests and benchmarks.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "edge/risk/fact_sheet.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::risk {

/// Is this line of that format?
[[nodiscard]] bool is_benchmark_line(std::string_view line);

/// A set of format 2 from profiles, one per line. `most`: no more profiles than this, 0 for all. Errors: invalid, with the line.
[[nodiscard]] Result<std::string> import_benchmark_profiles(std::string_view lines, std::size_t most = 0);

struct BenchmarkDeclaration {
  std::int64_t id = 0;
  WallTime at;      ///< start of its day
  Fields facts;
};
/// One declaration, one goods item. Errors: invalid.
[[nodiscard]] Result<BenchmarkDeclaration> import_benchmark_declaration(std::string_view line);

}  // namespace rampa::risk
