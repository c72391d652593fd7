#include "tests/unit/api/post_fixture.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace rampa::tests {

ServedPost::ServedPost() {
  char name[] = "/tmp/rampa-api-XXXXXX";
  directory = ::mkdtemp(name);
  for (const char* id : {"L1", "L2"}) {
    lane::Config config;
    config.id.text = id;
    config.roles = {"io", "scale", "plate_front"};
    post.add_lane(config);
  }
  settings.port = 0;
  settings.officers_file = directory + "/officers.json";
  settings.cheap_passwords = true;
  serve();
}

ServedPost::~ServedPost() {
  server.reset();
  std::filesystem::remove_all(directory);
}

void ServedPost::serve() {
  server.reset();
  auto started = api::start(settings, post, clock);
  if (!started) throw std::runtime_error(started.error().what);
  server = std::move(*started);
}

void ServedPost::staff() {
  Client admin(server->port());
  const std::string pw = password;
  const auto claimed = admin.post("/api/v1/claim", R"({"code":")" + server->claim_code() + R"(","badge":"1","name":"Admin","password":")" + pw + "\"}");
  EXPECT_EQ(claimed.status, 201) << claimed.body;
  for (const auto& [badge, role] : {std::pair{"1001", "officer"}, std::pair{"1002", "shift_leader"}, std::pair{"1003", "officer"}}) {
    const auto added = admin.post("/api/v1/officers", R"({"badge":")" + std::string(badge) + R"(","name":"N","role":")" + role + R"(","password":")" + pw + "\"}");
    EXPECT_EQ(added.status, 201) << added.body;
  }
}

Client ServedPost::signed_in(const std::string& badge) {
  Client client(server->port());
  const auto answer = client.post("/api/v1/session", R"({"badge":")" + badge + R"(","password":")" + password + "\"}");
  EXPECT_EQ(answer.status, 200) << answer.body;
  return client;
}

Answer ServedPost::act(Client& who, const std::string& lane, const std::string& body, const std::string& key) {
  return who.post("/api/v1/lanes/" + lane + "/actions", body, {{"Idempotency-Key", key}});
}

void ServedPost::lorry_waits() {
  const LaneId lane{"L1"};
  const CrossingId crossing{"L1-7-12"};
  post.record(lane, crossing, CrossingOpened{"cargo", "entry"});
  post.change(lane, [&](lane::State& s) {
    s.crossing = crossing;
    s.phase = lane::Phase::waiting_officer;
    s.arrived = clock.now();
  });
}

}  // namespace rampa::tests
