#include "edge/app/camera_commands.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "edge/app/camera_watch.hpp"
#include "edge/app/tools.hpp"

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
  const std::string file = CameraWatch::reference_file(CameraWatch::directory_in(site->directory), device->id);
  std::error_code trouble;
  const bool known = std::filesystem::remove(file, trouble);
  if (trouble) return complain(file + " can't be removed: " + trouble.message());
  if (options.json) {
    std::cout << Json{{"camera", camera}, {"was_known", known}, {"vehicles_to_learn", vision::CameraHealth::scenes_learned}}.dump() << "\n";
    return exit_ok;
  }
  if (known) std::cout << camera << ": its view is taken as right and learned anew over the next " << vision::CameraHealth::scenes_learned << " vehicles\n";
  else std::cout << camera << ": no view of it is known yet; it is learned over the first " << vision::CameraHealth::scenes_learned << " vehicles\n";
  return exit_ok;
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
}

}  // namespace rampa::app
