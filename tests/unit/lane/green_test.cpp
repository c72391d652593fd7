// The way of a lorry that nothing speaks against, and what must be durable before the boom rises.
#include <gtest/gtest.h>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;

TEST(Green, LorryIsReadWeighedReleasedAndTheLaneIsFreeAgain) {
  Rig rig;
  rig.start();
  ASSERT_EQ(rig.state.phase, Phase::idle);
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::opening) << lane::describe(rig.state);
  EXPECT_EQ(rig.state.crossing.text, "L1-7-1");
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open);
  EXPECT_EQ(rig.count("light 1 green"), 1u);
  rig.drive_through();
  rig.pass(6s);
  EXPECT_EQ(rig.state.phase, Phase::idle) << lane::describe(rig.state);
  EXPECT_TRUE(rig.state.crossing.empty());
  EXPECT_EQ(rig.count("raise 1"), 1u);
  EXPECT_EQ(rig.count("lower 1"), 1u);
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u);
  EXPECT_EQ(rig.records<CrossingClosed>()[0].outcome, "released");
  EXPECT_EQ(rig.records<CaptureTaken>().size(), 3u);
  EXPECT_TRUE(rig.saw("passed"));
  EXPECT_EQ(rig.records<VerdictGiven>()[0].decided_by, "policy");
}

TEST(Green, NothingRisesBeforeTheVerdictIsDurable) {
  Rig rig;
  rig.start();
  rig.store_answers = false;
  rig.arrive();
  EXPECT_EQ(rig.state.phase, Phase::deciding);
  rig.pass(5s);
  EXPECT_EQ(rig.state.phase, Phase::deciding);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  rig.commit_all();
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Green, BlueOpensAndIsMarkedForAudit) {
  Rig rig;
  rig.channel = SelectivityChannel::blue;
  rig.start();
  rig.arrive();
  EXPECT_EQ(rig.state.phase, Phase::opening);
  EXPECT_TRUE(rig.records<VerdictGiven>().at(0).audit_afterwards);
}

TEST(Green, YellowAndRedHold) {
  for (auto channel : {SelectivityChannel::yellow, SelectivityChannel::red}) {
    Rig rig;
    rig.channel = channel;
    rig.start();
    rig.arrive();
    rig.pass(5s);
    EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
    EXPECT_EQ(rig.count("raise 1"), 0u);
    EXPECT_EQ(rig.records<VerdictGiven>().at(0).verdict, Verdict::hold);
  }
}

TEST(Green, MissingEvidenceHoldsWhateverTheAssessmentSays) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  rig.plate("plate_front", "BG123AA");
  rig.pass(10s);  // no mass comes
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.state.evidence_missing, std::vector<std::string>{"scale"});
}
