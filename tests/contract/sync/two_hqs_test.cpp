// A second data centre: HQ B has the key of HQ A and everything else of its own. The post goes to whichever answers.
#include <fstream>
#include <random>

#include "sync/hq/blob_shelf.hpp"
#include "tests/contract/sync/sync_fixture.hpp"

using namespace rampa;
using namespace rampa::tests;
using nlohmann::json;

namespace {

class TwoHqs : public SyncContract {
 protected:
  struct Hq {
    std::string directory;
    Broker* broker = nullptr;
    Child process;
    [[nodiscard]] sync::hq::Place place() const { return {directory, ""}; }
  };

  void SetUp() override {
    SyncContract::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    std::string name = (std::filesystem::temp_directory_path() / "rampa-hq-b-XXXXXX").string();
    b.directory = ::mkdtemp(name.data());
    broker_b = Broker::beside(*broker);
    ASSERT_TRUE(broker_b->start()) << broker_b->log();
    b.broker = broker_b.get();
    a.directory = directory;
    a.broker = broker.get();
  }
  void TearDown() override {
    if (HasFailure()) std::cerr << "HQ A:\n" << a.process.log() << "HQ B:\n" << b.process.log();
    a.process.kill();
    b.process.kill();
    SyncContract::TearDown();
    if (!b.directory.empty()) std::filesystem::remove_all(b.directory);
  }
  void start(Hq& which) {
    which.process = Child({program("rampa-hq"), "--directory", which.directory, "--json", "serve", "--broker", which.broker->url(), "--ca",
                           which.broker->file("ca.pem"), "--cert", which.broker->file("hq.pem"), "--key", which.broker->file("hq.key")},
                          which.directory + "/hq.log");
    ASSERT_TRUE(eventually([&] { return which.process.log().find("\"ready\"") != std::string::npos; }));
  }
  /// Its broker, too: the whole place is gone.
  void end(Hq& which) {
    which.process.kill();
    which.broker->kill();
    std::filesystem::remove(which.directory + "/hq.log");
  }
  void send(Hq& from, const std::string& reference) {
    std::ofstream(from.directory + "/d.json") << json{{"declarations", {{{"reference", reference}}}}};
    Child tool({program("rampa-hq"), "--directory", from.directory, "send", "--post", "P1", "--declarations", from.directory + "/d.json"}, from.directory + "/send.log");
    ASSERT_TRUE(eventually([&] { return !tool.running(); })) << tool.log();
  }
  [[nodiscard]] sync::UplinkSettings both() const {
    auto settings = uplink_settings(*broker, "P1");
    settings.brokers = {a.broker->url(), b.broker->url()};
    settings.drain.back_to_primary = 2s;
    return settings;
  }
  void expect_everything_at(const Hq& which) {
    const json rows = report(sync::hq::report_records(which.place(), {"P1", "", 1, 1'000'000, ""}));
    ASSERT_EQ(rows.size(), journal.last());
    for (std::size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i]["hash"], journal.at(i + 1).hash);
    const auto verified = sync::hq::verify_post(which.place(), "P1");
    ASSERT_TRUE(verified) << verified.error().what;
    EXPECT_TRUE(verified->sound) << verified->json;
  }
  [[nodiscard]] bool has_everything(const Hq& which) {
    const json posts = report(sync::hq::report_posts(which.place()));
    return !posts.empty() && posts[0]["cursor"] == journal.last() && posts[0]["blobs_missing"] == 0;
  }

  std::unique_ptr<Broker> broker_b;
  Hq a, b;
};

Bytes noise(std::size_t bytes, unsigned seed) {
  std::mt19937_64 random(seed);
  Bytes out(bytes);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

}  // namespace

TEST_F(TwoHqs, TheSecondGetsAllThatTheFirstHadAndTheFirstGetsTheRestWhenItIsBack) {
  start(a);
  std::filesystem::copy_file(a.directory + "/hq.key", b.directory + "/hq.key");  // all that the two share
  start(b);
  Post post(both(), journal, 0);
  post.append(50);
  post.append_blobs({noise(300'000, 1)});
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  ASSERT_TRUE(eventually([&] { return has_everything(a); }));
  send(a, "A1");  // to a post that it knows
  ASSERT_TRUE(eventually([&] { return post.references() == std::vector<std::string>{"A1"}; }));
  EXPECT_TRUE(report(sync::hq::report_posts(b.place())).empty()) << "a post speaks to one HQ at a time";

  end(a);
  send(a, "A2");  // somebody at A writes a letter that nobody carries
  post.append(50);
  post.append_blobs({noise(200'000, 2)});
  ASSERT_TRUE(eventually([&] { return has_everything(b); })) << post.status().trouble;
  expect_everything_at(b);
  send(b, "B1");
  ASSERT_TRUE(eventually([&] { return post.references() == (std::vector<std::string>{"A1", "B1"}); })) << "B's first letter is no letter of A's";

  ASSERT_TRUE(a.broker->start()) << a.broker->log();
  start(a);
  post.append(20);
  ASSERT_TRUE(eventually([&] { return post.status().broker == 0 && post.status().up && has_everything(a); })) << post.status().trouble;
  expect_everything_at(a);
  ASSERT_TRUE(eventually([&] { return post.references() == (std::vector<std::string>{"A1", "B1", "A2"}); })) << "nothing is lost, nothing twice";
  const json at_a = report(sync::hq::report_alarms(a.place(), ""));
  for (const auto& alarm : at_a) EXPECT_EQ(alarm["what"], "other_desk") << alarm;

  end(a);
  ASSERT_TRUE(eventually([&] { return post.status().broker == 1 && post.status().up && has_everything(b); })) << post.status().trouble;
  expect_everything_at(b);
  send(b, "B2");
  ASSERT_TRUE(eventually([&] { return post.references() == (std::vector<std::string>{"A1", "B1", "A2", "B2"}); }));
}
