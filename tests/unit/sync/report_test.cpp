// What the command-line tools say about HQ's holdings: nothing that HQ knows to exist and lacks is left unsaid.
#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;
using namespace rampa::tests;

namespace {

class ReportTest : public HqTest {
 protected:
  [[nodiscard]] std::string former_epoch() const { return hex(ByteView{p1.epoch()}); }
  json gaps_of(const std::string& epoch) { return parsed(report_gaps(place, "P1", epoch)); }
};

}  // namespace

TEST_F(ReportTest, AFormerJournalsGapsAreTold) {
  p1.append(7);
  p1.append(3, "verdict");
  greet();
  events(1, 2);
  events(5, 6);
  verdicts(1, 3);
  SigningPost after("P1", 2);
  after.append(2);
  greet(after);
  group({{Leaf::events, after.frame(Stream::events, 1, 2)}}, after);

  const auto report = report_gaps(place, "P1");
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->sound);
  const json missing = json::parse(report->json);
  ASSERT_EQ(missing.size(), 2u) << report->json;
  for (const json& gap : missing) {
    EXPECT_EQ(gap["epoch"], former_epoch());
    EXPECT_EQ(gap["journal"], "former");
    EXPECT_NE(gap["why"].get<std::string>().find("only the disk that held it"), std::string::npos) << gap.dump();
  }
  EXPECT_EQ(missing[0]["first"], 3);
  EXPECT_EQ(missing[0]["last"], 4);
  EXPECT_EQ(missing[1]["first"], 7);
  EXPECT_EQ(missing[1]["last"], 7);
  EXPECT_EQ(gaps_of(former_epoch()).size(), 2u);
  EXPECT_TRUE(gaps_of(hex(ByteView{after.epoch()})).empty());
  EXPECT_FALSE(report_gaps(place, "P1", "00")) << "no such epoch";

  const json post = posts()[0];
  EXPECT_EQ(post["epoch"], hex(ByteView{after.epoch()}));
  EXPECT_EQ(post["missing"], 3);
  ASSERT_EQ(post["former"].size(), 1u);
  EXPECT_EQ(post["former"][0]["epoch"], former_epoch());
  EXPECT_EQ(post["former"][0]["missing"], 3);
  const auto metrics = report_metrics(place, clock.now().wall);
  ASSERT_TRUE(metrics);
  EXPECT_NE(metrics->find("rampa_hq_missing_records{post=\"P1\",journal=\"former\"} 3\n"), std::string::npos) << *metrics;
  EXPECT_NE(metrics->find("rampa_hq_missing_records{post=\"P1\",journal=\"current\"} 0\n"), std::string::npos) << *metrics;

  const auto all = verify_post(place, "P1");
  ASSERT_TRUE(all);
  EXPECT_FALSE(all->sound);
  const json said = json::parse(all->json);
  EXPECT_EQ(said["records"], 2) << "of the current journal";
  EXPECT_NE(said["first_broken"].get<std::string>().find(former_epoch()), std::string::npos) << all->json;
  EXPECT_FALSE(verify_post(place, "P1", former_epoch())->sound);
  EXPECT_TRUE(verify_post(place, "P1", hex(ByteView{after.epoch()}))->sound);

  // The old disk is put in once more: then it gives what it has.
  greet();
  EXPECT_EQ(gaps_of(former_epoch())[0]["journal"], "current");
  events(3, 4);
  events(7, 7);
  EXPECT_TRUE(gaps().empty());
  EXPECT_TRUE(verify_post(place, "P1")->sound);
}

TEST_F(ReportTest, WhatIsLostOrKeptApartInAFormerJournalCountsToo) {
  p1.append(4);
  p1.journal.flip_bit(2, 40);
  greet();
  events(1, 3);
  group({{Leaf::lost, encode(Lost{{{Stream::events, {4, 4}, "damaged"}}})}});
  SigningPost after("P1", 2);
  greet(after);
  const json missing = gaps();
  ASSERT_EQ(missing.size(), 2u) << missing.dump();
  EXPECT_EQ(posts()[0]["missing"], 2);
  EXPECT_EQ(posts()[0]["lost"], 1);
  EXPECT_EQ(posts()[0]["quarantined"], 1);
  EXPECT_NE(missing[0]["why"].get<std::string>().find("damaged; "), std::string::npos) << missing.dump();
}

TEST_F(ReportTest, RecordsOnTheirWayAreAGapAndNoBrokenChain) {
  p1.append(5);
  greet();
  events(1, 2);
  EXPECT_EQ(posts()[0]["missing"], 3);
  EXPECT_EQ(gaps()[0]["journal"], "current");
  const auto verified = verify_post(place, "P1");
  EXPECT_TRUE(verified->sound) << verified->json;
  EXPECT_EQ(json::parse(verified->json)["missing"], 3);
}

namespace {

class EvictedTest : public ReportTest {
 protected:
  void SetUp() override {
    HqTest::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) greet();
  }
  void send_events(std::uint64_t first, std::uint64_t last) { group({{Leaf::events, p1.frame(Stream::events, first, last)}}); }
  void name_blob() { p1.journal.append("capture_taken", "{}", {blob}); }
  void evict(bool held) {
    p1.journal.append("blob_evicted", json{{"kind", "blob_evicted"}, {"sha256", sha}, {"size_bytes", blob.size()}, {"class", "image"}, {"reason", "quota_images"},
                                           {"held_at_hq", held}}.dump());
  }
  void not_at_post() { group({{Leaf::unavailable, encode(Unavailable{sha, "no such blob"})}}); }
  void expect_told() {
    EXPECT_TRUE(alarms().empty()) << alarms().dump();
    const json missing = gaps();
    ASSERT_EQ(missing.size(), 1u) << missing.dump();
    EXPECT_EQ(missing[0]["blob"], sha);
    EXPECT_EQ(missing[0]["reason"], "quota_images");
    EXPECT_EQ(missing[0]["evicted_ms"], 1'780'000'000'000);
    EXPECT_EQ(missing[0]["sequence"], 2);
    EXPECT_EQ(posts()[0]["blobs_evicted"], 1);
    const json said = parsed(report_evictions(place, sha));
    ASSERT_EQ(said.size(), 1u);
    EXPECT_EQ(said[0]["post"], "P1");
    const auto verified = verify_post(place, "P1");
    EXPECT_TRUE(verified->sound) << verified->json;
    EXPECT_EQ(json::parse(verified->json)["blobs_evicted"], 1);
  }
  const Bytes blob = Bytes(10, 5);
  const std::string sha = hex(sha256(blob));
};

}  // namespace

TEST_F(EvictedTest, ATombstoneThatIsHereIsNoAlarm) {
  name_blob();
  evict(false);
  greet();
  send_events(1, 2);
  not_at_post();
  expect_told();
}

TEST_F(EvictedTest, ATombstoneThatComesLaterTakesTheWrongAlarmBack) {
  name_blob();
  evict(false);
  greet();
  send_events(1, 1);
  not_at_post();
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"blob_unavailable"});
  send_events(2, 2);
  expect_told();
}

TEST_F(EvictedTest, WhatIsGoneWithoutATombstoneStaysAnAlarm) {
  name_blob();
  greet();
  send_events(1, 1);
  not_at_post();
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"blob_unavailable"});
  EXPECT_TRUE(gaps().empty());
  EXPECT_FALSE(verify_post(place, "P1")->sound);
}

TEST_F(ReportTest, AnUnknownPostIsAnErrorThatNamesTheKnownOnes) {
  p1.append(1);
  greet();
  SigningPost p2("P2", 2);
  greet(p2);
  EXPECT_TRUE(known_post(place, "P1"));
  EXPECT_TRUE(known_post(place, ""));
  const auto unknown = known_post(place, "NOPE");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
  EXPECT_NE(unknown.error().what.find("P1, P2"), std::string::npos) << unknown.error().what;
}
