// The whole appliance without a device: what a start makes of the boots before, and an end with everything under way.
#include <fstream>

#include "edge/app/appliance.hpp"
#include "tests/unit/risk/sets.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

class ApplianceTest : public testing::Test {
 protected:
  ApplianceTest() {
    site.post = PostId{"RS-TEST"};
    site.directory = scratch.path() + "/store";
    lane::Config lane;
    lane.id = LaneId{"L1"};
    site.lanes = {lane};
  }
  std::unique_ptr<store::Store> open() {
    auto opened_store = store::open(small_settings(site.directory), clock);
    EXPECT_TRUE(opened_store) << opened_store.error().what;
    return std::move(*opened_store);
  }
  std::unique_ptr<app::Appliance> make() {
    return std::make_unique<app::Appliance>(site, compiled(""), open(), clock, true);
  }
  void write(std::vector<Record> records) {
    auto store = open();
    std::promise<bool> done;
    store->persist(std::move(records), [&](auto r) { done.set_value(r.has_value()); });
    EXPECT_TRUE(done.get_future().get());
  }

  ScratchDirectory scratch;
  runtime::SystemClock clock;
  config::Site site;
};

TEST_F(ApplianceTest, AnEmergencyStopOutlivesARestartWithoutAPicture) {
  write({Record{{"L1"}, {}, clock.now(), LaneModeChanged{"emergency_stop", "input", ""}, {}}});
  for (const char* rest : {"", "-wal", "-shm"}) std::filesystem::remove(site.directory + "/picture.sqlite" + rest);
  std::filesystem::create_directories(site.directory + "/picture.sqlite/in-the-way");
  auto appliance = make();
  const auto started = appliance->start();
  ASSERT_TRUE(started) << started.error().what;
  EXPECT_EQ(appliance->lane(LaneId{"L1"})->view.state.phase, lane::Phase::emergency_stop);
}

TEST_F(ApplianceTest, EndsInGoodOrderWhileRecordsAreBeingWritten) {
  auto appliance = make();
  ASSERT_TRUE(appliance->start());
  for (int i = 0; i < 200; ++i) (void)appliance->write_audit_note(AuditNote{"test", "", ""}, Duration{});  // answered after nobody waits
  appliance.reset();
  auto report = store::verify(site.directory, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->first_broken, "");
}

TEST_F(ApplianceTest, AStoreThatHangsIsNotAlive) {
  std::promise<void> hangs, go_on;
  std::atomic<bool> once{false};
  auto appliance = make();
  ASSERT_TRUE(appliance->start());
  appliance->store().on_durable([&](std::uint64_t) {
    if (once.exchange(true)) return;
    hangs.set_value();
    go_on.get_future().wait();
  });
  const AuditNote note{"test", "", ""};
  (void)appliance->write_audit_note(note, Duration{});
  hangs.get_future().wait();
  (void)appliance->all_threads_alive();
  EXPECT_FALSE(appliance->write_audit_note(note, 400ms));  // the core's thread comes round meanwhile
  EXPECT_FALSE(appliance->all_threads_alive());
  go_on.set_value();
  EXPECT_TRUE(appliance->write_audit_note(note, 10s));
}

}  // namespace
}  // namespace rampa::tests
