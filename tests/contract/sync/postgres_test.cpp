// What only a database server has: leases. Everything else is asked of both databases by the same tests (CMakeLists.txt).
#include <atomic>
#include <mutex>
#include <thread>

#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync::hq;
using namespace rampa::tests;

namespace {
class Postgres : public HqTest {};
}  // namespace

TEST_F(Postgres, APostBelongsToOneWorkerUntilItIsGone) {
  auto first = open_postgres(place.database), second = open_postgres(place.database);
  EXPECT_TRUE(first->try_lock("P1"));
  EXPECT_FALSE(second->try_lock("P1"));
  EXPECT_TRUE(second->try_lock("P2"));
  first.reset();
  bool taken = false;
  for (int i = 0; i < 1000 && !taken; ++i) taken = second->try_lock("P1");
  EXPECT_TRUE(taken) << "the lock goes with its connection";
}

TEST_F(Postgres, TextThatIsNoUtf8BlocksNothing) {
  EXPECT_TRUE(ledger->alarm("P1", 0, "refused", std::string("\xff\xc3(\0x", 5), clock.now().wall));
  EXPECT_EQ(alarms().size(), 1u);
}

TEST_F(Postgres, ItSaysHowDurableItIs) { EXPECT_EQ(ledger->database().durability(), "disk"); }

TEST_F(Postgres, WorkersThatMeetTheirFirstPostsAtOnceStoreThemAll) {
  constexpr int workers = 3, posts_of_each = 40;
  std::atomic<int> taken{0};
  std::mutex mutex;
  std::string trouble;
  std::vector<std::thread> threads;
  for (int worker = 0; worker < workers; ++worker)
    threads.emplace_back([&, worker] {
      try {
        const auto own = open_ledger(place);
        for (int i = 0; i < posts_of_each; ++i) {
          HistoryRow row;
          row.post = "W" + std::to_string(worker) + "-" + std::to_string(i);
          own->begin();
          own->add_history(row, WallTime{1});
          own->commit();
          ++taken;
        }
      } catch (const DatabaseError& error) {
        std::lock_guard lock(mutex);
        trouble = error.what();
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, workers * posts_of_each) << trouble;
}

TEST_F(Postgres, LettersThatAreWrittenAtOnceAreAllNumbered) {
  constexpr int writers = 4, letters = 100;
  std::atomic<int> writing{writers};
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer)
    threads.emplace_back([&] {
      const auto own = open_desk(place);
      for (int i = 0; i < letters; ++i) own->add_letter("", "note", "{}", WallTime{1});
      --writing;
    });
  while (writing > 0) (void)desk->number_letters("P1", 0);  // as `serve` does while they write
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(desk->number_letters("P1", 0).last, writers * letters);
  EXPECT_EQ(desk->version(), writers * letters);
}

TEST_F(Postgres, SeveralThatStartAtOnceOverAnEmptyDatabaseDoNotRace) {
  for (int round = 0; round < 5; ++round) {
    close();
    empty_postgres();
    std::vector<std::thread> threads;
    std::atomic<int> opened{0};
    std::mutex mutex;
    std::string trouble;
    for (int worker = 0; worker < 6; ++worker)
      threads.emplace_back([&] {
        try {
          const auto own_ledger = open_ledger(place);
          const auto own_desk = open_desk(place);
          ++opened;
        } catch (const DatabaseError& error) {
          std::lock_guard lock(mutex);
          trouble = error.what();
        }
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(opened, 6) << trouble;
  }
}
