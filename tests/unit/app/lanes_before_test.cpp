// A lane's past at a start, with a picture, without one, and with a journal that is damaged.
#include <fstream>

#include "edge/app/lanes_before.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

class Before : public StoreTest {
 protected:
  void mode(const std::string& word) { ASSERT_TRUE(put({Record{{"L1"}, {}, clock.now(), LaneModeChanged{word, "O1", "roadworks"}, {}}})); }
  lane::Started look(std::size_t tail = 1000, Duration wait = 5s) {
    return app::LanesBefore(*store, settings.directory, {wait, tail}).of(LaneId{"L1"});
  }
  void read(const std::string& crossing, const std::string& id) {
    Record record = plate_read({crossing}, "BG" + id, clock.now());
    std::get<device::PlateRead>(std::get<CaptureTaken>(record.body).body).read_id = id;
    ASSERT_TRUE(put({opened({crossing}, clock.now()), std::move(record)}));
    ASSERT_TRUE(put({closed({crossing}, clock.now())}));
  }
  /// No picture can be opened here until the folder is gone.
  void block_picture() {
    for (const char* rest : {"", "-wal", "-shm"}) std::filesystem::remove(path(std::string("picture.sqlite") + rest));
    std::filesystem::create_directories(path("picture.sqlite/in-the-way"));
  }
  void flip(const std::string& text) {
    for (const auto& entry : std::filesystem::directory_iterator(path("journal"))) {
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      const std::string all((std::istreambuf_iterator<char>(file)), {});
      const auto at = all.find(text);
      if (at == std::string::npos) continue;
      file.clear();
      file.seekp(static_cast<std::streamoff>(at));
      file.put(static_cast<char>(all[at] ^ 1));
      return;
    }
    FAIL() << text << " stands nowhere in the journal";
  }
};

TEST(ModesOf, WhatAStopOrTheKeyInterruptedIsFoundBehindThem) {
  using app::modes_of;
  EXPECT_EQ(modes_of({}, true).mode, "in_service");
  EXPECT_EQ(modes_of({"emergency_stop", "by_hand", "out_of_service", "in_service"}, true).mode, "emergency_stop");
  EXPECT_EQ(modes_of({"emergency_stop", "by_hand", "out_of_service", "in_service"}, true).before, "out_of_service");
  EXPECT_EQ(modes_of({"emergency_stop"}, true).before, "in_service");
  EXPECT_EQ(modes_of({"emergency_stop"}, false).before, "out_of_service") << "not known: closed";
}

TEST_F(Before, ModeUnfinishedCrossingsAndReadsComeFromThePicture) {
  start();
  read("L1-1-1", "100");
  mode("out_of_service");
  mode("emergency_stop");
  ASSERT_TRUE(put({opened({"L1-1-2"}, clock.now())}));
  stop();
  start();
  const auto before = look();
  EXPECT_EQ(before.mode, "emergency_stop");
  EXPECT_EQ(before.mode_before, "out_of_service");
  EXPECT_EQ(before.unfinished, (std::vector<CrossingId>{{"L1-1-2"}}));
  EXPECT_EQ(before.seen_reads.size(), 1u);
  EXPECT_EQ(before.notice, "");
}

TEST_F(Before, WhoWasHeldIsToldFromWhoWasNot) {
  for (const bool held : {false, true}) {
    start();
    const CrossingId crossing{held ? "L1-1-2" : "L1-1-1"};
    VerdictGiven verdict;
    verdict.verdict = held ? Verdict::hold : Verdict::release;
    Record given = opened(crossing, clock.now());
    given.body = verdict;
    ASSERT_TRUE(put({opened(crossing, clock.now()), given}));
    stop();
    start();
    EXPECT_EQ(look().held, held);
    stop();
  }
}

TEST_F(Before, WhoWasHeldIsHeldThroughASecondRestart) {
  start();
  const CrossingId crossing{"L1-1-1"};
  VerdictGiven verdict;
  verdict.verdict = Verdict::hold;
  Record given = opened(crossing, clock.now()), ended = given;
  given.body = verdict;
  ended.body = CrossingClosed{"aborted", std::string(lane::ended_by_restart)};
  ASSERT_TRUE(put({opened(crossing, clock.now()), given, ended}));
  stop();
  start();
  EXPECT_TRUE(look().held);
  ASSERT_TRUE(put({opened({"L1-2-1"}, clock.now()), closed({"L1-2-1"}, clock.now())}));
  stop();
  start();
  EXPECT_FALSE(look().held) << "the one who came after it has gone";
}

TEST_F(Before, WithoutAPictureTheJournalTellsIt) {
  start();
  mode("out_of_service");
  mode("emergency_stop");
  cross("L1-1-1", "BG100AA");
  ASSERT_TRUE(put({opened({"L1-1-2"}, clock.now())}));
  stop();
  block_picture();
  start();
  const auto before = look(1000, 10ms);
  EXPECT_EQ(before.mode, "emergency_stop");
  EXPECT_EQ(before.mode_before, "out_of_service");
  EXPECT_EQ(before.unfinished, (std::vector<CrossingId>{{"L1-1-2"}}));
  EXPECT_EQ(before.notice, "");

  const auto short_look = look(3, 10ms);
  EXPECT_NE(short_look.notice, "") << "what stands before the tail is not known";
  EXPECT_EQ(short_look.unfinished, (std::vector<CrossingId>{{"L1-1-2"}}));
  EXPECT_EQ(look(1000, 10ms).notice, "");
}

TEST_F(Before, ADamagedCaptureCostsNothingButItsReads) {
  start();
  read("L1-1-1", "100");
  read("L1-1-2", "200");
  mode("out_of_service");
  stop();
  flip("\"role\":\"plate_front\"");
  start();
  const auto before = look();
  EXPECT_EQ(before.mode, "out_of_service");
  EXPECT_EQ(before.notice, "");
  EXPECT_EQ(before.seen_reads.size(), 1u);
}

TEST_F(Before, WhereTheModeItselfIsDamagedTheLaneStaysOutOfService) {
  start();
  mode("out_of_service");
  cross("L1-1-1", "BG100AA");
  stop();
  flip("\"mode\":\"out_of_service\"");
  start();
  EXPECT_NE(look().notice, "");
}

}  // namespace
}  // namespace rampa::tests
