// One group of many posts' messages: what the database does not take of one post hurts no other, and is not tried for ever.
#include <random>

#include "sync/hq/group_store.hpp"
#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;
using namespace rampa::tests;

namespace {

class Group : public HqTest {
 protected:
  void open() override {
    HqTest::open();
    store = std::make_unique<GroupStore>(*receiver, clock);
  }
  Message message(const SigningPost& post, Leaf leaf, const Bytes& body) {
    return {{PostId{post.name()}, leaf}, leaf == Leaf::slice ? body : post.signed_as(leaf, body), clock.now()};
  }
  /// From now on the database refuses records of this kind.
  void refuse_records_of_kind(const std::string& kind) {
    ledger->database().execute(place.server() ? "ALTER TABLE records ADD CONSTRAINT refuse CHECK(kind <> '" + kind + "')"
                                              : "CREATE TRIGGER refuse BEFORE INSERT ON records WHEN NEW.kind = '" + kind + "' BEGIN SELECT RAISE(ABORT, 'refused'); END");
  }
  static std::string noise(std::size_t size) {
    std::mt19937_64 random(1);
    std::string out(size, ' ');
    for (char& c : out) c = static_cast<char>('!' + random() % 90);
    return out;
  }
  std::unique_ptr<GroupStore> store;
  SigningPost p2{"P2", 2}, p3{"P3", 3};
};

}  // namespace

TEST_F(Group, AMessageThatTheDatabaseDoesNotTakeIsDroppedAndNothingElse) {
  for (SigningPost* post : {&p1, &p2, &p3}) {
    post->append(2);
    post->append(1, post == &p2 ? "poison" : "audit_note");
    post->append(2);
    greet(*post);
  }
  refuse_records_of_kind("poison");
  std::vector<Message> messages;
  for (std::uint64_t n = 1; n <= 5; ++n)
    for (SigningPost* post : {&p1, &p2, &p3}) messages.push_back(message(*post, Leaf::events, post->frame(Stream::events, n, n)));
  auto stored = store->store(messages, false);
  ASSERT_TRUE(stored) << stored.error().what;
  EXPECT_EQ(ack_in(stored->answers, p1).cursor, 5u);
  EXPECT_EQ(ack_in(stored->answers, p3).cursor, 5u);
  const Ack ack = ack_in(stored->answers, p2);
  EXPECT_EQ(ack.streams[1].through, 2u);
  EXPECT_EQ(ack.streams[1].ranges, (std::vector<Range>{{4, 5}})) << "what came after it is stored";
  std::size_t refused = 0;
  for (const Answer& answer : stored->answers)
    if (answer.topic == p2.topic(Leaf::ack)) refused += decode_ack(*sync::open(answer.topic, answer.payload, public_key_of(settings.key)))->refused.size();
  EXPECT_EQ(refused, 1u) << "the post is told";
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"not_stored"});
  EXPECT_TRUE(std::any_of(stored->notices.begin(), stored->notices.end(), [](const Notice& n) { return n.event == "records" && n.post == "P1"; }));
  // It comes again and again; the others do not notice.
  for (SigningPost* post : {&p1, &p3}) post->append(1);
  stored = store->store(std::vector{message(p1, Leaf::events, p1.frame(Stream::events, 6, 6)), message(p2, Leaf::events, p2.frame(Stream::events, 3, 3)),
                                    message(p3, Leaf::events, p3.frame(Stream::events, 6, 6))}, false);
  ASSERT_TRUE(stored) << stored.error().what;
  EXPECT_EQ(ack_in(stored->answers, p1).cursor, 6u);
  EXPECT_EQ(ack_in(stored->answers, p3).cursor, 6u);
  EXPECT_EQ(alarms().size(), 1u) << "the same alarm once";
  expect_all_here(p1);
  expect_all_here(p3);
}

TEST_F(Group, AFloodOfSuchMessagesIsCutShort) {
  p1.append(200, "poison");
  p2.append(1);
  greet();
  greet(p2);
  refuse_records_of_kind("poison");
  std::vector<Message> messages;
  for (std::uint64_t n = 1; n <= 200; ++n) messages.push_back(message(p1, Leaf::events, p1.frame(Stream::events, n, n)));
  messages.push_back(message(p2, Leaf::events, p2.frame(Stream::events, 1, 1)));
  const auto stored = store->store(messages, false);
  ASSERT_TRUE(stored) << stored.error().what;
  EXPECT_EQ(ack_in(stored->answers, p2).cursor, 1u);
  EXPECT_LE(std::count_if(stored->answers.begin(), stored->answers.end(), [&](const Answer& a) { return a.topic == p1.topic(Leaf::ack); }), 20);
}

TEST_F(Group, TextsWithoutEndAreNoReasonNotToStore) {
  p2.append(1);
  greet();
  greet(p2);
  store::format::Entry entry;
  entry.sequence = 1;
  entry.kind = "audit_note";
  entry.lane = noise(60'000);
  entry.crossing = noise(60'000) + std::string(1, '\0') + "\xff";
  entry.open = "{}";
  const Bytes record = store::format::encode(entry, store::format::genesis(PostId{"P1"})).value();
  const std::vector<ByteView> views{record};
  const auto stored = store->store(std::vector{message(p1, Leaf::events, encode(FrameHead{Stream::events, p1.epoch(), 1, {}}, views)),
                                               message(p1, Leaf::unavailable, encode(Unavailable{hex(Sha256{1}), noise(100'000)})),
                                               message(p1, Leaf::receipt, encode(Receipt{0, {{0, noise(100'000)}}, {}})),
                                               message(p2, Leaf::events, p2.frame(Stream::events, 1, 1))}, false);
  ASSERT_TRUE(stored) << stored.error().what;
  EXPECT_EQ(ack_in(stored->answers, p1).cursor, 1u);
  EXPECT_EQ(ack_in(stored->answers, p2).cursor, 1u);
  for (const auto& alarm : alarms()) {
    EXPECT_NE(alarm["what"], "not_stored") << alarm;
    EXPECT_LE(alarm["detail"].get<std::string>().size(), detail_bytes_max);
  }
  EXPECT_EQ(rows().size(), 1u);
}

TEST_F(Group, AnAlarmTakesAnyText) {
  ASSERT_TRUE(receiver->begin());
  EXPECT_TRUE(ledger->alarm("P1", 0, "refused", noise(50'000), clock.now().wall));
  EXPECT_TRUE(ledger->alarm("P1", 0, "refused", std::string(detail_bytes_max - 1, 'x') + "\xc3\xa9", clock.now().wall));
  ASSERT_TRUE(receiver->commit(clock));
  EXPECT_EQ(alarms()[0]["detail"].get<std::string>().size(), detail_bytes_max);
  EXPECT_EQ(alarms()[1]["detail"], std::string(detail_bytes_max - 1, 'x')) << "not cut inside a character";
}

namespace {

class FullShelf : public BlobShelf {
 public:
  using BlobShelf::BlobShelf;
  Result<void> write(const std::string&, const Sha256&, std::uint64_t, ByteView) override { return fail(ErrorCode::no_space, "full"); }
};

}  // namespace

TEST_F(Group, AFullDiskIsNoMessagesFault) {
  const Bytes blob(10, 5);
  p1.journal.append("capture_taken", "{}", {blob});
  greet();
  events(1, 1);
  auto full = std::make_unique<FullShelf>(place.directory);
  receiver = std::make_unique<Receiver>(*ledger, *full, *desk, settings);
  store = std::make_unique<GroupStore>(*receiver, clock);
  const auto stored = store->store(std::vector{message(p1, Leaf::slice, encode(BlobSlice{sha256(blob), 0, 10, blob}))}, false);
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, ErrorCode::no_space);
  EXPECT_TRUE(alarms().empty()) << "nothing is dropped for it";
  receiver.reset();
}

TEST_F(Group, WhatUnpacksToMuchIsStoredInParts) {
  // A few kilobytes on the line, 24 MiB each in memory.
  std::vector<Message> messages;
  greet();
  const Bytes empty(24u << 20, 0);
  const std::vector<ByteView> views{empty};
  for (std::uint64_t n = 1; n <= 12; ++n) messages.push_back(message(p1, Leaf::events, encode(FrameHead{Stream::events, p1.epoch(), 3 * n, {}}, views)));
  const auto stored = store->store(messages, false);
  ASSERT_TRUE(stored) << stored.error().what;
  EXPECT_GE(std::count_if(stored->answers.begin(), stored->answers.end(), [&](const Answer& a) { return a.topic == p1.topic(Leaf::ack); }), 4);
}
