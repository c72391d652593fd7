// HQ's side against messages as a post would send them, and as it must not.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "sync/frame.hpp"
#include "sync/hq/receiver.hpp"
#include "sync/hq/report.hpp"
#include "tests/support/memory_journal.hpp"
#include "tests/support/virtual_clock.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;
using nlohmann::json;

namespace {

class ReceiverTest : public ::testing::Test {
 protected:
  ReceiverTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rampa-hq-XXXXXX").string();
    directory = ::mkdtemp(name.data());
    open();
  }
  ~ReceiverTest() override {
    receiver.reset();
    ledger.reset();
    std::filesystem::remove_all(directory);
  }
  void open() {
    receiver.reset();
    ledger.reset();
    ledger = std::make_unique<Ledger>(directory);
    shelf = std::make_unique<BlobShelf>(directory);
    downlink = std::make_unique<Downlink>(directory);
    receiver = std::make_unique<Receiver>(*ledger, *shelf, *downlink, "hq-1");
  }
  std::vector<Answer> group(const std::vector<std::pair<Leaf, Bytes>>& messages, const char* post = "P1") {
    EXPECT_TRUE(receiver->begin());
    for (const auto& [leaf, payload] : messages) EXPECT_TRUE(receiver->take({PostId{post}, leaf}, payload, clock.now()));
    auto answers = receiver->commit(clock.now());
    EXPECT_TRUE(answers);
    return std::move(*answers);
  }
  static Ack ack_in(const std::vector<Answer>& answers) {
    for (const Answer& a : answers)
      if (parse_topic(a.topic)->leaf == Leaf::ack) return decode_ack(a.payload).value();
    ADD_FAILURE() << "no ack";
    return {};
  }
  static Want want_in(const std::vector<Answer>& answers) {
    for (const Answer& a : answers)
      if (parse_topic(a.topic)->leaf == Leaf::want) return decode_want(a.payload).value();
    return {};
  }
  Bytes frame(std::uint64_t first, std::uint64_t last) const {
    RecordFrame f{first, {}};
    for (; first <= last; ++first) f.records.push_back(journal.at(first).bytes);
    return encode(f);
  }
  Ack records(std::uint64_t first, std::uint64_t last) { return ack_in(group({{Leaf::records, frame(first, last)}})); }
  void append(int count) {
    for (int i = 0; i < count; ++i) journal.append("audit_note", R"({"kind":"audit_note"})");
  }
  json report(const Result<Report>& r) {
    EXPECT_TRUE(r);
    return r ? json::parse(r->json) : json();
  }
  json alarms() { return report(report_alarms(directory, "P1")); }

  std::string directory;
  tests::VirtualClock clock;
  tests::MemoryJournal journal{PostId{"P1"}};
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<BlobShelf> shelf;
  std::unique_ptr<Downlink> downlink;
  std::unique_ptr<Receiver> receiver;
};

}  // namespace

TEST_F(ReceiverTest, StoresAcknowledgesAndVerifies) {
  append(5);
  const Ack ack = records(1, 5);
  EXPECT_EQ(ack.cursor, 5u);
  EXPECT_EQ(ack.hash, journal.at(5).hash);
  const json rows = report(report_records(directory, {"P1", "", 1, 100}));
  ASSERT_EQ(rows.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(rows[i]["hash"], journal.at(i + 1).hash);
  EXPECT_EQ(rows[0]["open"]["kind"], "audit_note");
  const auto verified = verify_post(directory, "P1");
  ASSERT_TRUE(verified);
  EXPECT_TRUE(verified->sound) << verified->json;
}

TEST_F(ReceiverTest, DuplicatesAreHarmless) {
  append(4);
  records(1, 3);
  EXPECT_EQ(records(1, 4).cursor, 4u);
  EXPECT_EQ(records(2, 3).cursor, 4u);
  EXPECT_EQ(report(report_records(directory, {"P1", "", 1, 100})).size(), 4u);
  EXPECT_TRUE(alarms().empty());
}

TEST_F(ReceiverTest, CursorSurvivesARestart) {
  append(3);
  records(1, 3);
  open();
  const auto announced = receiver->announce(clock.now());
  ASSERT_TRUE(announced);
  EXPECT_EQ(ack_in(*announced).cursor, 3u);
}

TEST_F(ReceiverTest, WhatWasRolledBackIsNotAcknowledged) {
  append(2);
  ASSERT_TRUE(receiver->begin());
  ASSERT_TRUE(receiver->take({PostId{"P1"}, Leaf::records}, frame(1, 2), clock.now()));
  receiver->rollback();
  EXPECT_EQ(ack_in(group({{Leaf::hello, encode(Hello{"h", "", "", 2, journal.at(2).hash, {}, 0, 0})}})).cursor, 0u);
  EXPECT_EQ(records(1, 2).cursor, 2u);
}

TEST_F(ReceiverTest, AHoleIsAskedForOnce) {
  append(6);
  records(1, 2);
  const Ack ack = records(4, 5);
  EXPECT_EQ(ack.cursor, 2u);
  EXPECT_TRUE(ack.resend);
  EXPECT_FALSE(records(6, 6).resend) << "the same hole within a moment";
  clock.advance(1s);
  EXPECT_TRUE(records(6, 6).resend);
  EXPECT_EQ(records(3, 6).cursor, 6u);
}

TEST_F(ReceiverTest, ADamagedFrameIsKeptApartAndAskedForAgain) {
  append(2);
  Bytes bad = frame(1, 2);
  bad[bad.size() / 2] ^= 4;
  const Ack ack = ack_in(group({{Leaf::records, bad}}));
  EXPECT_EQ(ack.cursor, 0u);
  EXPECT_TRUE(ack.resend);
  EXPECT_EQ(report(report_posts(directory)).size(), 0u);
  EXPECT_EQ(records(1, 2).cursor, 2u);
  EXPECT_EQ(report(report_posts(directory))[0]["quarantined"], 1);
}

TEST_F(ReceiverTest, APoisonRecordGoesToQuarantineAndBlocksNothing) {
  append(4);
  journal.flip_bit(2, 60);
  const Ack ack = records(1, 4);
  EXPECT_EQ(ack.cursor, 4u);
  ASSERT_EQ(ack.quarantined.size(), 1u);
  EXPECT_EQ(ack.quarantined[0].sequence, 2u);
  const json rows = report(report_records(directory, {"P1", "", 1, 100}));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1]["sequence"], 3);
  EXPECT_EQ(rows[1]["chain"], "unverifiable");
  EXPECT_EQ(rows[2]["chain"], "linked");
  const auto gaps = report_gaps(directory, "P1");
  EXPECT_FALSE(gaps->sound);
  EXPECT_EQ(json::parse(gaps->json)[0]["first"], 2);
  EXPECT_FALSE(verify_post(directory, "P1")->sound);
}

TEST_F(ReceiverTest, AnotherRecordUnderTheSameNumberIsAnAlarmAndNeverOverwrites) {
  append(2);
  records(1, 2);
  tests::MemoryJournal other(PostId{"P1"});
  other.append("audit_note", R"({"kind":"audit_note","what":"forged"})");
  const Ack ack = ack_in(group({{Leaf::records, encode(RecordFrame{1, {other.at(1).bytes}})}}));
  EXPECT_EQ(ack.cursor, 2u);
  EXPECT_EQ(report(report_records(directory, {"P1", "", 1, 1}))[0]["hash"], journal.at(1).hash);
  EXPECT_EQ(alarms()[0]["what"], "conflict");
  EXPECT_EQ(report(report_posts(directory))[0]["quarantined"], 1);
}

TEST_F(ReceiverTest, ABrokenChainIsStoredAndAlarmed) {
  tests::MemoryJournal other(PostId{"P2"});
  other.append("audit_note", "{}");
  const Ack ack = ack_in(group({{Leaf::records, encode(RecordFrame{1, {other.at(1).bytes}})}}));
  EXPECT_EQ(ack.cursor, 1u);
  EXPECT_EQ(alarms()[0]["what"], "chain_broken");
  EXPECT_EQ(report(report_records(directory, {"P1", "", 1, 1}))[0]["chain"], "broken");
}

TEST_F(ReceiverTest, APostThatWentBackIsAnAlarm) {
  append(3);
  records(1, 3);
  group({{Leaf::hello, encode(Hello{"h", "", "", 1, journal.at(1).hash, {}, 0, 0})}});
  EXPECT_EQ(alarms()[0]["what"], "post_went_back");
}

TEST_F(ReceiverTest, TheTailIsAGapUntilItArrives) {
  append(3);
  group({{Leaf::hello, encode(Hello{"h", "b", "s", 3, journal.at(3).hash, {}, 0, 0})}});
  const json gaps = report(report_gaps(directory, "P1"));
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0]["first"], 1);
  EXPECT_EQ(gaps[0]["last"], 3);
  records(1, 3);
  EXPECT_TRUE(report_gaps(directory, "P1")->sound);
}

TEST_F(ReceiverTest, BlobsAreWantedResumedCheckedAndNeverAskedTwice) {
  const Bytes blob(1000, 5);
  journal.append("capture_taken", "{}", {blob});
  const auto sha = sha256(blob);
  const Want want = want_in(group({{Leaf::records, frame(1, 1)}}));
  ASSERT_EQ(want.blobs.size(), 1u);
  EXPECT_EQ(want.blobs[0].size_bytes, 1000u);
  const auto slice = [&](std::size_t from, std::size_t to) {
    return encode(BlobSlice{sha, from, 1000, Bytes(blob.begin() + static_cast<std::ptrdiff_t>(from), blob.begin() + static_cast<std::ptrdiff_t>(to))});
  };
  EXPECT_EQ(want_in(group({{Leaf::blob, slice(0, 400)}})).blobs[0].have_bytes, 400u);
  const Want gap = want_in(group({{Leaf::blob, slice(600, 700)}}));
  EXPECT_TRUE(gap.blobs[0].resend);
  EXPECT_EQ(gap.blobs[0].have_bytes, 400u);
  EXPECT_FALSE(want_in(group({{Leaf::blob, slice(0, 100)}})).blobs[0].resend) << "a duplicate is only answered";
  open();  // HQ restarts: it goes on where it was
  const Want again = want_in(group({{Leaf::hello, encode(Hello{"h", "", "", 1, journal.at(1).hash, {}, 0, 0})}}));
  ASSERT_EQ(again.blobs.size(), 1u);
  EXPECT_EQ(again.blobs[0].have_bytes, 400u);
  EXPECT_EQ(want_in(group({{Leaf::blob, slice(400, 1000)}})).done, std::vector<std::string>{hex(sha)});
  EXPECT_EQ(shelf->read(hex(sha)), blob);
  journal.append("capture_taken", "{}", {blob});
  EXPECT_TRUE(want_in(group({{Leaf::records, frame(2, 2)}})).blobs.empty()) << "the same content is not asked for again";
  EXPECT_TRUE(verify_post(directory, "P1")->sound);
}

TEST_F(ReceiverTest, ABlobWithWrongContentIsRefusedThreeTimes) {
  const Bytes blob(10, 5);
  journal.append("capture_taken", "{}", {blob});
  group({{Leaf::records, frame(1, 1)}});
  const Bytes wrong = encode(BlobSlice{sha256(blob), 0, 10, Bytes(10, 6)});
  EXPECT_TRUE(want_in(group({{Leaf::blob, wrong}})).blobs.at(0).resend);
  EXPECT_EQ(want_in(group({{Leaf::blob, wrong}})).blobs.at(0).have_bytes, 0u);
  EXPECT_EQ(want_in(group({{Leaf::blob, wrong}})).done.size(), 1u);
  EXPECT_FALSE(shelf->holds(hex(sha256(blob))));
  EXPECT_FALSE(alarms().empty());
}

TEST_F(ReceiverTest, AnEmptyBlobNeedsNoTransfer) {
  journal.append("capture_taken", "{}", {Bytes{}});
  EXPECT_TRUE(want_in(group({{Leaf::records, frame(1, 1)}})).blobs.empty());
  EXPECT_TRUE(verify_post(directory, "P1")->sound);
}

TEST_F(ReceiverTest, ABlobThePostLacksIsAnAlarm) {
  const Bytes blob(10, 5);
  journal.append("capture_taken", "{}", {blob});
  group({{Leaf::records, frame(1, 1)}});
  group({{Leaf::unavailable, encode(Unavailable{hex(sha256(blob)), "gone"})}});
  EXPECT_EQ(alarms()[0]["what"], "blob_unavailable");
  EXPECT_FALSE(verify_post(directory, "P1")->sound);
}

TEST_F(ReceiverTest, DeclarationsGoDownOnceEach) {
  ASSERT_TRUE(downlink->add("all", Leaf::declarations, as_bytes(R"({"declarations":[{"reference":"M1"}]})")));
  ASSERT_TRUE(downlink->add("P2", Leaf::watch_list, as_bytes(R"({"name":"stolen","plates":["X1"]})")));
  EXPECT_FALSE(downlink->add("all", Leaf::declarations, as_bytes(R"({"declarations":[{}]})")));
  const auto down = [&](std::uint64_t known) {
    std::size_t count = 0;
    for (const Answer& a : group({{Leaf::hello, encode(Hello{"h", "", "", 0, "", {}, known, 0})}}))
      count += parse_topic(a.topic)->leaf == Leaf::declarations || parse_topic(a.topic)->leaf == Leaf::watch_list;
    return count;
  };
  EXPECT_EQ(down(0), 1u);
  EXPECT_EQ(down(1), 0u);
}

TEST_F(ReceiverTest, NonsenseOnEveryTopicIsKeptApart) {
  for (const Leaf leaf : {Leaf::hello, Leaf::records, Leaf::blob, Leaf::unavailable})
    group({{leaf, Bytes{1, 2, 3}}, {leaf, {}}});
  append(1);
  EXPECT_EQ(records(1, 1).cursor, 1u);
}
