// What open() does with a journal whose end is not what it should be.
#include <gtest/gtest.h>

#include "tests/unit/store/crash_disk.hpp"
#include "tests/unit/store/post_fixture.hpp"

namespace rampa::tests {
namespace {

class TornTail : public testing::Test {
 protected:
  TornTail() {
    EXPECT_TRUE(disk.make_directory("/disk"));
    settings.segment_bytes_max = 32 * 1024;
    auto core = open();
    EXPECT_TRUE(core);
    // One batch each: every one says what was durable before it.
    for (int i = 1; i <= 5; ++i) {
      EXPECT_TRUE(persist(**core, {opened({"L1-1-" + std::to_string(i)}, clock.now()), closed({"L1-1-" + std::to_string(i)}, clock.now())}, promises));
      ends.push_back((*core)->take_written().back());
    }
    path = "/disk/store/journal/" + store::format::segment_name(1);
    whole = *disk.content(path);
  }
  Result<std::unique_ptr<store::Core>> open() { return store::Core::open(disk, settings, clock, counting_entropy()); }
  std::uint64_t end_of(std::size_t group) const { return ends[group].offset + ends[group].length; }

  CrashDisk disk;
  VirtualClock clock;
  store::Settings settings = small_settings("/disk/store");
  std::vector<Promise> promises;
  std::vector<store::Written> ends;
  std::string path;
  Bytes whole;
};

TEST_F(TornTail, CutAtEveryByteOfTheLastGroup) {
  const std::uint64_t first = end_of(3), last = end_of(4);
  const std::vector<Promise> kept(promises.begin(), promises.end() - 2);
  for (std::uint64_t cut = first; cut < last; ++cut) {
    SCOPED_TRACE(cut);
    Bytes torn = whole;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(cut), torn.end(), std::uint8_t{0});
    *disk.content(path) = torn;
    auto core = open();
    ASSERT_TRUE(core) << core.error().what;
    EXPECT_EQ((*core)->journal().last_sequence(), 8u);
    // Nothing is reported where nothing of the group was written; a record's first bytes are never all zero.
    EXPECT_EQ((*core)->opened().repaired.empty(), cut == first);
    std::vector<Promise> all = kept;
    ASSERT_TRUE(persist(**core, {opened({"L1-2-1"}, clock.now())}, all));
    EXPECT_EQ(all.back().sequence, 9u);
    check_promises(disk, settings, **core, all);
    if (HasFailure()) return;
  }
}

TEST_F(TornTail, ShorterFileAtEveryByteOfTheLastGroup) {
  for (std::uint64_t cut = end_of(3); cut < end_of(4); ++cut) {
    disk.content(path)->assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
    auto core = open();
    ASSERT_TRUE(core) << core.error().what;
    ASSERT_EQ((*core)->journal().last_sequence(), 8u) << cut;
  }
}

TEST_F(TornTail, GarbageBehindTheEndIsCut) {
  std::copy_n(whole.begin() + 200, 500, disk.content(path)->begin() + static_cast<std::ptrdiff_t>(end_of(4)));
  auto core = open();
  ASSERT_TRUE(core) << core.error().what;
  EXPECT_EQ((*core)->journal().last_sequence(), 10u);
  EXPECT_NE((*core)->opened().repaired.find("500 bytes after record 10"), std::string::npos) << (*core)->opened().repaired;
  core->reset();
  EXPECT_TRUE((*open())->opened().repaired.empty());
}

TEST_F(TornTail, ABrokenRecordInTheMidstIsDamageAndWritingGoesOn) {
  for (std::uint64_t at : {std::uint64_t{96}, end_of(0) + 3, end_of(1) + 130, end_of(2) - 1}) {
    SCOPED_TRACE(at);
    *disk.content(path) = whole;
    disk.content(path)->at(at) ^= 0x40;
    auto core = open();
    ASSERT_TRUE(core) << core.error().what;
    ASSERT_TRUE((*core)->opened().damage);
    EXPECT_EQ((*core)->journal().last_sequence(), 10u) << "nothing durable may be cut";
    EXPECT_NE((*core)->status().trouble.find("damaged"), std::string::npos);
    std::vector<Promise> more;
    ASSERT_TRUE(persist(**core, {opened({"L1-2-1"}, clock.now())}, more));
    EXPECT_EQ(more.back().sequence, 11u);
    // Whoever reads meets the damage and may go on behind it.
    auto reader = store::make_journal_reader(borrowed(disk), {settings.directory}, (*core)->journal().durable());
    std::uint64_t read = 0;
    for (std::uint64_t s = 1; s <= 11; ++s)
      if (auto raws = reader->read(s, 1); raws && raws->size() == 1) ++read;
    EXPECT_LT(read, 11u);
    store::RecordSource source(borrowed(disk), {settings.directory});
    auto next = source.after_damage((*core)->opened().damage->sequence);
    ASSERT_TRUE(next) << next.error().what;
    EXPECT_GT(next->record.entry.sequence, (*core)->opened().damage->sequence);
  }
}

TEST_F(TornTail, AnEndThatWasSealedMayNotBeMissing) {
  {
    auto core = open();
    ASSERT_TRUE(core);
    (*core)->close();  // seals record 10
  }
  std::fill(disk.content(path)->begin() + static_cast<std::ptrdiff_t>(end_of(3)), disk.content(path)->end(), std::uint8_t{0});
  auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("its seal stands at 10"), std::string::npos) << refused.error().what;
  EXPECT_EQ(disk.content(path)->at(96), 'R') << "nothing is touched";
}

TEST_F(TornTail, AnEndThatHqHasMayNotBeMissing) {
  {
    auto core = open();
    ASSERT_TRUE(core);
    (*core)->acknowledge(10);
    (*core)->tick();
  }
  std::fill(disk.content(path)->begin() + static_cast<std::ptrdiff_t>(end_of(3)), disk.content(path)->end(), std::uint8_t{0});
  auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("HQ has acknowledged 10"), std::string::npos) << refused.error().what;
}

TEST_F(TornTail, MissingSealsOrKeysAreNotMadeAnew) {
  for (const char* name : {"/disk/store/heads/heads.log", "/disk/store/keys/device.key"}) {
    const Bytes kept = *disk.content(name);
    ASSERT_TRUE(disk.unlink(name));
    auto refused = open();
    ASSERT_FALSE(refused) << name;
    EXPECT_NE(refused.error().what.find(name), std::string::npos) << refused.error().what;
    auto file = disk.open(name, store::OpenMode::create);
    ASSERT_TRUE((*file)->write_at(0, kept));
  }
  EXPECT_TRUE(open());
}

TEST_F(TornTail, AcknowledgementsBeyondTheEndAreNotBelieved) {
  auto core = open();
  (*core)->acknowledge(999);
  EXPECT_EQ((*core)->acknowledged(), 0u);
  EXPECT_NE((*core)->status().trouble.find("999"), std::string::npos);
}

TEST(FullDisk, EvidenceIsRefusedWhileVerdictsStillFit) {
  CrashDisk disk;
  ASSERT_TRUE(disk.make_directory("/disk"));
  VirtualClock clock;
  auto settings = small_settings("/disk/store");
  settings.reserve_bytes = 50'000;
  disk.set_capacity(100'000);
  auto core = store::Core::open(disk, settings, clock, counting_entropy());
  ASSERT_TRUE(core) << core.error().what;
  std::vector<Promise> promises;
  const auto picture = [&](int n) {
    return persist(**core, {plate_read({"L1-1-1"}, "BG1", clock.now(), {{"a", "image/jpeg", content(9000, static_cast<std::uint8_t>(n))}})}, promises);
  };
  int taken = 0;
  while (picture(taken)) ASSERT_LT(++taken, 20);
  EXPECT_GT(taken, 1);
  EXPECT_EQ(picture(99).error().code, ErrorCode::no_space);
  EXPECT_FALSE((*core)->status().writable);
  EXPECT_NE((*core)->status().trouble.find("free space"), std::string::npos);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(persist(**core, {verdict({"L1-1-1"}, Verdict::hold, clock.now())}, promises)) << i;
  disk.set_capacity(1'000'000);
  EXPECT_TRUE(picture(100));
  EXPECT_TRUE((*core)->status().writable);
  check_promises(disk, settings, **core, promises);
}

TEST(FullDisk, WhenNothingFitsItIsSaidAndPassesWhenRoomIsBack) {
  CrashDisk disk;
  ASSERT_TRUE(disk.make_directory("/disk"));
  VirtualClock clock;
  const auto settings = small_settings("/disk/store");
  disk.set_capacity(40'000);
  auto core = store::Core::open(disk, settings, clock, counting_entropy());
  ASSERT_TRUE(core) << core.error().what;
  std::vector<Promise> promises;
  Result<std::vector<std::uint64_t>> answer;
  for (int i = 0; i < 2000 && answer; ++i) answer = persist(**core, {verdict({"L1-1-1"}, Verdict::hold, clock.now())}, promises);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::no_space);
  EXPECT_FALSE((*core)->status().writable);
  disk.set_capacity(400'000);
  (*core)->tick();
  EXPECT_TRUE((*core)->status().writable);
  EXPECT_TRUE(persist(**core, {verdict({"L1-1-1"}, Verdict::hold, clock.now())}, promises));
  check_promises(disk, settings, **core, promises);
}

TEST(FailingDisk, OneErrorIsForEver) {
  CrashDisk disk;
  ASSERT_TRUE(disk.make_directory("/disk"));
  VirtualClock clock;
  const auto settings = small_settings("/disk/store");
  auto core = store::Core::open(disk, settings, clock, counting_entropy());
  std::vector<Promise> promises;
  ASSERT_TRUE(persist(**core, {verdict({"L1-1-1"}, Verdict::hold, clock.now())}, promises));
  disk.fail_at(2, ErrorCode::io, 1);  // the sync
  EXPECT_EQ(persist(**core, {verdict({"L1-1-1"}, Verdict::hold, clock.now())}, promises).error().code, ErrorCode::io);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(persist(**core, {verdict({"L1-1-1"}, Verdict::hold, clock.now())}, promises).error().code, ErrorCode::io);
  EXPECT_FALSE((*core)->status().writable);
  EXPECT_NE((*core)->status().trouble.find("restarted"), std::string::npos);
  core->reset();
  core = store::Core::open(disk, settings, clock, counting_entropy());
  ASSERT_TRUE(core) << core.error().what;
  EXPECT_TRUE(persist(**core, {verdict({"L1-1-1"}, Verdict::hold, clock.now())}, promises));
  check_promises(disk, settings, **core, promises);
}

}  // namespace
}  // namespace rampa::tests
