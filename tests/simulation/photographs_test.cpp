// A lane works through real photographs: a plain camera serves them over its wire, our reader reads them, the lane decides.
// What the reader cannot read must end with an officer; what it reads wrongly must not pass as somebody else's green.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include "edge/vision/plates/plate_read.hpp"
#include "hil/bench/virtual_run.hpp"
#include "hil/world/traffic.hpp"
#include "tests/support/shared_data.hpp"

namespace rampa::hil {
namespace {

struct Photograph {
  std::string file, plate;
};

std::vector<Photograph> photographs(const std::string& folder) {
  std::vector<Photograph> all;
  std::ifstream truth(folder + "/truth.csv");
  std::string line;
  std::getline(truth, line);
  while (std::getline(truth, line)) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    if (cells.size() >= 6) all.push_back({folder + "/" + cells[0], cells[5]});
  }
  return all;
}

std::shared_ptr<const risk::ProfileSet> profiles() {
  std::ifstream in("tests/scenarios/profiles.json");
  std::stringstream text;
  text << in.rdbuf();
  auto set = risk::compile(text.str(), "");
  EXPECT_TRUE(set) << set.error().what;
  return *set;
}

TEST(Photographs, ALaneWorksThroughAllOfThem) {
  RAMPA_NEEDS_SHARED_DATA();
  const auto all = photographs(tests::shared_data() + "/plates/eu");
  ASSERT_EQ(all.size(), 108u);
  auto check = config::read_site("tests/scenarios/sites/photograph-lane.toml", "firmware-interfaces/icd");
  for (const auto& finding : check.findings) ADD_FAILURE() << finding.file << ":" << finding.line << ": " << finding.cause;

  Scenario scenario;
  scenario.name = "photographs";
  scenario.seconds = 60.0 * 2 * static_cast<double>(all.size());
  RealPictures pictures;
  pictures.photographs.resize(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    ScenarioLorry coming;
    coming.lorry.number = i + 1;
    coming.lorry.plate_front = all[i].plate;  // what is declared, and what the world knows; the camera shows the photograph
    coming.lorry.country = "SVK";
    coming.lorry.axles = articulated_axles(31'000);
    scenario.lorries.push_back(std::move(coming));
    pictures.photographs[(i + 1) % all.size()] = all[i].file;
  }
  auto reader = vision::plates::make_net_reader(vision::plates::ReaderFiles::usual(), vision::plates::known_countries());
  ASSERT_TRUE(reader) << reader.error().what;
  pictures.reader = std::move(*reader);

  const auto run = play_virtually(scenario, std::move(check.site), profiles(), nullptr, std::move(pictures));
  ASSERT_TRUE(run) << run.error().what;
  for (const auto& violation : run->report.violations) ADD_FAILURE() << violation.name << ": " << violation.detail;

  std::size_t read = 0, wrong = 0, unread = 0, green = 0, by_officer = 0;
  std::set<std::uint64_t> seen;
  for (const auto& crossing : run->report.crossings) {
    ASSERT_GE(crossing.lorry, 1u) << crossing.id;
    const Photograph& photograph = all.at(crossing.lorry - 1);
    EXPECT_TRUE(seen.insert(crossing.lorry).second) << photograph.file << ": two crossings";
    const bool exact = crossing.plate == photograph.plate;
    ++(exact ? read : crossing.plate.empty() ? unread : wrong);
    green += crossing.channel == "green";
    by_officer += crossing.decided_by != "policy";
    EXPECT_EQ(crossing.outcome, "released") << photograph.file;
    if (crossing.channel == "green") EXPECT_TRUE(exact) << photograph.file << ": green with " << crossing.plate;
    else EXPECT_NE(crossing.decided_by, "policy") << photograph.file;
    if (crossing.plate.empty()) {
      EXPECT_NE(crossing.decided_by, "policy") << photograph.file;
      const auto& missing = crossing.evidence_missing;
      EXPECT_NE(std::find(missing.begin(), missing.end(), "plate_front"), missing.end()) << photograph.file;
    }
  }
  EXPECT_EQ(seen.size(), all.size());
  EXPECT_GT(green, 30u) << "a lane that sends everybody to the officer is no lane";
  EXPECT_GT(unread + wrong, 0u) << "nothing was unread: then this test shows nothing about it";
  std::cout << "[ FIGURE   ] a lane through plates/eu with our reader: " << read << " of " << all.size() << " read as they are, " << wrong
            << " read as something else, " << unread << " not read; " << green << " green, " << by_officer << " decided by the officer, "
            << run->report.world_s << " s of lane time\n";
}

}  // namespace
}  // namespace rampa::hil
