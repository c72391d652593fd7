#include <fstream>
#include <filesystem>

#include "tests/unit/api/post_fixture.hpp"

namespace rampa::tests {
namespace {

class Malformed : public ServedPost {
 protected:
  Answer raw(const std::string& bytes) {
    Connection c(server->port());
    c.send(bytes);
    return c.answer();
  }
  void still_serves() { EXPECT_EQ(Client(server->port()).get("/healthz").status, 200); }
};

TEST_F(Malformed, LimitsHold) {
  EXPECT_EQ(raw("GET /" + std::string(3000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n").status, 414);
  std::string big = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 5; ++i) big += "X-" + std::to_string(i) + ": " + std::string(2000, 'v') + "\r\n";
  EXPECT_EQ(raw(big + "\r\n").status, 431);
  std::string many = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 80; ++i) many += "X-" + std::to_string(i) + ": v\r\n";
  EXPECT_EQ(raw(many + "\r\n").status, 431);
  const std::string post_head = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nX-Rampa: 1\r\nContent-Type: application/json\r\n";
  EXPECT_EQ(raw(post_head + "Content-Length: 20000\r\n\r\n" + std::string(20000, ' ')).status, 413);
  EXPECT_EQ(raw(post_head + "\r\n").status, 411);
  still_serves();
}

TEST_F(Malformed, DoubtfulLengthsAreRefusedAndEndTheConnection) {
  const std::string head = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nX-Rampa: 1\r\nContent-Type: application/json\r\n";
  const std::string smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const std::string& lengths : {std::string("Transfer-Encoding: chunked\r\n"), std::string("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
                                     std::string("Content-Length: 0\r\nContent-Length: 5\r\n"), std::string("Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n")}) {
    Connection c(server->port());
    c.send(head + lengths + "\r\n0\r\n\r\n" + smuggled);
    const auto answer = c.answer();
    EXPECT_TRUE(answer.status == 400 || answer.status == 411) << lengths << answer.status;
    EXPECT_EQ(c.answer().status, 0) << "a second request was served after: " << lengths;
  }
  still_serves();
}

TEST_F(Malformed, NoHostTwoHostsAndOddPathsAreRefused) {
  EXPECT_EQ(raw("GET /healthz HTTP/1.1\r\n\r\n").status, 400);
  EXPECT_EQ(raw("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status, 400);
  EXPECT_EQ(raw("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n").status, 400);
  EXPECT_EQ(raw("GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n").status, 400);
  EXPECT_EQ(raw("BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n").status, 405);
  EXPECT_EQ(raw("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").status, 404);
  still_serves();
}

TEST_F(Malformed, DeepAndOddJsonIsRefused) {
  Client client(server->port());
  staff();
  EXPECT_EQ(client.post("/api/v1/session", std::string(15000, '[')).status, 400);
  EXPECT_EQ(client.post("/api/v1/session", R"({"badge":"a","badge":"b","password":"c"})").status, 400);
  EXPECT_EQ(client.post("/api/v1/session", "{\"badge\":\"\xff\",\"password\":\"c\"}").status, 400);
  EXPECT_EQ(client.post("/api/v1/session", R"({"badge":1,"password":"c"})").status, 400);
  still_serves();
}

TEST_F(Malformed, ProblemsAreProblemDocuments) {
  const auto answer = Client(server->port()).get("/api/v1/lanes");
  EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
  EXPECT_NE(answer.body.find("\"instance\":\"urn:rampa:request:"), std::string::npos);
  EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
  EXPECT_NE(answer.headers.at("content-security-policy").find("default-src 'none'"), std::string::npos);
}

TEST_F(Malformed, TheTerminalIsServedFromItsFolderAndNothingElseIs) {
  const auto missing = Client(server->port()).get("/");
  EXPECT_EQ(missing.status, 404);
  EXPECT_NE(missing.body.find("./dev web"), std::string::npos);
  const std::string web = directory + "/web";
  std::filesystem::create_directories(web + "/assets");
  std::ofstream(web + "/index.html") << "<!doctype html>";
  std::ofstream(web + "/assets/a-1234.js") << "let a";
  std::ofstream(directory + "/secret") << "no";
  std::filesystem::create_symlink(directory + "/secret", web + "/link");
  settings.web_directory = web;
  serve();
  Client client(server->port());
  const auto index = client.get("/");
  EXPECT_EQ(index.body, "<!doctype html>");
  EXPECT_EQ(index.headers.at("cache-control"), "no-cache");
  EXPECT_EQ(index.headers.at("content-security-policy").find("unsafe"), std::string::npos);
  EXPECT_NE(client.get("/assets/a-1234.js").headers.at("cache-control").find("immutable"), std::string::npos);
  EXPECT_EQ(client.get("/", {{"If-None-Match", index.headers.at("etag")}}).status, 304);
  for (const char* path : {"/../secret", "/assets/../../secret", "/..%2fsecret", "/%2e%2e/secret", "/link", "/assets/", "//secret"})
    EXPECT_EQ(client.get(path).status, 404) << path;
}

}  // namespace
}  // namespace rampa::tests
