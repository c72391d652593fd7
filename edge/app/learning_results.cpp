#include "edge/app/learning_results.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "edge/app/tools.hpp"

namespace rampa::app {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const risk::ProfileResult& r) {
  Json row{{"profile", r.profile}, {"version", r.version == 0 ? Json(nullptr) : Json(r.version)}, {"hits", r.hits}, {"shadow_hits", r.shadow_hits}, {"controls", r.controls},
           {"findings", r.findings}, {"no_result", r.no_result}, {"hit_rate", r.controls == 0 ? Json(nullptr) : Json(r.rate())}, {"interval_95", {r.interval.low, r.interval.high}},
           {"below_floor", r.below_floor}, {"false_hits", r.controls - r.findings}, {"false_hit_minutes", static_cast<double>(r.false_hit_ms) / 60'000}, {"unpriced", r.unpriced},
           {"overridden_release", r.overridden_release}, {"overridden_hold", r.overridden_hold}, {"declined", Json::object()}};
  for (const auto& [reason, count] : r.declined) row["declined"][reason] = count;
  return row;
}

Json json_of(const risk::Outcomes& outcomes, const risk::Results& r) {
  Json profiles = Json::array(), weeks = Json::array(), posts = Json::array();
  for (const auto& row : r.profiles) profiles.push_back(json_of(row));
  for (const auto& [week, c] : r.channels_by_week) weeks.push_back({{"week", day_text(week)}, {"green", c[0]}, {"blue", c[1]}, {"yellow", c[2]}, {"red", c[3]}});
  for (const auto& [store, stretches] : outcomes.covered()) posts.push_back({{"post", store.post}, {"epoch", store.epoch.empty() ? Json(nullptr) : Json(store.epoch)}, {"sequences", stretches}});
  return {{"posts", posts}, {"notices", outcomes.notices()}, {"crossings", r.crossings}, {"unfinished", r.unfinished}, {"controls", r.controls}, {"findings", r.findings}, {"interval_95", {r.interval.low, r.interval.high}},
          {"false_hit_minutes", static_cast<double>(r.false_hit_ms) / 60'000}, {"unpriced", r.unpriced}, {"floor", {{"rate", r.floor.rate}, {"controls", r.floor.controls}}},
          {"profiles", profiles}, {"weeks", weeks}};
}

std::string fixed(double value, int digits) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

void print(const risk::Results& r, std::ostream& out) {
  out << r.crossings << " crossings (" << r.unfinished << " unfinished are not counted), " << r.controls << " controlled, " << r.findings << " with a finding";
  if (r.controls > 0) out << ": " << fixed(100.0 * static_cast<double>(r.findings) / static_cast<double>(r.controls), 2) << " % [" << fixed(100 * r.interval.low, 2) << ", " << fixed(100 * r.interval.high, 2) << "]";
  out << "; false hits took " << fixed(static_cast<double>(r.false_hit_ms) / 60'000, 1) << " lane minutes (" << r.unpriced << " false hits without time)\n";
  if (r.profiles.empty()) return;
  out << "profile\tversion\thits\tshadow\tcontrols\tfindings\trate\t95 % interval\tdeclined\toverridden\tfalse-hit min\n";
  for (const auto& p : r.profiles) {
    std::uint64_t declined = 0;
    for (const auto& [reason, count] : p.declined) declined += count;
    out << p.profile << "\t" << (p.version == 0 ? "?" : std::to_string(p.version)) << "\t" << p.hits << "\t" << p.shadow_hits << "\t" << p.controls << "\t" << p.findings << "\t"
        << (p.controls == 0 ? "-" : fixed(100 * p.rate(), 2) + " %") << "\t" << fixed(100 * p.interval.low, 2) << "-" << fixed(100 * p.interval.high, 2) << "\t" << declined << "\t"
        << p.overridden_release + p.overridden_hold << "\t" << fixed(static_cast<double>(p.false_hit_ms) / 60'000, 1) << (p.below_floor ? "\tBELOW THE FLOOR" : "") << "\n";
  }
}

bool write_file(const std::string& file, const std::string& text) {
  std::ofstream to(file, std::ios::binary);
  to << text;
  to.close();
  return !to.fail();
}

}  // namespace

std::string day_text(std::int64_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

int profile_results(const ResultsOptions& options, std::ostream& out, std::ostream& err) {
  const auto complain = [&](const std::string& what, int code) {
    err << "rampa: " << what << "\n";
    return code;
  };
  risk::Outcomes all;
  for (const auto& file : options.sites) {
    auto check = config::read_site(file, options.icd_directory);
    if (!check.findings.empty()) return complain(file + ": is not a sound site file; see `rampa check-config`", exit_config);
    auto reader = store::open_picture(check.site.directory);
    if (!reader) return complain(file + ": " + reader.error().what, exit_found);
    auto outcomes = read_outcomes(check.site.post, check.site.directory, **reader, [&](std::size_t read) { err << "\r" << check.site.post.text << ": " << read << " crossings" << std::flush; });
    if (!outcomes) return complain(file + ": " + outcomes.error().what, exit_found);
    all.merge(*outcomes);
  }
  for (const auto& file : options.merge) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return complain(file + ": cannot be read", exit_found);
    std::stringstream text;
    text << in.rdbuf();
    auto outcomes = risk::Outcomes::from_json(text.str());
    if (!outcomes) return complain(file + ": " + outcomes.error().what, exit_config);
    all.merge(*outcomes);
  }
  for (const auto& notice : all.notices()) err << "rampa: " << notice << "\n";
  const auto results = risk::results(all, options.floor);
  if (!options.out.empty() && !write_file(options.out, all.json())) return complain(options.out + ": cannot be written", exit_found);
  if (!options.report.empty() && !write_file(options.report, report_page(all, results))) return complain(options.report + ": cannot be written", exit_found);
  if (options.json) out << json_of(all, results).dump() << "\n";
  else print(results, out);
  return exit_ok;
}

int export_history(const ExportOptions& options, std::ostream& out, std::ostream& err) {
  const auto complain = [&](const std::string& what, int code) {
    err << "rampa: " << what << "\n";
    return code;
  };
  auto check = config::read_site(options.site_file, options.icd_directory);
  if (!check.findings.empty()) return complain(options.site_file + ": is not a sound site file; see `rampa check-config`", exit_config);
  auto reader = store::open_picture(check.site.directory);
  if (!reader) return complain(reader.error().what, exit_found);
  std::ofstream file;
  if (!options.out.empty()) file.open(options.out, std::ios::binary);
  std::ostream& to = options.out.empty() ? out : file;
  std::size_t written = 0;
  auto erased = each_past_assessment(**reader, [&](risk::HistoryRow&& row) {
    to << risk::history_line(row) << "\n";
    ++written;
    return static_cast<bool>(to);
  });
  if (!erased) return complain(erased.error().what, exit_found);
  to.flush();
  if (!to) return complain((options.out.empty() ? std::string("standard output") : options.out) + ": cannot be written", exit_found);
  err << written << " crossings, " << *erased << " more were erased; the lines hold personal fields (plates, operators): keep them as such\n";
  return exit_ok;
}

}  // namespace rampa::app
