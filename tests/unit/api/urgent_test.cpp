// Urgent profiles over HTTP, with the real desk behind them.
#include "edge/app/urgent_profiles.hpp"
#include "tests/unit/api/post_fixture.hpp"

namespace rampa::tests {
namespace {

class UrgentApi : public ServedPost {
 protected:
  UrgentApi() {
    const std::string text = R"({"format":2,"version":"v1","profiles":[]})";
    auto set = risk::compile(text, "");
    EXPECT_TRUE(set);
    desk = std::make_unique<app::UrgentProfiles>(app::UrgentProfiles::Settings{directory + "/urgent-profiles.json", PostId{"RS-TEST"}, 24, ""},
                                                 app::LoadedProfiles{*set, std::make_shared<const Bytes>(text.begin(), text.end()), {}}, clock);
    (void)desk->begin();
    desk->connect({[this](auto made, auto) -> Result<void> {
                     if (lanes_hang) return fail(ErrorCode::outcome_unknown, "the store did not answer in time");
                     lanes_have = made->version();
                     return {};
                   },
                   [this](AuditNote note) -> Result<void> {
                     auto written = post.write_audit_note(std::move(note), 1s);
                     if (written && store_hangs) return fail(ErrorCode::outcome_unknown, "the store did not answer in time");
                     return written;
                   },
                   [](const auto&, auto) -> Result<void> { return {}; }});
    post.set_urgent(desk.get());
    staff();
    Client admin = signed_in("1");
    EXPECT_EQ(admin.post("/api/v1/officers", std::string(R"({"badge":"1004","name":"Second leader","role":"shift_leader","password":")") + password + "\"}").status, 201);
  }
  ~UrgentApi() override { server.reset(); }

  static std::string second(const std::string& badge, const std::string& with = password) { return R"("second":{"badge":")" + badge + R"(","password":")" + with + "\"}"; }
  Answer propose(Client& who, const std::string& more = R"("plates":["bg 123-ab"],"hours":6)") {
    return who.post("/api/v1/urgent-profiles", R"({"channel":"red","instruction":"Hold it.","reason":"telephone",)" + more + "}", {{"Idempotency-Key", "p" + std::to_string(++number)}});
  }
  Answer step(Client& who, const std::string& id, const std::string& what, const std::string& body) {
    return who.post("/api/v1/urgent-profiles/" + id + "/" + what, "{" + body + "}", {{"Idempotency-Key", "s" + std::to_string(++number)}});
  }
  static std::string id_in(const Answer& answer) {
    const auto at = answer.body.find("URGENT-");
    return at == std::string::npos ? "" : answer.body.substr(at, answer.body.find('"', at) - at);
  }

  std::string lanes_have = "v1";
  bool lanes_hang = false;
  bool store_hangs = false;  ///< it writes, and nobody hears of it
  int number = 0;
  std::unique_ptr<app::UrgentProfiles> desk;
};

TEST_F(UrgentApi, IsForShiftLeadersAlone) {
  for (const char* badge : {"1001", "1"}) {
    Client other = signed_in(badge);
    EXPECT_EQ(problem_of(other.get("/api/v1/urgent-profiles")), "role") << badge;
    EXPECT_EQ(problem_of(propose(other)), "role") << badge;
    EXPECT_EQ(problem_of(step(other, "URGENT-X", "confirm", second("1004"))), "role") << badge;
  }
  Client nobody(server->port());
  EXPECT_EQ(nobody.get("/api/v1/urgent-profiles").status, 401);
}

TEST_F(UrgentApi, ProposeConfirmWithdraw) {
  Client marko = signed_in("1002");
  const auto made = propose(marko);
  ASSERT_EQ(made.status, 201) << made.body;
  const auto id = id_in(made);
  EXPECT_EQ(lanes_have, "v1");
  EXPECT_NE(marko.get("/api/v1/urgent-profiles").body.find(R"("state":"proposed","channel":"red","plates":["BG123AB"])"), std::string::npos);
  EXPECT_EQ(problem_of(step(marko, id, "confirm", "")), "second-person");
  EXPECT_EQ(problem_of(step(marko, id, "confirm", second("1002"))), "second-is-first");
  EXPECT_EQ(problem_of(step(marko, id, "confirm", second("1001"))), "second-person") << "an officer is no shift leader";
  EXPECT_EQ(problem_of(step(marko, id, "confirm", second("1004", "wrong password"))), "second-person");
  EXPECT_EQ(problem_of(step(marko, "URGENT-none", "confirm", second("1004"))), "not-found");
  EXPECT_EQ(problem_of(step(marko, id, "confirm", second("1004") + R"(,"hours":700)")), "invalid");
  EXPECT_EQ(lanes_have, "v1");
  EXPECT_EQ(step(marko, id, "confirm", second("1004")).status, 204);
  EXPECT_EQ(lanes_have, "v1+urgent.1");
  const auto list = marko.get("/api/v1/urgent-profiles").body;
  EXPECT_NE(list.find("\"state\":\"active\""), std::string::npos) << list;
  EXPECT_NE(list.find("\"confirmed_by\":\"1004\""), std::string::npos) << list;
  EXPECT_EQ(problem_of(step(marko, id, "withdraw", R"("reason":"mistake")")), "second-person");
  EXPECT_EQ(problem_of(step(marko, id, "withdraw", R"("reason":"mistake",)" + second("1002"))), "second-is-first");
  EXPECT_EQ(lanes_have, "v1+urgent.1");
  EXPECT_EQ(step(marko, id, "withdraw", R"("reason":"mistake",)" + second("1004")).status, 204);
  EXPECT_EQ(lanes_have, "v1");
  EXPECT_EQ(problem_of(step(marko, id, "confirm", second("1004"))), "refused");
}

TEST_F(UrgentApi, TheSecondMayConfirmAtHisOwnTerminal) {
  Client marko = signed_in("1002"), other = signed_in("1004");
  const auto id = id_in(propose(marko));
  EXPECT_EQ(problem_of(step(other, id, "confirm", second("1002"))), "second-is-first") << "whose password counts, not whose session";
  EXPECT_EQ(step(other, id, "confirm", second("1004")).status, 204);
}

TEST_F(UrgentApi, AProposalIsTakenBackByOneAndTheSameKeyProposesOnce) {
  Client marko = signed_in("1002");
  const std::string body = R"({"channel":"yellow","instruction":"Look at the papers.","reason":"tip","documents":["26RS001"]})";
  const auto first = marko.post("/api/v1/urgent-profiles", body, {{"Idempotency-Key", "once"}});
  const auto again = marko.post("/api/v1/urgent-profiles", body, {{"Idempotency-Key", "once"}});
  EXPECT_EQ(id_in(first), id_in(again));
  EXPECT_EQ(desk->list().size(), 1u);
  EXPECT_EQ(desk->list()[0].proposal.hours, 12);
  EXPECT_EQ(step(marko, id_in(first), "withdraw", R"("reason":"typed wrongly")").status, 204);
}

TEST_F(UrgentApi, WhoDidNotHearAsksAgainAndNothingIsDoneTwice) {
  Client marko = signed_in("1002");
  const std::string body = R"({"channel":"red","instruction":"Hold it.","reason":"telephone","plates":["BG 123-AB"]})";
  const auto ask = [&] { return marko.post("/api/v1/urgent-profiles", body, {{"Idempotency-Key", "p"}}); };
  const auto confirm = [&](const std::string& id) { return marko.post("/api/v1/urgent-profiles/" + id + "/confirm", "{" + second("1004") + "}", {{"Idempotency-Key", "c"}}); };
  const auto withdraw = [&](const std::string& id) { return marko.post("/api/v1/urgent-profiles/" + id + "/withdraw", R"({"reason":"found",)" + second("1004") + "}", {{"Idempotency-Key", "w"}}); };
  store_hangs = true;
  EXPECT_EQ(problem_of(ask()), "outcome-unknown");
  EXPECT_TRUE(desk->list().empty()) << "what is not recorded for certain does not count";
  store_hangs = false;
  const auto id = id_in(ask());
  EXPECT_NE(id, "") << "the same key is not answered with the old doubt";
  EXPECT_EQ(id_in(marko.post("/api/v1/urgent-profiles", body, {{"Idempotency-Key", "another-page"}})), id);
  EXPECT_EQ(desk->list().size(), 1u);
  store_hangs = true;
  EXPECT_EQ(problem_of(confirm(id)), "outcome-unknown");
  EXPECT_EQ(lanes_have, "v1");
  store_hangs = false;
  desk->tick();
  EXPECT_EQ(post.audit_notes().back().what, "urgent_profiles_state") << "the journal may say that it is confirmed";
  EXPECT_EQ(post.audit_notes().back().detail, R"({"in_force":[],"proposed":[")" + id + "\"]}");
  EXPECT_EQ(confirm(id).status, 204);
  EXPECT_EQ(confirm(id).status, 204);
  EXPECT_EQ(step(marko, id, "confirm", second("1004")).status, 204) << "with another key, too";
  EXPECT_EQ(lanes_have, "v1+urgent.1");
  lanes_hang = true;
  EXPECT_EQ(problem_of(withdraw(id)), "outcome-unknown");
  EXPECT_NE(marko.get("/api/v1/urgent-profiles").body.find("\"state\":\"withdrawn\""), std::string::npos);
  EXPECT_EQ(problem_of(withdraw(id)), "outcome-unknown") << "the lanes still have it";
  lanes_hang = false;
  EXPECT_EQ(withdraw(id).status, 204);
  EXPECT_EQ(lanes_have, "v1");
  const auto notes = post.audit_notes();
  EXPECT_EQ(std::count_if(notes.begin(), notes.end(), [](const auto& note) { return note.what == "urgent_profile_withdrawn"; }), 1);
}

TEST_F(UrgentApi, WhatATipCanFindAtThisPostIsSaid) {
  Client marko = signed_in("1002");
  for (auto [lane, role] : {std::pair{"L1", "plate_front"}, {"L2", "plate_front"}, {"L2", "plate_rear"}}) {
    api::DeviceView device;
    device.id = DeviceId{std::string(lane) + role};
    device.lane = LaneId{lane};
    device.role = role;
    post.add_device(std::move(device));
  }
  const auto made = propose(marko, R"("trailers":["ns 900-zz"],"containers":["CSQU3054383"])");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string trailers = R"({"field":"trailers","read":[{"what":"plate_front","lanes":["L1","L2"]},{"what":"plate_rear","lanes":["L2"]}],"declared":["tractor","trailer"]})";
  const std::string containers = R"({"field":"containers","read":[{"what":"container_code","lanes":[]}],"declared":["container"]})";
  EXPECT_NE(made.body.find("\"matching\":[" + trailers + "," + containers + "]"), std::string::npos) << made.body;
  const auto list = marko.get("/api/v1/urgent-profiles").body;
  EXPECT_NE(list.find(trailers + "," + containers + ","), std::string::npos) << list;
  EXPECT_NE(list.find(R"("plates":[],"trailers":["NS900ZZ"],"containers":["CSQU3054383"])"), std::string::npos) << list;
}

TEST_F(UrgentApi, WhatIsWrongIsSaid) {
  Client marko = signed_in("1002");
  EXPECT_EQ(problem_of(propose(marko, R"("plates":[])")), "invalid") << "it would stop everybody";
  const auto wrong = propose(marko, R"("containers":["CSQU3054384"],"goods_prefixes":["24"])");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_NE(wrong.body.find("check digit"), std::string::npos) << wrong.body;
  EXPECT_NE(wrong.body.find("goods_prefixes[0]"), std::string::npos) << wrong.body;
  EXPECT_EQ(problem_of(propose(marko, R"("plates":["BG123AB"],"hours":25)")), "invalid") << "the site allows 24";
  EXPECT_EQ(problem_of(propose(marko, R"("plates":"BG123AB")")), "invalid");
  EXPECT_EQ(problem_of(propose(marko, R"("cel":"true")")), "invalid");
  post.fail_audit(true);
  EXPECT_EQ(propose(marko).status, 503);
  EXPECT_TRUE(desk->list().empty()) << "what HQ cannot be told of does not begin";
}

}  // namespace
}  // namespace rampa::tests
