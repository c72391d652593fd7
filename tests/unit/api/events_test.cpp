#include <memory>
#include <vector>

#include "tests/unit/api/post_fixture.hpp"

namespace rampa::tests {
namespace {

class Events : public ServedPost {
 protected:
  std::unique_ptr<Connection> stream(const Client& who) {
    auto c = std::make_unique<Connection>(server->port());
    c->send("GET /api/v1/events HTTP/1.1\r\nHost: x\r\nCookie: rampa_session=" + who.cookie + "\r\n\r\n");
    return c;
  }
};

TEST_F(Events, BeginWithTheWholePictureAndThenTellChanges) {
  staff();
  lorry_waits();
  Client ana = signed_in("1001");
  auto events = stream(ana);
  const auto begin = events->until("event: status\n");
  EXPECT_NE(begin.find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_LT(begin.find("event: hello"), begin.find("\"id\":\"L1\""));
  EXPECT_LT(begin.find("\"id\":\"L1\""), begin.find("\"id\":\"L2\""));
  post.change(LaneId{"L2"}, [](lane::State& s) { s.phase = lane::Phase::out_of_service; });
  EXPECT_FALSE(events->until("\"phase\":\"out_of_service\"").empty());
  post.notify(LaneId{"L1"}, 2, "come \"here\"");
  EXPECT_NE(events->until("\n\n").size(), 0u);
  EXPECT_FALSE(events->until("come \\\"here\\\"").empty());
}

TEST_F(Events, HeartBeatWithoutAnyChange) {
  staff();
  Client ana = signed_in("1001");
  auto events = stream(ana);
  EXPECT_FALSE(events->until("event: status\n").empty());
  clock.push(2s);
  EXPECT_FALSE(events->until("event: status\n").empty());
}

TEST_F(Events, ALaneThatOnlyBecameStaleIsToldToo) {
  staff();
  post.vouch();
  Client ana = signed_in("1001");
  auto events = stream(ana);
  EXPECT_FALSE(events->until("event: status\n").empty());
  clock.push(3s);  // nobody vouches for the lanes any more
  EXPECT_FALSE(events->until("{\"id\":\"L1\",\"age_ms\":3").empty());
}

TEST_F(Events, StreamsDoNotHoldThePoolsThreads) {
  settings.request_threads = 4;
  settings.streams_max = 12;
  serve();
  staff();
  Client ana = signed_in("1001");
  std::vector<std::unique_ptr<Connection>> open;
  for (int i = 0; i < 12; ++i) {
    open.push_back(stream(ana));
    ASSERT_FALSE(open.back()->until("event: status\n").empty()) << i;
  }
  EXPECT_EQ(ana.get("/healthz").status, 200);
  auto refused = stream(ana);
  const auto answer = refused->answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(problem_of(answer), "too-many-streams");
  EXPECT_EQ(answer.headers.at("retry-after"), "5");
  open.pop_back();  // a place becomes free once the hub has noticed
  bool again = false;
  for (int i = 0; i < 200 && !again; ++i) again = !stream(ana)->until("\r\n\r\n").starts_with("HTTP/1.1 503");
  EXPECT_TRUE(again);
  post.change(LaneId{"L1"}, [](lane::State& s) { s.phase = lane::Phase::open; });
  for (auto& c : open) EXPECT_FALSE(c->until("\"phase\":\"open\"").empty());
}

TEST_F(Events, EndWithTheSession) {
  staff();
  Client ana = signed_in("1001");
  auto events = stream(ana);
  EXPECT_FALSE(events->until("event: status\n").empty());
  EXPECT_EQ(ana.request("DELETE", "/api/v1/session", "", {}).status, 204);
  EXPECT_FALSE(events->until("{\"why\":\"signed-out\"}").empty());
  EXPECT_TRUE(events->closed_by_peer());
  auto without = stream(ana);
  EXPECT_EQ(without->answer().status, 401);
}

TEST_F(Events, EndWhenTheSessionLocks) {
  staff();
  Client ana = signed_in("1001");
  auto events = stream(ana);
  EXPECT_FALSE(events->until("event: status\n").empty());
  clock.push(6min);
  EXPECT_FALSE(events->until("{\"why\":\"locked\"}").empty());
  EXPECT_TRUE(events->closed_by_peer());
}

TEST_F(Events, EndWhenTheServerStops) {
  staff();
  Client ana = signed_in("1001");
  auto events = stream(ana);
  EXPECT_FALSE(events->until("event: status\n").empty());
  server.reset();
  EXPECT_FALSE(events->until("{\"why\":\"stopping\"}").empty());
  EXPECT_TRUE(events->closed_by_peer());
}

TEST_F(Events, ASlowReaderLosesItsQueueAndGetsAWholePicture) {
  staff();
  Client ana = signed_in("1001");
  auto slow = std::make_unique<Connection>(server->port());
  slow->shrink_receive_buffer();
  slow->send("GET /api/v1/events HTTP/1.1\r\nHost: x\r\nCookie: rampa_session=" + ana.cookie + "\r\n\r\n");
  auto quick = stream(ana);
  EXPECT_FALSE(quick->until("event: status\n").empty());
  EXPECT_FALSE(slow->until("event: status\n").empty());
  std::string metrics;
  for (int i = 0; i < 2000; ++i) {  // 8 KB a time, each only as fast as the quick one gets it
    const std::string mark = "mark-" + std::to_string(i) + "-";
    post.change(LaneId{"L1"}, [&](lane::State& s) { s.attention = mark + std::string(8000, 'x'); });
    clock.push(100ms);
    ASSERT_FALSE(quick->until(mark).empty()) << i;
    metrics = ana.get("/metrics").body;
    if (metrics.find("rampa_event_stream_resets_total 1") != std::string::npos) break;
  }
  EXPECT_NE(metrics.find("rampa_event_stream_resets_total 1"), std::string::npos);
  const auto old = slow->until("event: reset\n");
  EXPECT_FALSE(old.empty());
  const auto fresh = slow->until("event: status\n");
  EXPECT_NE(fresh.find("event: hello"), std::string::npos);
  EXPECT_NE(fresh.find("\"id\":\"L2\""), std::string::npos);
}

}  // namespace
}  // namespace rampa::tests
