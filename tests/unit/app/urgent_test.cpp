// Urgent profiles: four eyes, a limited life whatever the clocks do, over restarts, and in the set that lanes use.
#include "edge/app/urgent_list.hpp"
#include "edge/app/urgent_profiles.hpp"

#include <sched.h>
#include <sodium.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "sync/bundle/bundle.hpp"
#include "tests/support/virtual_clock.hpp"
#include "tests/unit/risk/sets.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

using api::UrgentState;

risk::Question lorry() {
  auto q = question();
  q.facts["vehicle.plates"] = std::vector<std::string>{"BG123AA", "BG456BB"};
  return q;
}

class Urgent : public testing::Test {
 protected:
  Urgent() { start(); }
  static app::LoadedProfiles base(const std::string& more = "", const std::string& version = "v1") {
    const std::string text = R"({"format":2,"version":")" + version + R"(","profiles":[)" + profile("MASS", "blue", R"({"field":"evidence.gross_kg","op":"ge","value":1})") + "]" + more + "}\n";
    auto set = risk::compile(text, bundle::hex(bundle::sha256(text)));
    EXPECT_TRUE(set) << set.error().what;
    return {*set, std::make_shared<const Bytes>(text.begin(), text.end()), {}};
  }
  /// The program starts (again).
  void start(const std::string& os_boot = "boot-a", std::int64_t hours_max = 72) {
    urgent.reset();
    urgent = std::make_unique<app::UrgentProfiles>(app::UrgentProfiles::Settings{file, PostId{"RS-TEST"}, hours_max, os_boot, noting}, hq, clock);
    in_force = urgent->begin();
    urgent->connect({[this](auto set, auto bytes) -> Result<void> {
                       EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER) << "whoever waits for an idle thread waits for all others";
                       if (swaps_fail) return fail(ErrorCode::no_space, "the disk is full");
                       in_force = {std::move(set), std::move(bytes), {}};
                       return {};
                     },
                     [this](AuditNote note) -> Result<void> {
                       if (reports_fail) return fail(ErrorCode::no_space, "the disk is full");
                       notes.push_back(std::move(note));
                       if (hangs) return fail(ErrorCode::outcome_unknown, "the store did not answer in time");
                       return {};
                     },
                     [this](const auto& set, auto) -> Result<void> {
                       if (keeps_fail) return fail(ErrorCode::no_space, "the disk is full");
                       kept.push_back(set.version());
                       return {};
                     }});
  }
  static api::UrgentProposal tip_about(const std::string& plate, std::int64_t hours = 12) {
    api::UrgentProposal p;
    p.tip.plates = {plate};
    p.channel = SelectivityChannel::red;
    p.instruction = "Hold the lorry and call the shift leader.";
    p.reason = "Telephone, police of Vukovar";
    p.hours = hours;
    return p;
  }
  std::string proposed(const api::UrgentProposal& p = tip_about("bg 123-aa")) {
    auto id = urgent->propose(p, {"1002"});
    EXPECT_TRUE(id) << id.error().what;
    return id.value_or("");
  }
  std::string active(const api::UrgentProposal& p = tip_about("bg 123-aa")) {
    const auto id = proposed(p);
    auto done = urgent->confirm(id, {"1004"});
    EXPECT_TRUE(done) << done.error().what;
    return id;
  }
  [[nodiscard]] SelectivityChannel channel() const { return risk::assess(*in_force.set, lorry()).channel; }
  [[nodiscard]] UrgentState state_of(const std::string& id) const {
    for (const auto& p : urgent->list())
      if (p.id == id) return p.state;
    ADD_FAILURE() << id << " is not listed";
    return UrgentState::lapsed;
  }
  [[nodiscard]] std::vector<std::string> told() const {
    std::vector<std::string> words;
    for (const auto& note : notes) words.push_back(note.what);
    return words;
  }

  ScratchDirectory scratch;
  const std::string file = scratch.path() + "/urgent-profiles.json";
  VirtualClock clock;
  app::LoadedProfiles hq = base(), in_force;
  std::vector<AuditNote> notes;
  bool swaps_fail = false, reports_fail = false, keeps_fail = false, hangs = false;
  std::vector<std::string> kept;
  static inline std::vector<app::Priority> compiled_at;
  static Result<std::shared_ptr<const risk::ProfileSet>> noting(const std::string& json, const std::string& sha256, app::Priority priority, risk::Reading reading) {
    compiled_at.push_back(priority);
    return app::compile_set(json, sha256, priority, reading);
  }
  std::unique_ptr<app::UrgentProfiles> urgent;
};

TEST_F(Urgent, OnlyAnotherShiftLeaderMakesItActive) {
  ASSERT_EQ(channel(), SelectivityChannel::blue);
  const auto id = proposed();
  EXPECT_EQ(id.rfind("URGENT-RS-TEST-", 0), 0u) << id;
  EXPECT_EQ(channel(), SelectivityChannel::blue) << "a proposal stops nobody";
  auto of_seven = tip_about("NS 1");
  const auto tip = urgent->propose(of_seven, {"L7"});
  ASSERT_TRUE(tip);
  EXPECT_EQ(urgent->confirm(*tip, {"l7"}).error().code, ErrorCode::refused) << "his own account in other letters";
  ASSERT_TRUE(urgent->withdraw(*tip, {"L7"}, {}, "a test"));
  EXPECT_EQ(urgent->confirm(id, {"1002"}).error().code, ErrorCode::refused);
  EXPECT_EQ(urgent->confirm(id, {}).error().code, ErrorCode::refused);
  EXPECT_EQ(channel(), SelectivityChannel::blue);
  ASSERT_TRUE(urgent->confirm(id, {"1004"}));
  const auto made = risk::assess(*in_force.set, lorry());
  EXPECT_EQ(made.channel, SelectivityChannel::red);
  ASSERT_EQ(made.hits.size(), 2u);
  EXPECT_EQ(made.hits[1].profile, id);
  EXPECT_EQ(made.hits[1].instruction, "Hold the lorry and call the shift leader.");
  EXPECT_EQ(made.controls, std::vector<std::string>{"physical"});
  EXPECT_EQ(in_force.set->version(), "v1+urgent.1");
  EXPECT_EQ(in_force.set->sha256(), bundle::hex(bundle::sha256(std::string(in_force.bytes->begin(), in_force.bytes->end()))));
  EXPECT_EQ(urgent->confirm(id, {"1005"}).error().code, ErrorCode::refused) << "twice";
  EXPECT_EQ(urgent->confirm("URGENT-none", {"1005"}).error().code, ErrorCode::not_found);
}

TEST_F(Urgent, AStoredAssessmentIsMadeAgainByteForByteAfterItIsOver) {
  active();
  const auto with = in_force;
  const auto q = lorry();
  const auto made = risk::assess(*with.set, q);
  clock.advance(13h);
  urgent->tick();
  EXPECT_EQ(in_force.set->sha256(), hq.set->sha256()) << "HQ's set again, as it was";
  EXPECT_EQ(channel(), SelectivityChannel::blue);
  const auto again = risk::compile(std::string(with.bytes->begin(), with.bytes->end()), made.profile_set_sha256);
  ASSERT_TRUE(again);
  EXPECT_EQ(risk::reassess(**again, made, q.now, q.evidence_missing), made);
}

TEST_F(Urgent, WithdrawingAnActiveOneNeedsTwo) {
  const auto id = active();
  EXPECT_EQ(urgent->withdraw(id, {"1002"}, {}, "mistake").error().code, ErrorCode::refused);
  EXPECT_EQ(urgent->withdraw(id, {"1002"}, {"1002"}, "mistake").error().code, ErrorCode::refused);
  EXPECT_EQ(channel(), SelectivityChannel::red);
  ASSERT_TRUE(urgent->withdraw(id, {"1002"}, {"1004"}, "mistake"));
  EXPECT_EQ(channel(), SelectivityChannel::blue);
  EXPECT_EQ(state_of(id), UrgentState::withdrawn);
  const auto other = proposed();
  EXPECT_TRUE(urgent->withdraw(other, {"1002"}, {}, "typed wrongly")) << "what stops nobody is taken back by one";
}

TEST_F(Urgent, EveryStepIsReportedBeforeItCounts) {
  const auto id = proposed();
  reports_fail = true;
  EXPECT_FALSE(urgent->confirm(id, {"1004"}));
  EXPECT_EQ(state_of(id), UrgentState::proposed);
  EXPECT_EQ(channel(), SelectivityChannel::blue);
  reports_fail = false;
  ASSERT_TRUE(urgent->confirm(id, {"1004"}));
  const auto lapsing = proposed(tip_about("NS1"));
  clock.advance(31min);
  urgent->tick();
  EXPECT_EQ(state_of(lapsing), UrgentState::lapsed);
  EXPECT_EQ(urgent->confirm(lapsing, {"1004"}).error().code, ErrorCode::refused);
  clock.advance(12h);
  urgent->tick();
  EXPECT_EQ(told(), (std::vector<std::string>{"urgent_profile_proposed", "urgent_profile_confirmed", "urgent_profile_proposed", "urgent_profile_lapsed", "urgent_profile_expired"}));
  EXPECT_EQ(notes[1].who, "1004");
  EXPECT_NE(notes[1].detail.find("\"proposed_by\":\"1002\""), std::string::npos) << notes[1].detail;
  for (const auto& note : notes)
    for (const char* secret : {"BG123AA", "Vukovar", "Hold the lorry"}) EXPECT_EQ(note.detail.find(secret), std::string::npos) << note.detail;
}

TEST_F(Urgent, TheCriteriaAreSealedToTheRiskUnit) {
  ASSERT_GE(sodium_init(), 0);
  unsigned char open_key[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];
  crypto_box_keypair(open_key, secret);
  hq = base(R"(,"policy":{"risk_unit_key":")" + bundle::hex(ByteView(open_key, sizeof open_key)) + "\"}");
  start();
  proposed();
  const std::string& detail = notes.back().detail;
  EXPECT_EQ(detail.find("BG123AA"), std::string::npos);
  const auto at = detail.find("\"sealed\":\"");
  ASSERT_NE(at, std::string::npos) << detail;
  const std::string box = detail.substr(at + 10, detail.find('"', at + 10) - at - 10);
  std::vector<unsigned char> bytes(box.size());
  std::size_t size = 0;
  ASSERT_EQ(sodium_base642bin(bytes.data(), bytes.size(), box.data(), box.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL), 0);
  std::string text(size - crypto_box_SEALBYTES, 0);
  ASSERT_EQ(crypto_box_seal_open(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), size, open_key, secret), 0);
  EXPECT_NE(text.find("\"plates\":[\"BG123AA\"]"), std::string::npos) << text;
  EXPECT_NE(text.find("Vukovar"), std::string::npos) << text;
}

TEST_F(Urgent, LivesTwelveHoursWhateverTheWallClockDoes) {
  const auto id = active();
  clock.step_wall(-48LL * 3600 * 1000);
  clock.advance(12h - 1min);
  urgent->tick();
  EXPECT_EQ(state_of(id), UrgentState::active);
  EXPECT_EQ(to_ms(urgent->list()[0].left), 60'000);
  clock.step_wall(-48LL * 3600 * 1000);
  clock.advance(1min);
  urgent->tick();
  EXPECT_EQ(state_of(id), UrgentState::expired);
  EXPECT_EQ(channel(), SelectivityChannel::blue);
  const auto second = active();
  clock.step_wall(480LL * 3600 * 1000);
  clock.advance(1min);
  urgent->tick();
  EXPECT_EQ(state_of(second), UrgentState::active) << "a clock set forward ends no watch either";
}

TEST_F(Urgent, GoesOnAfterARestartForAsLongAsItHadLeft) {
  const auto id = active();
  clock.advance(2h);  // no tick: as if killed at once
  clock.step_wall(-24LL * 3600 * 1000);
  start();
  EXPECT_EQ(channel(), SelectivityChannel::red) << "from the first crossing on";
  EXPECT_EQ(to_ms(urgent->list()[0].left), 10LL * 3600 * 1000);
  clock.advance(10h);
  start();
  EXPECT_EQ(channel(), SelectivityChannel::blue);
  EXPECT_EQ(state_of(id), UrgentState::expired);
  EXPECT_EQ(told().back(), "urgent_profile_expired");
}

TEST_F(Urgent, AfterAStartOfTheMachineTheWallClockCountsButNeverBackwards) {
  active();
  const Stamp before = clock.now();
  VirtualClock fresh;  // the monotonic clock begins anew
  clock = fresh;
  clock.step_wall(before.wall.ms - clock.now().wall.ms + 3LL * 3600 * 1000);
  start("boot-b");
  EXPECT_EQ(to_ms(urgent->list()[0].left), 9LL * 3600 * 1000);
  clock.advance(1min);
  urgent->tick();  // writes the book
  clock.step_wall(-100LL * 3600 * 1000);
  start("boot-c");
  EXPECT_EQ(to_ms(urgent->list()[0].left), 9LL * 3600 * 1000 - 60'000);
  start("boot-c", 2);
  EXPECT_EQ(to_ms(urgent->list()[0].left), 2LL * 3600 * 1000) << "a stricter site counts at once";
}

TEST_F(Urgent, ABookByAnotherMonotonicClockMakesNoLifeLonger) {
  const std::string boot = app::UrgentProfiles::present_os_boot();
  ASSERT_EQ(boot.size(), 32u);
  start(boot);
  active();
  std::string text = read_text(file);  // as a version wrote it whose clock is an hour ahead of this one's, in the same start of the machine
  text.replace(text.find(boot), boot.size(), boot.substr(0, 8) + "-" + boot.substr(8, 4) + "-" + boot.substr(12, 4) + "-" + boot.substr(16, 4) + "-" + boot.substr(20));
  const auto mono = text.find("\"mono_ms\": ") + 11;
  text.replace(mono, text.find_first_of(",\n", mono) - mono, std::to_string(to_ms(clock.now().mono - MonoTime{}) + 3'600'000));
  std::ofstream(file) << text;
  clock.advance(10min);
  start(boot);
  EXPECT_EQ(to_ms(urgent->list()[0].left), 12LL * 3600 * 1000 - 600'000);
}

TEST_F(Urgent, ANewSetOfHqKeepsThemIn) {
  const auto id = active();
  hq = base("", "v2");
  ASSERT_TRUE(urgent->use_base(hq));
  EXPECT_EQ(in_force.set->version(), "v2+urgent.1");
  EXPECT_EQ(urgent->base_sha256(), hq.set->sha256());
  EXPECT_EQ(channel(), SelectivityChannel::red);
  swaps_fail = true;
  EXPECT_FALSE(urgent->use_base(base("", "v3")));
  EXPECT_EQ(urgent->base_sha256(), hq.set->sha256());
  EXPECT_EQ(urgent->withdraw(id, {"1002"}, {"1004"}, "over").error().code, ErrorCode::outcome_unknown);
  swaps_fail = false;
  urgent->tick();
  EXPECT_EQ(in_force.set->version(), "v2") << "tried again";
}

TEST_F(Urgent, IsCompiledAfterTheLanesButNotWhileTheyWaitForIt) {
  compiled_at.clear();
  const auto id = active();
  const auto other = active(tip_about("NS1"));
  ASSERT_TRUE(urgent->use_base(base("", "v2")));
  ASSERT_TRUE(urgent->withdraw(other, {"1002"}, {"1004"}, "over"));
  ASSERT_FALSE(compiled_at.empty());
  for (const auto priority : compiled_at) EXPECT_EQ(priority, app::Priority::idle);
  EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
  compiled_at.clear();
  start();
  EXPECT_EQ(compiled_at, std::vector{app::Priority::usual});
  EXPECT_EQ(state_of(id), UrgentState::active);
}

TEST_F(Urgent, TheSetOfAStartIsKeptAsSoonAsThereIsRoom) {
  active();
  kept.clear();
  keeps_fail = true;
  start();
  EXPECT_EQ(channel(), SelectivityChannel::red) << "lanes look for it all the same";
  EXPECT_NE(urgent->trouble().find("v1+urgent.1 is in use and not in the store"), std::string::npos) << urgent->trouble();
  urgent->tick();
  EXPECT_TRUE(kept.empty());
  keeps_fail = false;
  urgent->tick();
  urgent->tick();
  EXPECT_EQ(kept, std::vector<std::string>{"v1+urgent.1"}) << "once";
  EXPECT_EQ(urgent->trouble(), "");
}

TEST_F(Urgent, TheBookIsWrittenWhateverElseDoesNotSucceed) {
  active();
  proposed(tip_about("NS1"));
  const std::string before = read_text(file);
  reports_fail = true;  // that the proposal lapsed cannot be told
  clock.advance(31min);
  urgent->tick();
  EXPECT_NE(read_text(file), before) << "half an hour of the active one's life is gone";
  EXPECT_NE(urgent->trouble().find("the disk is full"), std::string::npos) << urgent->trouble();
  reports_fail = false;
  urgent->tick();
  EXPECT_EQ(urgent->trouble(), "");
  EXPECT_EQ(told().back(), "urgent_profile_lapsed");
}

TEST_F(Urgent, AnAdministratorSeesWhoAndHowLongAndNeverWhat) {
  app::ProfilesPlace place;
  place.post = "RS-TEST";
  place.store_directory = scratch.path();
  ASSERT_TRUE(app::list_urgent(place, clock));
  EXPECT_TRUE(app::list_urgent(place, clock)->empty()) << "no book yet";
  start(app::UrgentProfiles::present_os_boot());
  const auto id = active();
  proposed(tip_about("NS1"));
  const auto third = active(tip_about("NS2"));
  ASSERT_TRUE(urgent->withdraw(third, {"1002"}, {"1004"}, "over"));
  clock.advance(10min);
  const auto listed = app::list_urgent(place, clock);
  ASSERT_TRUE(listed) << listed.error().what;
  ASSERT_EQ(listed->size(), 2u);
  const auto& first = (*listed)[0];
  EXPECT_EQ(first.id, id);
  EXPECT_EQ(first.state + first.channel + first.proposed_by + first.confirmed_by, "activered10021004");
  EXPECT_EQ(first.left_ms, 12LL * 3600 * 1000 - 600'000);
  EXPECT_EQ((*listed)[1].state, "proposed");
  const std::string set = scratch.path() + "/profiles.json", site = scratch.path() + "/site.toml";
  std::ofstream(set) << R"({"format":2,"version":"v1","profiles":[]})";
  std::string text = read_text("config/sites/one-lane.toml");
  const auto put = [&](const std::string& key, const std::string& value) {
    const auto at = text.find("\n" + key + " = ");
    ASSERT_NE(at, std::string::npos) << key;
    text.replace(at, text.find('\n', at + 1) - at, "\n" + key + " = \"" + value + "\"");
  };
  put("directory", scratch.path());
  put("profiles", set);
  for (const std::string key : {"declarations", "watch_lists"}) {
    const auto line = text.find("\n" + key + " = ");
    text.erase(line, text.find('\n', line + 1) - line);
  }
  std::ofstream(site) << text;
  for (const bool json : {false, true}) {
    app::ProfilesPlace by_site;
    by_site.json = json;
    by_site.site_file = site;
    by_site.icd_directory = "firmware-interfaces/icd";
    testing::internal::CaptureStdout();
    EXPECT_EQ(app::profiles_list(by_site, [this](const app::ProfilesPlace& found) { return app::list_urgent(found, clock); }), 0);
    const std::string said = testing::internal::GetCapturedStdout();
    EXPECT_NE(said.find(id), std::string::npos) << said;
    EXPECT_NE(said.find(json ? "\"left_ms\":42600000" : "11 h 50 min left"), std::string::npos) << said;
    for (const char* secret : {"BG123AA", "Vukovar", "Hold the lorry"}) EXPECT_EQ(said.find(secret), std::string::npos) << said;
  }
  std::ofstream(file) << "x";
  EXPECT_EQ(app::list_urgent(place, clock).error().code, ErrorCode::invalid);
}

TEST_F(Urgent, AStoreThatHangsIsAskedOnceARoundAndToldOnce) {
  const auto id = active();
  clock.advance(13h);
  hangs = true;
  notes.clear();
  for (int i = 0; i < 3; ++i) urgent->tick();
  EXPECT_EQ(told(), (std::vector<std::string>{"urgent_profile_expired", "urgent_profiles_state", "urgent_profiles_state"})) << "one question a round, its end once";
  EXPECT_EQ(channel(), SelectivityChannel::blue) << "it is over all the same";
  hangs = false;
  notes.clear();
  urgent->tick();
  EXPECT_EQ(told(), std::vector<std::string>{"urgent_profiles_state"});
  EXPECT_EQ(state_of(id), UrgentState::expired);
  EXPECT_EQ(urgent->trouble(), "");
}

TEST_F(Urgent, NothingLeavesItOut) {
  hq = base(R"(,"green_lists":[{"id":"G","when":"always"}],"policy":{"cap_percent":{"yellow":0.01,"red":0.01}})");
  start();
  active();
  auto q = lorry();
  q.declarations[0].more["aeo"] = true;
  q.recent = q.recent_of_channel[2] = q.recent_of_channel[3] = 200;
  EXPECT_EQ(risk::assess(*in_force.set, q).channel, SelectivityChannel::red);
}

TEST_F(Urgent, ADamagedFileIsToldAndLanesGoOn) {
  active();
  std::ofstream(file, std::ios::app) << "x";
  notes.clear();
  start();
  EXPECT_EQ(channel(), SelectivityChannel::blue);
  ASSERT_FALSE(notes.empty());
  EXPECT_EQ(notes[0].what, "urgent_profiles_lost");
  EXPECT_TRUE(std::filesystem::exists(file + ".damaged"));
  active();
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  // Somebody writes himself a second person: not taken.
  std::string text = read_text(file);
  const auto at = text.find("\"confirmed_by\": \"1004\"");
  ASSERT_NE(at, std::string::npos);
  std::ofstream(file) << text.replace(at, 22, "\"confirmed_by\": \"1002\"");
  start();
  EXPECT_EQ(channel(), SelectivityChannel::blue);
}

TEST_F(Urgent, AllThatIsWrongIsSaidAtOnce) {
  api::UrgentProposal p = tip_about("?");
  p.tip.containers = {"CSQU3054384"};
  p.tip.goods_prefixes = {"24"};
  p.channel = SelectivityChannel::blue;
  p.hours = 73;
  const auto refused = urgent->propose(p, {"1002"});
  ASSERT_FALSE(refused);
  for (const char* part : {"plates[0]: ", "containers[0]: ", "goods_prefixes[0]: ", "channel: ", "hours: "})
    EXPECT_NE(refused.error().what.find(part), std::string::npos) << refused.error().what;
  api::UrgentProposal empty = tip_about("x");
  empty.tip = {};
  EXPECT_FALSE(urgent->propose(empty, {"1002"})) << "it would stop everybody";
  EXPECT_TRUE(notes.empty());
}

TEST_F(Urgent, EveryKindOfTipFindsItsLorryAndNoOther) {
  struct Case {
    risk::UrgentTip tip;
    bool fits;
  };
  const Case cases[] = {
      {{.plates = {"BG I23AA"}}, true},  // a camera may have read I for 1
      {{.plates = {"BG456BB"}}, true},   // the trailer
      {{.plates = {"BG124AA"}}, false},
      {{.operators = {"rs1xxx"}}, false},
      {{.operators = {"RS 1X"}}, true},
      {{.documents = {"26rs001"}}, true},
      {{.documents = {"26RS002"}}, false},
      {{.goods_prefixes = {"2402 20"}}, true},
      {{.goods_prefixes = {"2403"}}, false},
      {{.containers = {"CSQU 305438-3"}}, true},
      {{.containers = {"MSKU0000006"}}, false},
      {{.plates = {"BG123AA"}, .goods_prefixes = {"2403"}}, false},  // all must fit
      {{.plates = {"NS1", "BG123AA"}, .goods_prefixes = {"6109"}}, true},
  };
  for (const auto& c : cases) {
    risk::Question q = lorry();
    q.declarations[0].consignee = "RS1X";
    q.facts["evidence.containers"] = std::vector<std::string>{"CSQU3054383"};
    api::UrgentProposal p = tip_about("x");
    p.tip = c.tip;
    const auto id = active(p);
    const auto made = risk::assess(*in_force.set, q);
    EXPECT_EQ(made.channel, c.fits ? SelectivityChannel::red : SelectivityChannel::blue) << id << " " << (&c - cases);
    EXPECT_TRUE(made.undetermined.empty()) << (&c - cases);
    ASSERT_TRUE(urgent->withdraw(id, {"1002"}, {"1004"}, "next case"));
  }
}

TEST_F(Urgent, WhatIsNeitherReadNorDeclaredIsUndeterminedAndNeverASilentNo) {
  struct Case {
    const char* what;
    risk::UrgentTip tip;
    std::vector<std::string> read_front, read_rear, read_containers, declared_trailer, declared_containers;
    SelectivityChannel channel;
    std::vector<std::string> open;
  };
  constexpr auto red = SelectivityChannel::red, yellow = SelectivityChannel::yellow, blue = SelectivityChannel::blue;
  const std::string box = "CSQU3054383", other_box = "MSKU0000006";
  const Case cases[] = {
      {"declared, no camera at the rear", {.trailers = {"NS 900-ZZ"}}, {"BG123AA"}, {}, {}, {"ns 900 zz"}, {}, red, {}},
      {"read, another declared", {.trailers = {"NS900ZZ"}}, {"BG123AA"}, {"NS9OOZZ"}, {}, {"BG456BB"}, {}, red, {}},
      {"another declared, none read", {.trailers = {"NS900ZZ"}}, {"BG123AA"}, {}, {}, {"BG456BB"}, {}, blue, {}},
      {"another read, none declared", {.trailers = {"NS900ZZ"}}, {"BG123AA"}, {"BG456BB"}, {}, {}, {}, blue, {}},
      {"neither", {.trailers = {"NS900ZZ"}}, {"BG123AA"}, {}, {}, {}, {}, yellow, {"declaration.trailer", "vehicle.trailer"}},
      {"the trailer's plate at the front", {.trailers = {"NS900ZZ"}}, {"NS900ZZ"}, {}, {}, {}, {}, red, {}},
      {"a plate, said without a word of what it is on", {.plates = {"NS900ZZ"}}, {"BG123AA"}, {}, {}, {"NS900ZZ"}, {}, red, {}},
      {"the front plate was not read", {.plates = {"NS900ZZ"}}, {}, {"BG456BB"}, {}, {"BG456BB"}, {}, yellow, {"vehicle.plate"}},
      {"a lorry without a trailer", {.plates = {"NS900ZZ"}}, {"BG123AA"}, {}, {}, {}, {}, blue, {}},
      {"a container, declared", {.containers = {box}}, {"BG123AA"}, {}, {}, {}, {"CSQU 305438-3"}, red, {}},
      {"read", {.containers = {box}}, {"BG123AA"}, {}, {box}, {}, {other_box}, red, {}},
      {"another one declared", {.containers = {box}}, {"BG123AA"}, {}, {}, {}, {other_box}, blue, {}},
      {"another one read", {.containers = {box}}, {"BG123AA"}, {}, {other_box}, {}, {}, blue, {}},
      {"neither", {.containers = {box}}, {"BG123AA"}, {}, {}, {}, {}, yellow, {"declaration.container", "evidence.containers"}},
      {"neither, but another plate", {.plates = {"NS900ZZ"}, .containers = {box}}, {"BG123AA"}, {}, {}, {}, {}, blue, {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    risk::Question q = question();
    q.facts.erase("vehicle.plate");
    q.facts.erase("vehicle.trailer");
    std::vector<std::string> plates = c.read_front;
    plates.insert(plates.end(), c.read_rear.begin(), c.read_rear.end());
    if (!c.read_front.empty()) q.facts["vehicle.plate"] = c.read_front[0];
    if (!c.read_rear.empty()) q.facts["vehicle.trailer"] = c.read_rear[0];
    q.facts["vehicle.plates"] = plates;
    if (!c.read_containers.empty()) q.facts["evidence.containers"] = c.read_containers;
    q.declarations[0].trailer = c.declared_trailer.empty() ? "" : c.declared_trailer[0];
    if (!c.declared_containers.empty()) q.declarations[0].more["container"] = c.declared_containers;
    api::UrgentProposal p = tip_about("x");
    p.tip = c.tip;
    const auto id = active(p);
    const auto made = risk::assess(*in_force.set, q);
    EXPECT_EQ(made.channel, c.channel);
    std::vector<std::string> open;
    for (const auto& field : c.open) open.push_back(id + ": " + field + " missing");
    EXPECT_EQ(made.undetermined, open);
    ASSERT_TRUE(urgent->withdraw(id, {"1002"}, {"1004"}, "next case"));
  }
}

TEST_F(Urgent, ABookOfBeforeTrailersGoesOn) {
  active();
  std::string text = read_text(file);
  const auto at = text.find("\"trailers\"");
  ASSERT_NE(at, std::string::npos) << text;
  std::ofstream(file) << text.erase(at, text.find("\"containers\"") - at);
  start();
  EXPECT_EQ(channel(), SelectivityChannel::red);
}

TEST_F(Urgent, TheRangeOfIdsIsReservedBothWays) {
  const auto refused = [](const std::string& text) {
    auto set = risk::compile(text, "");
    return set ? std::string("taken") : set.error().what;
  };
  const std::string head = R"({"format":2,"version":"v1","profiles":[)";
  EXPECT_NE(refused(head + profile("URGENT-X", "red", "\"always\"") + "]}").find("profiles[0].id: is in the range"), std::string::npos);
  EXPECT_NE(refused(head + R"(],"urgent":[)" + profile("MASS", "red", "\"always\"", ",\"security\":true") + "]}").find("urgent[0].id: "), std::string::npos);
  EXPECT_NE(refused(head + R"(],"urgent":[)" + profile("URGENT-X", "blue", "\"always\"", R"(,"sample_percent":50,"weight":-5)") + "]}").find("urgent[0].weight"), std::string::npos);
  EXPECT_EQ(refused(head + R"(],"urgent":[)" + profile("URGENT-X", "red", "\"always\"", ",\"security\":true") + "]}"), "taken");
  const std::string from_outside = scratch.path() + "/set.json";
  std::ofstream(from_outside) << head + R"(],"urgent":[)" + profile("URGENT-X", "red", "\"always\"", ",\"security\":true") + "]}";
  EXPECT_FALSE(app::read_profiles(from_outside));
}

}  // namespace
}  // namespace rampa::tests
