#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/unit/api/post_fixture.hpp"

namespace rampa::tests {
namespace {

using Lanes = ServedPost;
const std::string confirm = R"({"action":"confirm","crossing":"L1-7-12"})";

TEST_F(Lanes, AreListedInTheSiteFilesOrderWithTheirAge) {
  staff();
  lorry_waits();
  Client ana = signed_in("1001");
  const auto all = ana.get("/api/v1/lanes").body;
  EXPECT_LT(all.find("\"id\":\"L1\""), all.find("\"id\":\"L2\""));
  const auto one = ana.get("/api/v1/lanes/L1").body;
  EXPECT_NE(one.find("\"phase\":\"waiting_officer\""), std::string::npos);
  EXPECT_NE(one.find("\"crossing\":\"L1-7-12\""), std::string::npos);
  EXPECT_NE(one.find("\"offers\":[\"confirm\""), std::string::npos);
  clock.push(7s);
  EXPECT_NE(ana.get("/api/v1/lanes/L2").body.find("\"age_ms\":7"), std::string::npos);
  EXPECT_EQ(problem_of(ana.get("/api/v1/lanes/L9")), "not-found");
}

TEST_F(Lanes, StaleOrDoubtfulInputsAreShownAsUnknown) {
  staff();
  Client ana = signed_in("1001");
  const auto has = [&](const char* text) { return ana.get("/api/v1/lanes/L1").body.find(text) != std::string::npos; };
  post.vouch();
  EXPECT_TRUE(has("\"loop_boom\":false"));
  EXPECT_TRUE(has("\"position\":\"closed\""));
  post.change(LaneId{"L1"}, [](lane::State& s) {
    s.points["loop_boom"].quality = device::Quality::suspect;
    s.points["boom_closed"].at = s.points["boom_closed"].at - 1s;
  });
  EXPECT_TRUE(has("\"loop_boom\":null"));
  EXPECT_TRUE(has("\"position\":\"unknown\""));
  post.vouch();
  post.change(LaneId{"L1"}, [](lane::State& s) { s.points["boom_open"].on = true; });  // both contacts made: neither is believed
  EXPECT_TRUE(has("\"position\":\"unknown\""));
}

TEST_F(Lanes, AnActionReachesTheLaneWithWhoAndWhere) {
  staff();
  lorry_waits();
  Client ana = signed_in("1001");
  const auto answer = act(ana, "L1", confirm, "c1");
  EXPECT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(post.acts().size(), 1u);
  const auto seen = post.acts()[0];
  EXPECT_EQ(seen.kind, lane::ActionKind::confirm);
  EXPECT_EQ(seen.officer.text, "1001");
  EXPECT_EQ(seen.terminal, "127.0.0.1");
  EXPECT_EQ(seen.crossing.text, "L1-7-12");
  EXPECT_TRUE(seen.second.empty());
}

TEST_F(Lanes, HqsAnswerToAReferralIsShownAndOffersNothingNew) {
  staff();
  lorry_waits();
  Client ana = signed_in("1001");
  const auto lane = [&] { return ana.get("/api/v1/lanes/L1").body; };
  const auto offers = [&] {
    const std::string body = lane();
    return body.substr(body.find("\"offers\""));
  };
  const std::string before = offers();
  EXPECT_NE(lane().find("\"hq_answer\":null"), std::string::npos);
  post.answer(LaneId{"L1"}, {"control", "Open the trailer.", "M. Petrovic", WallTime{5}});
  EXPECT_NE(lane().find(R"("hq_answer":{"answer":"control","text":"Open the trailer.","who":"M. Petrovic","at_ms":5})"), std::string::npos) << lane();
  EXPECT_EQ(offers(), before);
}

TEST_F(Lanes, CodeListsOfHqAreReadByWhoIsSignedIn) {
  staff();
  const std::string text = R"({"codes":[{"code":"RS","texts":{"en":"Serbia"}}],"name":"countries","v":2,"version":3})";
  post.set_code_list({"countries", 3, 1}, text);
  Client nobody(server->port());
  EXPECT_EQ(nobody.get("/api/v1/code-lists").status, 401);
  Client ana = signed_in("1001");
  EXPECT_EQ(ana.get("/api/v1/code-lists").body, R"({"lists":[{"name":"countries","version":3,"codes":1}]})");
  EXPECT_EQ(ana.get("/api/v1/code-lists/countries").body, text);
  EXPECT_EQ(problem_of(ana.get("/api/v1/code-lists/offices")), "not-found");
}

TEST_F(Lanes, AStaleCrossingIsRefusedByTheLaneAndSaidSo) {
  staff();
  lorry_waits();
  Client ana = signed_in("1001");
  const auto answer = act(ana, "L1", R"({"action":"confirm","crossing":"L1-7-11"})", "c1");
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(problem_of(answer), "refused");
  EXPECT_NE(answer.body.find("crossing on this page is over"), std::string::npos);
}

TEST_F(Lanes, TheSameKeyActsOnce) {
  staff();
  lorry_waits();
  Client ana = signed_in("1001");
  const auto first = act(ana, "L1", confirm, "c1");
  const auto second = act(ana, "L1", confirm, "c1");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(second.headers.at("idempotent-replay"), "1");
  EXPECT_EQ(post.acts().size(), 1u);
  EXPECT_EQ(problem_of(act(ana, "L1", R"({"action":"confirm","crossing":"L1-7-13"})", "c1")), "key-reused");
  EXPECT_EQ(problem_of(act(ana, "L2", confirm, "c1")), "key-reused");  // the lane is part of it
  EXPECT_EQ(problem_of(act(ana, "L1", confirm, "c2")), "refused");     // another key: a second order, which the lane refuses
  EXPECT_EQ(problem_of(act(ana, "L1", confirm, "c2")), "refused");
  EXPECT_EQ(post.acts().size(), 2u);
  EXPECT_EQ(problem_of(ana.post("/api/v1/lanes/L1/actions", confirm)), "key-missing");
  EXPECT_EQ(problem_of(act(ana, "L1", confirm, "white space")), "key-missing");
}

TEST_F(Lanes, ADoubleClickWhileTheFirstRunsIsToldSo) {
  staff();
  lorry_waits();
  std::mutex mutex;
  std::condition_variable changed;
  bool reached = false, go_on = false;
  post.on_act([&](const LaneId&, const lane::OfficerAction&) -> Result<lane::Answer> {
    std::unique_lock lock(mutex);
    reached = true;
    changed.notify_all();
    changed.wait(lock, [&] { return go_on; });
    return lane::Answer{0, true, ""};
  });
  Client ana = signed_in("1001");
  Client same = ana;
  Answer first;
  std::jthread clicker([&] { first = act(ana, "L1", confirm, "c1"); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return reached; });
  }
  EXPECT_EQ(problem_of(act(same, "L1", confirm, "c1")), "in-progress");
  {
    std::lock_guard lock(mutex);
    go_on = true;
  }
  changed.notify_all();
  clicker.join();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(post.acts().size(), 1u);
}

TEST_F(Lanes, AnUnknownOutcomeIsSaidAndRememberedABusyLaneIsNot) {
  staff();
  lorry_waits();
  Client ana = signed_in("1001");
  int calls = 0;
  post.on_act([&](const LaneId&, const lane::OfficerAction&) -> Result<lane::Answer> {
    return ++calls == 1 ? Result<lane::Answer>(fail(ErrorCode::outcome_unknown, "no answer in 5 s")) : fail(ErrorCode::busy, "mailbox full");
  });
  const auto unknown = act(ana, "L1", confirm, "c1");
  EXPECT_EQ(unknown.status, 504);
  EXPECT_EQ(problem_of(unknown), "outcome-unknown");
  EXPECT_EQ(problem_of(act(ana, "L1", confirm, "c1")), "outcome-unknown");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(problem_of(act(ana, "L1", confirm, "c2")), "busy");
  EXPECT_EQ(problem_of(act(ana, "L1", confirm, "c2")), "busy");
  EXPECT_EQ(calls, 3);
}

TEST_F(Lanes, TheSecondPersonIsAnotherOneWithARightPassword) {
  staff();
  lorry_waits();
  Client ana = signed_in("1001");
  const auto override_with = [&](const std::string& second, const char* key) {
    return problem_of(act(ana, "L1", R"({"action":"override","crossing":"L1-7-12","verdict":"release","reason":"papers seen")" + second + "}", key));
  };
  EXPECT_EQ(override_with("", "k1"), "refused");
  EXPECT_EQ(override_with(R"(,"second":{"badge":"1001","password":"correct horse battery"})", "k2"), "second-is-first");
  EXPECT_EQ(override_with(R"(,"second":{"badge":"1002","password":"wrong"})", "k3"), "second-person");
  EXPECT_EQ(override_with(R"(,"second":{"badge":"1","password":"correct horse battery"})", "k4"), "second-person");
  EXPECT_EQ(override_with(R"(,"second":{"badge":"1002","password":"correct horse battery"})", "k3"), "200");  // the refused attempt did not burn its key
  ASSERT_EQ(post.acts().size(), 2u);
  EXPECT_EQ(post.acts()[1].second.text, "1002");
  EXPECT_EQ(post.acts()[1].verdict, Verdict::release);
}

TEST_F(Lanes, RolesAreDeniedByDefault) {
  staff();
  lorry_waits();
  Client admin = signed_in("1");
  EXPECT_EQ(problem_of(act(admin, "L1", confirm, "k")), "role");
  Client ana = signed_in("1001");
  EXPECT_EQ(problem_of(act(ana, "L1", R"({"action":"reset_emergency_stop"})", "k")), "role");
  Client marko = signed_in("1002");
  EXPECT_EQ(act(marko, "L1", R"({"action":"reset_emergency_stop"})", "k").status, 200);
  EXPECT_EQ(post.acts().size(), 1u);
}

TEST_F(Lanes, WrongBodiesNeverReachTheLane) {
  staff();
  lorry_waits();
  Client ana = signed_in("1001");
  const char* bodies[] = {"", "{", "[]", R"({"action":"explode"})", R"({"action":"confirm"})",
                          R"({"action":"confirm","crossing":"L1-7-12","extra":1})",
                          R"({"action":"confirm","crossing":"L1-7-12","crossing":"L1-7-13"})",
                          R"({"action":"override","crossing":"L1-7-12","verdict":"release"})",
                          R"({"action":"override","crossing":"L1-7-12","verdict":"maybe","reason":"because"})",
                          R"({"action":"record_control","crossing":"L1-7-12","control":"nii","finding":"nothing_found"})",
                          R"({"action":"record_control","crossing":"L1-7-12","control":"documents","finding":"clear"})",
                          R"({"action":"open_boom","reason":"why not","boom":3})",
                          R"({"action":"confirm","crossing":"L1-7-12","second":{"badge":"1002","password":"x","more":1}})",
                          R"({"action":"refer","crossing":"L1-7-12","reason":"a\u0000b"})"};
  int key = 0;
  for (const char* body : bodies) EXPECT_EQ(act(ana, "L1", body, "k" + std::to_string(++key)).status, 400) << body;
  EXPECT_TRUE(post.acts().empty());
  EXPECT_EQ(problem_of(act(ana, "L9", confirm, "k")), "not-found");
}

TEST_F(Lanes, StatusAndHealthSayWhatIsWrong) {
  staff();
  Client ana = signed_in("1001");
  EXPECT_EQ(ana.get("/healthz").body, "ok\n");
  EXPECT_EQ(ana.get("/readyz").status, 200);
  post.set_not_ready({"L2-scale: no ICD"});
  post.set_store([](store::Status& s) { s.writable = false; s.trouble = "disk full"; });
  const auto ready = ana.get("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, "L2-scale: no ICD\nthe store cannot be written: disk full\n");
  EXPECT_EQ(ana.get("/healthz").status, 200);
  api::LinkView link;
  link.configured = true;
  link.backlog_records = 77;
  link.line = "mqtts://sat.example:8883";
  link.up = link.reserve = link.metered = link.refuses = true;
  link.backlog = api::LinkBacklog{7, 70, 3};
  link.fetches_waiting = 2;
  link.trouble = "HQ refuses verdicts from number 7 on: no";
  post.set_link(link);
  const auto status = ana.get("/api/v1/status").body;
  EXPECT_NE(status.find("\"backlog_records\":77"), std::string::npos);
  EXPECT_NE(status.find("\"line\":\"mqtts://sat.example:8883\",\"reserve\":true,\"metered\":true,\"durability\":null"), std::string::npos) << status;
  EXPECT_NE(status.find("\"backlog\":{\"verdicts\":7,\"events\":70,\"pictures\":3}"), std::string::npos);
  EXPECT_NE(status.find("\"refuses\":true,\"trouble\":\"HQ refuses verdicts from number 7 on: no\""), std::string::npos) << "shown while the link is up";
  const std::string metrics = ana.get("/metrics").body;
  for (const std::string line : {"rampa_hq_backlog_records 77", "rampa_hq_link_up 1", "rampa_hq_link_line 1", "rampa_hq_link_metered 1", "rampa_hq_link_trouble 1", "rampa_hq_refuses 1",
                                 "rampa_hq_backlog{class=\"pictures\"} 3", "rampa_hq_fetches_waiting 2"})
    EXPECT_NE(metrics.find("\n" + line + "\n"), std::string::npos) << line;
  post.set_link({});
  EXPECT_NE(ana.get("/api/v1/status").body.find("\"up\":false"), std::string::npos);
  EXPECT_NE(ana.get("/metrics").body.find("\nrampa_hq_link_line -1\n"), std::string::npos);
  EXPECT_NE(ana.get("/version").body.find("\"version\":\"0.1.0\""), std::string::npos);
  EXPECT_EQ(ana.get("/api/v1/devices").status, 200);
  EXPECT_EQ(ana.get("/api/v1/profiles").status, 200);
}

}  // namespace
}  // namespace rampa::tests
