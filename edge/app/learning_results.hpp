// `rampa profiles results`: what the profiles brought, over one or many posts; `rampa profiles history`: past facts as lines.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "edge/app/learning_sources.hpp"

namespace rampa::app {

struct ResultsOptions {
  bool json = false;
  std::vector<std::string> sites, merge;  ///< site files; files that `out` wrote elsewhere
  std::string icd_directory;
  std::string out;     ///< where the merged outcomes go
  std::string report;  ///< where the analysts' page goes
  risk::Floor floor;
};
/// Exit codes: tools.hpp.
int profile_results(const ResultsOptions& options, std::ostream& out, std::ostream& err);

struct ExportOptions {
  std::string site_file, icd_directory;
  std::string out;  ///< empty: standard output
};
int export_history(const ExportOptions& options, std::ostream& out, std::ostream& err);

/// The page of the risk analysts: one HTML file without any other. learning_report.cpp.
[[nodiscard]] std::string report_page(const risk::Outcomes& outcomes, const risk::Results& results);

/// "2026-07-20", of a day since 1970.
[[nodiscard]] std::string day_text(std::int64_t day);

}  // namespace rampa::app
