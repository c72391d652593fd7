#include <thread>

#include "tests/unit/api/post_fixture.hpp"

namespace rampa::tests {
namespace {

using SignIn = ServedPost;

TEST_F(SignIn, NothingIsOpenBeforeTheClaimAndTheCodeWorksOnce) {
  Client client(server->port());
  EXPECT_NE(client.get("/api/v1/session").body.find("\"claimed\":false"), std::string::npos);
  EXPECT_EQ(problem_of(client.get("/api/v1/lanes")), "not-signed-in");
  EXPECT_EQ(problem_of(client.post("/api/v1/session", R"({"badge":"admin","password":"admin"})")), "unclaimed");
  const std::string rest = R"(,"badge":"1","name":"Admin","password":"correct horse battery"})";
  EXPECT_EQ(problem_of(client.post("/api/v1/claim", R"({"code":"AAAAA-AAAAA-AAAAA-AAAAA")" + rest)), "claim-code-wrong");
  const std::string code = server->claim_code();
  EXPECT_EQ(problem_of(client.post("/api/v1/claim", R"({"code":")" + code + R"(","badge":"1","name":"A","password":"short"})")), "password-weak");
  EXPECT_EQ(client.post("/api/v1/claim", R"({"code":")" + code + "\"" + rest).status, 201);
  EXPECT_EQ(problem_of(client.post("/api/v1/claim", R"({"code":")" + code + "\"" + rest)), "claimed");
  EXPECT_EQ(server->claim_code(), "");
  EXPECT_EQ(client.get("/api/v1/lanes").status, 200);
  serve();
  EXPECT_EQ(server->claim_code(), "");
}

TEST_F(SignIn, AClaimThatCannotBeRecordedDoesNotHappen) {
  Client client(server->port());
  post.fail_audit(true);
  const std::string body = R"({"code":")" + server->claim_code() + R"(","badge":"1","name":"Admin","password":"correct horse battery"})";
  EXPECT_EQ(problem_of(client.post("/api/v1/claim", body)), "store");
  post.fail_audit(false);
  EXPECT_EQ(client.post("/api/v1/claim", body).status, 201);
  EXPECT_EQ(post.audit_notes().back().what, "post_claimed");
}

TEST_F(SignIn, CookieIsOutOfReachOfScriptsAndOtherSites) {
  staff();
  Client client(server->port());
  const auto answer = client.post("/api/v1/session", R"({"badge":"1001","password":"correct horse battery"})");
  const std::string cookie = answer.headers.at("set-cookie");
  EXPECT_NE(cookie.find("HttpOnly"), std::string::npos);
  EXPECT_NE(cookie.find("SameSite=Strict"), std::string::npos);
  EXPECT_EQ(cookie.find("Secure"), std::string::npos);
  settings.secure_cookie = true;
  serve();
  Client again(server->port());
  EXPECT_NE(again.post("/api/v1/session", R"({"badge":"1001","password":"correct horse battery"})").headers.at("set-cookie").find("Secure"), std::string::npos);
}

TEST_F(SignIn, UnknownBadgeAndWrongPasswordLookAlike) {
  staff();
  Client client(server->port());
  const auto known = client.post("/api/v1/session", R"({"badge":"1001","password":"wrong"})");
  const auto unknown = client.post("/api/v1/session", R"({"badge":"9999","password":"wrong"})");
  EXPECT_EQ(known.status, 401);
  EXPECT_EQ(unknown.status, 401);
  const auto without_number = [](std::string body) { return body.substr(0, body.find("\"instance\"")); };
  EXPECT_EQ(without_number(known.body), without_number(unknown.body));
}

TEST_F(SignIn, GuessingIsSlowedEvenWithTheRightPassword) {
  staff();
  Client client(server->port());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.post("/api/v1/session", R"({"badge":"1001","password":"wrong"})").status, 401);
  const auto slowed = client.post("/api/v1/session", R"({"badge":"1001","password":"correct horse battery"})");
  EXPECT_EQ(problem_of(slowed), "try-later");
  EXPECT_EQ(slowed.headers.at("retry-after"), "1");
  EXPECT_EQ(client.post("/api/v1/session", R"({"badge":"1003","password":"correct horse battery"})").status, 200);
  clock.push(2s);
  EXPECT_EQ(client.post("/api/v1/session", R"({"badge":"1001","password":"correct horse battery"})").status, 200);
  int noted = 0;
  for (const auto& note : post.audit_notes()) noted += note.what == "sign_in_failed";
  EXPECT_EQ(noted, 4);
}

TEST_F(SignIn, ManyGuessesAtOnceGetNoMoreThanTheirShare) {
  staff();
  std::atomic<int> judged{0};
  {
    std::vector<std::jthread> guessers;
    for (int i = 0; i < 12; ++i)
      guessers.emplace_back([&] {
        Client client(server->port());
        if (client.post("/api/v1/session", R"({"badge":"1001","password":"wrong"})").status == 401) ++judged;
      });
  }
  EXPECT_LE(judged, 4);
  EXPECT_GE(judged, 1);
}

TEST_F(SignIn, IdleSessionsLockAndUnlockWithThePasswordOnly) {
  staff();
  Client ana = signed_in("1001");
  clock.push(4min);
  EXPECT_EQ(ana.get("/api/v1/lanes").status, 200);
  clock.push(4min);
  EXPECT_EQ(ana.get("/api/v1/lanes", {{"X-Rampa-Background", "1"}}).status, 200);
  clock.push(2min);
  const auto locked = ana.get("/api/v1/lanes");
  EXPECT_EQ(locked.status, 423);
  EXPECT_EQ(problem_of(act(ana, "L1", R"({"action":"out_of_service","reason":"test"})", "k1")), "session-locked");
  EXPECT_TRUE(post.acts().empty());
  EXPECT_NE(ana.get("/api/v1/session").body.find("\"locked\":true"), std::string::npos);
  EXPECT_EQ(ana.post("/api/v1/session/unlock", R"({"password":"wrong"})").status, 401);
  EXPECT_EQ(ana.post("/api/v1/session/unlock", R"({"password":"correct horse battery"})").status, 200);
  EXPECT_EQ(ana.get("/api/v1/lanes").status, 200);
}

TEST_F(SignIn, TheSecondSessionEndsTheFirst) {
  staff();
  Client first = signed_in("1001");
  Client second = signed_in("1001");
  EXPECT_EQ(problem_of(first.get("/api/v1/lanes")), "not-signed-in");
  EXPECT_EQ(second.get("/api/v1/lanes").status, 200);
  EXPECT_EQ(second.request("DELETE", "/api/v1/session", "", {}).status, 204);
  EXPECT_EQ(problem_of(second.get("/api/v1/lanes")), "not-signed-in");
}

TEST_F(SignIn, OnlyAdministratorsKeepAccounts) {
  staff();
  Client ana = signed_in("1001");
  EXPECT_EQ(problem_of(ana.get("/api/v1/officers")), "role");
  Client admin = signed_in("1");
  EXPECT_EQ(admin.get("/api/v1/officers").body.find("password"), std::string::npos);
  EXPECT_EQ(problem_of(admin.post("/api/v1/officers/1", R"({"disabled":true})")), "last-administrator");
  EXPECT_EQ(admin.post("/api/v1/officers/1001", R"({"disabled":true})").status, 200);
  EXPECT_EQ(problem_of(ana.get("/api/v1/lanes")), "not-signed-in");  // a running session ends too
  EXPECT_EQ(ana.post("/api/v1/session", R"({"badge":"1001","password":"correct horse battery"})").status, 401);
  EXPECT_EQ(problem_of(admin.post("/api/v1/officers", R"({"badge":"1002","name":"x","role":"officer","password":"long enough pw"})")), "badge-taken");
  EXPECT_EQ(admin.post("/api/v1/officers", R"({"badge":"MARKO.1","name":"x","role":"officer","password":"long enough pw"})").status, 201);
  EXPECT_EQ(problem_of(admin.post("/api/v1/officers", R"({"badge":"marko.1","name":"x","role":"officer","password":"long enough pw"})")), "badge-taken");
  EXPECT_EQ(problem_of(admin.post("/api/v1/officers", R"({"badge":"a/b","name":"x","role":"officer","password":"long enough pw"})")), "invalid");
}

TEST_F(SignIn, OfficersChangeTheirOwnPassword) {
  staff();
  Client ana = signed_in("1001");
  EXPECT_EQ(problem_of(ana.post("/api/v1/session/password", R"({"old":"nope","new":"another good one"})")), "credentials-wrong");
  EXPECT_EQ(ana.post("/api/v1/session/password", R"({"old":"correct horse battery","new":"another good one"})").status, 204);
  Client again(server->port());
  EXPECT_EQ(again.post("/api/v1/session", R"({"badge":"1001","password":"another good one"})").status, 200);
}

TEST_F(SignIn, OtherSitesCannotMakeABrowserAct) {
  staff();
  Client ana = signed_in("1001");
  const std::string body = R"({"action":"out_of_service","reason":"test"})";
  const auto with = [&](std::map<std::string, std::string> headers) {
    headers["Idempotency-Key"] = "k";
    return problem_of(ana.post("/api/v1/lanes/L1/actions", body, headers));
  };
  EXPECT_EQ(with({{"X-Rampa", ""}}), "header-missing");
  EXPECT_EQ(with({{"Origin", "https://evil.example"}}), "not-same-origin");
  EXPECT_EQ(with({{"Content-Type", "text/plain"}}), "media-type");
  EXPECT_TRUE(post.acts().empty());
  EXPECT_EQ(with({{"Origin", "http://127.0.0.1:" + std::to_string(server->port())}}), "200");
}

}  // namespace
}  // namespace rampa::tests
