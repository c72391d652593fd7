// HQ's commands: once at most, whatever moment the post dies at; noted and answered.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "edge/app/hq_commands.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

using app::HqCommands;

class Commands : public testing::Test {
 protected:
  /// A start of the post; `applied` letters are taken.
  std::unique_ptr<HqCommands> start(std::uint64_t applied) {
    HqCommands::Calls calls;
    calls.carry_out = [this](const sync::CommandLetter& command) -> Result<std::string> {
      done.push_back(command.command);
      if (in_the_midst) in_the_midst();
      if (command.command == "fails") return fail(ErrorCode::io, "the disk says no");
      return "done: " + command.argument;
    };
    calls.note = [this](const AuditNote& note) -> Result<void> {
      if (journal_full) return fail(ErrorCode::no_space, "full");
      notes.push_back(note.who + " | " + note.detail);
      return {};
    };
    calls.answer = [this](std::uint64_t number, const std::string& outcome) { answers.push_back(std::to_string(number) + " " + outcome); };
    auto opened = HqCommands::open(scratch.path(), applied, std::move(calls));
    EXPECT_TRUE(opened) << opened.error().what;
    return opened ? std::move(*opened) : nullptr;
  }
  static sync::CommandLetter say(const std::string& what, const std::string& argument = "") { return {what, argument, "M. Petrovic"}; }

  ScratchDirectory scratch;
  std::function<void()> in_the_midst;
  bool journal_full = false;
  std::vector<std::string> done, notes, answers;
};

TEST_F(Commands, AreCarriedOutInOrderNotedAndAnswered) {
  auto commands = start(4);
  ASSERT_TRUE(commands->take(5, say("say_status", "all")));
  ASSERT_TRUE(commands->take(6, say("fails")));
  commands->work();
  EXPECT_TRUE(done.empty()) << "HQ does not know yet that they were taken";
  commands->release(6);
  commands->work();
  EXPECT_EQ(done, (std::vector<std::string>{"say_status", "fails"}));
  EXPECT_EQ(answers, (std::vector<std::string>{"5 done: all", "6 failed: the disk says no"}));
  EXPECT_EQ(notes, (std::vector<std::string>{"hq: M. Petrovic | letter 5: say_status all: done: all", "hq: M. Petrovic | letter 6: fails: failed: the disk says no"}));
  commands->work();
  EXPECT_EQ(done.size(), 2u);
  commands = start(6);
  commands->work();
  EXPECT_EQ(done.size(), 2u);
  commands->answer_again();
  EXPECT_EQ(answers.size(), 4u) << "HQ may not have heard";
}

TEST_F(Commands, WhatHqWasNotToldOfComesAgainAndIsCarriedOutOnce) {
  ASSERT_TRUE(start(4)->take(5, say("say_status")));  // and the post dies
  auto commands = start(4);
  commands->work();
  EXPECT_TRUE(done.empty());
  ASSERT_TRUE(commands->take(5, say("say_status")));
  commands->release(5);
  commands->work();
  EXPECT_EQ(done.size(), 1u);
}

TEST_F(Commands, WhatWasTakenAndNotBegunIsCarriedOutAfterTheRestart) {
  ASSERT_TRUE(start(4)->take(5, say("say_status")));
  start(5)->work();
  EXPECT_EQ(done.size(), 1u);
}

TEST_F(Commands, WhatHadBegunIsNotBegunAgain) {
  auto commands = start(4);
  ASSERT_TRUE(commands->take(5, say("say_status")));
  commands->release(5);
  in_the_midst = [&] {
    in_the_midst = nullptr;
    start(5)->work();  // as it is found after a kill at this moment
  };
  commands->work();
  EXPECT_EQ(done.size(), 1u);
  ASSERT_FALSE(answers.empty());
  EXPECT_EQ(answers.front().substr(0, 11), "5 not known");
  EXPECT_NE(notes.front().find("not known"), std::string::npos);
}

TEST_F(Commands, TheOutcomeIsNotLostWhereTheJournalIsFull) {
  auto commands = start(0);
  ASSERT_TRUE(commands->take(1, say("say_status", "x")));
  commands->release(1);
  journal_full = true;
  commands->work();
  EXPECT_TRUE(answers.empty()) << "nothing is answered that is not in the journal";
  journal_full = false;
  start(1)->work();
  EXPECT_EQ(done.size(), 1u);
  EXPECT_EQ(answers, std::vector<std::string>{"1 done: x"});
  EXPECT_EQ(notes.size(), 1u);
}

TEST_F(Commands, WhatCannotBeCarriedOutDoesNotPileUp) {
  auto commands = start(0);
  journal_full = true;
  std::uint64_t n = 0;
  Result<void> taken;
  while (taken && n < 100) {
    taken = commands->take(++n, say("say_status", std::string(200, '\x01')));
    commands->release(n);
    if (n % 20 == 0) commands->work();
  }
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::busy);
  EXPECT_EQ(n, HqCommands::waiting_max + 1);
  EXPECT_TRUE(commands->take(7, say("say_status"))) << "said again: it is here";
  journal_full = false;
  start(n - 1)->work();
  EXPECT_EQ(answers.size(), HqCommands::waiting_max) << "the file that grew is read again";
}

TEST_F(Commands, AFileThatIsNoneOfItsOwnIsNamedWithTheRemedy) {
  const std::string path = scratch.path() + "/commands";
  const auto opened = [&] { return HqCommands::open(scratch.path(), 9, {}); };
  const std::string deep(3u << 20, '[');
  for (const std::string& text : {std::string("["), std::string("{}"), std::string(R"([{"number":1,"state":0,"command":5}])"), deep,
                                  std::string(R"([{"number":-1,"state":0}])"), "[" + std::string(8u << 20, ' ') + "]"}) {
    std::ofstream(path, std::ios::binary) << text;
    const auto refused = opened();
    ASSERT_FALSE(refused) << text.substr(0, 50);
    EXPECT_NE(refused.error().what.find(path), std::string::npos) << refused.error().what;
    EXPECT_NE(refused.error().what.find("move it away"), std::string::npos) << refused.error().what;
  }
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  const auto refused = opened();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find(path), std::string::npos) << refused.error().what;
}

TEST_F(Commands, ManyThatAreDoneAreForgotten) {
  auto commands = start(0);
  for (std::uint64_t n = 1; n <= 100; ++n) {
    ASSERT_TRUE(commands->take(n, say("say_status")));
    commands->release(n);
    commands->work();
  }
  EXPECT_EQ(done.size(), 100u);
  commands = start(100);
  answers.clear();
  commands->answer_again();
  EXPECT_LE(answers.size(), HqCommands::kept_max + 1);
}

}  // namespace
}  // namespace rampa::tests
