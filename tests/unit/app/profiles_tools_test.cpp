// `rampa profiles keys|sign|verify|install|list` as an administration uses them, on files; and what a start reads of the folder.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "edge/app/profiles_file.hpp"
#include "edge/app/profiles_succession.hpp"
#include "edge/app/profiles_tools.hpp"
#include "edge/app/tools.hpp"
#include "edge/runtime/system_clock.hpp"
#include "sync/bundle/signing.hpp"
#include "sync/bundle/trusted_state.hpp"

namespace rampa::tests {
namespace {

using namespace app;
using Json = nlohmann::json;

struct ScratchFolder {
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "rampa-profiles-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class ProfilesTools : public testing::Test {
 protected:
  ProfilesTools() {
    for (const char* person : {"ana", "boris", "ceca", "dragan", "ema", "filip", "snapshot", "timestamp", "goran", "hana"}) {
      KeysOptions keys;
      keys.person = person;
      keys.out = at(std::string(person) + ".key");
      EXPECT_EQ(quietly([&] { return profiles_keys(keys); }), exit_ok);
    }
    KeysOptions root;
    const auto pub = [&](const char* name) { return at(std::string(name) + ".key.pub"); };
    root.roles = {"root=" + pub("ana") + "," + pub("boris") + "," + pub("ceca"), "targets=" + pub("dragan") + "," + pub("ema") + "," + pub("filip"),
                  "snapshot=" + pub("snapshot"), "timestamp=" + pub("timestamp"), "breakglass=" + pub("goran") + "," + pub("hana")};
    root.expires = "2099-01-01T00:00:00Z";
    root.keys = {at("ana.key")};
    root.out = at("1.root.json");
    EXPECT_EQ(quietly([&] { return profiles_keys(root); }), exit_ok);
    InstallOptions begin;
    begin.place.directory = folder;
    begin.root = at("1.root.json");
    EXPECT_EQ(quietly([&] { return profiles_install(begin, {}); }), exit_found) << "one signature is not enough for a root";
    EXPECT_EQ(proceed("1.root.json", {"boris"}, "1.root.json"), exit_ok);
    EXPECT_EQ(quietly([&] { return profiles_install(begin, {}); }), exit_ok);
  }

  std::string at(const std::string& name) const { return scratch.path() + "/" + name; }
  /// Runs with --json's line kept in `said`.
  template <class Work>
  int quietly(Work work) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = work();
    said = testing::internal::GetCapturedStdout();
    errors = testing::internal::GetCapturedStderr();
    return code;
  }
  int proceed(const std::string& from, const std::vector<std::string>& persons, const std::string& to) {
    SignOptions o;
    o.proceed = at(from);
    o.out = at(to);
    for (const auto& person : persons) o.keys.push_back(at(person + ".key"));
    return quietly([&] { return profiles_sign(o); });
  }
  /// "v2": the profiles' version is 2.
  void set_file(const std::string& name, const std::string& version, const std::string& channel) {
    std::ofstream(at(name)) << R"({"version": ")" << version << R"(", "format": 1, "profiles": [
      {"id": "B", "title": "t", "version": )" << version.substr(1) << R"(, "channel": ")" << channel << R"(", "instruction": "i", "when": "always"},
      {"id": "A", "title": "t", "channel": "yellow", "instruction": "i", "when": "always"}]})";
  }
  /// The whole way of a set to a published bundle NAME.bundle.
  void publish(const std::string& set, const std::string& base, std::uint64_t release, const std::string& post = "P1") {
    SignOptions o;
    o.set = at(set);
    o.simulation = simulated(set);
    if (!base.empty()) o.base = at(base);
    o.roots = {at("1.root.json")};
    o.posts = {post};
    o.release = release;
    o.metadata_version = release;
    o.expires = "2099-01-01T00:00:00Z";
    o.keys = {at("dragan.key")};
    o.out = at("draft");
    ASSERT_EQ(quietly([&] { return profiles_sign(o); }), exit_ok) << errors;
    EXPECT_NE(said.find("lack 1 signature"), std::string::npos) << said;
    ASSERT_EQ(proceed("draft", {"ema"}, "draft"), exit_ok) << errors;
    o = {};
    o.proceed = at("draft");
    o.metadata_version = release;
    o.keys = {at("snapshot.key"), at("timestamp.key")};
    o.out = at(std::to_string(release) + ".bundle");
    ASSERT_EQ(quietly([&] { return profiles_sign(o); }), exit_ok) << errors;
  }
  /// As somebody with the keys and another program could.
  void publish_unseen(const std::string& set, std::uint64_t release) {
    const auto text = [&](const std::string& name) {
      std::ifstream in(at(name), std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(in), {});
    };
    const auto key = [&](const char* person) { return *bundle::read_key_file(text(std::string(person) + ".key"), person); };
    bundle::DraftPlan plan;
    plan.roots = {text("1.root.json")};
    plan.set = *bundle::canonical_set(text(set));
    plan.posts = {"P1"};
    plan.release = plan.targets_version = release;
    plan.expires = *bundle::parse_time("2099-01-01T00:00:00Z");
    auto draft = bundle::make_draft(plan, {key("dragan"), key("ema")});
    ASSERT_TRUE(draft) << draft.error().what;
    auto bundle = bundle::publish(*draft, {release, plan.expires, plan.expires}, {key("snapshot"), key("timestamp")});
    ASSERT_TRUE(bundle) << bundle.error().what;
    std::ofstream(at(std::to_string(release) + ".bundle"), std::ios::binary) << *bundle;
  }
  int install(std::uint64_t release, const std::string& post = "P1") {
    InstallOptions o;
    o.place.json = true;
    o.place.directory = folder;
    o.place.post = post;
    o.bundle = at(std::to_string(release) + ".bundle");
    return quietly([&] { return profiles_install(o, gate); });
  }
  Json list() {
    ProfilesPlace place;
    place.json = true;
    place.directory = folder;
    EXPECT_EQ(quietly([&] { return profiles_list(place, [](const auto&) { return std::vector<app::ListedUrgent>{}; }); }), exit_ok);
    return Json::parse(said);
  }

  /// What `simulate --json` would have written of this set, whatever it says of it.
  std::string simulated(const std::string& set, bool ok = true, int crossings = 100) {
    std::ifstream in(at(set));
    auto canonical = bundle::canonical_set(std::string(std::istreambuf_iterator<char>(in), {}));
    EXPECT_TRUE(canonical);
    const auto hash = bundle::hex(bundle::ProfileTable::read(bundle::hold(*canonical))->hash());
    std::ofstream(at("report.json")) << Json{{"ok", ok}, {"set_hash", hash}, {"crossings", crossings}, {"refused", ok ? Json::array() : Json({"B: explosive"})}};
    return at("report.json");
  }

  ScratchFolder scratch;
  std::function<SetGate(const std::string&)> gate;
  std::string folder = scratch.path() + "/profiles";
  std::string said, errors;
};

TEST_F(ProfilesTools, AWholeSetADeltaAndTheWayBack) {
  EXPECT_FALSE(read_profiles(folder)) << "nothing is installed yet";
  set_file("one.json", "v1", "blue");
  publish("one.json", "", 1);
  VerifyOptions verify;
  verify.bundle = at("1.bundle");
  verify.root = at("1.root.json");
  verify.place.post = "P1";
  EXPECT_EQ(quietly([&] { return profiles_verify(verify); }), exit_ok) << errors;
  verify.place.post = "P2";
  EXPECT_EQ(quietly([&] { return profiles_verify(verify); }), exit_found);
  EXPECT_NE(errors.find("wrong_post"), std::string::npos) << errors;
  ASSERT_EQ(install(1), exit_ok) << errors;
  auto loaded = read_profiles(folder);
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(loaded->set->version(), "v1");
  EXPECT_EQ(loaded->set->size(), 2u);
  EXPECT_EQ(install(1), exit_found);
  EXPECT_EQ(Json::parse(said)["reason"], "already_installed");

  set_file("two.json", "v2", "red");
  publish("two.json", "one.json", 2);
  EXPECT_EQ(install(2, "P2"), exit_found);
  ASSERT_EQ(install(2), exit_ok) << said << errors;
  EXPECT_EQ(read_profiles(folder)->set->version(), "v2");
  const auto noted = read_profiles(folder)->installed;
  ASSERT_TRUE(noted);
  EXPECT_EQ(noted->what, "profiles-installed");
  EXPECT_NE(noted->who.find(", "), std::string::npos) << "two persons: " << noted->who;
  EXPECT_EQ(noted->detail.rfind("release ", 0), 0u) << noted->detail;
  const Json listed = list();
  EXPECT_EQ(listed["active"]["release"], 2);
  EXPECT_EQ(listed["active"]["signers"], Json({"dragan", "ema"}));
  EXPECT_EQ(listed["last_good"]["version"], "v1");

  SignOptions record;
  record.from = "2:" + listed["active"]["set_hash"].get<std::string>();
  record.to = "1:" + listed["last_good"]["set_hash"].get<std::string>();
  record.posts = {"P1"};
  record.reason = "stops every lorry";
  record.expires = "2099-01-01T00:00:00Z";
  record.keys = {at("goran.key")};
  record.out = at("back.json");
  ASSERT_EQ(quietly([&] { return profiles_sign(record); }), exit_ok) << errors;
  InstallOptions back;
  back.place.directory = folder;
  back.place.post = "P1";
  back.rollback = at("back.json");
  EXPECT_EQ(quietly([&] { return profiles_install(back, gate); }), exit_found) << "one person";
  ASSERT_EQ(proceed("back.json", {"hana"}, "back.json"), exit_ok) << errors;
  ASSERT_EQ(quietly([&] { return profiles_install(back, gate); }), exit_ok) << errors;
  EXPECT_EQ(read_profiles(folder)->set->version(), "v1");
  EXPECT_EQ(list()["history"].back()["reason"], "stops every lorry");
}

TEST_F(ProfilesTools, ASignedSetThatDoesNotCompileIsNotActivated) {
  set_file("one.json", "v1", "blue");
  publish("one.json", "", 1);
  ASSERT_EQ(install(1), exit_ok) << errors;
  set_file("bad.json", "v2", "purple");
  SignOptions o;
  o.set = at("bad.json");
  o.simulation = simulated("bad.json");
  o.roots = {at("1.root.json")};
  o.posts = {"P1"};
  o.release = 2;
  o.expires = "2099-01-01T00:00:00Z";
  o.keys = {at("dragan.key")};
  o.out = at("never");
  EXPECT_EQ(quietly([&] { return profiles_sign(o); }), exit_config) << "nor signed";
  EXPECT_NE(errors.find("bad.json:2: profiles[0].channel"), std::string::npos) << errors;
  o.expires = "2026-01-01T00:00:00Z";
  EXPECT_EQ(quietly([&] { return profiles_sign(o); }), exit_usage) << "past";
  publish_unseen("bad.json", 2);
  EXPECT_EQ(install(2), exit_found);
  EXPECT_NE(errors.find("profiles[1].channel"), std::string::npos) << errors;
  EXPECT_EQ(read_profiles(folder)->set->version(), "v1");
}

TEST_F(ProfilesTools, AnExpiredTimestampIsToldByTheListAndGoesWithTheSet) {
  set_file("one.json", "v1", "blue");
  publish("one.json", "", 1);
  ASSERT_EQ(install(1), exit_ok) << errors;
  const WallTime now = runtime::SystemClock().now().wall;
  EXPECT_GT(read_profiles(folder)->fresh_until.value(), now);
  EXPECT_TRUE(list()["notices"].empty());
  // A week without a refresh, as a frozen mirror would have it.
  std::ifstream in(folder + "/trusted/state.json");
  auto state = bundle::read_state(std::string(std::istreambuf_iterator<char>(in), {}));
  ASSERT_TRUE(state);
  state->timestamp.expires = WallTime{now.ms / 1000 * 1000 - 1000};
  for (const char* name : {"/trusted/state.json", "/trusted/state.copy.json"}) std::ofstream(folder + name) << bundle::write_state(*state);
  const auto loaded = read_profiles(folder);
  ASSERT_TRUE(loaded) << "lanes keep working";
  EXPECT_EQ(loaded->fresh_until, state->timestamp.expires);
  ProfilesPlace place;
  place.directory = folder;
  EXPECT_EQ(quietly([&] { return profiles_list(place, {}); }), exit_found);
  EXPECT_NE(errors.find("headquarters no longer confirms it"), std::string::npos) << errors;
  EXPECT_NE(said.find("EXPIRED since"), std::string::npos) << said;
}

TEST_F(ProfilesTools, NobodySignsASetThatWasNotTriedOnThePast) {
  set_file("one.json", "v1", "blue");
  set_file("two.json", "v2", "blue");
  SignOptions o;
  o.set = at("one.json");
  o.roots = {at("1.root.json")};
  o.posts = {"P1"};
  o.release = 1;
  o.expires = "2099-01-01T00:00:00Z";
  o.keys = {at("dragan.key")};
  o.out = at("draft");
  const auto refused = [&](const char* must) {
    EXPECT_EQ(quietly([&] { return profiles_sign(o); }), exit_found) << must;
    EXPECT_NE(errors.find(must), std::string::npos) << errors;
    EXPECT_FALSE(std::filesystem::exists(at("draft")));
  };
  refused("nobody has tried");
  o.simulation = simulated("two.json");
  refused("is of another set");
  o.simulation = simulated("one.json", false);
  refused("B: explosive");
  o.simulation = simulated("one.json", true, 99);
  refused("99 crossings");
  o.simulation = at("one.json");
  refused("is not what");
  o.simulation = simulated("one.json");
  EXPECT_EQ(quietly([&] { return profiles_sign(o); }), exit_ok) << errors;
}

TEST_F(ProfilesTools, WhatAPostKeepsOutIsNotInstalledAndTheWaiverIsInTheJournal) {
  set_file("one.json", "v1", "blue");
  std::ofstream(at("two.json")) << R"({"version":"v2","format":2,"policy":{"stop_limit":{"waived":"tip of the night"}},"profiles":[
      {"id":"A","title":"t","version":2,"channel":"red","instruction":"i","when":"always"}]})";
  publish("one.json", "", 1);
  ASSERT_EQ(install(1), exit_ok) << errors;
  EXPECT_NE(errors.find("not judged"), std::string::npos) << "without a site file the post's past is not at hand: " << errors;
  std::filesystem::create_directories(at("store"));
  const auto bytes = [&](int release) {
    std::ifstream in(at(std::to_string(release) + ".bundle"), std::ios::binary);
    return std::make_shared<const Bytes>(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  };
  publish("two.json", "", 2);
  const WallTime now = runtime::SystemClock().now().wall;
  auto kept_out = install_bundle(folder, "P1", bytes(2), now, [&](const auto& set, const auto* active, WallTime) -> Result<std::string> {
    EXPECT_EQ(set.version(), "v2");
    EXPECT_TRUE(active && active->version() == "v1");
    return fail(ErrorCode::refused, "explosive: B");
  });
  ASSERT_FALSE(kept_out);
  EXPECT_EQ(kept_out.error().text(), "explosive: B");
  EXPECT_EQ(read_profiles(folder)->set->version(), "v1");
  auto done = install_bundle(folder, "P1", bytes(2), now, [](const auto&, const auto*, WallTime) -> Result<std::string> { return "told"; });
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->notices, std::vector<std::string>{"release 2: told"});
  const auto loaded = read_profiles(folder);
  ASSERT_TRUE(loaded && loaded->installed);
  EXPECT_NE(loaded->installed->detail.find("tip of the night"), std::string::npos) << loaded->installed->detail;
}

TEST_F(ProfilesTools, RaisedLimitsAreToldAtInstallationAndStandInTheJournal) {
  set_file("one.json", "v1", "blue");
  std::ofstream(at("two.json")) << R"({"version":"v2","format":2,"policy":{"stop_limit":{"profile_percent":20,"set_percent":60}},"profiles":[
      {"id":"A","title":"t","version":2,"channel":"yellow","instruction":"i","when":"always"}]})";
  publish("one.json", "", 1);
  ASSERT_EQ(install(1), exit_ok) << errors;
  EXPECT_EQ((said + errors).find("lets one profile stop"), std::string::npos) << "the usual limits are no news";
  EXPECT_EQ(read_profiles(folder)->installed->detail.find("lets one profile stop"), std::string::npos);
  publish("two.json", "", 2);
  ASSERT_EQ(install(2), exit_ok) << errors;
  const std::string raised = "its policy lets one profile stop up to 20 % and the set 60 %";
  EXPECT_NE((said + errors).find("release 2: " + raised), std::string::npos) << said << errors;
  const auto loaded = read_profiles(folder);
  ASSERT_TRUE(loaded && loaded->installed);
  EXPECT_NE(loaded->installed->detail.find(raised), std::string::npos) << loaded->installed->detail;
}

namespace succession {

bundle::ProfileTable table(const std::string& profiles) {
  auto json = bundle::canonical_set(R"({"format":2,"version":"v","profiles":[)" + profiles + "]}");
  return *bundle::ProfileTable::read(bundle::hold(*json));
}
std::string one(int version, const std::string& state, const std::string& more = "") {
  return R"({"id":"P","title":"t","channel":"yellow","instruction":"i","when":"always")" + (version ? R"(,"version":)" + std::to_string(version) : "") +
         (state.empty() ? "" : R"(,"state":")" + state + "\"") + more + "}";
}

}  // namespace succession

TEST(ProfilesSuccession, VersionsRaiseWithChangesAndStagesComeInOrder) {
  using succession::one, succession::table;
  const std::string weight = R"(,"weight":5)", note = R"(,"note":"n")";
  const struct { std::string before, after, must; bool missed_too; } cases[] = {
      {one(3, "active"), one(3, "active"), "", true},
      {one(3, "active"), one(3, "active", note), "", true},
      {one(3, "active"), one(3, "active", weight), "make it 4", true},
      {one(3, "active"), one(4, "active", weight), "", true},
      {one(3, ""), one(2, "active"), "versions only grow", true},
      {one(0, ""), one(0, "", weight), "give it one", true},
      {one(0, ""), one(1, "", weight), "", true},
      {one(1, "draft"), one(1, "active"), "goes from draft straight to active", false},
      {one(1, "draft"), one(2, ""), "goes from draft straight to active", false},
      {one(1, "shadow"), one(1, "active"), "make it approved first", false},
      {one(1, "draft"), one(1, "shadow"), "", true},
      {one(1, "draft"), one(1, "approved"), "", true},
      {one(1, "approved"), one(1, "active"), "", true},
      {one(1, "active"), one(1, "draft"), "suspend or end it first", false},
      {one(1, "active"), one(1, "suspended"), "", true},
      {one(1, "suspended"), one(1, "active"), "", true},
      {one(1, "shadow"), one(1, "expired"), "", true},
      {one(1, "expired"), one(1, "draft"), "under the same version", true},
      {one(1, "expired"), one(2, "draft"), "", true},
      {one(1, "expired"), one(2, "active"), "make it draft first", false},
      {"", one(1, "active"), "", true},
      {one(1, "active"), "", "", true},
  };
  for (const auto& c : cases) {
    for (const auto between : {Releases::next, Releases::any}) {
      const auto wrong = wrong_succession(table(c.before), table(c.after), between, Names::all);
      const bool refused = !c.must.empty() && (between == Releases::next || c.missed_too);
      ASSERT_EQ(wrong.size(), refused ? 1u : 0u) << c.before << " " << c.after << " " << (wrong.empty() ? "" : wrong[0]);
      if (!refused) continue;
      EXPECT_EQ(wrong[0].rfind("profile P ", 0), 0u);
      EXPECT_NE(wrong[0].find(c.must), std::string::npos) << wrong[0];
    }
  }
  const auto secret = wrong_succession(table(one(1, "", R"(,"secret":true)")), table(one(1, "", R"(,"secret":true,"weight":3)")), Releases::any, Names::not_secret);
  ASSERT_EQ(secret.size(), 1u);
  EXPECT_EQ(secret[0].find("profile P"), std::string::npos) << secret[0];
}

TEST_F(ProfilesTools, AChangedProfileOfTheSameVersionIsNeitherSignedNorInstalled) {
  set_file("one.json", "v1", "blue");
  publish("one.json", "", 1);
  ASSERT_EQ(install(1), exit_ok) << errors;
  std::ofstream(at("two.json")) << R"({"version":"v2","format":1,"profiles":[{"id":"B","title":"t","version":1,"channel":"red","instruction":"i","when":"always"}]})";
  publish("two.json", "", 2);  // nobody named the set before
  EXPECT_EQ(install(2), exit_found);
  EXPECT_NE(errors.find("profile B is changed, and its version is still 1; make it 2"), std::string::npos) << errors;
  EXPECT_EQ(read_profiles(folder)->set->version(), "v1");
  SignOptions o;
  o.set = at("two.json");
  o.previous = at("one.json");
  o.simulation = simulated("two.json");
  o.roots = {at("1.root.json")};
  o.posts = {"P1"};
  o.release = 3;
  o.expires = "2099-01-01T00:00:00Z";
  o.keys = {at("dragan.key")};
  o.out = at("never");
  EXPECT_EQ(quietly([&] { return profiles_sign(o); }), exit_found);
  EXPECT_NE(errors.find("two.json: cannot follow"), std::string::npos) << errors;
  o.base = o.previous;
  o.previous.clear();
  EXPECT_EQ(quietly([&] { return profiles_sign(o); }), exit_found) << "a delta as well";
  EXPECT_FALSE(std::filesystem::exists(at("never")));
}

TEST_F(ProfilesTools, ADamagedSetIsToldAndTheLastGoodOneRuns) {
  set_file("one.json", "v1", "blue");
  set_file("two.json", "v2", "red");
  publish("one.json", "", 1);
  publish("two.json", "", 2);
  ASSERT_EQ(install(1), exit_ok) << errors;
  ASSERT_EQ(install(2), exit_ok) << errors;
  const auto hash = list()["active"]["set_hash"].get<std::string>();
  std::fstream(folder + "/sets/" + hash + ".set", std::ios::in | std::ios::out).write("x", 1);
  auto loaded = read_profiles(folder);
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(loaded->set->version(), "v1");
  EXPECT_EQ(loaded->notices.size(), 2u);
  ASSERT_EQ(install(2), exit_ok) << "the same bundle repairs it: " << said << errors;
  EXPECT_EQ(read_profiles(folder)->set->version(), "v2");
}

TEST_F(ProfilesTools, KeysAreNeverWrittenOverAndWrongUsageIsTold) {
  KeysOptions keys;
  keys.person = "somebody";
  keys.out = at("ana.key");
  EXPECT_EQ(quietly([&] { return profiles_keys(keys); }), exit_found);
  EXPECT_EQ(std::filesystem::status(at("ana.key")).permissions() & std::filesystem::perms::all, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  SignOptions nothing;
  nothing.out = at("x");
  EXPECT_EQ(quietly([&] { return profiles_sign(nothing); }), exit_usage);
  EXPECT_EQ(quietly([&] { return profiles_install({}, {}); }), exit_usage);
}

}  // namespace
}  // namespace rampa::tests
