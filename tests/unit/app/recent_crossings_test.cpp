// What the post remembers of its last crossings: for capacity caps and for the number of earlier crossings.
#include <gtest/gtest.h>

#include "edge/app/recent_crossings.hpp"

namespace rampa::tests {
namespace {

constexpr std::int64_t day_ms = 24LL * 3600 * 1000;
const WallTime now{1'800'000'000'000};
using enum SelectivityChannel;

AssessmentMade made(SelectivityChannel channel, std::vector<SelectivityChannel> hits, const std::string& plate = "BG1") {
  AssessmentMade m;
  m.assessment.channel = channel;
  for (const auto c : hits) m.assessment.hits.push_back({"P", c, "", 1});
  m.assessment.facts["vehicle.plate"] = plate;
  return m;
}

void crossing(app::RecentCrossings& recent, const std::string& id, AssessmentMade assessed, WallTime at, const std::string& outcome = "released") {
  const VerdictGiven verdict{Verdict::release, assessed.assessment.channel};
  for (RecordBody body : {RecordBody(std::move(assessed)), RecordBody(verdict), RecordBody(CrossingClosed{outcome, ""})})
    recent.note(Record{{"L1"}, {id}, {{}, at}, std::move(body), {}});
}

/// A picture with crossings of one lane, newest first; or one that cannot be read.
class OldPicture : public store::PictureReader {
 public:
  Result<std::vector<store::CrossingRow>> crossings(const store::CrossingQuery& query) override {
    ++asked;
    if (broken) return fail(ErrorCode::io, "picture.sqlite: malformed");
    std::vector<store::CrossingRow> out;
    bool begun = query.before.empty();
    for (const auto& row : rows) {
      if (begun && out.size() < query.limit) out.push_back(row);
      if (row.id == query.before) begun = true;
    }
    return out;
  }
  Result<std::vector<StoredRecord>> newest(std::string_view, const LaneId&, std::size_t limit) override {
    auto out = assessments;
    out.resize(std::min(limit, out.size()));
    return out;
  }
  Result<std::vector<StoredRecord>> records_of(const CrossingId&) override { return std::vector<StoredRecord>{}; }
  Result<std::vector<Declaration>> declarations_for(const std::vector<std::string>&) override { return std::vector<Declaration>{}; }
  Result<Bytes> blob(const std::string&) override { return fail(ErrorCode::not_found, "none"); }

  std::vector<store::CrossingRow> rows;
  std::vector<StoredRecord> assessments;
  bool broken = false;
  int asked = 0;
};

TEST(RecentCrossings, CountForCapacityOnlyWhatProfilesSentThere) {
  app::RecentCrossings recent;
  for (int i = 0; i < 5; ++i) crossing(recent, "hit" + std::to_string(i), made(yellow, {green, yellow}), now);
  for (int i = 0; i < 6; ++i) crossing(recent, "floor" + std::to_string(i), made(yellow, {}), now);
  for (int i = 0; i < 7; ++i) crossing(recent, "alarm" + std::to_string(i), made(red, {yellow}), now);
  EXPECT_EQ(recent.count(), 0) << "too few for a share: no cap holds";
  EXPECT_EQ(recent.count(yellow), 0);
  for (int i = 0; i < 2; ++i) crossing(recent, "hit" + std::to_string(i), made(red, {red}), now);
  EXPECT_EQ(recent.count(), 20);
  EXPECT_EQ(recent.count(yellow), 5);
  EXPECT_EQ(recent.count(red), 2);
  for (int i = 0; i < 300; ++i) crossing(recent, "more" + std::to_string(i), made(green, {}), now);
  EXPECT_EQ(recent.count(), 200);
  EXPECT_EQ(recent.count(yellow), 0);
}

TEST(RecentCrossings, WhatTheScoreAloneSentThereTakesCapacityToo) {
  app::RecentCrossings recent;
  const auto by_score = [](SelectivityChannel channel, std::vector<SelectivityChannel> hits) {
    auto m = made(channel, std::move(hits));
    m.assessment.score = 70;
    m.assessment.reasons = {"score 70"};
    return m;
  };
  for (int i = 0; i < 8; ++i) crossing(recent, "yellow" + std::to_string(i), by_score(yellow, {green}), now);
  for (int i = 0; i < 4; ++i) crossing(recent, "red" + std::to_string(i), by_score(red, {yellow}), now);
  auto alarm = by_score(red, {green});  // yellow by its score, perhaps; red by the portal
  alarm.assessment.facts["evidence.radiation_alarm"] = true;
  for (int i = 0; i < 8; ++i) crossing(recent, "alarm" + std::to_string(i), alarm, now);
  EXPECT_EQ(recent.count(), 20);
  EXPECT_EQ(recent.count(yellow), 8);
  EXPECT_EQ(recent.count(red), 4);
}

TEST(RecentCrossings, OfEarlierBootsAreReadToTheLastDayHoweverManyThereAre) {
  OldPicture picture;
  for (int i = 0; i < 120'000; ++i) {  // 30 days of a busy post, and some of before
    store::CrossingRow row;
    row.id.text = "L1-1-" + std::to_string(i);
    row.opened.wall.ms = now.ms - i * (31 * day_ms / 120'000);
    row.plate = i == 110'000 || i == 119'000 ? "RARE" : "P" + std::to_string(i % 1000);
    row.outcome = "released";
    picture.rows.push_back(row);
  }
  for (std::uint64_t i = 0; i < 30; ++i) {
    StoredRecord record;
    record.sequence = 100 - i;
    record.crossing.text = "L1-1-" + std::to_string(i / 2);  // two assessments each, the newest first
    record.at.wall = now;
    record.body = i % 2 == 0 ? made(red, {red}) : made(yellow, {});
    picture.assessments.push_back(record);
  }
  app::RecentCrossings recent;
  ASSERT_TRUE(recent.load(picture, {LaneId{"L1"}}, now));
  EXPECT_EQ(recent.released("RARE", now), 1) << "the one of 28 days ago, not the one of before";
  EXPECT_EQ(recent.count(), 0) << "15 crossings";
  for (int i = 0; i < 5; ++i) crossing(recent, "new" + std::to_string(i), made(green, {}), now);
  EXPECT_EQ(recent.count(), 20);
  EXPECT_EQ(recent.count(red), 15);
}

TEST(RecentCrossings, ThatCannotBeReadAreSaidAndNeverMakeALaneGreener) {
  OldPicture picture;
  picture.broken = true;
  app::RecentCrossings recent;
  const auto loaded = recent.load(picture, {LaneId{"L1"}}, now);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().what, "picture.sqlite: malformed");
  EXPECT_EQ(recent.count(), 0);
  EXPECT_EQ(recent.released("BG1", now), std::nullopt) << "not known is not none";
  crossing(recent, "a", made(green, {}), now);
  EXPECT_EQ(recent.released("BG1", now), std::nullopt);
  const WallTime later{now.ms + 31 * day_ms};
  EXPECT_EQ(recent.released("BG1", later), 0);
}

TEST(RecentCrossings, AMovementBeginsWhenThePlateIsFirstSeenAndEndsWithItsRelease) {
  const auto at = [](std::int64_t day, std::int64_t ms = 0) { return WallTime{now.ms / day_ms * day_ms + day * day_ms + ms}; };
  app::RecentCrossings noted;
  OldPicture picture;
  const auto seen = [&](const std::string& plate, WallTime opened, const std::string& outcome) {
    const auto id = "c" + std::to_string(picture.rows.size());
    noted.note(Record{{"L1"}, {id}, {{}, opened}, CrossingOpened{"cargo", "entry"}, {}});
    crossing(noted, id, made(green, {}, plate), WallTime{opened.ms + 300'000}, outcome);
    store::CrossingRow row;
    row.id.text = id;
    row.opened.wall = opened;
    row.plate = plate;
    row.outcome = outcome;
    picture.rows.insert(picture.rows.begin(), row);
  };
  const auto says = [&](const std::string& plate, WallTime asked, WallTime begun, std::int64_t released) {
    app::RecentCrossings loaded;
    ASSERT_TRUE(loaded.load(picture, {LaneId{"L1"}}, asked));
    for (const auto* recent : {&noted, &loaded}) {
      EXPECT_EQ(recent->movement(plate, asked).at, begun) << plate;
      EXPECT_EQ(recent->movement(plate, asked).released_that_day, released) << plate;
    }
  };
  says("BG101OA", at(0, 5), at(0, 5), 0);
  seen("BG101OA", at(0, 5), "turned_back");
  says("BG101OA", at(3), at(0, 5), 0);
  says("BG1010A", at(3), at(0, 5), 0);  // a letter read as a digit
  seen("BG1010A", at(3), "turned_back");
  says("BG101OA", at(4), at(0, 5), 0);
  seen("BG101OA", at(4, 86'399'000), "released");  // closed on the next day
  says("BG101OA", at(4, 86'399'500), at(4, 86'399'500), 1);
  says("BG101OA", at(5), at(5), 0);
  seen("BG101OA", at(5, 10), "released");
  seen("BG101OA", at(5, 20), "released");
  says("BG101OA", at(5, 30), at(5, 30), 2);
  says("NS1", at(5, 30), at(5, 30), 0);
  seen("NS1", at(5), "turned_back");
  says("NS1", at(36), at(36), 0);  // nobody remembers
  EXPECT_EQ(noted.released("BG1010A", at(6)), 3);
}

TEST(RecentCrossings, ForgetPlatesThatHaveNotComeFor30Days) {
  app::RecentCrossings recent;
  for (int i = 0; i < 1000; ++i) crossing(recent, "c" + std::to_string(i), made(green, {}, "P" + std::to_string(i)), WallTime{now.ms + i * day_ms / 10});
  EXPECT_LE(recent.plates_held(), 302u);
  EXPECT_EQ(recent.released("P999", WallTime{now.ms + 100 * day_ms}), 1);
  EXPECT_EQ(recent.released("P1", WallTime{now.ms + 100 * day_ms}), 0);
}

}  // namespace
}  // namespace rampa::tests
