// The post's uplink, a real mosquitto with TLS and the shipped ACL, and the real rampa-hq.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fstream>
#include <random>

#include "sync/frame.hpp"
#include "sync/hq/blob_shelf.hpp"
#include "tests/contract/sync/link_client.hpp"
#include "tests/contract/sync/sync_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::tests;
using nlohmann::json;

TEST_F(SyncContract, AllRecordsArriveOnceInOrderWithEqualHashes) {
  start_hq();
  Post post(*broker, "P1", journal);
  for (int i = 0; i < 20; ++i) post.append(50);
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  EXPECT_TRUE(post.status().up);
  expect_all_at_hq("P1");
  EXPECT_TRUE(alarms().empty());
}

TEST_F(SyncContract, BrokerKilledAndRestarted) {
  start_hq();
  Post post(*broker, "P1", journal);
  post.append(200);
  ASSERT_TRUE(eventually([&] { return post.status().cursor > 0; }));
  broker->kill();
  post.append(200);
  ASSERT_TRUE(eventually([&] { return !post.status().up; })) << "the loss is noticed";
  ASSERT_TRUE(broker->start()) << broker->log();
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  expect_all_at_hq("P1");
}

TEST_F(SyncContract, HqKilledBetweenCommitAndAcknowledgement) {
  Post post(*broker, "P1", journal);
  int unacknowledged = 0;
  for (int i = 0; i < 6; ++i) {
    start_hq_that_dies_after(2 + i % 3, i);
    for (int n = 0; n < 5; ++n) post.append(20);
    ASSERT_TRUE(eventually([&] { return !hq.running(); })) << "HQ has killed itself after a commit";
    const json posts = report(hq::report_posts(place()));
    unacknowledged += !posts.empty() && posts[0]["cursor"] > post.status().cursor;
  }
  EXPECT_GT(unacknowledged, 0) << "committed at HQ, never acknowledged: that is the case meant here";
  start_hq();
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  expect_all_at_hq("P1");
  EXPECT_TRUE(alarms().empty()) << "sent twice is no conflict";
}

TEST_F(SyncContract, HqDownForTheWholeRunThenBack) {
  {
    Post post(*broker, "P1", journal);
    post.append(500);
    ASSERT_TRUE(eventually([&] { return post.status().phase == "greeting"; })) << post.status().trouble;
    EXPECT_FALSE(post.status().up) << "a broker is not HQ";
    EXPECT_EQ(post.status().backlog, 500u);
  }
  start_hq();
  Post after_restart(*broker, "P1", journal);
  ASSERT_TRUE(after_restart.drained()) << after_restart.status().trouble;
  expect_all_at_hq("P1");
}

TEST_F(SyncContract, TheBrokersAcknowledgementNeverMovesTheCursor) {
  start_hq();
  Post post(*broker, "P1", journal);
  post.append(1);
  ASSERT_TRUE(post.drained());
  hq.pause();  // still connected: the broker takes and acknowledges everything
  post.append(50);
  ASSERT_TRUE(eventually([&] { return !post.status().up; })) << "silence is noticed as a half-open connection";
  EXPECT_EQ(post.status().cursor, 1u);
  EXPECT_EQ(post.status().backlog, 50u);
  EXPECT_EQ(post.cursors(), std::vector<std::uint64_t>{1});
  hq.resume();
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  expect_all_at_hq("P1");
}

TEST_F(SyncContract, HalfOpenBrokerIsGivenUpAndComesBack) {
  start_hq();
  Post post(*broker, "P1", journal);
  post.append(1);
  ASSERT_TRUE(post.drained());
  broker->process().pause();
  post.append(50);
  ASSERT_TRUE(eventually([&] { return !post.status().up; }));
  EXPECT_EQ(post.status().cursor, 1u);
  broker->process().resume();
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  expect_all_at_hq("P1");
}

TEST_F(SyncContract, ADamagedFrameIsRefusedAndNotStored) {
  start_hq();
  journal.append("audit_note", "{}");
  {
    Post first(*broker, "P1", journal);
    ASSERT_TRUE(first.drained()) << first.status().trouble;
  }
  Client client(link_as("P1", downlink_filter(PostId{"P1"})));
  ASSERT_TRUE(client.ready()) << client.why_lost();
  ASSERT_TRUE(client.link->publish("rampa/2/P1/up/events", Bytes(200, 7)));
  ASSERT_TRUE(eventually([&] { return hq.log().find("\"refused\"") != std::string::npos; }));
  client.link.reset();
  Post post(*broker, "P1", journal, 1);
  post.append(1);
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  expect_all_at_hq("P1");
}

TEST_F(SyncContract, APoisonRecordIsReportedAndBlocksNothing) {
  start_hq();
  for (int i = 0; i < 10; ++i) journal.append("audit_note", "{}");
  journal.flip_bit(4, 120);
  Post post(*broker, "P1", journal);
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  ASSERT_EQ(post.quarantined().size(), 1u);
  EXPECT_EQ(post.quarantined()[0].sequence, 4u);
  EXPECT_EQ(report(hq::report_records(place(), {"P1", "", 1, 100, ""})).size(), 9u);
}

TEST_F(SyncContract, ABlobOfSomeMegabytesArrivesBitExactAndResumes) {
  constexpr std::size_t credit_kib = 256;
  std::mt19937_64 random(11);
  Bytes scan(6u << 20);
  for (auto& byte : scan) byte = static_cast<std::uint8_t>(random());
  const hq::BlobShelf shelf(directory);
  const Sha256 address = sha256(scan);
  start_hq(credit_kib);
  int cuts = 0;
  {
    Post post(*broker, "P1", journal);
    post.append_blobs({scan});
    ASSERT_TRUE(eventually([&] { return shelf.unfinished_bytes("P1", address) > scan.size() / 4 || shelf.holds(address); }));
  }
  cuts += !shelf.holds(address);
  hq.kill();
  start_hq(credit_kib);
  Post post(*broker, "P1", journal);
  ASSERT_TRUE(eventually([&] { return shelf.unfinished_bytes("P1", address) > scan.size() / 2 || shelf.holds(address); }));
  broker->kill();
  cuts += !shelf.holds(address);
  post.append(20);
  ASSERT_TRUE(broker->start());
  ASSERT_TRUE(eventually([&] { return shelf.holds(address); })) << post.status().trouble;
  EXPECT_EQ(hq::read_checked(shelf, address), scan);
  ASSERT_TRUE(post.drained());
  // What was under way at a cut is sent again, no more: HQ's credit, and the piece (a tenth of it) that went over it.
  EXPECT_LE(journal.blob_bytes_read(), scan.size() + static_cast<std::size_t>(cuts) * (credit_kib + credit_kib / 10 + 1) * 1024);
  RecordProperty("cuts", cuts);
  const std::uint64_t sent = journal.blob_bytes_read();
  post.append_blobs({scan});
  ASSERT_TRUE(post.drained());
  EXPECT_EQ(journal.blob_bytes_read(), sent) << "identical content is not sent again";
  expect_all_at_hq("P1");
}

TEST_F(SyncContract, TheBrokerKeepsPostsApart) {
  start_hq();
  ASSERT_TRUE(eventually([&] { return hq.log().find("\"ready\"") != std::string::npos; }));
  Client other(link_as("P2", downlink_filter(PostId{"P2"})));
  ASSERT_TRUE(other.ready()) << other.why_lost();
  const auto hello_of = [&](const std::string& name) {
    const Identity identity = identity_of(name);
    Hello hello;
    hello.id = "h";
    hello.epoch = identity.epoch;
    hello.key = identity.device_key;
    const std::string topic = topic_text({PostId{name}, Leaf::hello});
    return std::pair{topic, seal(topic, encode(hello), identity.signer)};
  };
  for (const char* name : {"P1", "P2"}) {
    const auto [topic, payload] = hello_of(name);  // as if it knew P1's device key too
    ASSERT_TRUE(other.link->publish(topic, payload));
  }
  ASSERT_TRUE(eventually([&] { return report(hq::report_posts(place())).size() == 1; }));
  EXPECT_EQ(report(hq::report_posts(place()))[0]["post"], "P2");
}

TEST_F(SyncContract, NobodyConnectsWithoutACertificateOfThisCa) {
  tests::Broker foreign({"P1"});
  LinkSettings settings = link_as("P1", "x");
  settings.credentials.cert_file = foreign.file("P1.pem");
  settings.credentials.key_file = foreign.file("P1.key");
  Client stranger(settings);
  EXPECT_FALSE(stranger.ready());
  LinkSettings trusting = link_as("P1", "x");
  trusting.credentials.ca_file = foreign.file("ca.pem");
  Client wrong_ca(trusting);
  EXPECT_FALSE(wrong_ca.ready()) << "a broker that this CA did not certify is not believed";
}

TEST_F(SyncContract, WhatIsSmallIsSentAtOnce) {
  Client client(link_as("P1", downlink_filter(PostId{"P1"})));
  ASSERT_TRUE(client.ready()) << client.why_lost();
  int connections = 0;
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    sockaddr_in far{};
    socklen_t length = sizeof far;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&far), &length) != 0 || far.sin_family != AF_INET) continue;
    if (!broker->url().ends_with(":" + std::to_string(ntohs(far.sin_port)))) continue;
    int on = 0;
    length = sizeof on;
    ASSERT_EQ(::getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, &length), 0);
    EXPECT_NE(on, 0) << "a verdict would wait for the confirmation of what went before it";
    ++connections;
  }
  EXPECT_EQ(connections, 1);
}

TEST_F(SyncContract, DeclarationsComeDown) {
  std::ofstream(directory + "/d.json") << R"({"declarations":[{"reference":"M1","plate":"BG123AA"},{"reference":"M2"}]})";
  start_hq();
  ASSERT_TRUE(eventually([this] { return hq.log().find("\"ready\"") != std::string::npos; }));
  tests::Child send({tests::program("rampa-hq"), "--directory", directory, "send", "--post", "all", "--declarations", directory + "/d.json"},
                    directory + "/send.log");
  ASSERT_TRUE(eventually([&] { return !send.running(); }));
  Post post(*broker, "P1", journal);
  ASSERT_TRUE(eventually([&] { return post.declarations() == 2; })) << send.log() << post.status().trouble;
}

TEST_F(SyncContract, NoToolMakesAnHqWhereThereIsNone) {
  const std::string empty = directory + "/none";
  std::ofstream(directory + "/d.json") << R"({"declarations":[]})";
  const std::vector<std::vector<std::string>> tools{{"resend", "P1"}, {"allow-epoch", "P1"}, {"letters", "--post", "P1"}, {"looks"}, {"posts"}, {"gaps"},
                                                    {"send", "--post", "all", "--declarations", directory + "/d.json"},
                                                    {"records", "--post", "P1", "--personal", "--by", "N", "--purpose", "T"},
                                                    {"export", "--name", "N", "--to", directory + "/out"}};
  for (const auto& tool : tools) {
    std::vector<std::string> command{tests::program("rampa-hq"), "--directory", empty};
    command.insert(command.end(), tool.begin(), tool.end());
    tests::Child child(command, directory + "/tool.log");
    ASSERT_TRUE(eventually([&] { return !child.running(); }));
    EXPECT_NE(child.log().find("has `rampa-hq serve` run with this --directory?"), std::string::npos) << tool[0] << ": " << child.log();
    EXPECT_FALSE(std::filesystem::exists(empty)) << tool[0];
  }
}
