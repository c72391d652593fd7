// Which captures count, and what becomes of those that do not.
#include <gtest/gtest.h>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {

bool missing(const Rig& rig, const std::string& role) {
  const auto& list = rig.state.evidence_missing;
  return std::find(list.begin(), list.end(), role) != list.end();
}

Fields facts_asked(const Rig& rig) {
  for (auto it = rig.all.rbegin(); it != rig.all.rend(); ++it) {
    if (const auto* assess = std::get_if<lane::Assess>(&*it)) return assess->facts;
  }
  return {};
}

}  // namespace

TEST(Evidence, PlateReadJustBeforeTheLoopBelongsToTheArrival) {
  Rig rig;
  rig.start();
  rig.plate("plate_front", "BG123AA");
  rig.pass(4s);
  rig.set(points::loop_entry, true);
  rig.pass(500ms);
  ASSERT_EQ(rig.state.phase, Phase::gathering);
  ASSERT_EQ(rig.state.captures.size(), 1u);
  // durable when it came, and under the crossing when it was known
  std::vector<std::string> crossings;
  for (const auto& record : rig.durable)
    if (std::holds_alternative<CaptureTaken>(record.body)) crossings.push_back(record.crossing.text);
  EXPECT_EQ(crossings, (std::vector<std::string>{"", "L1-7-1"}));
}

TEST(Evidence, PictureOfAnEarlyReadIsKeptBothTimes) {
  Rig rig;
  rig.start();
  device::PlateRead read;
  read.text = "BG123AA";
  read.confidence_percent = 95;
  read.read_id = "x";
  auto event = rig.event("L1-plate_front", read);
  event.attachments.push_back({"plate.jpg", "image/jpeg", std::make_shared<const Bytes>(Bytes{1, 2, 3})});
  rig.give(lane::FromDevice{"plate_front", event});
  rig.arrive(false);
  int pictures = 0;
  for (const auto& record : rig.durable) pictures += static_cast<int>(record.attachments.size());
  EXPECT_EQ(pictures, 2);
  EXPECT_TRUE(rig.state.captures.at(0).attachments.empty()) << "the state does not hold pictures";
}

TEST(Evidence, PlateReadLongBeforeTheLoopDoesNot) {
  Rig rig;
  rig.start();
  rig.plate("plate_front", "BG123AA");
  rig.pass(5500ms);
  rig.arrive(false);
  rig.weigh_for(32000, 700ms);
  rig.pass(10s);
  EXPECT_TRUE(missing(rig, "plate_front"));
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
}

TEST(Evidence, ReplayedReadIsNoRead) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  rig.plate("plate_front", "BG123AA", 95, "event-1");
  rig.plate("plate_rear", "BG456BB");
  rig.weigh_for(32000, 700ms);
  rig.pass(1500ms);
  rig.drive_through();
  rig.pass(8s);
  ASSERT_EQ(rig.state.phase, Phase::idle);
  rig.arrive(false);
  rig.plate("plate_front", "BG123AA", 95, "event-1");  // the camera sends the old event again
  rig.weigh_for(31000, 700ms);
  rig.pass(10s);
  EXPECT_TRUE(missing(rig, "plate_front"));
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Evidence, ReplayUnderANewIdIsToldByItsPicture) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  device::PlateRead read;
  read.text = "BG123AA";
  read.confidence_percent = 95;
  read.captured = WallTime{123};
  for (const char* id : {"a", "b"}) {
    read.read_id = id;
    rig.give(lane::FromDevice{"plate_front", rig.event("L1-plate_front", read)});
  }
  EXPECT_EQ(rig.state.captures.size(), 1u);
}

TEST(Evidence, ReplayAfterARestartIsKnownFromTheStore) {
  Rig rig;
  rig.give(lane::Started{{}, "in_service", {"plate_front|event-1"}});
  rig.start();
  rig.arrive(false);
  rig.plate("plate_front", "BG123AA", 95, "event-1");
  EXPECT_TRUE(rig.state.captures.empty());
}

TEST(Evidence, SuspectAndBadReadingsAreKeptButDoNotCount) {
  for (auto quality : {device::Quality::suspect, device::Quality::bad}) {
    Rig rig;
    rig.start();
    rig.arrive(false);
    device::PlateRead read;
    read.text = "BG123AA";
    read.confidence_percent = 99;
    read.read_id = "x";
    rig.give(lane::FromDevice{"plate_front", rig.event("L1-plate_front", read, quality)});
    rig.weigh_for(32000, 700ms);
    rig.pass(10s);
    EXPECT_EQ(rig.state.captures.size(), 2u);
    EXPECT_TRUE(missing(rig, "plate_front"));
    EXPECT_EQ(facts_asked(rig).count("vehicle.plate"), 0u);
  }
}

TEST(Evidence, ReadingsOfASuspectDeviceDoNotCount) {
  Rig rig;
  rig.start();
  rig.condition("plate_front", device::ConditionLevel::suspect, "frozen_heartbeat");
  rig.arrive();
  rig.pass(10s);
  EXPECT_TRUE(missing(rig, "plate_front"));
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
}

TEST(Evidence, UnreadOrDoubtfulPlateIsMissing) {
  for (const auto& [text, confidence] : {std::pair<std::string, int>{"", 0}, {"BG123AA", 59}}) {
    Rig rig;
    rig.start();
    rig.arrive(false);
    rig.plate("plate_front", text, confidence);
    rig.weigh_for(32000, 700ms);
    rig.pass(10s);
    EXPECT_TRUE(missing(rig, "plate_front"));
    EXPECT_EQ(rig.count("raise 1"), 0u);
  }
}

TEST(Evidence, NoPlateAtAllIsMissingEvenWhereTheSiteDoesNotAskForIt) {
  auto config = cargo_config();
  config.required_evidence = {};
  Rig rig(config);
  rig.start();
  rig.arrive(false);
  rig.weigh_for(32000, 700ms);
  rig.pass(10s);
  EXPECT_TRUE(missing(rig, "plate_front"));
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
}

TEST(Evidence, BestReadOfSeveralIsTheFactAndTheDifferenceIsOneToo) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  rig.plate("plate_front", "BG128AA", 70);
  rig.plate("plate_front", "BG123AA", 91);
  rig.plate("plate_front", "BG123AA", 80);  // says nothing new
  EXPECT_EQ(rig.state.captures.size(), 2u);
  rig.plate("plate_rear", "T1");
  rig.weigh_for(32000, 700ms);
  const auto facts = facts_asked(rig);
  EXPECT_EQ(facts.at("vehicle.plate"), FieldValue{std::string("BG123AA")});
  EXPECT_EQ(facts.at("evidence.plate_read_differently"), FieldValue{true});
  EXPECT_EQ(facts.at("vehicle.plates"), FieldValue{(std::vector<std::string>{"BG123AA", "T1"})});
}

TEST(Evidence, AReadThatItsReaderDoesNotCertifyOpensNothingButIsAskedOf) {
  for (const std::string role : {"plate_front", "plate_rear"}) {
    auto config = cargo_config();
    config.required_evidence = {"scale"};  // whatever the site demands
    Rig rig(config);
    rig.start();
    rig.arrive(false);
    for (const std::string each : {"plate_front", "plate_rear"}) rig.plate(each, each == "plate_front" ? "BG123AA" : "BG456BB", 99, {}, each == role);
    rig.weigh_for(32000, 700ms);
    EXPECT_EQ(rig.state.phase, Phase::gathering) << "a better read may come until the deadline";
    rig.pass(10s);
    EXPECT_TRUE(missing(rig, role));
    const auto facts = facts_asked(rig);
    EXPECT_EQ(facts.at("vehicle.plate"), FieldValue{std::string("BG123AA")});
    EXPECT_EQ(facts.at("vehicle.trailer"), FieldValue{std::string("BG456BB")});
    EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
    EXPECT_EQ(rig.count("raise 1"), 0u);
  }
}

TEST(Evidence, ACertifiedReadIsTheFactWhateverWasReadBefore) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  for (int i = 0; i < 9; ++i) rig.plate("plate_front", "BG12" + std::to_string(i) + "AB", 99, {}, true);  // more than are kept
  rig.plate("plate_front", "BG123AA", 90, {}, true);
  rig.plate("plate_front", "BG123AA", 90);
  EXPECT_EQ(facts_of(rig.state, rig.config).at("vehicle.plate"), FieldValue{std::string("BG123AA")});
  rig.plate("plate_rear", "BG456BB");
  rig.weigh_for(32000, 700ms);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Evidence, TwoTextsThatOurReaderCertifiedForOneVehicleOpenNothing) {
  for (const std::string reader : {"rampa", "camera"}) {
    Rig rig;
    rig.start();
    rig.arrive(false);
    const auto read = [&](const std::string& text, int confidence) {
      device::PlateRead one;
      one.reader = reader;
      one.text = text;
      one.confidence_percent = confidence;
      one.read_id = text;
      rig.give(lane::FromDevice{"plate_front", rig.event("L1-plate_front", one)});
    };
    read("BG123AA", 95);
    read("BG128AA", 99);
    rig.plate("plate_rear", "BG456BB");
    rig.weigh_for(32000, 700ms);
    rig.pass(10s);
    EXPECT_EQ(missing(rig, "plate_front"), reader == "rampa");
    EXPECT_EQ(rig.count("raise 1"), reader == "rampa" ? 0u : 1u) << "of a camera's own reads the profiles decide";
  }
}

TEST(Evidence, APlainCameraRestsOnceItsReadIsCertified) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  rig.plate("plate_front", "BG123AA", 99, {}, true);
  EXPECT_EQ(rig.count("frames 1000 ms"), 0u);
  rig.plate("plate_front", "BG123AA", 95);
  EXPECT_EQ(rig.count("frames 1000 ms"), 1u);
}

TEST(Evidence, ATicketNeedsAStandingVehicle) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  rig.plate("plate_front", "BG123AA");
  for (int i = 0; i < 10; ++i) {
    rig.weigh(20000 + i * 1000);  // "stable" and rising: it still drives on
    rig.pass(100ms);
  }
  EXPECT_EQ(rig.state.captures.size(), 1u);
  for (int i = 0; i < 10; ++i) {
    rig.weigh(32000, true);
    rig.pass(100ms);
  }
  EXPECT_EQ(rig.state.captures.size(), 1u);
  rig.weigh_for(32000, 700ms);
  EXPECT_EQ(rig.state.captures.size(), 2u);
}

TEST(Evidence, EmptyPlatformIsNoTicket) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  rig.plate("plate_front", "BG123AA");
  rig.weigh_for(0, 2s);
  rig.pass(10s);
  EXPECT_TRUE(missing(rig, "scale"));
}

TEST(Evidence, OverloadedScaleGivesNoTicket) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  device::WeighReading reading;
  reading.gross_g = 99000000;
  reading.over_range = true;
  for (int i = 0; i < 30; ++i) {
    rig.give(lane::FromDevice{"scale", rig.event("L1-scale", reading)});
    rig.pass(100ms);
  }
  rig.pass(8s);
  EXPECT_TRUE(missing(rig, "scale"));
}

TEST(Evidence, SecondVehicleOnTheScaleSpoilsTheTicket) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  rig.weigh_for(32000, 700ms);
  ASSERT_EQ(rig.state.captures.size(), 1u);
  rig.weigh_for(41000, 1s);
  EXPECT_TRUE(rig.saw("second_vehicle_on_scale"));
  rig.plate("plate_front", "BG123AA");
  rig.plate("plate_rear", "T1");
  rig.pass(10s);
  EXPECT_TRUE(missing(rig, "scale"));
  EXPECT_EQ(rig.count("raise 1"), 0u);
}

TEST(Evidence, SecondVehicleOnTheScaleWhileTheVerdictIsWrittenStopsIt) {
  Rig rig;
  rig.start();
  rig.store_answers = false;
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::deciding);
  rig.weigh_for(41000, 1s);
  rig.store_answers = true;
  rig.commit_all();
  rig.pass(1s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
}

TEST(Evidence, RadiationAlarmAfterTheAssessmentStopsTheRelease) {
  auto config = cargo_config();
  config.roles.push_back("portal");
  Rig rig(config);
  rig.start();
  rig.store_answers = false;
  rig.arrive();
  rig.pass(8s);
  ASSERT_EQ(rig.state.phase, Phase::deciding);
  device::RadiationReading alarm;
  alarm.occupancy = 3;
  alarm.gamma_alarm = true;
  alarm.gamma_sigma = 30;
  rig.channel = SelectivityChannel::red;  // what risk would say to the new facts
  rig.give(lane::FromDevice{"portal", rig.event("L1-portal", alarm, device::Quality::suspect)});
  rig.store_answers = true;
  rig.commit_all();
  rig.pass(200ms);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  EXPECT_EQ(facts_asked(rig).at("evidence.radiation_alarm"), FieldValue{true});
}

// A lorry needs seconds from the arrival loop to the line, where its plate is legible.
TEST(Evidence, APlainCameraLooksUntilAPlateIsReadOrTheDeadline) {
  Rig rig;
  rig.start();
  rig.set(points::loop_entry, true);
  rig.pass(1s);
  EXPECT_EQ(rig.count("frames 8000 ms"), 2u) << "one per camera, for the whole deadline";
  EXPECT_EQ(rig.count("frames 1000 ms"), 0u);
  rig.plate("plate_front", "BG123AA");
  rig.pass(100ms);
  EXPECT_EQ(rig.count("frames 1000 ms"), 1u) << "a little longer, for a better read";
  rig.plate("plate_front", "BG123AA");
  rig.pass(100ms);
  EXPECT_EQ(rig.count("frames 1000 ms"), 1u) << "once";
}

TEST(Evidence, FurtherInputModulesAreNotWaitedFor) {
  auto config = cargo_config();
  config.roles.push_back("io_2");
  config.evidence_deadline = 60s;
  Rig rig(config);
  rig.start();
  rig.arrive();
  rig.pass(3s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Evidence, FaultyPortalProvesNothing) {
  auto config = cargo_config();
  config.roles.push_back("portal");
  config.required_evidence.push_back("portal");
  Rig rig(config);
  rig.start();
  rig.arrive();
  device::RadiationReading reading;
  reading.occupancy = 3;
  reading.portal_fault = true;
  rig.give(lane::FromDevice{"portal", rig.event("L1-portal", reading)});
  rig.pass(10s);
  EXPECT_TRUE(missing(rig, "portal"));
  EXPECT_EQ(facts_asked(rig).count("evidence.radiation_alarm"), 0u);
}

TEST(Evidence, NextLorrysPlateReadWhileTheFirstDrivesOffWaitsForItsCrossing) {
  Rig rig;
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  rig.set(points::loop_boom, true);
  rig.set(points::photocell, true);
  rig.pass(300ms);
  rig.plate("plate_rear", "BG457BB");  // still the first one's: it lies on the arrival loop
  rig.set(points::loop_exit, true);
  rig.pass(300ms);
  rig.set(points::loop_entry, false);
  rig.pass(500ms);
  rig.plate("plate_front", "NS999XX");
  rig.set(points::loop_boom, false);
  rig.set(points::photocell, false);
  rig.pass(300ms);
  rig.set(points::loop_exit, false);
  rig.set(points::loop_entry, true);  // the next one
  rig.pass(6s);
  ASSERT_EQ(rig.state.crossing.text, "L1-7-2") << lane::describe(rig.state);
  ASSERT_EQ(rig.state.captures.size(), 1u);
  EXPECT_EQ(std::get<device::PlateRead>(rig.state.captures[0].body).text, "NS999XX");
  for (const auto& record : rig.durable) {
    const auto* taken = std::get_if<CaptureTaken>(&record.body);
    const auto* plate = taken ? std::get_if<device::PlateRead>(&taken->body) : nullptr;
    if (plate && plate->text == "NS999XX") { EXPECT_NE(record.crossing.text, "L1-7-1"); }
    if (plate && plate->text == "BG457BB") { EXPECT_EQ(record.crossing.text, "L1-7-1"); }
  }
}

TEST(Evidence, LastEvidenceIsWhenTheLastOneArrived) {
  Rig rig;
  rig.start();
  rig.arrive();
  EXPECT_EQ(rig.state.phase, Phase::opening);
  ASSERT_TRUE(rig.state.last_evidence);
  EXPECT_LE(*rig.state.last_evidence, rig.now.mono);
  EXPECT_GE(*rig.state.last_evidence, rig.now.mono - 300ms);
}

TEST(Evidence, AnswerForAnotherCrossingIsIgnored) {
  Rig rig;
  rig.assess_answers = false;
  rig.start();
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::assessing);
  rig.give(lane::Assessed{AssessmentMade{}, CrossingId{"L1-7-99"}});
  EXPECT_EQ(rig.state.phase, Phase::assessing);
  rig.pass(6s);  // never answered: held
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  EXPECT_EQ(rig.count("raise 1"), 0u);
}

TEST(Evidence, TheLastPictureOfACameraWithoutAReadIsRecorded) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  const auto picture = [&](const char* role, std::uint64_t number) {
    auto event = rig.event(std::string("L1-") + role, device::CameraFrame{device::PlatePosition::front, number});
    event.attachments = {{"frame", "image/jpeg", std::make_shared<const Bytes>(Bytes(10, static_cast<std::uint8_t>(number)))}};
    rig.give(lane::FromDevice{role, event});
  };
  picture("plate_front", 1);
  picture("plate_front", 2);
  picture("plate_rear", 3);
  rig.plate("plate_rear", "BG456BB");
  rig.pass(10s);
  std::vector<Record> frames;
  for (const auto& record : rig.durable)
    if (const auto* taken = std::get_if<CaptureTaken>(&record.body); taken && std::holds_alternative<device::CameraFrame>(taken->body))
      frames.push_back(record);
  ASSERT_EQ(frames.size(), 1u) << "the rear one was read: its read has the picture";
  EXPECT_EQ(std::get<CaptureTaken>(frames[0].body).role, "plate_front");
  ASSERT_EQ(frames[0].attachments.size(), 1u);
  EXPECT_EQ(frames[0].attachments[0].bytes->front(), 2);
  EXPECT_EQ(frames[0].crossing, rig.state.crossing);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  EXPECT_TRUE(rig.state.frames.empty());
}

// The module dies with the boom up and the lorry drives on: what is read now comes behind it.
TEST(Evidence, ReadWhileTheInputsAreAwayIsNotTheReleasedLorrys) {
  Rig rig;
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open);
  const auto before = rig.state.captures.size();
  rig.io_alive = false;
  rig.pass(5s);
  rig.plate("plate_front", "NS999XX");
  EXPECT_EQ(rig.state.captures.size(), before);
  rig.io_alive = true;  // and the loop is taken again: by it, or by the next one
  rig.pass(1s);
  rig.plate("plate_rear", "NS998XX");
  EXPECT_EQ(rig.state.captures.size(), before);
}
