#include "hil/app/inputs.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace rampa::hil::app {

Result<std::shared_ptr<const risk::ProfileSet>> read_profile_set(const std::string& file) {
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::not_found, file + ": cannot be read");
  std::stringstream text;
  text << in.rdbuf();
  // Virtual runs name the set by its version alone; the hash of its bytes is the appliance's business.
  auto set = risk::compile(text.str(), "");
  if (!set) return fail(set.error().code, file + ": " + set.error().what);
  return set;
}

Result<config::Site> read_site_or_say(const std::string& file, const std::string& icd_directory) {
  auto check = config::read_site(file, icd_directory);
  if (check.findings.empty()) return std::move(check.site);
  std::string all;
  for (const auto& f : check.findings)
    all += (all.empty() ? "" : "\n") + f.file + ":" + std::to_string(f.line) + ": " + f.key + ": " + f.cause +
           (f.remedy.empty() ? "" : "; " + f.remedy);
  return fail(ErrorCode::invalid, all);
}

std::string site_file_of(const Scenario& scenario) {
  return (std::filesystem::path(scenario.file).parent_path() / scenario.site).lexically_normal().string();
}

}  // namespace rampa::hil::app
