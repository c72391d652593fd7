#include "edge/app/plates_commands.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "edge/app/tools.hpp"
#include "edge/runtime/system_clock.hpp"
#include "edge/vision/plates/plate_read.hpp"

namespace rampa::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> inputs;
  std::string country_hint, models;
  bool json = false, why = false, one_look = false;
  int frames_every_ms = 0;  ///< of a run; 0: pictures that have nothing to do with each other
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

/// A frame's place in its run: the number that its name ends in, else how many came before it.
std::int64_t number_of(const fs::path& file, std::size_t before) {
  const std::string name = file.stem().string();
  const std::size_t digits = name.size() - std::min(name.size(), name.find_last_not_of("0123456789") + 1);
  return digits == 0 || digits > 12 ? static_cast<std::int64_t>(before) : std::stoll(name.substr(name.size() - digits));
}

Result<std::vector<vision::plates::FramePlate>> plates_of(vision::plates::FrameReader& reader, const std::string& file, double* ms = nullptr) {
  const auto bytes = whole_file(file);
  if (!bytes) return fail(ErrorCode::io, file + ": can't be read");
  const auto frame = vision::plates::decoded({reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
  if (!frame) return fail(frame.error().code, file + ": " + frame.error().what);
  const runtime::SystemClock clock;
  const auto before = clock.mono();
  auto plates = reader.read(frame->frame());
  if (ms) *ms = std::chrono::duration<double, std::milli>(clock.mono() - before).count();
  if (!plates) return fail(plates.error().code, file + ": " + plates.error().what);
  return plates;
}

/// One line per passage of a run of frames.
int read_run(const Options& options, vision::plates::FrameReader& reader, const std::string& input) {
  const auto files = pictures(input);
  std::vector<vision::plates::Sighting> sightings;
  std::vector<std::string> file_of;
  std::map<std::int64_t, std::string> file_at;
  int code = exit_ok;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::int64_t at_ms = number_of(files[i], i) * options.frames_every_ms;
    const auto plates = plates_of(reader, files[i]);
    if (!plates) {
      code = complain(plates.error().what);
      continue;
    }
    if (const auto [other, fresh] = file_at.emplace(at_ms, files[i]); !fresh) {
      code = complain(files[i] + ": its name ends in the number of " + other->second + "; the frames of a run are numbered, one run a folder");
      continue;
    }
    for (const auto& plate : *plates) {
      sightings.push_back(as_sighting(plate, at_ms));
      file_of.push_back(files[i]);
    }
  }
  for (const auto& passage : vision::plates::passages_of(sightings)) {
    const std::string country = passage.country.empty() ? "unknown" : passage.country;
    if (!options.json) {
      std::cout << input << ": " << passage.text << " (" << country << ", " << static_cast<int>(passage.confidence * 100) << " %"
                << (passage.certified ? ", certified" : "") << ") in " << passage.sightings.size() << " frames, best " << file_of[passage.best] << "\n";
      continue;
    }
    Json characters = Json::array();
    for (std::size_t i = 0; i < passage.text.size(); ++i)
      characters.push_back(Json{{"character", passage.text.substr(i, 1)}, {"confidence", rounded(passage.character_confidence[i])}});
    const auto& place = sightings[passage.best].place;
    const Json line{{"run", input}, {"text", passage.text}, {"confidence", rounded(passage.confidence)}, {"characters", std::move(characters)}, {"country", country},
                    {"certified", passage.certified}, {"frames", passage.sightings.size()}, {"first", file_at.at(passage.first_ms)}, {"last", file_at.at(passage.last_ms)},
                    {"best", file_of[passage.best]},
                    {"box", Json::array({rounded(place.left, 10), rounded(place.top, 10), rounded(place.right, 10), rounded(place.bottom, 10)})}};
    std::cout << line.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  }
  return code;
}

int read_plates(const Options& options) {
  vision::plates::ReaderSettings settings;
  settings.country_hint = options.country_hint;
  settings.reported_min = options.reported_min;
  if (options.one_look) settings.closer_looks_max = 0;
  const auto files = options.models.empty() ? vision::plates::ReaderFiles::usual() : vision::plates::ReaderFiles::in(options.models);
  auto reader = vision::plates::make_frame_reader(files, settings);
  if (!reader) return complain(reader.error().what, exit_config);
  int code = exit_ok;
  for (const auto& input : options.inputs) {
    std::error_code error;
    if (!fs::exists(input, error)) {
      code = complain(input + ": is not there");
      continue;
    }
    if (options.frames_every_ms > 0) {
      if (const int run = read_run(options, **reader, input); run != exit_ok) code = run;
      continue;
    }
    for (const auto& file : pictures(input)) {
      double ms = 0;
      const auto plates = plates_of(**reader, file, &ms);
      if (!plates) {
        code = complain(plates.error().what);
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
  read->add_option("--run", options->frames_every_ms, "each folder is a run of frames so many ms apart, numbered at the end of their names: one line per vehicle's plate")
      ->check(CLI::Range(1, 60'000));
  read->add_flag("--why", options->why, "say why a read is not certified");
  read->add_flag("--one-look", options->one_look, "no closer look at plates whose read was not certified");
  read->add_option("--report-from", options->reported_min, "confidence from which on a plate is reported")->check(CLI::Range(0.0, 1.0))->capture_default_str();
  read->add_option("--models", options->models, "folder of the nets and formats (else RAMPA_PLATES_DIR, else beside the binary)");
  read->callback([options, &code] { code = read_plates(*options); });
}

}  // namespace rampa::app
