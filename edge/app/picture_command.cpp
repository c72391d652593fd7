#include "edge/app/picture_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "edge/api/durable_file.hpp"
#include "edge/app/tools.hpp"
#include "edge/store/store.hpp"
#include "edge/vision/plates/mask.hpp"

namespace rampa::app {
namespace {

using Json = nlohmann::ordered_json;

struct PictureOptions {
  std::string sha256, out, models;
  bool whole = false;
};

int complain(const std::string& what, int code = exit_found) {
  std::cerr << "rampa picture: " << what << "\n";
  return code;
}

int take_out(const ToolOptions& options, const PictureOptions& wanted) {
  const auto site = site_of(options);
  if (!site) return exit_config;
  auto store = store::open_picture(site->directory);
  if (!store) return complain(store.error().what);
  const auto evidence = (*store)->blob_of_a_crossing(wanted.sha256);
  if (!evidence) return complain(evidence.error().what);
  if (!*evidence) return complain(wanted.sha256 + " is no picture of a crossing here");
  auto bytes = (*store)->blob(wanted.sha256);
  if (!bytes) return complain(bytes.error().what);
  std::size_t plates = 0;
  if (!wanted.whole) {
    auto reader = vision::plates::make_frame_reader(wanted.models.empty() ? vision::plates::ReaderFiles::usual() : vision::plates::ReaderFiles::in(wanted.models));
    if (!reader) return complain(reader.error().what, exit_config);
    const auto picture = vision::plates::decoded(*bytes);
    if (!picture) return complain(wanted.sha256 + ": " + picture.error().what + ", so it can't be masked; --whole takes it out as it is");
    const auto found = (*reader)->read(picture->frame());
    if (!found) return complain(wanted.sha256 + ": " + found.error().what);
    const auto shown = vision::plates::shown_plates(*found);
    plates = shown.size();
    auto safe = vision::plates::masked(picture->frame(), shown);
    if (!safe) return complain(wanted.sha256 + ": " + safe.error().what);
    bytes = std::move(*safe);
  }
  if (const auto written = api::create_file(wanted.out, {reinterpret_cast<const char*>(bytes->data()), bytes->size()}); !written)
    return complain(written.error().what + (written.error().code == ErrorCode::refused ? "" : "; --out needs a folder that is there, is yours to write and has room"));
  if (options.json) {
    Json result{{"sha256", wanted.sha256}, {"file", wanted.out}, {"size_bytes", bytes->size()}, {"masked", !wanted.whole}};
    if (!wanted.whole) result["plates_shown"] = plates;
    std::cout << result.dump() << "\n";
  } else if (wanted.whole) {
    std::cout << wanted.out << ": as it was taken, with everybody in it\n";
  } else {
    std::cout << wanted.out << ": masked but for " << plates << (plates == 1 ? " plate\n" : " plates\n");
  }
  return exit_ok;
}

}  // namespace

void add_picture_command(CLI::App& program, ToolOptions& options, int& code) {
  auto wanted = std::make_shared<PictureOptions>();
  auto* picture = program.add_subcommand("picture", "take a picture of a crossing out of the store, by the SHA-256 that `show` prints: everything but the plates is masked for good in the copy");
  picture->add_option("--site", options.site_file, "the post's site file (TOML); else RAMPA_SITE")->required(options.site_file.empty());
  picture->add_option("--icd-dir", options.icd_directory, "folder of ICD files (else RAMPA_ICD_DIR, else beside the binary)");
  picture->add_flag("--json", options.json, "one JSON object on standard output");
  picture->add_option("sha256", wanted->sha256, "64 hex digits")->required()->check([](const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos ? std::string{} : std::string("64 lower-case hex digits are wanted");
  });
  picture->add_option("--out", wanted->out, "the file to write, one that is not there yet; only you may read it")->required();
  picture->add_flag("--whole", wanted->whole, "as it was taken, not masked (also scans and other blobs)");
  picture->add_option("--models", wanted->models, "folder of the plate reader's nets (else RAMPA_PLATES_DIR, else beside the binary)");
  picture->callback([&options, wanted, &code] { code = take_out(options, *wanted); });
}

}  // namespace rampa::app
