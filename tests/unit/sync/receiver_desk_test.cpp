// What HQ says to the posts by itself: letters in order, receipts, and what it learns of their clocks.
#include <random>

#include "sync/letter_box.hpp"
#include "sync/letters.hpp"
#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;
using namespace rampa::tests;

namespace {

class ReceiverDesk : public HqTest {
 protected:
  void write(const std::string& post, const std::string& kind, const std::string& text) {
    const auto body = checked_letter(kind, as_bytes(text));
    ASSERT_TRUE(body) << body.error().what;
    desk->add_letter(post, kind, *body, clock.now().wall);
  }
  std::vector<Letter> greeted(std::uint64_t through) {
    Hello hello = p1.hello();
    hello.letters_through = through;
    return letters_in(group({{Leaf::hello, encode(hello)}}));
  }
  std::vector<Answer> look() {
    EXPECT_TRUE(receiver->begin());
    receiver->look_at_desk();
    return receiver->commit(clock).value();
  }
};

}  // namespace

TEST_F(ReceiverDesk, LettersAreNumberedAndComeAfterWhatThePostHas) {
  write("", "declarations", R"({"declarations":[{"reference":"M1"}]})");
  write("P2", "watch_list", R"({"name":"stolen","plates":["X1"]})");
  write("P1", "watch_list", R"({"name":"stolen","plates":["X2"]})");
  const auto letters = greeted(0);
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].number, 1u);
  EXPECT_EQ(letters[0].kind, "declarations");
  EXPECT_EQ(letters[1].number, 2u);
  EXPECT_NE(letters[1].body.find("X2"), std::string::npos);
  clock.advance(5s);
  const auto rest = greeted(1);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].number, 2u);
  EXPECT_TRUE(greeted(2).empty());
  EXPECT_EQ(ack_in(group({{Leaf::hello, encode(p1.hello())}})).letters_last, 2u);
}

TEST_F(ReceiverDesk, WhatIsWrittenLaterGoesAtOnceAndIsNotSentTwiceMeanwhile) {
  greet();
  EXPECT_TRUE(look().empty());
  write("P1", "note", R"({"do":"something"})");
  EXPECT_TRUE(receiver->desk_changed());
  EXPECT_EQ(letters_in(look()).size(), 1u);
  EXPECT_TRUE(greeted(0).empty()) << "it is on its way";
  clock.advance(5s);
  EXPECT_EQ(greeted(0).size(), 1u) << "it got lost";
  group({{Leaf::receipt, encode(Receipt{1, {}, {}})}});
  EXPECT_TRUE(look().empty());
}

TEST_F(ReceiverDesk, OnAThinLineTheSameLettersGoAgainEverLessOften) {
  write("P1", "note", R"({"do":"something"})");
  EXPECT_EQ(greeted(0).size(), 1u);
  std::vector<std::int64_t> pauses;
  for (MonoTime sent = clock.mono(); pauses.size() < 8;) {
    clock.advance(1s);
    if (greeted(0).empty()) continue;
    pauses.push_back(to_ms(clock.mono() - sent) / 1000);
    sent = clock.mono();
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{3, 6, 12, 24, 48, 96, 120, 120}));
  // A post whose disk was full takes only the first: what is written meanwhile puts that off no longer.
  write("P1", "note", R"({"do":"meanwhile"})");
  EXPECT_EQ(letters_in(look()).front().number, 2u);
  clock.advance(60s);
  write("P1", "note", R"({"do":"still"})");
  look();
  clock.advance(61s);
  EXPECT_EQ(greeted(0).front().number, 1u);
  group({{Leaf::receipt, encode(Receipt{3, {}, {}})}});
  write("P1", "note", R"({"do":"more"})");
  EXPECT_EQ(letters_in(look()).size(), 1u);
  clock.advance(4s);
  EXPECT_EQ(greeted(3).size(), 1u) << "another letter: from the beginning";
}

TEST_F(ReceiverDesk, ALetterThatNoThinLineBringsInTimeIsRefusedWhereItIsWritten) {
  const auto list = [](int codes, bool noise) {
    std::mt19937_64 draws(5);
    nlohmann::json out = {{"name", "tariff"}, {"version", 1}, {"codes", nlohmann::json::array()}};
    for (int i = 0; i < codes; ++i) {
      std::string text(100, 'x');
      if (noise)
        for (char& c : text) c = static_cast<char>('!' + draws() % 90);
      out["codes"].push_back({{"code", std::to_string(i)}, {"texts", {{"en", text}}}});
    }
    return checked_letter("code_list", as_bytes(out.dump()));
  };
  EXPECT_TRUE(list(20'000, false)) << list(20'000, false).error().what;
  const auto refused = list(18'000, true);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("1024 KiB"), std::string::npos) << refused.error().what;
}

TEST_F(ReceiverDesk, ARefusedLetterIsAnAlarm) {
  write("", "note", "{}");
  greeted(0);
  group({{Leaf::receipt, encode(Receipt{1, {{1, "kind note is not known"}}, {}})}});
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"letter_refused"});
}

TEST_F(ReceiverDesk, WhatBecameOfACommandIsKeptAndShown) {
  EXPECT_FALSE(checked_letter("command", as_bytes(R"({"command":"say_status"})"))) << "nobody says who wants it";
  EXPECT_FALSE(checked_letter("command", as_bytes(R"({"command":"look_for_image","argument":"abc","by":"M. Petrovic"})")));
  write("P1", "command", R"({"command":"say_status","by":"M. Petrovic"})");
  write("P1", "command", R"({"command":"of_a_newer_version","argument":"7","by":"M. Petrovic"})");
  write("P1", "note", "{}");
  EXPECT_EQ(greeted(0).size(), 3u);
  const auto states = [&] {
    std::string out;
    for (const SentLetter& letter : desk->sent("P1", 10)) out += std::to_string(letter.number) + " " + letter.kind + " " + letter.command + ": " + letter.state + " " + letter.said + "\n";
    return out;
  };
  EXPECT_EQ(states(), "1 command say_status: on its way \n2 command of_a_newer_version 7: on its way \n3 note : on its way \n");
  group({{Leaf::receipt, encode(Receipt{3, {{2, "unknown"}}, {}})}});
  EXPECT_EQ(states(), "1 command say_status: taken \n2 command of_a_newer_version 7: refused unknown\n3 note : taken \n");
  for (int twice = 0; twice < 2; ++twice) group({{Leaf::receipt, encode(Receipt{3, {}, {{1, "{\"version\":\"1\"}"}, {9, "never sent"}}})}});
  EXPECT_EQ(states(), "1 command say_status: answered {\"version\":\"1\"}\n2 command of_a_newer_version 7: refused unknown\n3 note : taken \n");
  EXPECT_EQ(desk->sent("P1", 1).front().number, 3u);
}

TEST_F(ReceiverDesk, ANewDiskIsNotGivenCommandsAndPicturesThatTheOldOneTook) {
  write("P1", "command", R"({"command":"say_status","by":"M. Petrovic"})");
  write("P1", "watch_list", R"({"name":"stolen","plates":["X2"]})");
  write("P1", "command", R"({"command":"fetch_now","by":"M. Petrovic"})");
  write("P1", "referral_answer", R"({"crossing":"L1-1-1","answer":"hold","text":"wait","who":"M. Petrovic"})");
  write("P1", "reference_image", R"({"name":"seen.jpg","sha256":")" + std::string(64, 'a') + R"(","size_bytes":9,"media_type":"image/jpeg","plate":"X2","note":"","by":"M. Petrovic"})");
  write("P1", "command", R"({"command":"say_status","by":"J. Kovac"})");
  EXPECT_EQ(greeted(0).size(), 6u);
  group({{Leaf::receipt, encode(Receipt{1, {}, {{1, "all is well"}}})}});
  clock.advance(5s);
  EXPECT_EQ(greeted(5).size(), 1u) << "the receipts for 2 to 5 got lost: the hello says so";
  SigningPost anew("P1", 2);
  const auto kinds = [&] {
    clock.advance(5s);
    std::vector<std::string> out;
    for (const Letter& letter : said(group({{Leaf::hello, encode(anew.hello())}}, anew), anew, Leaf::letters, decode_letters).value_or(Letters{}).letters)
      out.push_back(std::to_string(letter.number) + " " + letter.kind);
    return out;
  };
  EXPECT_EQ(kinds(), (std::vector<std::string>{"1 gap", "2 watch_list", "3 gap", "4 gap", "5 gap", "6 command"})) << "6 was never taken";
  open();
  EXPECT_EQ(kinds().size(), 6u) << "said again";
  std::string states;
  for (const SentLetter& letter : desk->sent("P1", 10)) states += std::to_string(letter.number) + " " + letter.state + " | " + letter.said + "\n";
  EXPECT_EQ(states,
            "1 not sent again | an earlier journal of the post answered it: all is well\n"
            "2 taken | \n"
            "3 not sent again | an earlier journal of the post took it\n"
            "4 not sent again | an earlier journal of the post took it\n"
            "5 not sent again | an earlier journal of the post took it\n"
            "6 on its way | \n");
}

TEST_F(ReceiverDesk, ManyLettersComeInBatches) {
  for (int i = 0; i < 150; ++i) write("", "note", R"({"n":)" + std::to_string(i) + "}");
  std::uint64_t through = 0;
  auto letters = greeted(0);
  for (int round = 0; round < 10 && !letters.empty(); ++round) {
    EXPECT_EQ(letters.front().number, through + 1);
    through = letters.back().number;
    letters = letters_in(group({{Leaf::receipt, encode(Receipt{through, {}, {}})}}));
  }
  EXPECT_EQ(through, 150u);
}

TEST_F(ReceiverDesk, AReceiverWithoutItsDeskGoesOnBehindWhatThePostHas) {
  EXPECT_TRUE(greeted(7).empty());
  write("", "note", "{}");
  const auto letters = letters_in(look());
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].number, 8u);
}

TEST_F(ReceiverDesk, LettersWhoseNumbersAnotherHqGaveMeanwhileAreNamed) {
  greet();
  for (int i = 0; i < 3; ++i) write("P1", "note", "{}");
  EXPECT_EQ(letters_in(look()).size(), 3u);
  group({{Leaf::receipt, encode(Receipt{1, {}, {}})}});
  // It never got 2 and 3: its line broke, and another HQ wrote to it.
  EXPECT_TRUE(greeted(4).empty());
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"desk_went_back"});
  const std::string said = alarms()[0]["detail"];
  EXPECT_NE(said.find("letters 2 to 3 of this desk"), std::string::npos) << said;
}

/// Two HQs with a desk of their own, and one post that goes from one to the other: letters as its journal's folder keeps them.
class TwoDesks : public ReceiverDesk {
 protected:
  TwoDesks() { b.directory = place.directory + "/b"; }
  ~TwoDesks() override { close_b(); }
  void SetUp() override {
    ReceiverDesk::SetUp();
    if (IsSkipped()) return;
    std::filesystem::create_directories(b.directory);
    ledger_b = open_ledger(b);
    desk_b = open_desk(b);
    receiver_b = std::make_unique<Receiver>(*ledger_b, *shelf, *desk_b, settings);
  }
  void close_b() {
    receiver_b.reset();
    desk_b.reset();
    ledger_b.reset();
  }
  /// The post greets this HQ and takes what it says, or none of it. What came, as "NUMBER BODY".
  std::vector<std::string> at(Receiver& hq, bool takes = true) {
    clock.advance(5s);
    return connect(hq, takes);
  }
  std::vector<std::string> connect(Receiver& hq, bool takes = true) {
    ++connection;
    box.disconnected();
    std::vector<std::string> came;
    for (int round = 0; round < 3; ++round) {
      for (const Letters& letters : greet(hq)) {
        if (!takes) continue;
        box.put(letters);
        while (const auto letter = box.next()) {
          EXPECT_TRUE(box.done(letter->number, "", clock.mono()));
          if (letter->kind != gap_letter) came.push_back(std::to_string(letter->number) + " " + json::parse(letter->body)["n"].get<std::string>());
        }
      }
      if (!box.in_doubt()) group_at(hq, Leaf::receipt, encode(box.receipt(1)));
    }
    return came;
  }
  std::vector<Letters> greet(Receiver& hq) {
    Hello hello = now->hello();
    hello.id = "boot-1-" + std::to_string(connection) + "-" + std::to_string(order);
    hello.letters_through = box.through();
    if (says_desks) hello.desks = box.desks();
    box.greets(++order);
    const auto letters = group_at(hq, Leaf::hello, encode(hello));
    box.answered(order, clock.mono());
    return letters;
  }
  std::vector<Letters> group_at(Receiver& hq, Leaf leaf, const Bytes& body) {
    EXPECT_TRUE(hq.begin());
    EXPECT_TRUE(hq.take({PostId{now->name()}, leaf}, now->signed_as(leaf, body), clock.now()));
    std::vector<Letters> out;
    const auto answers = hq.commit(clock);
    if (const auto letters = said(answers.value(), *now, Leaf::letters, decode_letters)) out.push_back(*letters);
    return out;
  }
  /// Somebody writes it, and HQ gives it its number where the post was heard just now; it is lost on its way.
  void write_lost(Receiver& hq, Desk& to, const std::string& n, const std::string& kind = "note") {
    to.add_letter("P1", kind, R"({"v":2,"command":"say_status","by":"M. Petrovic","n":")" + n + "\"}", clock.now().wall);
    ASSERT_TRUE(hq.begin());
    hq.look_at_desk();
    ASSERT_TRUE(hq.commit(clock));
  }

  Place b;
  std::unique_ptr<Ledger> ledger_b;
  std::unique_ptr<Desk> desk_b;
  std::unique_ptr<Receiver> receiver_b;
  LetterBox box{0, {}};
  std::uint64_t order = 0, connection = 0;
  bool says_desks = true;
  SigningPost* now = &p1;
};
using Came = std::vector<std::string>;

TEST_F(TwoDesks, ALetterWhoseNumberTheOtherHqGaveMeanwhileComesUnderAnotherOne) {
  EXPECT_EQ(at(*receiver), Came{});
  write_lost(*receiver, *desk, "A1");
  EXPECT_EQ(at(*receiver), Came{"1 A1"});
  write_lost(*receiver, *desk, "A2", "command");
  write_lost(*receiver, *desk, "A3");
  EXPECT_EQ(at(*receiver_b), Came{});
  write_lost(*receiver_b, *desk_b, "B1");
  EXPECT_EQ(at(*receiver_b), Came{"2 B1"}) << "the number that A2 has at A";
  EXPECT_EQ(at(*receiver), (Came{"4 A2", "5 A3"})) << "in the order in which they were written";
  EXPECT_EQ(at(*receiver), Came{});
  EXPECT_EQ(desk->sent("P1", 9).back().state, "taken");
  write_lost(*receiver_b, *desk_b, "B2");
  EXPECT_EQ(at(*receiver_b), Came{"6 B2"});
  EXPECT_EQ(at(*receiver), Came{});
  EXPECT_EQ(alarm_kinds(), Came{"other_desk"}) << "it was told once, when the post had a number beyond A's";
}

TEST_F(TwoDesks, ALetterThatIsStillBeingAppliedKeepsItsNumber) {
  at(*receiver);
  write_lost(*receiver, *desk, "A1");
  clock.advance(5s);
  for (const Letters& letters : greet(*receiver)) box.put(letters);
  ASSERT_TRUE(box.next());
  EXPECT_EQ(at(*receiver_b), Came{});
  write_lost(*receiver_b, *desk_b, "B1", "command");
  EXPECT_EQ(at(*receiver_b), Came{}) << "B gives it number 1";
  EXPECT_TRUE(box.done(1, "", clock.mono()));
  EXPECT_EQ(at(*receiver_b), Came{"2 B1"});
  EXPECT_EQ(at(*receiver), Came{});
  EXPECT_EQ(desk->sent("P1", 9).back().state, "taken");
}

// HQ has sent them a moment ago, over a connection that broke: it does not count them as on their way.
TEST_F(TwoDesks, ANewConnectionBringsAtOnceWhatWasOnItsWayOverTheOneBefore) {
  at(*receiver);
  write_lost(*receiver, *desk, "A1");
  write_lost(*receiver, *desk, "A2");
  EXPECT_EQ(connect(*receiver), (Came{"1 A1", "2 A2"}));
}

TEST_F(TwoDesks, WhatIsSentWhileTheNumbersAreInDoubtComesSecondsLater) {
  at(*receiver);
  write_lost(*receiver, *desk, "A1");
  clock.advance(5s);
  for (const Letters& letters : greet(*receiver)) box.put(letters);
  ASSERT_TRUE(box.next());
  EXPECT_EQ(connect(*receiver), Came{});
  desk->add_letter("P1", "note", R"({"v":2,"n":"A2"})", clock.now().wall);
  receiver->look_at_desk();
  for (const Letters& letters : greet(*receiver)) box.put(letters);  // A2 comes and is passed by
  EXPECT_FALSE(box.next());
  EXPECT_TRUE(box.done(1, "", clock.mono()));
  ASSERT_TRUE(box.again());
  EXPECT_EQ(*box.again(), clock.mono());
  for (const Letters& letters : greet(*receiver)) box.put(letters);
  EXPECT_FALSE(box.in_doubt());
  if (!box.next()) {
    ASSERT_TRUE(box.again()) << "HQ counts it as on its way: it is asked for again";
    clock.advance(*box.again() - clock.mono());
    for (const Letters& letters : greet(*receiver)) box.put(letters);
    const auto letter = box.next();
    ASSERT_TRUE(letter);
    EXPECT_EQ(letter->number, 2u);
  }
}

TEST_F(TwoDesks, ALetterThatGotLostOnALivingConnectionIsSaidAgain) {
  at(*receiver);
  write_lost(*receiver, *desk, "A1");
  clock.advance(121s);
  ASSERT_TRUE(receiver->begin());
  const auto answers = receiver->commit(clock);
  const auto letters = said(answers.value(), *now, Leaf::letters, decode_letters);
  ASSERT_TRUE(letters);
  EXPECT_EQ(letters->letters.at(0).number, 1u);
}

TEST_F(TwoDesks, WhatOneHqsLettersCameToIsNotTakenForTheOthers) {
  at(*receiver);
  write_lost(*receiver, *desk, "A1", "command");
  at(*receiver_b);
  write_lost(*receiver_b, *desk_b, "B1", "command");
  EXPECT_EQ(at(*receiver_b), Came{"1 B1"});
  at(*receiver);
  box.refuse(1, "unknown");  // B1; its line broke before it could say so
  box.answer(1, "all is well");
  group_at(*receiver, Leaf::receipt, encode(box.receipt(9)));
  for (const SentLetter& letter : desk->sent("P1", 9)) EXPECT_EQ(letter.state, "taken") << letter.number << " " << letter.said;
  EXPECT_EQ(alarm_kinds(), Came{}) << "A knows of no letter of that number";
}

TEST_F(TwoDesks, ANewDiskIsGivenTheLettersOfBoth) {
  at(*receiver);
  write_lost(*receiver, *desk, "A1");
  write_lost(*receiver, *desk, "A2", "command");
  EXPECT_EQ(at(*receiver), (Came{"1 A1", "2 A2"}));
  write_lost(*receiver_b, *desk_b, "B1");
  EXPECT_EQ(at(*receiver_b), Came{"3 B1"});
  SigningPost anew("P1", 2);
  now = &anew;
  box = LetterBox{0, {}};
  EXPECT_EQ(at(*receiver_b), Came{"3 B1"});
  EXPECT_EQ(at(*receiver), Came{"4 A1"}) << "and no command that the old disk took";
  EXPECT_EQ(desk->sent("P1", 9).front().state, "not sent again");
}

TEST_F(TwoDesks, OlderPostsAndLettersFromBeforeDesksHadNamesAreTakenAsEver) {
  says_desks = false;
  at(*receiver);
  write_lost(*receiver, *desk, "A1");
  EXPECT_EQ(at(*receiver), Came{"1 A1"});
  // The post's program is a newer one now: whose letter number 1 was it does not know, and no HQ sends it again.
  says_desks = true;
  box = LetterBox{1, {{"", 1}}};
  EXPECT_EQ(at(*receiver), Came{});
  EXPECT_EQ(at(*receiver_b), Came{});
  write_lost(*receiver, *desk, "A2");
  EXPECT_EQ(at(*receiver), Came{"2 A2"});
  EXPECT_EQ(at(*receiver), Came{});
}

TEST_F(TwoDesks, ADeskKeepsItsNameAndNoTwoHaveTheSame) {
  const std::string id = desk->id();
  EXPECT_EQ(id.size(), 32u);
  EXPECT_NE(id, desk_b->id());
  open();
  EXPECT_EQ(desk->id(), id);
}

TEST_F(ReceiverDesk, ALetterToAPostThatIsAwayGetsItsNumberWhenItGreetsAgain) {
  EXPECT_TRUE(greeted(1).empty());
  clock.advance(46s);
  write("P1", "note", R"({"do":"something"})");
  EXPECT_TRUE(letters_in(look()).empty());
  // Meanwhile it was at another HQ, which has given it numbers 2 and 3.
  const auto letters = greeted(3);
  ASSERT_EQ(letters.size(), 1u) << "it counts as taken, and the post has never seen it";
  EXPECT_EQ(letters[0].number, 4u);
}

TEST_F(ReceiverDesk, APostFetchesWhatIsOfferedToItAndNothingElse) {
  Bytes bundle(2 * chunk_bytes + 10);
  for (std::size_t i = 0; i < bundle.size(); ++i) bundle[i] = static_cast<std::uint8_t>(i * 31 >> 4);
  const Sha256 sha = sha256(bundle);
  ASSERT_TRUE(shelf->write("hq", sha, 0, bundle) && shelf->finish("hq", sha));
  greet();
  const auto fetch = [&](std::uint64_t offset, std::uint32_t bytes) { return group({{Leaf::fetch, encode(Fetch{hex(sha), offset, bytes})}}); };
  EXPECT_TRUE(said(fetch(0, 100), p1, Leaf::not_there, decode_unavailable)) << "it is another post's";
  desk->offer("P1", hex(sha), clock.now().wall);
  Bytes got;
  while (got.size() < bundle.size()) {
    const std::size_t before = got.size();
    for (const Answer& answer : fetch(got.size(), 200'000)) {
      if (answer.topic != p1.topic(Leaf::fetched)) continue;
      const auto slice = decode_slice(answer.payload);
      ASSERT_TRUE(slice) << slice.error().what;
      ASSERT_EQ(slice->offset, got.size());
      got.insert(got.end(), slice->bytes.begin(), slice->bytes.end());
    }
    ASSERT_GT(got.size(), before);
  }
  EXPECT_EQ(got, bundle);
}

TEST_F(ReceiverDesk, OnePostsFetchesAreBoundedAndKeepTheirOrder) {
  settings.credit_bytes = 1u << 20;
  open();
  Bytes bundle(8u << 20);
  for (std::size_t i = 0; i < bundle.size(); ++i) bundle[i] = static_cast<std::uint8_t>(i * 31 >> 4);
  const Sha256 sha = sha256(bundle);
  ASSERT_TRUE(shelf->write("hq", sha, 0, bundle) && shelf->finish("hq", sha));
  desk->offer("P1", hex(sha), clock.now().wall);
  greet();
  Messages flood;
  for (std::uint64_t i = 0; i < 100; ++i) flood.emplace_back(Leaf::fetch, encode(Fetch{hex(sha), i % 8 << 20, 1u << 20}));
  Bytes got;
  const auto take = [&](const std::vector<Answer>& answers) {
    std::size_t bytes = 0;
    for (const Answer& answer : answers) {
      if (answer.topic != p1.topic(Leaf::fetched)) continue;
      const auto slice = decode_slice(answer.payload);
      EXPECT_EQ(slice->offset, got.size()) << "in the order in which it was asked";
      got.insert(got.end(), slice->bytes.begin(), slice->bytes.end());
      bytes += slice->bytes.size();
    }
    return bytes;
  };
  EXPECT_LE(take(group(flood)), 2u << 20) << "what it may have under way, and not a hundred megabytes";
  EXPECT_TRUE(receiver->waiting());
  for (int i = 0; i < 20 && receiver->waiting(); ++i) {
    clock.advance(100ms);
    EXPECT_LE(take(group({})), 1u << 20);
  }
  EXPECT_EQ(got.size(), 4u << 20) << "a few wait for their turn, the others are asked for again";
  EXPECT_TRUE(std::equal(got.begin(), got.end(), bundle.begin()));
  EXPECT_FALSE(receiver->waiting());
}

TEST_F(ReceiverDesk, APostFetchesWhatItOnceSent) {
  const Bytes scan(500, 3);
  p1.journal.append("capture_taken", "{}", {scan});
  greet();
  events(1, 1);
  group({{Leaf::slice, encode(BlobSlice{sha256(scan), 0, 500, scan})}});
  const auto answers = group({{Leaf::fetch, encode(Fetch{hex(sha256(scan)), 400, 200})}});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(decode_slice(answers[0].payload)->bytes.size(), 100u);
}

TEST_F(ReceiverDesk, AnOrderIsSeenThatComesWhereAnotherOneWasTaken) {
  greet();
  desk->add_order({"P1", "resend", "1"}, clock.now().wall);
  EXPECT_TRUE(receiver->desk_changed());
  look();
  desk->add_order({"P1", "resend", "1"}, clock.now().wall);
  EXPECT_TRUE(receiver->desk_changed());
  EXPECT_EQ(ack_in(look()).incarnation, settings.incarnation + "-2");
  EXPECT_FALSE(receiver->desk_changed());
}

TEST_F(ReceiverDesk, AnOrderStaysOnTheDeskUntilWhatItDidIsCommitted) {
  greet();
  desk->add_order({"P1", "resend", "1"}, clock.now().wall);
  ledger->database().execute(place.server() ? "ALTER TABLE histories ADD CONSTRAINT refuse CHECK(renewals = 0)"
                                            : "CREATE TRIGGER refuse BEFORE UPDATE ON histories WHEN NEW.renewals > 0 BEGIN SELECT RAISE(ABORT, 'no'); END");
  ASSERT_TRUE(receiver->begin());
  receiver->look_at_desk();
  ASSERT_FALSE(receiver->commit(clock));
  ledger->database().execute(place.server() ? "ALTER TABLE histories DROP CONSTRAINT refuse" : "DROP TRIGGER refuse");
  EXPECT_TRUE(receiver->desk_changed());
  EXPECT_EQ(greet().incarnation, settings.incarnation + "-1");
  EXPECT_EQ(greet().incarnation, settings.incarnation + "-1") << "and once";
}

namespace {

/// What an S3 service does that is away, or does not let HQ copy and delete.
class MoodyShelf : public BlobShelf {
 public:
  using BlobShelf::BlobShelf;
  Result<void> set_aside(const Sha256& sha256) override { return trouble ? fail(*trouble, "the image service is in a mood") : BlobShelf::set_aside(sha256); }
  Result<std::uint64_t> size(const Sha256& sha256) const override { return away ? fail(ErrorCode::disconnected, "the image service is away") : BlobShelf::size(sha256); }
  std::optional<ErrorCode> trouble;
  bool away = false;
};

}  // namespace

TEST_F(ReceiverDesk, TroubleOfTheImageStoreIsNoTroubleOfTheDatabase) {
  const Bytes scan(500, 3), other(400, 4);
  p1.journal.append("capture_taken", "{}", {scan, other});
  greet();
  events(1, 1);
  for (const Bytes& blob : {scan, other}) group({{Leaf::slice, encode(BlobSlice{sha256(blob), 0, blob.size(), blob})}});
  auto moody = std::make_unique<MoodyShelf>(place.directory);
  MoodyShelf& images = *moody;
  receiver.reset();
  shelf = std::move(moody);
  receiver = std::make_unique<Receiver>(*ledger, *shelf, *desk, settings);
  std::filesystem::resize_file(shelf->path_of(sha256(other)), 7);
  for (const ErrorCode trouble : {ErrorCode::disconnected, ErrorCode::io}) {
    images.trouble = trouble;
    images.away = trouble == ErrorCode::disconnected;
    if (images.away) desk->add_order({"P1", "lost", hex(sha256(scan))}, clock.now().wall);
    for (int i = 0; i < 3; ++i) {
      clock.advance(1min);
      greet();  // is answered: all else goes on
    }
    EXPECT_EQ(desk->orders("P1").size(), 1u);
    EXPECT_TRUE(receiver->waiting());
  }
  EXPECT_EQ(alarm_kinds(), (std::vector<std::string>{"images", "images"})) << "of each blob once: " << alarms().dump();
  images.trouble.reset();
  clock.advance(2h);
  for (int i = 0; i < 3; ++i) group({});
  EXPECT_TRUE(desk->orders("P1").empty());
  EXPECT_EQ(alarm_kinds().size(), 4u) << "both are lost now, and asked for again: " << alarms().dump();
  EXPECT_FALSE(shelf->holds(sha256(scan)) || shelf->holds(sha256(other)));
  EXPECT_FALSE(receiver->waiting());
}

TEST_F(ReceiverDesk, AnOrderForAPostThatIsNotHereYetWaitsForIt) {
  greet();
  open();
  desk->add_order({"P1", "resend", "1"}, clock.now().wall);
  EXPECT_TRUE(receiver->desk_changed());
  EXPECT_TRUE(look().empty());
  EXPECT_EQ(greet().incarnation, settings.incarnation + "-1");
}

namespace {

/// A backup of the desk: what its tables held.
class DeskBackup {
 public:
  explicit DeskBackup(const Place& place) : place_(place) {
    for (const char* table : tables) database()->execute(std::string("CREATE TABLE kept_") + table + " AS SELECT * FROM " + table);
  }
  void restore() {
    for (const char* table : tables)
      database()->execute(std::string("DELETE FROM ") + table + "; INSERT INTO " + table + " SELECT * FROM kept_" + table);
  }

 private:
  static constexpr const char* tables[] = {"letters", "letter_streams", "numbered_letters", "desk_clock"};
  std::unique_ptr<Database> database() const { return place_.server() ? open_postgres(place_.database) : open_sqlite(desk_file(place_.directory), OpenFor::writing, false); }
  Place place_;
};

}  // namespace

TEST_F(ReceiverDesk, NoLetterIsLostOrWaitedForAfterTheDeskCameFromABackup) {
  write("", "note", R"({"n":1})");
  write("", "note", R"({"n":2})");
  EXPECT_EQ(greeted(0).size(), 2u);
  close();
  DeskBackup backup(place);
  open();
  for (int n = 3; n <= 5; ++n) write("", "note", R"({"n":)" + std::to_string(n) + "}");
  EXPECT_EQ(greeted(2).size(), 3u);
  group({{Leaf::receipt, encode(Receipt{5, {}, {}})}});
  close();
  backup.restore();
  open();
  // The post is still connected and sends on before it greets: what is written now must not get a number that it has.
  p1.append(1);
  write("", "note", R"({"do":"after"})");
  group({{Leaf::events, p1.frame(Stream::events, 1, 1)}});
  EXPECT_TRUE(letters_in(look()).empty());
  auto letters = greeted(5);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].number, 6u);
  EXPECT_EQ(letters[0].kind, "note");
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"desk_went_back"});
  // And one that was itself restored, behind numbers that nobody knows any more.
  clock.advance(5s);
  letters = greeted(2);
  ASSERT_EQ(letters.size(), 4u);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    EXPECT_EQ(letters[i].number, 3 + i);
    EXPECT_EQ(letters[i].kind, i < 3 ? "gap" : "note");
  }
  clock.advance(5s);
  EXPECT_EQ(greeted(4).size(), 2u);
}

TEST_F(ReceiverDesk, ALostDeskLeavesNoPostWaiting) {
  EXPECT_TRUE(greeted(7).empty());
  clock.advance(5s);
  const auto letters = greeted(5);
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].number, 6u);
  EXPECT_EQ(letters[0].kind, "gap");
  Hello liar = p1.hello();
  liar.letters_through = 1ull << 60;
  EXPECT_TRUE(group({{Leaf::hello, encode(liar)}}).empty());
}

TEST_F(ReceiverDesk, ABrokenLetterIsNotTaken) {
  EXPECT_FALSE(checked_letter("declarations", as_bytes(R"({"declarations":[{}]})")));
  std::string goods;
  for (std::size_t i = 0; i <= declaration_goods_max; ++i) goods += std::string(i ? "," : "") + R"({"hs_code":"870323","origin":"DE"})";
  EXPECT_FALSE(checked_letter("declarations", as_bytes(R"({"declarations":[{"reference":"A","goods":[)" + goods + "]}]}")));
  EXPECT_FALSE(checked_letter("watch_list", as_bytes("[]")));
  EXPECT_FALSE(checked_letter("", as_bytes("{}")));
}

TEST_F(ReceiverDesk, TheTrueTimeIsAlwaysInsideTheInterval) {
  // The post's monotonic clock began at 5000 s of HQ's, runs 40 ppm fast; its wall clock is ten years off. Delays vary.
  const std::int64_t began_ns = 5'000'000'000'000;
  const auto post_mono = [&](std::int64_t true_ns) { return MonoTime{(true_ns - began_ns) + (true_ns - began_ns) / 1'000'000 * 40}; };
  ClockEstimate estimate;
  std::int64_t t = began_ns + 60'000'000'000, heard_wall = 0, heard_mono = 0;
  for (int i = 0; i < 200; ++i) {
    t += 1'000'000'000 + (i * 7919 % 100) * 30'000'000'000LL;
    const std::int64_t up = 5'000'000 + (i * 31 % 60) * 10'000'000LL, down = 5'000'000 + (i * 17 % 60) * 10'000'000LL;
    Hello hello;
    hello.sent = {post_mono(t), WallTime{t / 1'000'000 - 315'360'000'000}};
    hello.heard_answered.ms = heard_wall;
    hello.heard.ns = heard_mono;
    EXPECT_TRUE(estimate.take(hello, WallTime{(t + up) / 1'000'000})) << i;
    heard_wall = (t + up) / 1'000'000;
    heard_mono = post_mono(t + up + down).ns;
    if (i < 1) continue;
    for (const std::int64_t later : {0LL, 3'600'000'000'000LL, 86'400'000'000'000LL}) {
      const auto interval = estimate.at(post_mono(t + later));
      ASSERT_TRUE(interval);
      const std::int64_t offset = t + later - post_mono(t + later).ns;
      EXPECT_LE(interval->lowest_ns, offset);
      EXPECT_GE(interval->highest_ns, offset);
      if (later == 0) {
        EXPECT_LE(interval->highest_ns - interval->lowest_ns, 3'100'000'000LL) << "round trip and drift, not more";
      }
    }
  }
}

TEST_F(ReceiverDesk, WhatAnotherHqWithAnotherClockSaidBoundsNoTime) {
  ClockEstimate estimate;
  Hello hello;
  hello.sent.mono = MonoTime{10'000'000'000};
  hello.heard = MonoTime{9'000'000'000};
  hello.heard_answered.ms = 1'000'000'000 + 9'000 + 3'600'000;  // an hour ahead of this one
  EXPECT_TRUE(estimate.take(hello, WallTime{1'000'000'000 + 10'050}));
  EXPECT_FALSE(estimate.not_before(hello.sent.mono));
  ASSERT_TRUE(estimate.not_after(hello.sent.mono));
  hello.sent.mono = MonoTime{25'000'000'000};
  hello.heard = MonoTime{10'100'000'000};
  hello.heard_answered.ms = 1'000'000'000 + 10'050;
  EXPECT_TRUE(estimate.take(hello, WallTime{1'000'000'000 + 25'050})) << "nobody set a clock";
  const auto earliest = estimate.not_before(hello.sent.mono);
  ASSERT_TRUE(earliest);
  EXPECT_LE(*earliest, (1'000'000'000 + 25'000) * 1'000'000LL);
}

TEST_F(ReceiverDesk, AClockThatNtpSlewsIsStillInsideAndRaisesNoAlarm) {
  // The post's clock is slewed by NTP: for hours 500 ppm one way, then the other, over an oscillator that is 90 ppm off. Days without a line.
  constexpr std::int64_t minute = 60'000'000'000, day = 24 * 60 * minute;
  std::int64_t t = 5 * day, mono = 1, heard_wall = 0, heard_mono = 0;
  ClockEstimate estimate;
  std::vector<std::pair<std::int64_t, std::int64_t>> written;  // true time, the post's
  const auto live = [&](std::int64_t until) {
    for (; t < until; t += minute) {
      written.emplace_back(t, mono);
      const std::int64_t ppm = 90 + (t / (7 * 60 * minute) % 2 ? -500 : 500);
      mono += minute + minute / 1'000'000 * ppm;
    }
  };
  for (int i = 0; i < 20; ++i) {
    Hello hello;
    hello.sent.mono.ns = mono;
    hello.heard_answered.ms = heard_wall;
    hello.heard.ns = heard_mono;
    EXPECT_TRUE(estimate.take(hello, WallTime{t / 1'000'000 + 20})) << i;
    heard_wall = t / 1'000'000 + 20;
    heard_mono = mono + 60'000'000;
    if (i > 0)
      for (const auto& [at, said] : written) {
        const auto earliest = estimate.not_before(MonoTime{said}), latest = estimate.not_after(MonoTime{said});
        ASSERT_TRUE(earliest && latest);
        ASSERT_LE(*earliest, at) << i;
        ASSERT_GE(*latest, at) << i;
      }
    live(t + (i % 5 == 4 ? 3 * day : 20 * minute));
  }
}

TEST_F(ReceiverDesk, AClockThatWasSetDropsWhatWasKnown) {
  ClockEstimate estimate;
  Hello hello;
  hello.sent.mono.ns = 1'000'000'000;
  EXPECT_TRUE(estimate.take(hello, WallTime{1'000'000}));
  hello.sent.mono.ns = 2'000'000'000;
  hello.heard = MonoTime{1'500'000'000};
  hello.heard_answered.ms = 1'000'100;
  EXPECT_TRUE(estimate.take(hello, WallTime{1'001'000}));
  hello.sent.mono.ns = 3'000'000'000;
  EXPECT_FALSE(estimate.take(hello, WallTime{500'000})) << "HQ's clock was put back";
  EXPECT_FALSE(estimate.at(hello.sent.mono)) << "only one side is known now";
}

TEST_F(ReceiverDesk, PostsShowTheClock) {
  Hello hello = p1.hello();
  hello.sent = {MonoTime{10'000'000'000}, WallTime{clock.now().wall.ms - 5000}};
  group({{Leaf::hello, encode(hello)}});
  EXPECT_TRUE(posts()[0]["clock"].is_null());
  hello.id = "next";
  hello.heard_answered = clock.now().wall;
  hello.heard = MonoTime{10'100'000'000};
  clock.advance(1s);
  hello.sent = {MonoTime{11'000'000'000}, WallTime{clock.now().wall.ms - 5000}};
  group({{Leaf::hello, encode(hello)}});
  const json shown = posts()[0]["clock"];
  EXPECT_LE(shown["behind_ms_min"], 5000);
  EXPECT_GE(shown["behind_ms_max"], 5000);
  EXPECT_LE(shown["behind_ms_max"].get<int>() - shown["behind_ms_min"].get<int>(), 110);
}

/// The post's machine: starts, runs, writes records, says hello. Its wall clock is years off and jumps.
class ABootThatNeverGreeted : public ReceiverDesk {
 protected:
  void start() {
    began = clock.now().mono;
    boot.fill(++boots);
    heard = {};
    heard_answered = {};
  }
  [[nodiscard]] MonoTime mono() const { return MonoTime{(clock.now().mono - began).count()}; }
  void write(int count) {
    for (int i = 0; i < count; ++i) {
      clock.advance(7s);
      truth.push_back(clock.now().wall.ms);
      p1.journal.stamp({mono(), WallTime{clock.now().wall.ms - 315'360'000'000 * (boots % 3 - 1)}}, boot);
      p1.append(1, truth.size() % 3 == 0 ? "verdict" : "audit_note");
    }
  }
  /// Hello and its answer; the next hello tells when the answer came.
  void greet(int times) {
    for (int i = 0; i < times; ++i) {
      Hello hello = p1.hello();
      hello.boot_id = sync::hex(ByteView{boot});
      hello.sent = {mono(), {}};
      hello.heard = heard;
      hello.heard_answered = heard_answered;
      clock.advance(30ms);
      group({{Leaf::hello, encode(hello)}});
      heard_answered = clock.now().wall;
      clock.advance(30ms);
      heard = mono();
    }
  }
  void deliver() {
    for (const Stream stream : store::streams) {
      const std::uint64_t end = p1.sequences(stream).size();
      if (sent[static_cast<int>(stream)] < end)
        group({{stream == Stream::verdicts ? Leaf::verdicts : Leaf::events, p1.frame(stream, sent[static_cast<int>(stream)] + 1, end)}});
      sent[static_cast<int>(stream)] = end;
    }
  }
  /// Of each record, judged: the true time is inside.
  json judged() {
    std::vector<json> out;
    const auto report = report_records(place, {p1.name(), "", 1, 1000, "", {}});
    EXPECT_TRUE(report) << report.error().what;
    json rows = json::parse(report->json);
    EXPECT_EQ(rows.size(), truth.size());
    for (std::size_t i = 0; i < rows.size() && i < truth.size(); ++i) {
      const json& said = rows[i]["clock"];
      EXPECT_LE(said["earliest_ms"].is_number() ? said["earliest_ms"].get<std::int64_t>() : 0, truth[i]) << i;
      EXPECT_GE(said["latest_ms"].is_number() ? said["latest_ms"].get<std::int64_t>() : truth[i], truth[i]) << i;
    }
    return rows;
  }
  static std::int64_t width(const json& row) { return row["clock"]["latest_ms"].get<std::int64_t>() - row["clock"]["earliest_ms"].get<std::int64_t>(); }

  MonoTime began, heard;
  WallTime heard_answered;
  BootId boot{};
  std::uint8_t boots = 0;
  std::vector<std::int64_t> truth;
  std::uint64_t sent[2] = {0, 0};
};

TEST_F(ABootThatNeverGreeted, IsBoundedByItsNeighbours) {
  start();
  write(5);
  greet(2);
  write(5);
  deliver();
  const std::int64_t line_lost = truth.back();
  for (int reboots = 0; reboots < 3; ++reboots) {  // a week without a line
    clock.advance(std::chrono::hours(50));
    start();
    write(4);
  }
  clock.advance(std::chrono::hours(5));
  start();
  write(2);
  const std::int64_t line_back = clock.now().wall.ms;
  greet(2);
  write(5);
  clock.advance(std::chrono::hours(1));  // not delivered at once
  deliver();
  const json rows = judged();
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(rows[i]["clock"]["by"], "exchange") << i;
    EXPECT_LE(width(rows[i]), 200) << i;
  }
  for (std::size_t i = 10; i < 22; ++i) {
    EXPECT_EQ(rows[i]["clock"]["by"], "order") << i;
    EXPECT_GE(rows[i]["clock"]["earliest_ms"].get<std::int64_t>(), line_lost - 200) << i;
    EXPECT_LE(rows[i]["clock"]["latest_ms"].get<std::int64_t>(), line_back + 200) << i;
  }
  for (std::size_t i = 22; i < rows.size(); ++i) EXPECT_EQ(rows[i]["clock"]["by"], "exchange") << i;
}

TEST_F(ABootThatNeverGreeted, IsBoundedByItsArrivalWhereNothingBehindItIsKnown) {
  start();
  write(3);
  greet(1);
  deliver();
  EXPECT_TRUE(judged()[0]["clock"]["earliest_ms"].is_null()) << "HQ knows nothing of before";
  greet(1);
  start();
  write(3);
  deliver();
  const json rows = judged();
  EXPECT_LE(width(rows[0]), 200);
  EXPECT_EQ(rows[5]["clock"]["by"], "order");
  EXPECT_EQ(rows[5]["clock"]["latest_ms"], clock.now().wall.ms);
}

TEST_F(ABootThatNeverGreeted, ShowsHowFarTheWallClockCouldBeBelieved) {
  start();
  p1.journal.wall_quality(WallQuality::synchronised);
  write(1);
  p1.journal.wall_quality(WallQuality::free_running);
  write(1);
  greet(2);
  deliver();
  const json rows = judged();
  EXPECT_EQ(rows[0]["wall_quality"], "synchronised");
  EXPECT_EQ(rows[1]["wall_quality"], "free running");
  EXPECT_EQ(posts()[0]["wall_quality"], (json{{"says", "free running"}, {"sequence", 2}}));
}
