#include "edge/app/camera_commands.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "edge/app/camera_watch.hpp"
#include "edge/app/read_rates.hpp"
#include "edge/app/tools.hpp"
#include "edge/runtime/system_clock.hpp"

namespace rampa::app {
namespace {

using Json = nlohmann::ordered_json;

int complain(const std::string& what) {
  std::cerr << "rampa: " << what << "\n";
  return exit_found;
}

/// A running appliance sees that the file is gone with the next picture.
int confirm_view(const ToolOptions& options, const std::string& camera) {
  const auto site = site_of(options);
  if (!site) return exit_config;
  const auto device = std::find_if(site->devices.begin(), site->devices.end(), [&](const auto& d) { return d.id.text == camera; });
  if (device == site->devices.end()) return complain(options.site_file + " has no device " + camera);
  const auto product = site->products.find(device->icd);
  if (product == site->products.end() || product->second.device_class != "camera")
    return complain(camera + " is no camera that gives Rampa its pictures; only of those the view is known");
  const std::string file = CameraWatch::reference_file(CameraWatch::directory_in(site->directory), device->id);
  std::error_code trouble;
  const bool known = std::filesystem::remove(file, trouble);
  if (trouble) return complain(file + " can't be removed: " + trouble.message());
  if (options.json) {
    std::cout << Json{{"camera", camera}, {"was_known", known}, {"scenes_to_learn", vision::CameraHealth::scenes_learned}}.dump() << "\n";
    return exit_ok;
  }
  if (known) std::cout << camera << ": its view is taken as right and learned anew over the next " << vision::CameraHealth::scenes_learned << " scenes\n";
  else std::cout << camera << ": no view of it is known yet; it is learned over the first " << vision::CameraHealth::scenes_learned << " scenes\n";
  return exit_ok;
}

struct RateOptions {
  int days = 7;
  double least_percent = 0;
  std::string camera;
};

// Of a handful of vehicles no rate can be told.
constexpr int crossings_min = 20;

int print_rates(const ToolOptions& options, const RateOptions& wanted) {
  const auto site = site_of(options);
  if (!site) return exit_config;
  if (!wanted.camera.empty() && std::none_of(site->devices.begin(), site->devices.end(), [&](const auto& d) { return d.id.text == wanted.camera; }))
    return complain(options.site_file + " has no device " + wanted.camera);
  auto picture = store::open_picture(site->directory);
  if (!picture) return complain(picture.error().what);
  auto rates = read_rates(**picture, *site, runtime::SystemClock().now().wall, wanted.days);
  if (!rates) return complain(rates.error().what);
  if (!wanted.camera.empty()) std::erase_if(*rates, [&](const auto& r) { return r.camera.text != wanted.camera; });
  const auto poor = [&](const ReadRate& r) { return r.crossings >= crossings_min && r.read_percent() < wanted.least_percent; };
  if (options.json) {
    Json list = Json::array();
    for (const auto& r : *rates)
      list.push_back({{"day", r.day}, {"camera", r.camera.text}, {"lane", r.lane.text}, {"role", r.role}, {"crossings", r.crossings}, {"read", r.read}, {"good", r.good},
                      {"unread", r.unread()}, {"read_percent", std::round(r.read_percent() * 10) / 10}, {"faults", r.faults}, {"poor", poor(r)}});
    std::cout << Json{{"read_rates", list}}.dump() << "\n";
  } else {
    if (rates->empty()) std::cout << "no crossing in the last " << wanted.days << " days\n";
    else std::cout << "day (UTC)   camera                    crossings   read   good   none   read %   faults told\n";
    for (const auto& r : *rates) {
      std::string faults;
      for (const auto& word : r.faults) faults += (faults.empty() ? "" : ", ") + word;
      char line[200];
      std::snprintf(line, sizeof line, "%s  %-24s %10d %6d %6d %6d %7.1f%s  ", r.day.c_str(), r.camera.text.c_str(), r.crossings, r.read, r.good, r.unread(), r.read_percent(), poor(r) ? "!" : " ");
      std::cout << line << faults << "\n";
    }
  }
  return std::any_of(rates->begin(), rates->end(), poor) ? exit_found : exit_ok;
}

}  // namespace

void add_camera_commands(CLI::App& program, ToolOptions& options, int& code) {
  auto camera = std::make_shared<std::string>();
  auto* confirm = program.add_subcommand("confirm-view", "a camera's present view and focus are right: learn them anew (after it was mounted or pointed elsewhere on purpose)");
  confirm->add_option("--site", options.site_file, "the post's site file (TOML); else RAMPA_SITE")->required(options.site_file.empty());
  confirm->add_option("--icd-dir", options.icd_directory, "folder of ICD files (else RAMPA_ICD_DIR, else beside the binary)");
  confirm->add_flag("--json", options.json, "one JSON object on standard output");
  confirm->add_option("camera", *camera, "the device's id, \"L1-plate_front\"")->required();
  confirm->callback([&options, camera, &code] { code = confirm_view(options, *camera); });

  auto wanted = std::make_shared<RateOptions>();
  auto* rates = program.add_subcommand("read-rates", "by camera and day: vehicles, plates read, reads good enough for the lane, none read, and what faults were told of the camera");
  rates->add_option("--site", options.site_file, "the post's site file (TOML); else RAMPA_SITE")->required(options.site_file.empty());
  rates->add_option("--icd-dir", options.icd_directory, "folder of ICD files (else RAMPA_ICD_DIR, else beside the binary)");
  rates->add_flag("--json", options.json, "one JSON object on standard output");
  rates->add_option("--days", wanted->days, "so many days up to today")->check(CLI::Range(1, 366))->capture_default_str();
  rates->add_option("--camera", wanted->camera, "of this device only");
  rates->add_option("--least-percent", wanted->least_percent, "exit code 1 where a camera read fewer plates than this on a day with " + std::to_string(crossings_min) + " vehicles or more")->check(CLI::Range(0.0, 100.0));
  rates->callback([&options, wanted, &code] { code = print_rates(options, *wanted); });
}

}  // namespace rampa::app
