// Records survive the way to JSON and back, and personal fields never stand in the open part.
#include "edge/crossing/record_json.hpp"

#include <gtest/gtest.h>

using namespace rampa;

namespace {

std::vector<RecordBody> one_of_each() {
  device::PlateRead plate;
  plate.text = "BG123XY";
  plate.confidence_percent = 97;
  plate.char_confidence_percent = {99, 98, 97};
  plate.position = device::PlatePosition::front;
  plate.captured = WallTime{1234};
  plate.read_id = "uuid-1";
  plate.reader = "rampa";
  plate.uncertified = true;
  device::Provenance from{{"L1-cam"}, {{5}, {6}}, WallTime{7}, device::Quality::good, ""};

  AssessmentMade made;
  made.assessment.channel = SelectivityChannel::yellow;
  made.assessment.hits = {{"P1", SelectivityChannel::yellow, "Check the seals", 3}};
  made.assessment.draws = {17, 9999};
  made.assessment.draw_key = 0xffffffffffffffffull;
  made.assessment.facts = {{"vehicle.plate", std::string("BG123XY")},
                           {"evidence.gross_kg", std::int64_t{39980}},
                           {"vehicle.foreign", true},
                           {"declaration.hs", std::vector<std::string>{"240220", "270900"}}};
  made.declarations = {"26RS0001"};

  PaperCrossing paper;
  paper.plate = "NS001AA";
  paper.note = "driver Petrović";
  paper.gross_kg = 12345;

  return {Booted{"0.1.0", "set-1", true},
          CrossingOpened{"cargo", "entry"},
          CaptureTaken{"plate_front", from, plate},
          CaptureTaken{"scale", from, device::WeighReading{.gross_g = 39980000, .alibi_number = "00017"}},
          CaptureTaken{"portal", from, device::RadiationReading{.occupancy = 4, .gamma_sigma = 2.5}},
          CaptureTaken{"scanner", from, device::ScanImage{.scan_id = "s1", .width_px = 640, .height_px = 480, .complete = true}},
          made,
          VerdictGiven{Verdict::hold, SelectivityChannel::yellow, "policy", "", "P1", false, false, 812},
          ControlRecorded{"documents", "nothing_found", "1001", "driver Petrović"},
          PassageSeen{"passed", ""},
          CrossingClosed{"released", ""},
          OfficerActed{"1001", "T1", "confirm", "", true, ""},
          LaneModeChanged{"out_of_service", "1001", "snow"},
          FaultChanged{{"L1-io"}, "io", {device::ConditionLevel::faulted, "watchdog_unarmed", "arm it"}},
          paper,
          AuditNote{"login", "1001", "T1"},
          BlobEvicted{std::string(64, 'a'), 70'000, "thumbnail", "quota_thumbnails", true}};
}

}  // namespace

TEST(RecordJson, PartsOfCriteriaArePersonalAndReadWhereJournalsOfBeforeHaveThem) {
  AssessmentMade made;
  made.assessment.undetermined = {"P-2: declaration.incoterm missing"};
  made.assessment.declined = {"P-3: green list FRIENDS"};
  const auto text = encode(RecordBody(made));
  for (const char* part : {"incoterm", "FRIENDS"}) {
    EXPECT_EQ(text.open.find(part), std::string::npos) << text.open;
    EXPECT_NE(text.personal.find(part), std::string::npos) << text.personal;
  }
  EXPECT_EQ(std::get<AssessmentMade>(*decode(text.open, text.personal)), made);
  EXPECT_TRUE(std::get<AssessmentMade>(*decode(text.open, "")).assessment.undetermined.empty()) << "erased with the day";
  const std::string before = R"({"kind":"assessment","assessment":{"undetermined":["P-2: declaration.incoterm missing"],"declined":["P-3: green list FRIENDS"]}})";
  for (const char* personal : {"", R"({"assessment":{"facts":{}},"declarations":[]})"}) {
    const auto old = decode(before, personal);
    ASSERT_TRUE(old) << old.error().what;
    EXPECT_EQ(std::get<AssessmentMade>(*old).assessment.undetermined, made.assessment.undetermined);
    EXPECT_EQ(std::get<AssessmentMade>(*old).assessment.declined, made.assessment.declined);
  }
}

TEST(RecordJson, EveryKindComesBackEqual) {
  std::set<std::size_t> kinds;
  for (const auto& body : one_of_each()) {
    kinds.insert(body.index());
    const RecordText text = encode(body);
    auto back = decode(text.open, text.personal);
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(*back, body) << text.open;
    EXPECT_EQ(encode(*back).open, text.open);
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<RecordBody>) << "a kind of record has no example here";
}

TEST(RecordJson, PersonalFieldsStayOutOfTheOpenPart) {
  for (const auto& body : one_of_each()) {
    const RecordText text = encode(body);
    for (const char* secret : {"BG123XY", "NS001AA", "Petrović", "26RS0001"})
      EXPECT_EQ(text.open.find(secret), std::string::npos) << secret << " in " << text.open;
  }
}

TEST(RecordJson, ErasedPersonalPartLeavesTheRestTrue) {
  const auto bodies = one_of_each();
  const RecordText text = encode(bodies[2]);
  auto back = decode(text.open, "");
  ASSERT_TRUE(back);
  const auto& plate = std::get<device::PlateRead>(std::get<CaptureTaken>(*back).body);
  EXPECT_EQ(plate.text, "");
  EXPECT_EQ(plate.confidence_percent, 97);
}

TEST(RecordJson, BadInputNamesTheField) {
  EXPECT_FALSE(decode("[]", ""));
  EXPECT_FALSE(decode("{\"kind\":\"no_such_kind\"}", ""));
  auto bad = decode("{\"kind\":\"capture\",\"body\":{\"kind\":\"weighing\",\"gross_g\":\"heavy\"}}", "");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().what.find("body.gross_g"), std::string::npos) << bad.error().what;
}
