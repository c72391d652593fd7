#include "edge/app/profiles_tools.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "config/site.hpp"
#include "edge/app/folder_lock.hpp"
#include "edge/app/profiles_file.hpp"
#include "edge/app/profiles_install.hpp"
#include "edge/app/tools.hpp"
#include "edge/risk/risk.hpp"
#include "edge/runtime/system_clock.hpp"
#include "sync/bundle/bundle.hpp"

namespace rampa::app {
namespace {

using Json = nlohmann::ordered_json;

int complain(const std::string& what, int code) {
  std::cerr << "rampa: " << what << "\n";
  return code;
}

int refused(const bundle::Refusal& r, bool json) {
  if (json)
    std::cout << Json{{"ok", false}, {"reason", bundle::name_of(r.reason)}, {"where", r.where}, {"what", r.what}, {"remedy", bundle::remedy_of(r.reason)}}.dump() << "\n";
  else
    std::cerr << "refused: " << bundle::text_of(r) << "\n";
  return exit_found;
}

Result<SharedBytes> read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  auto bytes = std::make_shared<Bytes>(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  if (!in && !in.eof()) return fail(ErrorCode::not_found, path + ": can't be read");
  return SharedBytes(std::move(bytes));
}

/// Fills in from the site file what was not named. The exit code where that fails.
std::optional<int> complete(ProfilesPlace& place, bool post_needed) {
  if (place.directory.empty() || (post_needed && place.post.empty())) {
    if (place.site_file.empty())
      return complain(post_needed ? "name the site file with --site, or --directory and --post" : "name the site file with --site, or --directory", exit_usage);
    const auto check = config::read_site(place.site_file, place.icd_directory);
    for (const auto& f : check.findings)
      std::cerr << f.file << ":" << f.line << ": " << f.key << ": " << f.cause << (f.remedy.empty() ? "" : "; " + f.remedy) << "\n";
    if (!check.findings.empty()) return exit_config;
    if (place.directory.empty()) place.directory = check.site.profiles_file;
    if (place.post.empty()) place.post = check.site.post.text;
    place.store_directory = check.site.directory;
    place.urgent_hours_max = check.site.urgent_hours_max;
  }
  while (place.directory.size() > 1 && place.directory.back() == '/') place.directory.pop_back();
  return {};
}

Json set_json(const std::optional<bundle::InstalledSet>& set) {
  if (!set) return nullptr;
  return {{"release", set->release}, {"version", set->version}, {"set_hash", bundle::hex(set->set_hash)}, {"profiles", set->profiles},
          {"installed", bundle::time_text(set->installed_at)}, {"signers", set->signers}, {"files", set->files.size()}};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void print_set(const char* what, const std::optional<bundle::InstalledSet>& set) {
  if (!set) return void(std::cout << what << "none\n");
  std::cout << what << "release " << set->release << "  " << set->version << "  " << set->profiles << " profiles  installed " << bundle::time_text(set->installed_at)
            << "\n           set " << bundle::hex(set->set_hash) << "\n           signed by " << joined(set->signers) << "\n";
}

void print_notices(const bundle::Installed& installed) {
  for (const auto& notice : installed.notices) std::cerr << "rampa: " << notice << "\n";
}

int report(const bundle::Installed& done, bool json, const std::string& what) {
  print_notices(done);
  if (json) {
    Json notes = Json::array();
    for (const auto& note : done.notes) notes.push_back({{"what", note.what}, {"who", note.who}, {"detail", note.detail}});
    std::cout << Json{{"ok", true}, {"done", what}, {"active", set_json(done.state.active)}, {"notes", notes}}.dump() << "\n";
  } else {
    std::cout << what << "\n";
    print_set("active     ", done.state.active);
  }
  return exit_ok;
}

}  // namespace

int profiles_verify(const VerifyOptions& given) {
  VerifyOptions o = given;
  WallTime now = runtime::SystemClock().now().wall;
  if (!o.now.empty()) {
    const auto parsed = bundle::parse_time(o.now);
    if (!parsed) return complain("--now: a time like 2026-11-21T12:00:00Z is expected", exit_usage);
    now = *parsed;
  }
  auto bytes = read_bytes(o.bundle);
  if (!bytes) return complain(bytes.error().what, exit_found);
  bundle::Installed installed;
  if (!o.root.empty()) {
    if (o.place.post.empty()) return complain("name the post with --post", exit_usage);
    auto root = read_bytes(o.root);
    if (!root) return complain(root.error().what, exit_found);
    auto trust = bundle::first_trust(as_text(**root), now);
    if (!trust) return refused(trust.error(), o.place.json);
    installed.state = std::move(*trust);
  } else {
    if (const auto code = complete(o.place, true)) return *code;
    auto found = bundle::open_installed(*store::real_disk(), o.place.directory);
    if (!found) return refused(found.error(), o.place.json);
    print_notices(*found);
    installed = std::move(*found);
  }
  auto verified = bundle::verify(*bytes, installed.state, o.place.post, now);
  if (!verified) return refused(verified.error(), o.place.json);
  auto set = bundle::resulting_set(*verified, installed.set);
  if (!set) return refused(set.error(), o.place.json);
  if (*set) {
    const auto raised = compiles(**set, verified->rollback ? risk::Reading::kept : risk::Reading::fresh);
    if (!raised) return complain(raised.error().what, exit_found);
    if (!raised->empty()) std::cerr << "rampa: " << *raised << "\n";
  }
  const char* kind = verified->kind == bundle::VerifiedBundle::Kind::set ? "set" : verified->kind == bundle::VerifiedBundle::Kind::deltas ? "deltas" : "refresh";
  if (o.place.json)
    std::cout << Json{{"ok", true}, {"kind", kind}, {"post", o.place.post}, {"release", verified->release}, {"version", verified->version},
                      {"set_hash", *set ? Json(bundle::hex((*set)->hash())) : Json(nullptr)}, {"profiles", *set ? Json((*set)->size()) : Json(nullptr)}, {"signers", verified->signers},
                      {"timestamp_expires", bundle::time_text(verified->next.timestamp.expires)}}.dump() << "\n";
  else
    std::cout << o.bundle << ": good for " << o.place.post << ": " << kind << ", release " << verified->release << " (" << verified->version << "), signed by "
              << joined(verified->signers) << ", fresh until " << bundle::time_text(verified->next.timestamp.expires) << "\n";
  return exit_ok;
}

int profiles_install(const InstallOptions& given, const std::function<SetGate(const std::string&)>& gate_of) {
  InstallOptions o = given;
  if (o.bundle.empty() && o.root.empty() && o.rollback.empty()) return complain("name a bundle, --root or --rollback", exit_usage);
  if (const auto code = complete(o.place, o.root.empty())) return *code;
  const auto disk = store::real_disk();
  const WallTime now = runtime::SystemClock().now().wall;
  auto bytes = read_bytes(!o.root.empty() ? o.root : !o.rollback.empty() ? o.rollback : o.bundle);
  if (!bytes) return complain(bytes.error().what, exit_found);
  if (!o.root.empty()) {
    auto begun = bundle::begin_trust(*disk, o.place.directory, as_text(**bytes), now);
    if (!begun) return refused(begun.error(), o.place.json);
    return report(*begun, o.place.json, o.place.directory + " trusts root " + std::to_string(begun->state.roots.rbegin()->first));
  }
  if (o.rollback.empty()) {
    SetGate gate;
    if (o.place.store_directory.empty()) std::cerr << "rampa: the set is not judged by the post's past crossings: name the site file with --site\n";
    else gate = gate_of(o.place.store_directory);
    auto done = install_bundle(o.place.directory, o.place.post, *bytes, now, gate);
    if (!done) return done.error().refusal ? refused(*done.error().refusal, o.place.json) : complain(done.error().what, exit_found);
    return report(*done, o.place.json, "installed");
  }
  const FolderLock lock(o.place.directory, FolderLock::For::installing);
  if (!lock.ok()) return complain(o.place.directory + ": no such folder; begin with --root", exit_found);
  auto before = bundle::open_installed(*disk, o.place.directory);
  if (!before) return refused(before.error(), o.place.json);
  print_notices(*before);
  auto done = bundle::rollback(*disk, o.place.directory, *before, as_text(**bytes), o.place.post, now);
  if (!done) return refused(done.error(), o.place.json);
  return report(*done, o.place.json, "gone back");
}

namespace {

Json urgent_json(const std::optional<std::vector<ListedUrgent>>& urgent) {
  if (!urgent) return nullptr;
  Json list = Json::array();
  for (const auto& p : *urgent)
    list.push_back({{"id", p.id}, {"state", p.state}, {"channel", p.channel}, {"hours", p.hours}, {"left_ms", p.left_ms}, {"proposed_by", p.proposed_by},
                    {"confirmed_by", p.confirmed_by.empty() ? Json(nullptr) : Json(p.confirmed_by)}});
  return list;
}

void print_urgent(const std::optional<std::vector<ListedUrgent>>& urgent) {
  if (!urgent) return;
  for (const auto& p : *urgent)
    std::cout << "urgent     " << p.id << "  " << p.state << "  " << p.channel << "  " << p.left_ms / 3'600'000 << " h " << p.left_ms / 60'000 % 60 << " min left  proposed by "
              << p.proposed_by << (p.confirmed_by.empty() ? "" : ", confirmed by " + p.confirmed_by) << "\n";
  if (urgent->empty()) std::cout << "urgent     none\n";
}

/// A site whose `profiles` is one file: there is no history and nobody signed.
int list_file(const ProfilesPlace& place, const std::optional<std::vector<ListedUrgent>>& urgent, int code) {
  auto loaded = read_profiles(place.directory);
  if (!loaded) return complain(said_aloud(place.directory, loaded.error()), exit_config);
  const auto& set = *loaded->set;
  if (place.json) {
    std::cout << Json{{"file", place.directory}, {"version", set.version()}, {"set_hash", set.sha256()}, {"profiles", set.size()}, {"urgent", urgent_json(urgent)}}.dump() << "\n";
    return code;
  }
  std::cout << "file       " << place.directory << "  " << set.version() << "  " << set.size() << " profiles, not signed\n           set " << set.sha256() << "\n";
  print_urgent(urgent);
  return code;
}

}  // namespace

int profiles_list(const ProfilesPlace& given, const std::function<Result<std::vector<ListedUrgent>>(const ProfilesPlace&)>& urgent_of) {
  ProfilesPlace place = given;
  if (const auto code = complete(place, false)) return *code;
  std::optional<std::vector<ListedUrgent>> urgent;
  int fine = exit_ok;
  if (!place.store_directory.empty()) {
    auto listed = urgent_of(place);
    if (listed) urgent = std::move(*listed);
    else fine = complain("urgent profiles: " + listed.error().what, exit_found);
  }
  if (std::filesystem::is_regular_file(place.directory)) return list_file(place, urgent, fine);
  auto found = bundle::open_installed(*store::real_disk(), place.directory);
  if (!found) return refused(found.error(), place.json);
  const auto& s = found->state;
  if (s.timestamp.version && runtime::SystemClock().now().wall > s.timestamp.expires) found->notices.push_back("the active set: " + frozen_text(s.timestamp.expires));
  if (place.json) {
    Json history = Json::array();
    for (const auto& a : s.history)
      history.push_back({{"at", bundle::time_text(a.at)}, {"how", a.how}, {"release", a.release}, {"version", a.version}, {"set_hash", bundle::hex(a.set_hash)},
                         {"persons", a.persons}, {"reason", a.reason}});
    std::cout << Json{{"directory", place.directory}, {"root_version", s.roots.rbegin()->first}, {"active", set_json(s.active)}, {"last_good", set_json(s.last_good)},
                      {"damaged", set_json(s.damaged)}, {"highest_release", s.highest_release},
                      {"timestamp_expires", s.timestamp.version ? Json(bundle::time_text(s.timestamp.expires)) : Json(nullptr)}, {"notices", found->notices}, {"history", history}, {"urgent", urgent_json(urgent)}}.dump()
              << "\n";
    return found->notices.empty() ? fine : exit_found;
  }
  print_notices(*found);
  print_set("active     ", s.active);
  print_set("last good  ", s.last_good);
  print_urgent(urgent);
  if (s.damaged) print_set("damaged    ", s.damaged);
  std::cout << "trusts root " << s.roots.rbegin()->first << ", targets " << s.targets.version;
  if (s.timestamp.version) std::cout << (runtime::SystemClock().now().wall > s.timestamp.expires ? ", EXPIRED since " : ", fresh until ") << bundle::time_text(s.timestamp.expires);
  std::cout << "\n";
  for (const auto& a : s.history)
    std::cout << bundle::time_text(a.at) << "  " << a.how << "  release " << a.release << " (" << a.version << ")  " << joined(a.persons) << (a.reason.empty() ? "" : "  \"" + a.reason + "\"") << "\n";
  return found->notices.empty() ? fine : exit_found;
}

}  // namespace rampa::app
