// Quotas of blobs: the order, the tombstones, what is never removed, and random days with cuts against a plain model.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/store/room_fixture.hpp"

namespace rampa::tests {
namespace {

constexpr std::size_t k_image = 140'000, k_thumbnail = 20'000;

store::Settings quota_settings() {
  auto s = small_settings("/disk/store");
  s.segment_bytes_max = 64 * 1024;
  s.quota_images_bytes = 10 * store::room_of(k_image);
  s.quota_thumbnails_bytes = 20 * store::room_of(k_thumbnail);
  return s;
}

SharedBytes unique(std::size_t size, std::uint32_t number) {
  auto bytes = std::make_shared<Bytes>(*content(size, static_cast<std::uint8_t>(number)));
  for (std::size_t i = 0; i < 4; ++i) (*bytes)[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return bytes;
}

Record evidence(const CrossingId& id, Stamp at, std::vector<SharedBytes> pictures) {
  std::vector<Attachment> attachments;
  for (auto& p : pictures) attachments.push_back({"frame.jpg", "image/jpeg", std::move(p)});
  return {{"L1"}, id, at, CaptureTaken{"plate_front", {}, device::CameraFrame{}}, std::move(attachments)};
}
std::string address(const SharedBytes& bytes) { return store::to_hex(store::sha256(*bytes)); }

class Room : public testing::Test {
 protected:
  Room() {
    EXPECT_TRUE(disk.make_directory("/disk"));
    EXPECT_TRUE(disk.sync_directory(""));
  }
  void start() { post = std::make_unique<RoomPost>(disk, settings, clock, ++seed); }
  /// A whole crossing; green where released.
  void cross(const std::string& id, bool green, std::vector<SharedBytes> pictures) {
    ASSERT_TRUE(post->put({opened({id}, clock.now())}));
    ASSERT_TRUE(post->put({evidence({id}, clock.now(), std::move(pictures))}));
    ASSERT_TRUE(post->put({verdict({id}, green ? Verdict::release : Verdict::hold, clock.now()), closed({id}, clock.now())}));
  }
  [[nodiscard]] bool there(const SharedBytes& bytes) { return disk.exists(store::blob_path({settings.directory}, address(bytes))); }
  std::vector<BlobEvicted> tombstones() {
    std::vector<BlobEvicted> out;
    auto reader = store::make_journal_reader(borrowed(disk), {settings.directory}, post->core->journal().durable());
    for (std::uint64_t next = 1;;) {
      auto raws = reader->read(next, 64);
      if (!raws || raws->empty()) return out;
      for (auto& raw : *raws) {
        next = raw.sequence + 1;
        if (raw.kind != "blob_evicted") continue;
        auto record = store::format::parse(raw.bytes);
        out.push_back(std::get<BlobEvicted>(*decode(record->entry.open, "")));
      }
    }
  }

  CrashDisk disk;
  VirtualClock clock;
  store::Settings settings = quota_settings();
  std::uint64_t seed = 0;
  std::unique_ptr<RoomPost> post;
};

TEST_F(Room, GoesInTheFixedOrderAndEachLeavesATombstone) {
  settings.quota_images_bytes = settings.quota_thumbnails_bytes = 0;
  start();
  std::vector<SharedBytes> image, thumb;
  for (std::uint32_t i = 0; i < 6; ++i) {
    image.push_back(unique(k_image, i));
    thumb.push_back(unique(k_thumbnail, 100 + i));
  }
  // 0, 1 red; 2, 3 green; 4 red and held; 5 green and still open.
  for (std::uint32_t i = 0; i < 5; ++i) cross("L1-1-" + std::to_string(i), i == 2 || i == 3, {image[i], thumb[i]});
  ASSERT_TRUE(post->put({opened({"L1-1-5"}, clock.now())}));
  ASSERT_TRUE(post->put({evidence({"L1-1-5"}, clock.now(), {image[5], thumb[5]})}));
  ASSERT_TRUE(post->put({Record{{}, {}, clock.now(), Booted{}, {{"profiles.json", "application/json", unique(500, 7)}}}}));
  for (const auto& held : {image[4], thumb[4]}) post->room->held({{store::sha256(*held), true}});
  // The disk is full for ever: everything that may go goes, in this order.
  settings.reserve_bytes = 1ull << 50;
  start();
  post->make_room();
  std::vector<std::string> order;
  for (const auto& t : tombstones()) {
    EXPECT_EQ(t.reason, "disk_reserve");
    order.push_back(t.sha256);
    EXPECT_EQ(t.held_at_hq, t.sha256 == address(image[4]) || t.sha256 == address(thumb[4]));
    EXPECT_EQ(t.blob_class, t.size_bytes == k_image ? "image" : "thumbnail");
  }
  const std::vector<SharedBytes> wanted{image[4], image[2], image[3], thumb[4], thumb[2], thumb[3], image[0], image[1], thumb[0], thumb[1]};
  std::vector<std::string> wanted_addresses;
  for (const auto& w : wanted) wanted_addresses.push_back(address(w));
  EXPECT_EQ(order, wanted_addresses);
  for (const auto& w : wanted) EXPECT_FALSE(there(w));
  EXPECT_TRUE(there(image[5])) << "its crossing is open";
  EXPECT_TRUE(there(thumb[5]));
  EXPECT_TRUE(there(unique(500, 7))) << "a profile set";
}

TEST_F(Room, AContentOfTwoCrossingsStaysWhileOneIsOpenAndIsNoGreenOnesWhereTheOtherIsRed) {
  settings.quota_images_bytes = settings.quota_thumbnails_bytes = 0;
  settings.reserve_bytes = 1ull << 50;
  start();
  post->core->set_admission({});
  const auto shared = unique(k_image, 1), green_only = unique(k_image, 2);
  settings.reserve_bytes = 0;
  start();
  ASSERT_TRUE(post->put({opened({"L2-1-1"}, clock.now())}));
  ASSERT_TRUE(post->put({evidence({"L2-1-1"}, clock.now(), {shared})}));
  cross("L1-1-1", true, {shared, green_only});
  settings.reserve_bytes = 1ull << 50;
  start();
  post->make_room();
  EXPECT_TRUE(there(shared));
  EXPECT_FALSE(there(green_only));
  ASSERT_TRUE(post->put({verdict({"L2-1-1"}, Verdict::hold, clock.now()), closed({"L2-1-1"}, clock.now())}));
  auto red = store::candidates(*post->door->caught_up(), store::Rank::green_image, 5);
  ASSERT_TRUE(red);
  EXPECT_TRUE(red->empty()) << "one of its crossings was held";
  post->make_room();
  EXPECT_FALSE(there(shared));
  // The same content comes again: it is a blob again, and may go again.
  settings.reserve_bytes = 0;
  start();
  cross("L1-1-2", true, {shared});
  EXPECT_TRUE(there(shared));
  EXPECT_EQ(post->room->usage(store::BlobClass::image), store::room_of(k_image));
}

TEST_F(Room, EvidenceThatFitsNoQuotaIsRefusedAndVerdictsAreNot) {
  start();
  ASSERT_TRUE(post->put({opened({"L1-1-1"}, clock.now())}));
  int taken = 0;
  while (post->put({evidence({"L1-1-1"}, clock.now(), {unique(k_image, static_cast<std::uint32_t>(taken))})})) ASSERT_LT(++taken, 50);
  EXPECT_EQ(taken, 10);
  EXPECT_NE(post->room->status().trouble.find("quota_images_mib"), std::string::npos) << post->room->status().trouble;
  EXPECT_FALSE(post->room->admit_strip(k_image));
  EXPECT_TRUE(post->put({evidence({"L1-1-1"}, clock.now(), {unique(k_thumbnail, 1)})})) << "another class";
  EXPECT_TRUE(post->put({verdict({"L1-1-1"}, Verdict::release, clock.now()), closed({"L1-1-1"}, clock.now())}));
  // Closed and green: now its images may make room.
  ASSERT_TRUE(post->put({opened({"L1-1-2"}, clock.now())}));
  const auto taken_again = post->put({evidence({"L1-1-2"}, clock.now(), {unique(k_image, 99)})});
  EXPECT_TRUE(taken_again) << taken_again.error().what;
  EXPECT_EQ(tombstones().size(), 2u) << "down to two hundredths below the quota";
}

/// Verdicts while images fill the disk and something else takes the rest: the reserve file is given up for them.
TEST_F(Room, VerdictsFitOnAFullDisk) {
  settings.reserve_bytes = 300'000;
  settings.reserve_file_bytes = 200'000;
  settings.quota_images_bytes = settings.quota_thumbnails_bytes = 0;
  disk.set_capacity(3'000'000);
  start();
  post->core->tick();
  ASSERT_TRUE(disk.exists("/disk/store/reserve"));
  for (std::uint32_t i = 0; i < 60; ++i) {
    cross("L1-1-" + std::to_string(i), i % 2 == 0, {unique(k_image, i)});
    post->make_room();
  }
  EXPECT_GE(*disk.free_bytes("/disk"), settings.reserve_bytes) << "room was made";
  EXPECT_FALSE(tombstones().empty());
  disk.set_capacity(disk.used_bytes());  // somebody else takes all the rest
  int verdicts = 0;
  while (verdicts < 1000 && post->put({verdict({"L1-1-1"}, Verdict::hold, clock.now())})) ++verdicts;
  EXPECT_FALSE(disk.exists("/disk/store/reserve")) << "given up";
  EXPECT_GT(verdicts, 250) << "200 kB of reserve at about 400 bytes, besides what the open segment had";
  disk.set_capacity(5'000'000);
  post->core->tick();
  EXPECT_TRUE(disk.exists("/disk/store/reserve"));
  EXPECT_TRUE(post->put({verdict({"L1-1-1"}, Verdict::hold, clock.now())}));
}

/// The day of the sweeps below: more than the quota takes. What the post said yes to, and each blob with its size.
std::map<std::string, std::uint64_t> work(CrashDisk& disk, const store::Settings& settings, std::uint64_t seed) {
  std::map<std::string, std::uint64_t> taken;
  VirtualClock clock;
  RoomPost post(disk, settings, clock, seed);
  if (!post.core) return taken;
  for (std::uint32_t i = 0; i < 7; ++i) {
    const CrossingId id{"L1-" + std::to_string(seed) + "-" + std::to_string(i)};
    const auto image = unique(k_image, static_cast<std::uint32_t>(seed) * 100 + i);
    if (!post.put({opened(id, clock.now())})) continue;
    if (post.put({evidence(id, clock.now(), {image})})) taken[address(image)] = image->size();
    (void)post.put({verdict(id, Verdict::release, clock.now()), closed(id, clock.now())});
    if (i == 2) post.room->held({{store::sha256(*image), true}});
    post.make_room();
    post.room->tick();
  }
  post.core->close();
  return taken;
}

/// Every blob that was taken is there, whole, or has its tombstone.
void check_none_missing(CrashDisk& disk, const store::Settings& settings, const std::map<std::string, std::uint64_t>& taken) {
  VirtualClock clock;
  RoomPost post(disk, settings, clock, 99);
  ASSERT_TRUE(post.core);
  auto* picture = post.door->caught_up();
  ASSERT_TRUE(picture);
  auto blobs = store::make_blob_reader(borrowed(disk), {settings.directory});
  for (const auto& [sha, size] : taken) {
    const auto known = store::known_blob(*picture, *store::hash_from_hex(sha));
    ASSERT_TRUE(known);
    EXPECT_NE(*known, store::KnownBlob::unknown) << sha << ": the record that was acknowledged";
    EXPECT_TRUE(*known == store::KnownBlob::gone || blobs->whole(sha)) << sha << " is gone without a tombstone";
  }
  // What a cut left between tombstone and removal goes in the first pass over the files.
  for (int i = 0; i < 256; ++i) post.room->tick();
  std::set<std::string> files;
  on_disk(disk, settings.directory, &files);
  for (const auto& sha : files) EXPECT_EQ(*store::known_blob(*picture, *store::hash_from_hex(sha)), store::KnownBlob::present) << sha << " takes room for nobody";
}

store::Settings sweep_settings() {
  auto s = quota_settings();
  s.segment_bytes_max = 8 * 1024;
  s.quota_images_bytes = 3 * store::room_of(k_image);
  return s;
}

TEST(RoomCrashSweep, ACutAtEveryCallLeavesTheBlobOrItsTombstone) {
  const auto settings = sweep_settings();
  std::uint64_t calls = 0;
  {
    CrashDisk disk;
    ASSERT_TRUE(disk.make_directory("/disk"));
    const std::uint64_t before = disk.calls();
    EXPECT_EQ(work(disk, settings, 1).size(), 7u);
    calls = disk.calls() - before;
  }
  for (const auto keep : {CrashDisk::Keep::all, CrashDisk::Keep::none, CrashDisk::Keep::some})
    for (std::uint64_t n = 1; n <= calls + 1 && !testing::Test::HasFailure(); n += keep == CrashDisk::Keep::some ? 3 : 1) {
      SCOPED_TRACE("cut at call " + std::to_string(n) + ", keeping " + std::to_string(static_cast<int>(keep)));
      CrashDisk disk;
      ASSERT_TRUE(disk.make_directory("/disk"));
      ASSERT_TRUE(disk.sync_directory(""));
      disk.power_off_at(n);
      auto taken = work(disk, settings, 1);
      disk.crash(keep, n);
      check_none_missing(disk, settings, taken);
      disk.crash(CrashDisk::Keep::none);
      taken.merge(work(disk, settings, 2));
      disk.crash(CrashDisk::Keep::none);
      check_none_missing(disk, settings, taken);
    }
}

/// What the model knows of a blob.
struct Model {
  store::BlobClass blob_class = store::BlobClass::image;
  std::string crossing;
  std::uint64_t number = 0;  ///< order of naming
  bool held = false;
};
struct ModelCrossing {
  bool open = true, green = false;
};
int rank_of(const Model& m, const ModelCrossing& c) {
  if (c.open) return 0;
  const bool image = m.blob_class == store::BlobClass::image;
  return m.held ? (image ? 1 : 3) : c.green ? (image ? 2 : 4) : image ? 5 : 6;
}

TEST(RoomModel, RandomDaysWithRestartsAndCuts) {
  for (std::uint64_t seed = 1; seed <= 12 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto pick = [&](std::uint64_t n) { return random() % n; };
    CrashDisk disk;
    ASSERT_TRUE(disk.make_directory("/disk"));
    ASSERT_TRUE(disk.sync_directory(""));
    VirtualClock clock;
    const auto settings = quota_settings();
    auto post = std::make_unique<RoomPost>(disk, settings, clock, seed);
    std::map<std::string, Model> blobs;
    std::map<std::string, ModelCrossing> crossings;
    std::vector<std::string> open;
    std::uint64_t number = 0, seen = 0, evicted = 0;
    std::uint32_t contents = 0;
    // Takes the tombstones since the last look out of the model; each must be the first in the order at its time.
    const auto follow = [&] {
      auto reader = store::make_journal_reader(borrowed(disk), {settings.directory}, post->core->journal().durable());
      while (true) {
        auto raws = reader->read(seen + 1, 64);
        ASSERT_TRUE(raws) << raws.error().what;
        if (raws->empty()) break;
        for (auto& raw : *raws) {
          seen = raw.sequence;
          if (raw.kind != "blob_evicted") continue;
          ++evicted;
          const auto t = std::get<BlobEvicted>(*decode(store::format::parse(raw.bytes)->entry.open, ""));
          auto it = blobs.find(t.sha256);
          ASSERT_TRUE(it != blobs.end()) << "a tombstone for what was not there";
          const Model gone = it->second;
          const int rank = rank_of(gone, crossings.at(gone.crossing));
          ASSERT_NE(rank, 0) << "of an open crossing";
          ASSERT_TRUE(!t.held_at_hq || gone.held) << "HQ never said so";
          blobs.erase(it);
          for (const auto& [sha, m] : blobs) {
            const int other = rank_of(m, crossings.at(m.crossing));
            if (other == 0 || m.blob_class != gone.blob_class) continue;
            ASSERT_LE(std::pair(rank, gone.number), std::pair(other, m.number)) << "out of order";
          }
        }
      }
    };
    for (int step = 0; step < 400 && !testing::Test::HasFailure(); ++step) {
      const std::uint64_t what = pick(100);
      if (what < 20 || open.empty()) {
        open.push_back("L1-" + std::to_string(seed) + "-" + std::to_string(step));
        crossings[open.back()] = {};
        ASSERT_TRUE(post->put({opened({open.back()}, clock.now())}));
      } else if (what < 60) {
        const auto bytes = unique(pick(2) ? k_image : 1000 + pick(k_thumbnail), ++contents);
        const std::string& id = open[pick(open.size())];
        if (post->put({evidence({id}, clock.now(), {bytes})}))
          blobs[address(bytes)] = {store::class_of_size(bytes->size()), id, ++number, false};
      } else if (what < 80) {
        const std::size_t at = pick(open.size());
        auto& c = crossings[open[at]];
        c = {false, pick(2) == 0};
        ASSERT_TRUE(post->put({verdict({open[at]}, c.green ? Verdict::release : Verdict::hold, clock.now()), closed({open[at]}, clock.now())}));
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
      } else if (what < 92) {
        if (!blobs.empty()) {
          auto it = std::next(blobs.begin(), static_cast<std::ptrdiff_t>(pick(blobs.size())));
          it->second.held = true;
          post->room->held({{*store::hash_from_hex(it->first), true}});
        }
        post->make_room();
      } else if (what < 96) {
        post->room->tick();
      } else {
        // A kill or a cut, in the midst of making room at times; whatever HQ said lately may be forgotten.
        const bool cut = pick(2) == 0;
        SharedBytes extra;
        if (pick(2) == 0) {
          disk.power_off_at(1 + pick(12));
          extra = unique(k_image, ++contents);
          if (post->put({evidence({open.front()}, clock.now(), {extra})})) blobs[address(extra)] = {store::BlobClass::image, open.front(), ++number, false};
          (void)post->room->work(false);
        }
        post.reset();
        disk.crash(cut ? CrashDisk::Keep::some : CrashDisk::Keep::all, seed * 1000 + static_cast<std::uint64_t>(step));
        disk.heal();
        post = std::make_unique<RoomPost>(disk, settings, clock, seed * 1000 + static_cast<std::uint64_t>(step));
        ASSERT_TRUE(post->core);
        follow();
        // A group that was under way may have become durable unanswered, what HQ said lately may be lost: the model
        // learns both.
        auto* picture = post->door->caught_up();
        if (extra && *store::known_blob(*picture, store::sha256(*extra)) == store::KnownBlob::present && !blobs.contains(address(extra)))
          blobs[address(extra)] = {store::BlobClass::image, open.front(), ++number, false};
        const auto log = post->core->held().read({}, 100'000);
        std::set<store::Hash> held;
        for (const auto& e : log->entries) held.insert(e.sha256);
        for (auto& [sha, m] : blobs) {
          const bool still = held.contains(*store::hash_from_hex(sha));
          ASSERT_TRUE(m.held || !still) << "HQ never said so";
          m.held = still;
        }
        for (int i = 0; i < 256; ++i) post->room->tick();
        follow();
        for (const auto& [sha, m] : blobs)
          ASSERT_EQ(*store::known_blob(*post->door->caught_up(), *store::hash_from_hex(sha)), store::KnownBlob::present) << "lost without a tombstone";
      }
      follow();
      std::set<std::string> files;
      const auto used = on_disk(disk, settings.directory, &files);
      for (const auto c : store::evictable_classes) {
        const std::uint64_t quota = c == store::BlobClass::image ? settings.quota_images_bytes : settings.quota_thumbnails_bytes;
        ASSERT_LE(used[static_cast<std::size_t>(c)], store::BlobRoom::limit(quota)) << "over the quota of " << name_of(c) << "s in step " << step;
      }
      for (const auto& [sha, m] : blobs) ASSERT_TRUE(files.contains(sha)) << "lost without a tombstone in step " << step;
    }
    EXPECT_GT(evicted, 20u);
  }
}

}  // namespace
}  // namespace rampa::tests
