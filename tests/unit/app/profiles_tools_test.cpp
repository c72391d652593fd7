// `rampa profiles keys|sign|verify|install|list` as an administration uses them, on files; and what a start reads of the folder.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "edge/app/profiles_file.hpp"
#include "edge/app/profiles_tools.hpp"
#include "edge/app/tools.hpp"

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
    EXPECT_EQ(quietly([&] { return profiles_install(begin); }), exit_found) << "one signature is not enough for a root";
    EXPECT_EQ(proceed("1.root.json", {"boris"}, "1.root.json"), exit_ok);
    EXPECT_EQ(quietly([&] { return profiles_install(begin); }), exit_ok);
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
  void set_file(const std::string& name, const std::string& version, const std::string& channel) {
    std::ofstream(at(name)) << R"({"version": ")" << version << R"(", "format": 1, "profiles": [
      {"id": "B", "title": "t", "channel": ")" << channel << R"(", "instruction": "i", "when": "always"},
      {"id": "A", "title": "t", "channel": "yellow", "instruction": "i", "when": "always"}]})";
  }
  /// The whole way of a set to a published bundle NAME.bundle.
  void publish(const std::string& set, const std::string& base, std::uint64_t release, const std::string& post = "P1") {
    SignOptions o;
    o.set = at(set);
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
  int install(std::uint64_t release, const std::string& post = "P1") {
    InstallOptions o;
    o.place.json = true;
    o.place.directory = folder;
    o.place.post = post;
    o.bundle = at(std::to_string(release) + ".bundle");
    return quietly([&] { return profiles_install(o); });
  }
  Json list() {
    ProfilesPlace place;
    place.json = true;
    place.directory = folder;
    EXPECT_EQ(quietly([&] { return profiles_list(place, [](const auto&) { return std::vector<app::ListedUrgent>{}; }); }), exit_ok);
    return Json::parse(said);
  }

  ScratchFolder scratch;
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
  EXPECT_EQ(quietly([&] { return profiles_install(back); }), exit_found) << "one person";
  ASSERT_EQ(proceed("back.json", {"hana"}, "back.json"), exit_ok) << errors;
  ASSERT_EQ(quietly([&] { return profiles_install(back); }), exit_ok) << errors;
  EXPECT_EQ(read_profiles(folder)->set->version(), "v1");
  EXPECT_EQ(list()["history"].back()["reason"], "stops every lorry");
}

TEST_F(ProfilesTools, ASignedSetThatDoesNotCompileIsNotActivated) {
  set_file("one.json", "v1", "blue");
  publish("one.json", "", 1);
  ASSERT_EQ(install(1), exit_ok) << errors;
  set_file("bad.json", "v2", "purple");
  publish("bad.json", "", 2);
  EXPECT_EQ(install(2), exit_found);
  EXPECT_NE(errors.find("profiles[1].channel"), std::string::npos) << errors;
  EXPECT_EQ(read_profiles(folder)->set->version(), "v1");
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
  EXPECT_EQ(quietly([&] { return profiles_install({}); }), exit_usage);
}

}  // namespace
}  // namespace rampa::tests
