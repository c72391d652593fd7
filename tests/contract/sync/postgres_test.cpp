// What only a database server has: leases. Everything else is asked of both databases by the same tests (CMakeLists.txt).
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
