// Several rampa-hq over one PostgreSQL: each post belongs to one of them, and when that one dies the other takes it over.
#include "tests/contract/sync/postgres_server.hpp"
#include "tests/contract/sync/sync_fixture.hpp"

using namespace rampa;
using namespace rampa::tests;

TEST_F(SyncContract, AnotherWorkerTakesOverWhatADeadOneServed) {
  if (const std::string why = postgres_missing(); !why.empty()) {
    if (in_ci()) FAIL() << why;
    GTEST_SKIP() << why;
  }
  ASSERT_FALSE(postgres_url().empty());
  empty_postgres();
  const auto worker = [&](const std::string& log) {
    return Child({program("rampa-hq"), "--directory", directory, "--database", postgres_url(), "--json", "serve", "--broker", broker->url(), "--ca",
                  broker->file("ca.pem"), "--cert", broker->file("hq.pem"), "--key", broker->file("hq.key")},
                 directory + "/" + log);
  };
  const auto has_post = [](const Child& child) { return child.log().find("\"lease\"") != std::string::npos; };
  Child first = worker("first.log");
  ASSERT_TRUE(eventually([&] { return first.log().find("\"ready\"") != std::string::npos; })) << first.log();
  Child second = worker("second.log");
  ASSERT_TRUE(eventually([&] { return second.log().find("\"ready\"") != std::string::npos; })) << second.log();
  Post post(*broker, "P1", journal);
  post.append(200);
  ASSERT_TRUE(post.drained()) << post.status().trouble << first.log() << second.log();
  ASSERT_NE(has_post(first), has_post(second)) << "one of them, not both";
  const bool first_had_it = has_post(first);
  (first_had_it ? first : second).kill();
  post.append(200);
  ASSERT_TRUE(post.drained()) << post.status().trouble << (first_had_it ? second : first).log();
  EXPECT_TRUE(has_post(first_had_it ? second : first));
  const sync::hq::Place server{directory, postgres_url()};
  const auto verified = sync::hq::verify_post(server, "P1");
  ASSERT_TRUE(verified) << verified.error().what;
  EXPECT_TRUE(verified->sound) << verified->json;
  EXPECT_EQ(report(sync::hq::report_posts(server))[0]["records"], 400);
  EXPECT_TRUE(report(sync::hq::report_alarms(server, "")).empty());
}
