// HQ's /metrics as Prometheus asks for it: over HTTP, beside a ledger with something in it.
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/StreamCopier.h>

#include "sync/hq/metrics.hpp"
#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;
using namespace rampa::tests;

namespace {

class MetricsTest : public HqTest {
 protected:
  void SetUp() override {
    HqTest::SetUp();
    auto started = serve_metrics(place, 0, clock, &counts);
    ASSERT_TRUE(started) << started.error().what;
    server = std::move(*started);
  }
  /// The status and the text.
  std::pair<int, std::string> get(const std::string& path) {
    Poco::Net::HTTPClientSession session("127.0.0.1", server->port());
    Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, path, Poco::Net::HTTPMessage::HTTP_1_1);
    session.sendRequest(request);
    Poco::Net::HTTPResponse response;
    std::string text;
    Poco::StreamCopier::copyToString(session.receiveResponse(response), text);
    return {response.getStatus(), text};
  }
  ServeCounts counts;
  std::unique_ptr<MetricsServer> server;
};

}  // namespace

TEST_F(MetricsTest, SayWhatIsHereWhatIsMissingAndWhatServeCounts) {
  p1.append(5);
  Hello hello = p1.hello();
  hello.sent = {MonoTime{10'000'000'000}, clock.now().wall};
  group({{Leaf::hello, encode(hello)}});
  EXPECT_EQ(get("/metrics").second.find("rampa_hq_clock_width_seconds"), std::string::npos) << "nothing is known of it yet";
  hello.id = "next";
  hello.heard_answered = clock.now().wall;
  hello.heard = MonoTime{10'100'000'000};
  clock.advance(1s);
  hello.sent = {MonoTime{11'000'000'000}, clock.now().wall};
  group({{Leaf::hello, encode(hello)}});
  events(1, 2);
  clock.advance(30s);
  counts.dropped = 7;
  counts.refused = 3;
  counts.credit_bytes = 65536;
  const auto [status, text] = get("/metrics");
  EXPECT_EQ(status, 200);
  for (const char* line : {"rampa_hq_cursor{post=\"P1\"} 2\n", "rampa_hq_behind_records{post=\"P1\"} 3\n", "rampa_hq_missing_records{post=\"P1\",journal=\"current\"} 3\n",
                           "rampa_hq_records{post=\"P1\"} 2\n", "rampa_hq_blobs_missing{post=\"P1\"} 0\n", "rampa_hq_alarms{post=\"P1\"} 0\n",
                           "rampa_hq_quarantined{post=\"P1\"} 0\n", "rampa_hq_hello_age_seconds{post=\"P1\"} 30\n", "rampa_hq_dropped_messages_total 7\n",
                           "rampa_hq_refused_messages_total 3\n", "rampa_hq_credit_bytes 65536\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  const std::string width = "rampa_hq_clock_width_seconds{post=\"P1\"} ";
  const auto at = text.find(width);
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_GT(std::stod(text.substr(at + width.size())), 0.0);
  EXPECT_LT(std::stod(text.substr(at + width.size())), 0.2);
  // Each line is a remark or a name with a value.
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    EXPECT_TRUE(line.starts_with("# HELP rampa_hq_") || line.starts_with("# TYPE rampa_hq_") || (line.starts_with("rampa_hq_") && line.find(' ') != std::string::npos)) << line;
}

TEST_F(MetricsTest, NothingElseIsThereAndAMissingLedgerIsSaid) {
  EXPECT_EQ(get("/").first, 404);
  close();
  std::filesystem::remove(ledger_file(place.directory));
  const auto [status, text] = get("/metrics");
  EXPECT_EQ(status, 503);
  EXPECT_NE(text.find("does not exist"), std::string::npos) << text;
}
