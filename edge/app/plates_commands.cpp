#include "edge/app/plates_commands.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "edge/app/tools.hpp"
#include "edge/runtime/system_clock.hpp"
#include "edge/vision/plates/frame_reader.hpp"

namespace rampa::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> inputs;
  std::string country_hint, models;
  bool json = false, why = false, one_look = false;
  double reported_min = vision::plates::ReaderSettings{}.reported_min;
};

int complain(const std::string& what, int code = exit_found) {
  std::cerr << "rampa read-plates: " << what << "\n";
  return code;
}

bool picture_name(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".bmp";
}

/// All pictures of a folder, in the order of their names; a file is itself.
std::vector<std::string> pictures(const std::string& input) {
  if (!fs::is_directory(input)) return {input};
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(input))
    if (entry.is_regular_file() && picture_name(entry.path())) out.push_back(entry.path().string());
  std::sort(out.begin(), out.end());
  return out;
}

double rounded(double value, double steps = 1000) { return std::round(value * steps) / steps; }

Json as_json(const vision::plates::FramePlate& plate, bool why) {
  Json characters = Json::array();
  for (const auto& c : plate.read.characters)
    characters.push_back(Json{{"character", c.printed}, {"confidence", rounded(c.confidence)}, {"runner_up", c.runner_up}, {"runner_up_confidence", rounded(c.runner_up_confidence)}});
  Json box = Json::array();
  for (const auto& p : plate.corners) box.push_back(Json::array({rounded(p.x, 10), rounded(p.y, 10)}));
  Json out{{"text", plate.read.text}, {"printed", plate.read.printed}, {"confidence", rounded(plate.read.confidence)}, {"characters", std::move(characters)},
           {"country", plate.read.country}, {"certified", plate.read.certified}, {"box", std::move(box)}};
  if (!plate.read.twin.empty()) out["twin"] = plate.read.twin;
  if (!plate.read.series.empty()) out["series"] = plate.read.series;
  if (plate.two_lines) out["lines"] = 2;
  if (why) {
    out["doubts"] = plate.read.doubts;
    out["found"] = rounded(plate.found);
    out["margin"] = rounded(plate.read.margin);
  }
  return out;
}

int read_plates(const Options& options) {
  vision::plates::ReaderSettings settings;
  settings.country_hint = options.country_hint;
  settings.reported_min = options.reported_min;
  if (options.one_look) settings.closer_looks_max = 0;
  const auto files = options.models.empty() ? vision::plates::ReaderFiles::usual() : vision::plates::ReaderFiles::in(options.models);
  auto reader = vision::plates::make_frame_reader(files, settings);
  if (!reader) return complain(reader.error().what, exit_config);
  const runtime::SystemClock clock;
  int code = exit_ok;
  for (const auto& input : options.inputs) {
    std::error_code error;
    if (!fs::exists(input, error)) {
      code = complain(input + ": is not there");
      continue;
    }
    for (const auto& file : pictures(input)) {
      const auto bytes = whole_file(file);
      const auto frame = bytes ? vision::plates::decoded({reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()})
                               : tl::unexpected(Error{ErrorCode::io, "can't be read"});
      if (!frame) {
        code = complain(file + ": " + frame.error().what);
        continue;
      }
      const auto before = clock.mono();
      const auto plates = (*reader)->read(frame->frame());
      const double ms = std::chrono::duration<double, std::milli>(clock.mono() - before).count();
      if (!plates) {
        code = complain(file + ": " + plates.error().what);
        continue;
      }
      if (options.json) {
        Json list = Json::array();
        for (const auto& plate : *plates) list.push_back(as_json(plate, options.why));
        std::cout << Json{{"file", file}, {"plates", std::move(list)}, {"ms", rounded(ms, 100)}}.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
        continue;
      }
      std::cout << file << ":";
      for (const auto& plate : *plates) {
        std::cout << " " << plate.read.printed << " (" << plate.read.country << ", " << static_cast<int>(plate.read.confidence * 100) << " %";
        if (plate.read.certified) std::cout << ", certified";
        if (options.why)
          for (const auto& doubt : plate.read.doubts) std::cout << "; " << doubt;
        std::cout << ")";
      }
      std::cout << (plates->empty() ? " no plate\n" : "\n");
    }
  }
  return code;
}

}  // namespace

void add_plates_commands(CLI::App& program, int& code) {
  auto options = std::make_shared<Options>();
  auto* read = program.add_subcommand("read-plates", "read the plates in pictures with the lanes' own reader");
  read->add_option("input", options->inputs, "pictures (JPEG, PNG) or folders of them")->required();
  read->add_flag("--json", options->json, "one JSON line per picture; ms: from decoded picture to reads");
  read->add_option("--country-hint", options->country_hint, "ISO 3166 alpha-2 of a country that is likelier here than others")->check([](const std::string& text) {
    return text.size() == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z' ? std::string{} : std::string("two capital letters are wanted, \"RS\"");
  });
  read->add_flag("--why", options->why, "say why a read is not certified");
  read->add_flag("--one-look", options->one_look, "no closer look at plates whose read was not certified");
  read->add_option("--report-from", options->reported_min, "confidence from which on a plate is reported")->check(CLI::Range(0.0, 1.0))->capture_default_str();
  read->add_option("--models", options->models, "folder of the nets and formats (else RAMPA_PLATES_DIR, else beside the binary)");
  read->callback([options, &code] { code = read_plates(*options); });
}

}  // namespace rampa::app
