#include "edge/app/profiles_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/tree.hpp"
#include "edge/app/folder_lock.hpp"
#include "edge/app/kept_sets.hpp"
#include "edge/app/lanes_first.hpp"
#include "edge/runtime/large_pages.hpp"
#include "sync/bundle/bundle.hpp"

namespace rampa::app {

Result<std::shared_ptr<const risk::ProfileSet>> compile_set(const std::string& json, const std::string& sha256, Priority priority, risk::Reading reading) {
  std::optional<LanesFirst> idle;
  if (priority == Priority::idle) idle.emplace();
  return risk::compile(json, sha256, {}, runtime::prefer_large_pages, reading);
}

namespace {

/// As far as a path says nothing that an author chose: the profile's place, or the part of the set.
std::string place_in_set(const std::string& path) {
  const auto end = path.find_first_of(".[");
  const std::string part = path.substr(0, end);
  if (part == "profiles" || part == "green_lists") {
    const auto index = path.find(']');
    return index == std::string::npos ? part : path.substr(0, index + 1);
  }
  for (const char* known : {"format", "version", "issued", "default_language", "policy", "lists"})
    if (part == known) return part;
  return {};
}

/// Quotes no more of the set than said_aloud(). Empty where it breaks no rule.
std::string outgrown_text(const risk::ProfileSet& set) {
  const auto lines = set.outgrown();
  if (lines.empty()) return {};
  const auto count = std::count(lines.begin(), lines.end(), '\n') + 1;
  return "set " + set.version() + " was made before " + std::to_string(count) + (count == 1 ? " rule" : " rules") + " that it would be refused for as a new one (" +
         place_in_set(lines.substr(0, lines.find(": "))) + (count == 1 ? "" : " and further places") + "); it goes on with the meaning that it had: have HQ issue it anew";
}

Result<LoadedProfiles> compiled(const std::string& json, risk::Reading reading) {
  auto set = compile_set(json, bundle::hex(bundle::sha256(json)), Priority::usual, reading);  // ProfilesWatch is at idle priority already
  if (!set) return tl::unexpected(set.error());
  if ((*set)->urgent() > 0) return fail(ErrorCode::invalid, "urgent: stands in a set from outside; remove it: only the post itself adds urgent profiles, with four eyes");
  LoadedProfiles loaded{std::move(*set), std::make_shared<const Bytes>(json.begin(), json.end()), {}};
  if (auto told = outgrown_text(*loaded.set); !told.empty()) loaded.notices.push_back(std::move(told));
  return loaded;
}

/// As `rampa profiles install` told whoever ran it; the folder's own history is what a post can journal.
std::optional<AuditNote> how_installed(const bundle::TrustedState& state) {
  if (!state.active) return std::nullopt;
  for (auto done = state.history.rbegin(); done != state.history.rend(); ++done) {
    if (done->set_hash != state.active->set_hash) continue;
    std::string persons;
    for (const auto& person : done->persons) persons += (persons.empty() ? "" : ", ") + person;
    return AuditNote{done->how == "rollback" ? "profiles-rolled-back" : "profiles-installed", persons,
                     "release " + std::to_string(done->release) + " (" + done->version + "), set " + bundle::hex(done->set_hash) + (done->reason.empty() ? "" : ": " + done->reason)};
  }
  return std::nullopt;
}

Result<LoadedProfiles> installed_profiles(const std::string& folder, risk::Reading reading) {
  const FolderLock lock(folder, FolderLock::For::reading);  // an installation that tidies up takes old sets away
  auto installed = bundle::open_installed(*store::real_disk(), folder);
  if (!installed) return fail(installed.error().code, folder + ": " + bundle::text_of(installed.error()));
  if (!installed->set) {
    std::string why = "no profile set is installed yet; install a bundle with `rampa profiles install`";
    for (const auto& notice : installed->notices) why = notice;
    return fail(ErrorCode::not_found, folder + ": " + why);
  }
  auto loaded = compiled(installed->set->text(), reading);
  if (!loaded) return loaded;
  loaded->notices.insert(loaded->notices.begin(), installed->notices.begin(), installed->notices.end());
  loaded->installed = how_installed(installed->state);
  if (installed->state.timestamp.version > 0) loaded->fresh_until = installed->state.timestamp.expires;
  if (const auto raised = loaded->set->stop_raised(); loaded->installed && !raised.empty()) loaded->installed->detail += "; " + raised;
  if (const auto waived = loaded->set->stop_waived(); loaded->installed && !waived.empty()) loaded->installed->detail += "; its signers waive the limit of what it may stop: " + waived;
  return loaded;
}

}  // namespace

std::string frozen_text(WallTime expired) {
  return "headquarters no longer confirms it: its timestamp expired at " + bundle::time_text(expired) + "; install a newer bundle, or a refresh (`rampa profiles sign --continue BUNDLE --refresh`), and see why none comes";
}

Result<LoadedProfiles> read_profiles(const std::string& file, risk::Reading reading) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return installed_profiles(file, reading);
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::not_found, file + ": cannot be read; name a profile set (JSON) or a folder of installed bundles (in a site file: `profiles`)");
  std::stringstream text;
  text << in.rdbuf();
  return compiled(text.str(), reading);
}

Result<std::shared_ptr<const risk::ProfileSet>> stored_profiles(const std::string& directory, const std::string& sha256) {
  auto text = kept_set(directory, sha256);
  if (!text) return tl::unexpected(text.error());
  return compile_set(*text, sha256, Priority::usual, risk::Reading::kept);
}

std::vector<config::Finding> profile_findings(const std::string& file, const Error& error) {
  std::vector<config::Finding> findings;
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {  // of bundles: what is wrong stands in no line
    const auto remedy = error.what.rfind("; ");
    findings.push_back({file, 1, "", error.what.substr(0, remedy), remedy == std::string::npos ? "look with `rampa profiles list`" : error.what.substr(remedy + 2)});
    return findings;
  }
  const config::Tree tree = config::parse_json_file(file);
  if (!tree.findings.empty()) return tree.findings;  // not JSON, or a key twice: named with their lines
  std::istringstream lines(error.what);  // "path: cause; remedy", one per line
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(": "), semicolon = line.rfind("; ");
    if (colon == std::string::npos || semicolon == std::string::npos || semicolon < colon) {
      findings.push_back({file, 1, "", line, "correct the profile set"});
      continue;
    }
    const std::string path = line.substr(0, colon);
    findings.push_back({file, config::line_at(tree.root, path), path, line.substr(colon + 2, semicolon - colon - 2), line.substr(semicolon + 2)});
  }
  return findings;
}

std::string said_aloud(const std::string& file, const Error& error) {
  if (error.code != ErrorCode::invalid) return error.what;
  constexpr std::size_t named_max = 5;
  const auto findings = profile_findings(file, error);
  std::string places;
  for (std::size_t i = 0; i < findings.size() && i < named_max; ++i) {
    const auto place = place_in_set(findings[i].key);
    places += (i ? ", line " : "line ") + std::to_string(findings[i].line) + (place.empty() ? "" : " (" + place + ")");
  }
  if (findings.size() > named_max) places += " and further ones";
  return file + ": " + std::to_string(findings.size()) + (findings.size() == 1 ? " finding: " : " findings: ") + places + "; `rampa profiles check " + file +
         "` names cause and remedy";
}

}  // namespace rampa::app
