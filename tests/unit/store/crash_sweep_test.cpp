// The store's promises under a power cut, a kill, an I/O error and a full disk at every single call that it makes to the
// disk. Planted bugs of tests/kills/PLANTS.md must make this fail.
#include <gtest/gtest.h>

#include "tests/unit/store/crash_disk.hpp"
#include "tests/unit/store/post_fixture.hpp"

namespace rampa::tests {
namespace {

const store::Settings settings = small_settings("/disk/store");

struct Day {
  std::vector<Promise> promises;
  bool opened = false;
  bool io_seen = false;          ///< an answer was io
  bool promised_after_io = false;
};

/// A busy minute at the post: groups, pictures small and big, a growing scan, segments that roll, seals, HQ's cursor.
/// `resume`: the number of the first crossing.
Day work(CrashDisk& disk, int first = 1, int count = 6) {
  Day day;
  VirtualClock clock;
  auto core = store::Core::open(disk, settings, clock, counting_entropy(static_cast<std::uint64_t>(first)));
  if (!core) return day;
  day.opened = true;
  auto put = [&](std::vector<Record> records, const Bytes& grown = {}) {
    const auto answer = persist(**core, std::move(records), day.promises, grown);
    if (answer && day.io_seen) day.promised_after_io = true;
    if (!answer && answer.error().code == ErrorCode::io) day.io_seen = true;
  };
  for (int i = first; i < first + count; ++i) {
    const CrossingId id{"L1-1-" + std::to_string(i)};
    const auto salt = static_cast<std::uint8_t>(i);
    put({opened(id, clock.now())});
    put({plate_read(id, "BG" + std::to_string(100 + i) + "AA", clock.now(),
                    {{"plate.jpg", "image/jpeg", content(3000, salt)}, {"raw-frame", "application/octet-stream", content(40, 1)}})});
    if (i % 3 == 2) {
      const auto strip = content(70'000, salt);
      Bytes grown;
      for (int s = 0; s < 3; ++s) {
        (*core)->blobs().append("scan-" + id.text, *strip);
        grown.insert(grown.end(), strip->begin(), strip->end());
      }
      put({Record{{"L1"}, id, clock.now(), CaptureTaken{"scanner", {}, device::ScanImage{}},
                  {{"scan", "application/octet-stream", nullptr, "scan-" + id.text}}}}, grown);
    }
    put({verdict(id, Verdict::release, clock.now()), closed(id, clock.now())});
    clock.advance(25s);
    (*core)->acknowledge((*core)->journal().last_sequence() / 2);
    (*core)->tick();
  }
  (*core)->close();
  return day;
}

std::map<std::uint64_t, std::string> reopen_and_check(CrashDisk& disk, const std::vector<Promise>& promises) {
  VirtualClock clock;
  auto core = store::Core::open(disk, settings, clock, counting_entropy(99));
  if (!core) {
    ADD_FAILURE() << "does not open again: " << core.error().what;
    return {};
  }
  EXPECT_FALSE((*core)->opened().damage);
  return check_promises(disk, settings, **core, promises);
}

/// After the machine came back: all is there, work goes on, and what is added holds as well.
void check_after(CrashDisk& disk, const Day& day) {
  reopen_and_check(disk, day.promises);
  Day more = work(disk, 50, 2);
  EXPECT_TRUE(more.opened);
  EXPECT_EQ(more.promises.size(), 9u);
  std::vector<Promise> all = day.promises;
  all.insert(all.end(), more.promises.begin(), more.promises.end());
  disk.crash(CrashDisk::Keep::none);
  reopen_and_check(disk, all);
}

std::unique_ptr<CrashDisk> new_disk() {
  auto disk = std::make_unique<CrashDisk>();
  EXPECT_TRUE(disk->make_directory("/disk"));
  EXPECT_TRUE(disk->sync_directory(""));
  return disk;
}

std::uint64_t calls_of_a_whole_day() {
  auto disk = new_disk();
  const std::uint64_t before = disk->calls();
  const Day day = work(*disk);
  EXPECT_EQ(day.promises.size(), 26u);
  EXPECT_GT(disk->list("/disk/store/journal")->size(), 1u) << "the segments should roll in this test";
  return disk->calls() - before;
}

TEST(GrownBlob, IsStillThereWhenItsRecordIsTriedAgainAfterAFullDisk) {
  const CrossingId id{"L1-1-1"};
  const auto strip = content(70'000, 3);
  std::size_t refused = 0;
  for (std::uint64_t n = 1; n < 40; ++n) {
    auto made = new_disk();
    CrashDisk& disk = *made;
    VirtualClock clock;
    std::vector<Promise> promises;
    {
      auto core = store::Core::open(disk, settings, clock, counting_entropy());
      ASSERT_TRUE(core);
      Bytes grown;
      for (int i = 0; i < 3; ++i) {
        (*core)->blobs().append("S7", *strip);
        grown.insert(grown.end(), strip->begin(), strip->end());
      }
      const std::vector<Record> group{Record{{"L1"}, id, clock.now(), CaptureTaken{"scanner", {}, device::ScanImage{}},
                                             {{"scan", "application/octet-stream", nullptr, "S7"}}}};
      disk.fail_at(n, ErrorCode::no_space, 1);
      auto answer = persist(**core, group, promises, grown);
      if (!answer && answer.error().code == ErrorCode::io) continue;  // the journal's own sync failed: nothing more until a restart
      if (!answer) ++refused;
      for (int again = 0; again < 3 && !answer; ++again) answer = persist(**core, group, promises, grown);
      EXPECT_TRUE(answer) << n << ": " << answer.error().what;
      disk.heal();
      // Its key is free again: the next scan under it is another one.
      EXPECT_EQ(persist(**core, group, promises, grown).error().code, ErrorCode::invalid);
    }
    disk.crash(CrashDisk::Keep::none);
    reopen_and_check(disk, promises);
  }
  EXPECT_GT(refused, 5u);
}

TEST(GrownBlob, ThatRanOutOfRoomIsRefusedForGoodAndNothingElseIs) {
  auto made = new_disk();
  CrashDisk& disk = *made;
  VirtualClock clock;
  std::vector<Promise> promises;
  auto core = store::Core::open(disk, settings, clock, counting_entropy());
  ASSERT_TRUE(core);
  (*core)->blobs().append("S7", *content(70'000, 3));
  disk.fail_at(1, ErrorCode::no_space, 1);
  (*core)->blobs().append("S7", *content(70'000, 4));
  disk.heal();
  const Record record{{"L1"}, {"L1-1-1"}, clock.now(), CaptureTaken{"scanner", {}, device::ScanImage{}},
                      {{"scan", "application/octet-stream", nullptr, "S7"}}};
  EXPECT_EQ(persist(**core, {record}, promises).error().code, ErrorCode::invalid);
  EXPECT_EQ(persist(**core, {record}, promises).error().code, ErrorCode::invalid);
  Record without = record;
  without.attachments.clear();
  EXPECT_TRUE(persist(**core, {without}, promises));
}

TEST(CrashSweep, NothingHappens) {
  auto disk = new_disk();
  const Day day = work(*disk);
  check_after(*disk, day);
}

TEST(CrashSweep, PowerCutAtEveryCallLosesAllUnsynced) {
  const std::uint64_t calls = calls_of_a_whole_day();
  for (std::uint64_t n = 1; n <= calls + 1 && !testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE("power cut at call " + std::to_string(n));
    auto disk = new_disk();
    disk->power_off_at(n);
    const Day day = work(*disk);
    disk->crash(CrashDisk::Keep::none);
    check_after(*disk, day);
  }
}

TEST(CrashSweep, PowerCutAtEveryCallKeepsAnyPart) {
  const std::uint64_t calls = calls_of_a_whole_day();
  for (std::uint64_t n = 1; n <= calls + 1 && !testing::Test::HasFailure(); ++n)
    for (std::uint64_t seed = 0; seed < 2; ++seed) {
      SCOPED_TRACE("power cut at call " + std::to_string(n) + ", seed " + std::to_string(seed));
      auto disk = new_disk();
      disk->power_off_at(n);
      const Day day = work(*disk);
      disk->crash(CrashDisk::Keep::some, n * 100 + seed);
      check_after(*disk, day);
    }
}

TEST(CrashSweep, KillAtEveryCallThenPowerCut) {
  const std::uint64_t calls = calls_of_a_whole_day();
  for (std::uint64_t n = 1; n <= calls + 1 && !testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE("killed at call " + std::to_string(n));
    auto disk = new_disk();
    disk->power_off_at(n);
    const Day day = work(*disk);
    disk->crash(CrashDisk::Keep::all);
    // What the next run shows to HQ is as good as promised, even if the power goes right then.
    const auto shown = reopen_and_check(*disk, day.promises);
    disk->crash(CrashDisk::Keep::none);
    const auto after = reopen_and_check(*disk, day.promises);
    for (const auto& [sequence, hash] : shown) {
      auto it = after.find(sequence);
      EXPECT_TRUE(it != after.end() && it->second == hash) << "record " << sequence << " was shown and is gone";
    }
    check_after(*disk, day);
  }
}

TEST(CrashSweep, IoErrorAtEveryCallEndsWritingAndLosesNothing) {
  const std::uint64_t calls = calls_of_a_whole_day();
  for (std::uint64_t times : {std::uint64_t{1}, std::uint64_t{1} << 40})
    for (std::uint64_t n = 1; n <= calls && !testing::Test::HasFailure(); ++n) {
      SCOPED_TRACE("EIO at call " + std::to_string(n) + (times == 1 ? " once" : " for ever"));
      auto disk = new_disk();
      disk->fail_at(n, ErrorCode::io, times);
      const Day day = work(*disk);
      EXPECT_FALSE(day.promised_after_io) << "acknowledged after the disk had failed";
      disk->crash(CrashDisk::Keep::none);
      check_after(*disk, day);
    }
}

TEST(CrashSweep, FullDiskAtEveryCallLosesNothingAndPasses) {
  const std::uint64_t calls = calls_of_a_whole_day();
  for (std::uint64_t n = 1; n <= calls && !testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE("ENOSPC at call " + std::to_string(n));
    auto disk = new_disk();
    disk->fail_at(n, ErrorCode::no_space, 3);
    const Day day = work(*disk);
    disk->heal();
    disk->crash(CrashDisk::Keep::none);
    check_after(*disk, day);
  }
}

}  // namespace
}  // namespace rampa::tests
