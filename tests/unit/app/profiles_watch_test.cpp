// A newer profile set while lanes work: whatever goes wrong with it, the thread goes on and the last good set stays.
#include <gtest/gtest.h>

#include <sched.h>

#include <atomic>
#include <fstream>
#include <stdexcept>

#include "edge/app/lanes_first.hpp"
#include "edge/app/profiles_watch.hpp"
#include "edge/app/waiter.hpp"
#include "tests/unit/risk/sets.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

using namespace std::chrono_literals;

struct WatchedFile {
  WatchedFile() { std::ofstream(file) << "{}"; }
  app::LoadedProfiles good() const { return {compiled(""), nullptr, std::nullopt, {}}; }
  ScratchDirectory scratch;
  std::string file = scratch.path() + "/profiles.json";
};

TEST(ProfilesWatch, TakesExceptionsForRefusalsAndTriesAgain) {
  WatchedFile watched;
  int reads = 0, uses = 0;
  app::Waiter<std::string> used;
  app::ProfilesWatch::Calls calls;
  calls.read = [&](const std::string&) -> Result<app::LoadedProfiles> {
    ++reads;
    if (reads == 1) throw std::bad_alloc();
    if (reads == 2) throw 42;
    return watched.good();
  };
  calls.use = [&](app::LoadedProfiles loaded) -> Result<void> {
    if (++uses == 1) throw std::runtime_error("the disk is gone");
    if (uses == 2) return fail(ErrorCode::timeout, "the store did not answer");
    used.give(loaded.set->sha256());
    return {};
  };
  app::ProfilesWatch watch(watched.file, "", std::move(calls), 1ms);
  const auto hash = used.wait(30s);
  ASSERT_TRUE(hash) << "the thread did not go on";
  EXPECT_EQ(*hash, "abc");
}

TEST(ProfilesWatch, ARefreshMovesTheDayOfFreshnessThoughTheSetIsTheSame) {
  WatchedFile watched;
  app::Waiter<WallTime> fresh;
  app::ProfilesWatch::Calls calls;
  calls.read = [&](const std::string&) -> Result<app::LoadedProfiles> {
    auto loaded = watched.good();
    loaded.fresh_until = WallTime{1234};
    return loaded;
  };
  calls.use = [](app::LoadedProfiles) -> Result<void> { return fail(ErrorCode::refused, "it is the active one"); };
  calls.fresh = [&](std::optional<WallTime> until) { fresh.give(until.value_or(WallTime{})); };
  app::ProfilesWatch watch(watched.file, "abc", std::move(calls), 1ms);
  const auto until = fresh.wait(30s);
  ASSERT_TRUE(until);
  EXPECT_EQ(until->ms, 1234);
}

TEST(ProfilesWatch, EndsWhatIsOverBeforeALookThatMayTakeLong) {
  WatchedFile watched;
  app::Waiter<bool> looked;
  std::atomic<int> ticks{0};
  int ticks_before = 0;
  app::ProfilesWatch::Calls calls;
  calls.tick = [&] { ++ticks; };
  calls.read = [&](const std::string&) -> Result<app::LoadedProfiles> {
    if (ticks_before == 0) ticks_before = ticks;
    looked.give(true);
    return fail(ErrorCode::invalid, "broken");
  };
  app::ProfilesWatch watch(watched.file, "", std::move(calls), 1ms);
  ASSERT_TRUE(looked.wait(30s));
  EXPECT_EQ(ticks_before, 1);
}

TEST(LanesFirst, IsIdleOnlyMeanwhile) {
  const auto turns = app::LanesFirst::turns();
  {
    const app::LanesFirst outer;
    EXPECT_EQ(::sched_getscheduler(0), SCHED_IDLE);
    {
      const app::LanesFirst inner;
      EXPECT_EQ(::sched_getscheduler(0), SCHED_IDLE);
    }
    EXPECT_EQ(::sched_getscheduler(0), SCHED_IDLE) << "the inner one ended, the outer one did not";
    EXPECT_TRUE(app::LanesFirst::under_way());
  }
  EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
  EXPECT_FALSE(app::LanesFirst::under_way());
  EXPECT_EQ(app::LanesFirst::turns(), turns + 4);
}

TEST(ProfilesWatch, IsMissedByTheWatchdogOnlyWhereItHangs) {
  WatchedFile watched;
  app::Waiter<bool> begun, go_on, done;
  app::ProfilesWatch::Calls calls;
  calls.read = [&](const std::string&) -> Result<app::LoadedProfiles> {
    begun.give(true);
    EXPECT_TRUE(go_on.wait(30s));
    return watched.good();
  };
  calls.use = [&](app::LoadedProfiles) -> Result<void> {
    done.give(true);
    return {};
  };
  const MonoTime start{1'000'000'000};
  app::ProfilesWatch watch(watched.file, "", std::move(calls), 1ms);
  ASSERT_TRUE(begun.wait(30s));
  EXPECT_TRUE(watch.alive(start));
  EXPECT_TRUE(watch.alive(start + 20min)) << "a long compilation on a busy post";
  EXPECT_FALSE(watch.alive(start + 31min)) << "no compilation takes so long";
  go_on.give(true);
  EXPECT_TRUE(done.wait(30s));

  app::ProfilesWatch waiting(watched.file, "", {}, 10h);  // for a lock that somebody at idle priority holds
  {
    const app::LanesFirst elsewhere;
    EXPECT_TRUE(waiting.alive(start));
    EXPECT_TRUE(waiting.alive(start + 20min));
    EXPECT_FALSE(waiting.alive(start + 31min));
  }
  EXPECT_TRUE(waiting.alive(start + 31min)) << "the lock is free a moment ago";
  EXPECT_FALSE(waiting.alive(start + 33min));

  app::ProfilesWatch asleep(watched.file, "", {}, 10h);  // as a thread that hangs outside a compilation: it makes no rounds
  EXPECT_TRUE(asleep.alive(start));
  EXPECT_TRUE(asleep.alive(start + 59s));
  EXPECT_FALSE(asleep.alive(start + 61s));
}

}  // namespace
}  // namespace rampa::tests
