// The post and HQ over a cluster of RabbitMQ, set up from what is shipped for it, in place of mosquitto. One cluster for all
// tests here: it takes some 20 s to start.
#include <fstream>
#include <set>
#include <sstream>

#include "hil/sync/comparison.hpp"
#include "hil/sync/postgres_stage.hpp"
#include "hil/sync/rabbitmq_stage.hpp"
#include "tests/contract/sync/link_client.hpp"
#include "tests/contract/sync/sync_fixture.hpp"

using namespace rampa;
using namespace rampa::tests;
using hil::Process;
using hil::RabbitmqStage;
using hil::SyncStage;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

int times(const std::string& text, const std::string& what) {
  int count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

class OverRabbitmq : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string name = (fs::temp_directory_path() / "rampa-rabbitmq-XXXXXX").string();
    directory = ::mkdtemp(name.data());
    fs::permissions(directory, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);  // PostgreSQL is another user
    auto started = RabbitmqStage::start(directory + "/rabbitmq", 3, hil::shipped_rabbitmq(".", certificates(), {"P1", "P2"}));
    if (started) rabbitmq = std::move(*started);
    else why_not = started.error();
  }
  static void TearDownTestSuite() {
    rabbitmq.reset();
    fs::remove_all(directory);
  }
  void SetUp() override {
    if (rabbitmq) return;
    if (why_not.code == ErrorCode::not_found && !in_ci()) GTEST_SKIP() << why_not.what;
    FAIL() << why_not.what << text_of(directory + "/rabbitmq/rabbitmq.log");
  }
  static std::string certificates() { return directory + "/run/certificates"; }
  static sync::LinkSettings link_as(const std::string& who, const std::string& client, const std::string& subscription) {
    return {"mqtts://127.0.0.1:" + std::to_string(rabbitmq->port(0)), client, subscription,
            {certificates() + "/ca.pem", certificates() + "/" + who + ".pem", certificates() + "/" + who + ".key"}, 20s, 10s};
  }
  static inline std::string directory;
  static inline std::unique_ptr<RabbitmqStage> rabbitmq;
  static inline Error why_not;
};

}  // namespace

TEST_F(OverRabbitmq, APostWritesAndReadsWhatIsItsOwnAndNothingElse) {
  // Another program: of several connections in one, Paho makes each wait for seconds.
  const Child hq({"mosquitto_sub", "-h", "127.0.0.1", "-p", std::to_string(rabbitmq->port(1)), "--cafile", certificates() + "/ca.pem", "--cert", certificates() + "/hq.pem",
                  "--key", certificates() + "/hq.key", "-V", "311", "-i", "rampa-hq-abc", "-q", "1", "-t", sync::uplink_filter(), "-F", "%t"}, directory + "/arrived");
  const auto arrived = [&] {
    std::set<std::string> topics;
    std::istringstream lines(hq.log());
    for (std::string line; std::getline(lines, line);) topics.insert(line);
    return topics;
  };
  const std::string own = sync::downlink_filter(PostId{"P2"});
  {
    Client post(link_as("P2", "rampa-post-P2", own));
    ASSERT_TRUE(post.ready()) << post.why_lost();
    ASSERT_TRUE(eventually([&] { return post.link->publish("rampa/2/P2/up/hello", Bytes{1}) && !arrived().empty(); })) << post.why_lost() << hq.log();
  }
  // RabbitMQ takes a dot for a slash.
  for (const char* forbidden : {"rampa/2/P1/up/hello", "rampa.2.P1.up.hello", "rampa/2/P1/dn/ack", "rampa/2/P2/dn/ack", "rampa/2/P2/up/hello/x", "rampa/2/P2/up"}) {
    Client post(link_as("P2", "rampa-post-P2", own));
    ASSERT_TRUE(post.ready()) << post.why_lost();
    ASSERT_TRUE(post.link->publish(forbidden, Bytes{1}));
    EXPECT_TRUE(eventually([&] { return !post.why_lost().empty(); })) << forbidden << " was taken";
  }
  for (const char* forbidden : {"rampa/2/P1/dn/+", "rampa/2/+/dn/+", "rampa/2/P2/+/+", "rampa/2/P2/up/+", "#"}) {
    Client post(link_as("P2", "rampa-post-P2", forbidden));
    EXPECT_FALSE(post.ready()) << forbidden << " may be read";
  }
  Client disguised(link_as("P2", "rampa-post-P1", own));
  EXPECT_FALSE(disguised.ready()) << "under another's name it would share that one's queue";
  Client post(link_as("P2", "rampa-post-P2", own));
  ASSERT_TRUE(post.ready()) << post.why_lost();
  ASSERT_TRUE(post.link->publish("rampa/2/P2/up/receipt", Bytes{1}));
  ASSERT_TRUE(eventually([&] { return arrived().contains("rampa/2/P2/up/receipt"); })) << hq.log();
  EXPECT_EQ(arrived(), (std::set<std::string>{"rampa/2/P2/up/hello", "rampa/2/P2/up/receipt"})) << "what was forbidden did not arrive";
}

TEST_F(OverRabbitmq, NobodyConnectsWithoutACertificateOfThisCa) {
  const tests::Broker foreign({"P1"});
  sync::LinkSettings settings = link_as("P1", "rampa-post-P1", sync::downlink_filter(PostId{"P1"}));
  settings.credentials.cert_file = foreign.file("P1.pem");
  settings.credentials.key_file = foreign.file("P1.key");
  Client stranger(settings);
  EXPECT_FALSE(stranger.ready());
}

TEST_F(OverRabbitmq, ANodeIsKilledAndComesBackAndNothingIsLostOrTwice) {
  auto postgres = hil::PostgresStage::start(directory + "/postgres");
  ASSERT_TRUE(postgres) << postgres.error().what;
  auto made = SyncStage::make({".", fs::read_symlink("/proc/self/exe").parent_path().string(), directory + "/run", 1,
                               {rabbitmq->port(0), rabbitmq->port(1), rabbitmq->port(2)}, false, (*postgres)->url()});
  ASSERT_TRUE(made) << made.error().what;
  SyncStage& stage = **made;
  const auto acknowledged = [&] {
    const json status = json::parse(stage.ask_post(R"({"op":"status"})").value_or("{}"), nullptr, false);
    return status.is_object() ? status.value("acknowledged", std::uint64_t{0}) : 0;
  };
  const auto write_until = [&](std::uint64_t records) { return stage.ask_post(json{{"op", "write"}, {"until", records}, {"rate", 500}}.dump()).has_value(); };
  const auto logs = [&] { return text_of(stage.log("post")) + text_of(stage.log("hq")) + text_of(stage.log("second")) + text_of(rabbitmq->log()); };
  const auto serves = [&](const char* worker) { return text_of(stage.log(worker)).find("\"lease\"") != std::string::npos; };

  // The post and its worker are at the first node.
  ASSERT_TRUE(stage.start_hq());
  hil::PostProcessSettings post;
  post.records = 1000;
  post.rate_per_s = 500;
  post.business.image_every = 500;
  post.business.image_bytes = 3u << 20;
  ASSERT_TRUE(stage.start_post(post));
  ASSERT_TRUE(eventually([&] { return acknowledged() >= 200 && serves("hq"); })) << logs();
  auto second = Process::start(stage.hq_command(rabbitmq->port(1)), stage.log("second"));
  ASSERT_TRUE(second);
  ASSERT_TRUE(eventually([&] { return text_of(stage.log("second")).find("\"ready\"") != std::string::npos; })) << logs();

  ASSERT_TRUE(write_until(3000));
  rabbitmq->kill(0);
  ASSERT_TRUE(eventually([&] { return acknowledged() >= 2000; })) << "the post goes on at another node, served by the worker there" << logs();
  EXPECT_TRUE(serves("second"));
  ASSERT_TRUE(rabbitmq->restart({0})) << logs();

  // What lay in that node's queues is back with it; the first worker takes its own, and what is not its own is no news.
  ASSERT_TRUE(eventually([&] { return times(text_of(stage.log("hq")), "\"ready\"") == 2; })) << logs();
  second->kill();
  ASSERT_TRUE(write_until(4000));
  ASSERT_TRUE(eventually([&] { return acknowledged() == 4000; })) << acknowledged() << logs();
  ASSERT_TRUE(eventually([&] {
    const json posts = json::parse(stage.hq_tool({"posts"}).value_or("[]"), nullptr, false);
    return posts.is_array() && !posts.empty() && posts[0].value("blobs_missing", 1) == 0;
  })) << logs();
  const auto compared = hil::compare_post_with_hq(stage);
  ASSERT_TRUE(compared) << compared.error().what;
  EXPECT_TRUE(compared->equal()) << compared->first_wrong << " lost " << compared->lost << " twice " << compared->twice << " alarms " << compared->alarms;
  EXPECT_EQ(compared->records, 4000u);
  EXPECT_EQ(compared->blobs, 8u);
}
