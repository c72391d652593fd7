// The whole appliance without a device: what a start makes of the boots before, and an end with everything under way.
#include <chrono>
#include <fstream>
#include <thread>

#include "edge/app/appliance.hpp"
#include "edge/app/profiles_file.hpp"
#include "edge/app/tools.hpp"
#include "edge/app/urgent_profiles.hpp"
#include "sync/bundle/bundle.hpp"
#include "tests/unit/risk/sets.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

class ApplianceTest : public testing::Test {
 protected:
  ApplianceTest() {
    site.post = PostId{"RS-TEST"};
    site.directory = scratch.path() + "/store";
    lane::Config lane;
    lane.id = LaneId{"L1"};
    site.lanes = {lane};
  }
  std::unique_ptr<store::Store> open() {
    auto opened_store = store::open(small_settings(site.directory), clock);
    EXPECT_TRUE(opened_store) << opened_store.error().what;
    return std::move(*opened_store);
  }
  std::unique_ptr<app::Appliance> make() {
    return std::make_unique<app::Appliance>(site, compiled(""), open(), clock, true);
  }
  void write(std::vector<Record> records) {
    auto store = open();
    std::promise<bool> done;
    store->persist(std::move(records), [&](auto r) { done.set_value(r.has_value()); });
    EXPECT_TRUE(done.get_future().get());
  }

  ScratchDirectory scratch;
  runtime::SystemClock clock;
  config::Site site;
};

TEST_F(ApplianceTest, AnEmergencyStopOutlivesARestartWithoutAPicture) {
  write({Record{{"L1"}, {}, clock.now(), LaneModeChanged{"emergency_stop", "input", ""}, {}}});
  for (const char* rest : {"", "-wal", "-shm"}) std::filesystem::remove(site.directory + "/picture.sqlite" + rest);
  std::filesystem::create_directories(site.directory + "/picture.sqlite/in-the-way");
  auto appliance = make();
  const auto started = appliance->start();
  ASSERT_TRUE(started) << started.error().what;
  EXPECT_EQ(appliance->lane(LaneId{"L1"})->view.state.phase, lane::Phase::emergency_stop);
}

TEST_F(ApplianceTest, EndsInGoodOrderWhileRecordsAreBeingWritten) {
  auto appliance = make();
  ASSERT_TRUE(appliance->start());
  for (int i = 0; i < 200; ++i) (void)appliance->write_audit_note(AuditNote{"test", "", ""}, Duration{});  // answered after nobody waits
  appliance.reset();
  auto report = store::verify(site.directory, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->first_broken, "");
}

TEST_F(ApplianceTest, ASetThatHeadquartersNoLongerConfirmsIsToldAndThePostStaysReady) {
  auto appliance = make();
  ASSERT_TRUE(appliance->start());
  const auto frozen = [&] {
    for (const auto& metric : appliance->metrics())
      if (metric.name == "rampa_profile_set_frozen") return metric.value;
    return -1.0;
  };
  EXPECT_TRUE(appliance->notices().empty());
  EXPECT_EQ(frozen(), 0);
  appliance->profiles_fresh_until(WallTime{1'784'505'600'000});  // 2026-07-20
  ASSERT_EQ(appliance->notices().size(), 1u);
  EXPECT_NE(appliance->notices()[0].find("expired at 2026-07-20T00:00:00Z"), std::string::npos) << appliance->notices()[0];
  EXPECT_NE(appliance->profiles().doubt.find("no longer confirms"), std::string::npos);
  EXPECT_EQ(frozen(), 1);
  const auto deadline = clock.now().mono + std::chrono::seconds(30);  // until the lanes' thread came round for the first time
  while (!appliance->not_ready().empty() && clock.now().mono < deadline) std::this_thread::yield();
  EXPECT_TRUE(appliance->not_ready().empty());
  appliance->profiles_fresh_until(std::nullopt);
  EXPECT_TRUE(appliance->notices().empty());
}

TEST_F(ApplianceTest, TheProfileSetOfAStartCanBeHadByItsHashLater) {
  const std::string file = scratch.path() + "/profiles.json";
  std::ofstream(file) << R"({"format":1,"version":"v1","profiles":[]})";
  auto loaded = app::read_profiles(file);
  ASSERT_TRUE(loaded) << loaded.error().what;
  const std::string hash = loaded->set->sha256();
  for (int boots = 0; boots < 2; ++boots) {
    auto appliance = std::make_unique<app::Appliance>(site, loaded->set, open(), clock, true, loaded->bytes);
    ASSERT_TRUE(appliance->start());
  }
  std::ofstream(file) << R"({"format":1,"version":"v2","profiles":[]})";
  auto kept = app::stored_profiles(site.directory, hash);
  ASSERT_TRUE(kept) << kept.error().what;
  EXPECT_EQ((*kept)->version(), "v1");
  EXPECT_EQ((*kept)->sha256(), hash);
  EXPECT_FALSE(app::stored_profiles(site.directory, std::string(64, 'a')));
  auto report = store::verify(site.directory, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->first_broken, "");
  EXPECT_EQ(report->blobs, 1u);
}

TEST_F(ApplianceTest, AnUrgentProfileIsInTheJournalItsSetInTheStoreAndBothGoOnAfterAKill) {
  const std::string file = scratch.path() + "/profiles.json";
  std::ofstream(file) << R"({"format":2,"version":"v1","profiles":[]})";
  auto hq = app::read_profiles(file);
  ASSERT_TRUE(hq) << hq.error().what;
  std::filesystem::create_directories(site.directory);
  const app::UrgentProfiles::Settings settings{site.directory + "/urgent-profiles.json", site.post, 72, app::UrgentProfiles::present_os_boot()};
  std::string with_it;
  for (int boot = 0; boot < 2; ++boot) {
    app::UrgentProfiles urgent(settings, *hq, clock);
    auto in_force = urgent.begin();
    auto appliance = std::make_unique<app::Appliance>(site, in_force.set, open(), clock, true, in_force.bytes);
    ASSERT_TRUE(appliance->start());
    urgent.connect({[&](auto set, auto bytes) { return appliance->use_profiles(std::move(set), std::move(bytes)); },
                    [&](AuditNote note) { return appliance->write_audit_note(std::move(note), 5s); },
                    [&](const auto& set, auto bytes) { return appliance->keep_profiles(set, std::move(bytes)); }});
    if (boot == 0) {
      api::UrgentProposal proposal;
      proposal.tip.plates = {"BG123AA"};
      proposal.instruction = "Hold it.";
      proposal.reason = "tip";
      const auto id = urgent.propose(proposal, {"1002"});
      ASSERT_TRUE(id) << id.error().what;
      const auto confirmed = urgent.confirm(*id, {"1004"});
      ASSERT_TRUE(confirmed) << confirmed.error().what;
      with_it = appliance->profiles().sha256;
    }
    EXPECT_EQ(appliance->profiles().version, "v1+urgent.1") << "boot " << boot;
    EXPECT_EQ(appliance->profiles().sha256, with_it) << "boot " << boot;
  }
  auto kept = app::stored_profiles(site.directory, with_it);
  ASSERT_TRUE(kept) << kept.error().what;
  auto q = question();
  q.facts["vehicle.plates"] = std::vector<std::string>{"BG123AA"};
  EXPECT_EQ(risk::assess(**kept, q).hits.size(), 1u);
  auto report = store::verify(site.directory, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->first_broken, "");
}

TEST_F(ApplianceTest, ASetThatFoundNoRoomAtTheStartIsKeptLater) {
  const std::string text = R"({"format":2,"version":"v1","profiles":[]})";
  const std::string hash = bundle::hex(bundle::sha256(text));
  auto set = app::compile_set(text, hash, app::Priority::usual, risk::Reading::fresh);
  ASSERT_TRUE(set);
  const auto bytes = std::make_shared<const Bytes>(text.begin(), text.end());
  {
    auto settings = small_settings(site.directory);
    settings.reserve_bytes = std::uint64_t{1} << 60;  // no disk has so much
    auto store = store::open(settings, clock);
    ASSERT_TRUE(store) << store.error().what;
    app::Appliance full(site, *set, std::move(*store), clock, true, bytes);
    ASSERT_TRUE(full.start());
    EXPECT_FALSE(app::stored_profiles(site.directory, hash));
    EXPECT_EQ(full.keep_profiles(**set, bytes).error().code, ErrorCode::no_space);
    EXPECT_FALSE(app::stored_profiles(site.directory, hash));
  }
  auto appliance = make();
  ASSERT_TRUE(appliance->start());
  ASSERT_TRUE(appliance->keep_profiles(**set, bytes));
  EXPECT_TRUE(app::stored_profiles(site.directory, hash));
  const auto last = appliance->store().status().last_sequence;
  ASSERT_TRUE(appliance->keep_profiles(**set, bytes));
  EXPECT_EQ(appliance->store().status().last_sequence, last) << "it is there already";
}

TEST(ReadProfiles, NoUpgradeLeavesThePostWithoutItsSet) {
  const std::string file = "tests/golden/kept_sets/scope_empty.json";
  EXPECT_FALSE(app::read_profiles(file, risk::Reading::fresh)) << "as a new one it is refused";
  const auto loaded = app::read_profiles(file);
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(loaded->notices, std::vector<std::string>{"set kept was made before 2 rules that it would be refused for as a new one (profiles[0] and further places); it goes on with the "
                                                      "meaning that it had: have HQ issue it anew"});
  EXPECT_TRUE(app::read_profiles("config/examples/profiles.json")->notices.empty());
}

TEST(ProfileFindings, NameLineCauseAndRemedy) {
  ScratchDirectory scratch;
  const std::string file = scratch.path() + "/profiles.json";
  std::ofstream(file) << "{\"format\": 1, \"version\": \"v1\", \"profiles\": [\n"
                         "  {\"id\": \"A\", \"title\": \"t\",\n   \"channel\": \"purple\", \"instruction\": \"i\", \"when\": \"always\"}\n]}\n";
  auto loaded = app::read_profiles(file);
  ASSERT_FALSE(loaded);
  const auto findings = app::profile_findings(file, loaded.error());
  ASSERT_EQ(findings.size(), 1u) << loaded.error().what;
  EXPECT_EQ(findings[0].line, 3);
  EXPECT_EQ(findings[0].key, "profiles[0].channel");
  EXPECT_NE(findings[0].cause, "");
  EXPECT_NE(findings[0].remedy, "");
}

TEST(ProfileFindings, InALogNameThePlaceAndTheRemedyAndNothingOfTheSet) {
  ScratchDirectory scratch;
  const std::string file = scratch.path() + "/profiles.json";
  std::ofstream(file) << "{\"format\": 1, \"version\": \"v1\", \"SECRET0\": 1, \"profiles\": [\n"
                         "  {\"id\": \"A\", \"title\": \"t\", \"channel\": \"red\", \"instruction\": \"i\", \"SECRET1\": 2,\n"
                         "   \"when\": {\"field\": \"SECRET2\", \"op\": \"SECRET3\", \"value\": \"SECRET4\"}},\n"
                         "  {\"id\": \"SECRET5\", \"channel\": \"SECRET6\", \"when\": {\"SECRET7\": []}}]}\n";
  auto loaded = app::read_profiles(file);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().what.find("SECRET"), std::string::npos) << "nothing was at stake";
  const std::string said = app::said_aloud(file, loaded.error());
  EXPECT_EQ(said.find("SECRET"), std::string::npos) << said;
  EXPECT_NE(said.find("line 3 (profiles[0])"), std::string::npos) << said;
  EXPECT_NE(said.find("`rampa profiles check " + file + "`"), std::string::npos) << said;
  EXPECT_EQ(app::said_aloud("x", Error{ErrorCode::not_found, "x: no such profile set"}), "x: no such profile set");
}

TEST_F(ApplianceTest, ADayIsErasedWithARecordOfItAndVerifyStaysWhole) {
  Stamp yesterday = clock.now();
  yesterday.wall.ms -= 48LL * 3600 * 1000;
  Record record{{"L1"}, {"L1-1-1"}, yesterday, CaptureTaken{"plate_front", {}, device::PlateRead{}}, {}};
  std::get<device::PlateRead>(std::get<CaptureTaken>(record.body).body).text = "BG123AA";
  write({record});
  const std::string file = scratch.path() + "/site.toml", profiles = scratch.path() + "/profiles.json";
  std::ofstream(profiles) << R"({"format":1,"version":"v1","profiles":[]})";
  std::string text((std::istreambuf_iterator<char>(*std::make_unique<std::ifstream>("config/sites/one-lane.toml"))), {});
  const auto set = [&](const std::string& key, const std::string& value) {
    const auto at = text.find("\n" + key + " = ");
    ASSERT_NE(at, std::string::npos) << key;
    text.replace(at, text.find('\n', at + 1) - at, "\n" + key + " = \"" + value + "\"");
  };
  set("id", "RS-TEST");
  set("directory", site.directory);
  set("profiles", profiles);
  for (const char* key : {"declarations", "watch_lists"})
    if (text.find(std::string("\n") + key + " = ") != std::string::npos) set(key, profiles);
  std::ofstream(file) << text;
  const auto day = [&](std::int64_t back_ms) {
    const std::chrono::sys_days d = std::chrono::floor<std::chrono::days>(
        std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(clock.now().wall.ms - back_ms)));
    const std::chrono::year_month_day ymd{d};
    char word[40];
    std::snprintf(word, sizeof word, "%04d-%02u-%02u", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
    return std::string(word);
  };
  app::ToolOptions options;
  options.site_file = file;
  options.icd_directory = "firmware-interfaces/icd";
  EXPECT_EQ(app::erase_day(options, day(48LL * 3600 * 1000), "O7", false), app::exit_usage);
  EXPECT_EQ(app::erase_day(options, day(0), "O7", true), app::exit_found) << "today's key is in use";
  EXPECT_EQ(app::erase_day(options, day(48LL * 3600 * 1000), "O7", true), app::exit_ok);
  auto report = store::verify(site.directory, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->first_broken, "");
  auto records = (*store::open_picture(site.directory))->records_of({"L1-1-1"});
  ASSERT_TRUE(records) << records.error().what;
  EXPECT_TRUE(records->at(0).erased);
}

TEST_F(ApplianceTest, AStoreThatHangsIsNotAlive) {
  std::promise<void> hangs, go_on;
  std::atomic<bool> once{false};
  auto appliance = make();
  ASSERT_TRUE(appliance->start());
  appliance->store().on_durable([&](std::uint64_t) {
    if (once.exchange(true)) return;
    hangs.set_value();
    go_on.get_future().wait();
  });
  const AuditNote note{"test", "", ""};
  (void)appliance->write_audit_note(note, Duration{});
  hangs.get_future().wait();
  (void)appliance->all_threads_alive();
  EXPECT_FALSE(appliance->write_audit_note(note, 400ms));  // the core's thread comes round meanwhile
  EXPECT_FALSE(appliance->all_threads_alive());
  go_on.set_value();
  EXPECT_TRUE(appliance->write_audit_note(note, 10s));
}

}  // namespace
}  // namespace rampa::tests
