// The real store, the real uplink, a real broker and the real rampa-hq: what is persisted at the post lies at HQ.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>
#include <random>

#include "edge/store/blob_reader.hpp"
#include "edge/store/day_key_reader.hpp"
#include "edge/store/store.hpp"
#include "sync/hq/blob_shelf.hpp"
#include "sync/hq/hq_key.hpp"
#include "tests/contract/sync/sync_fixture.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {

class StoreToHq : public SyncContract {
 protected:
  void SetUp() override {
    SyncContract::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    std::string name = (std::filesystem::temp_directory_path() / "rampa-post-XXXXXX").string();
    post_directory = ::mkdtemp(name.data());
    open_post();
  }
  void TearDown() override {
    close_post();
    SyncContract::TearDown();
    if (!post_directory.empty()) std::filesystem::remove_all(post_directory);
  }
  void open_post() {
    store::Settings settings;
    settings.directory = post_directory;
    settings.post = PostId{"P1"};
    auto opened = store::open(settings, clock);
    ASSERT_TRUE(opened) << opened.error().what;
    post_store = std::move(*opened);
    const auto status = post_store->status();
    sync::UplinkCalls calls;
    calls.acknowledged = [this](std::uint64_t sequence) { post_store->acknowledge(sequence); };
    auto uplink_with = uplink_settings(*broker, "P1");
    uplink_with.drain.identity = sync::identity_of(*post_store);
    uplink_with.drain.lost.tell_sure = lost_after;
    if (hq_reads_personal)
      uplink_with.drain.day_key = [keys = std::shared_ptr(store::open_day_keys(post_directory))](const sync::DayKeyName& name) {
        return keys->day_key(name.day, name.generation);
      };
    auto started = sync::start_uplink(uplink_with, post_store->journal_reader(), sync::blobs_of(store::open_blobs(post_directory)), nullptr,
                                      status.acknowledged, std::move(calls), clock);
    ASSERT_TRUE(started) << started.error().what;
    uplink = std::move(*started);
    {
      std::lock_guard lock(listening_mutex);
      listening = uplink.get();
    }
    post_store->on_durable([this](std::uint64_t last) {
      std::lock_guard lock(listening_mutex);
      if (listening) listening->durable(last);
    });
    uplink->durable(post_store->status().last_sequence);  // what became durable in between
  }
  void close_post() {
    {
      std::lock_guard lock(listening_mutex);  // the store's thread may be telling it just now
      listening = nullptr;
    }
    uplink.reset();
    post_store.reset();
  }
  void crossing(const std::string& plate, const Bytes& picture, Duration ago = {}) {
    Stamp at = clock.now();
    at.wall.ms -= to_ms(ago);
    device::PlateRead read;
    read.text = plate;
    CaptureTaken capture;
    capture.role = "plate_front";
    capture.body = read;
    const auto bytes = std::make_shared<const Bytes>(picture);
    std::atomic<bool> done{false};
    post_store->persist({{LaneId{"L1"}, CrossingId{"L1-1-1"}, at, CrossingOpened{"cargo", "entry"}, {}},
                         {LaneId{"L1"}, CrossingId{"L1-1-1"}, at, capture, {{"plate.jpg", "image/jpeg", bytes}}},
                         {LaneId{"L1"}, CrossingId{"L1-1-1"}, at, CrossingClosed{"released", ""}, {}}},
                        [&done](const auto& result) {
                          EXPECT_TRUE(result) << result.error().what;
                          done = true;
                        });
    ASSERT_TRUE(eventually([&] { return done.load(); }));
  }
  bool acknowledged() {
    return eventually([this] { return post_store->status().acknowledged == post_store->status().last_sequence; });
  }
  void expect_journal_at_hq() {
    const auto reader = post_store->journal_reader();
    const nlohmann::json rows = report(sync::hq::report_records(place(), {"P1", "", 1, 1'000'000, ""}));
    ASSERT_EQ(rows.size(), post_store->status().last_sequence);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto raw = reader->read(i + 1, 1);
      ASSERT_TRUE(raw && raw->size() == 1);
      ASSERT_EQ(rows[i]["hash"], raw->front().hash);
      ASSERT_EQ(rows[i]["kind"], raw->front().kind);
    }
  }

  /// What HQ shows of the personal fields with its own key.
  std::string opened() {
    const auto key = sync::hq::hq_key(directory);
    const auto rows = key ? sync::hq::report_records(place(), {"P1", "", 1, 1000, "", *key}) : tl::unexpected(key.error());
    return rows ? rows->json : rows.error().what;
  }

  bool hq_reads_personal = true;
  Duration lost_after = 60s;
  runtime::SystemClock clock;
  std::string post_directory;
  std::unique_ptr<store::Store> post_store;
  std::unique_ptr<sync::Uplink> uplink;
  std::mutex listening_mutex;
  sync::Uplink* listening = nullptr;
};

}  // namespace

TEST_F(StoreToHq, CrossingsWithPicturesArriveAndPersonalFieldsStayEncrypted) {
  start_hq();
  std::mt19937_64 random(3);
  for (int i = 0; i < 5; ++i) {
    Bytes picture(300'000);
    for (auto& byte : picture) byte = static_cast<std::uint8_t>(random());
    crossing("BG" + std::to_string(100 + i) + "ZZ", picture);
  }
  ASSERT_TRUE(acknowledged()) << uplink->status().trouble;
  expect_journal_at_hq();
  const std::string rows = sync::hq::report_records(place(), {"P1", "", 1, 1000, ""})->json;
  EXPECT_EQ(rows.find("ZZ"), std::string::npos) << "a plate in clear at HQ";
  EXPECT_NE(rows.find("\"encrypted\""), std::string::npos);
  ASSERT_TRUE(eventually([&] {
    const auto verified = sync::hq::verify_post(place(), "P1");
    return verified && verified->sound;
  })) << sync::hq::verify_post(place(), "P1")->json;
  EXPECT_EQ(nlohmann::json::parse(sync::hq::verify_post(place(), "P1")->json)["blobs"], 5);
}

TEST_F(StoreToHq, HqReadsPersonalFieldsWithTheKeysItAsksForAndNoMoreWhenTheDayIsErased) {
  start_hq();
  constexpr Duration ago = 48h;  // the present day is not erased
  crossing("BG777ZZ", {1, 2, 3}, ago);
  ASSERT_TRUE(acknowledged()) << uplink->status().trouble;
  ASSERT_TRUE(eventually([&] { return opened().find("BG777ZZ") != std::string::npos; })) << opened();
  const std::string day = std::to_string(store::format::day_of(WallTime{clock.now().wall.ms - to_ms(ago)}));
  const std::string date = day.substr(0, 4) + "-" + day.substr(4, 2) + "-" + day.substr(6);
  std::atomic<int> done{0};
  Record note;
  note.at = clock.now();
  note.body = AuditNote{"erase_day", "J. Example", date};
  post_store->persist({note}, [&](const auto& result) { done += result.has_value(); });
  ASSERT_TRUE(eventually([&] { return done == 1; }));
  post_store->erase_day(date, [&](const auto& result) { done += result.has_value(); });
  ASSERT_TRUE(eventually([&] { return done == 2; }));
  ASSERT_TRUE(acknowledged());
  ASSERT_TRUE(eventually([&] { return opened().find("BG777ZZ") == std::string::npos; }));
  EXPECT_NE(opened().find("destroyed at the post by J. Example"), std::string::npos) << opened();
  // A record after it has a key of the next generation, which HQ gets too.
  crossing("BG888ZZ", {4, 5, 6}, ago);
  ASSERT_TRUE(eventually([&] { return opened().find("BG888ZZ") != std::string::npos; })) << opened();
  EXPECT_EQ(opened().find("BG777ZZ"), std::string::npos);
}

TEST_F(StoreToHq, APostThatKeepsItsKeysGivesNone) {
  close_post();
  hq_reads_personal = false;
  open_post();
  start_hq();
  crossing("BG777ZZ", {1, 2, 3});
  ASSERT_TRUE(acknowledged()) << uplink->status().trouble;
  ASSERT_TRUE(eventually([&] { return opened().find("hq_reads_personal") != std::string::npos; })) << opened();
  EXPECT_EQ(opened().find("BG777ZZ"), std::string::npos);
}

TEST_F(StoreToHq, PostRestartedWhileHqIsDown) {
  crossing("A1", {1, 2, 3});
  EXPECT_EQ(post_store->status().acknowledged, 0u);
  close_post();
  open_post();
  crossing("A2", {4, 5, 6});
  start_hq();
  ASSERT_TRUE(acknowledged()) << uplink->status().trouble;
  expect_journal_at_hq();
}

TEST_F(StoreToHq, HqWithoutItsDatabaseIsFilledAgainFromTheJournal) {
  start_hq();
  crossing("A1", {1, 2, 3});
  ASSERT_TRUE(acknowledged());
  hq.kill();
  for (const char* name : {"hq.sqlite", "hq.sqlite-wal", "hq.sqlite-shm"}) std::filesystem::remove(directory + "/" + name);
  start_hq();
  crossing("A2", {4, 5, 6});
  ASSERT_TRUE(eventually([&] { return report(sync::hq::report_records(place(), {"P1", "", 1, 1000, ""})).size() == post_store->status().last_sequence; }));
  ASSERT_TRUE(acknowledged()) << uplink->status().trouble;
  expect_journal_at_hq();
}

TEST_F(StoreToHq, ADamagedRecordHoldsUpNothingAndIsTakenOnceItIsRepaired) {
  crossing("BG100AA", Bytes(100, 1));
  crossing("BG200BB", Bytes(100, 2));
  const auto raw = post_store->journal_reader()->read(3, 1).value().front();
  const std::string segment = post_directory + "/journal/00000000000000000001.seg";
  close_post();
  // As a sector that went bad: the disk gives something else.
  std::string good(std::filesystem::file_size(segment), '\0');
  std::ifstream(segment, std::ios::binary).read(good.data(), static_cast<std::streamsize>(good.size()));
  std::string bad = good;
  const auto at = std::search(bad.begin(), bad.end(), raw.bytes.begin(), raw.bytes.end(), [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
  ASSERT_NE(at, bad.end());
  *(at + 50) = static_cast<char>(*(at + 50) ^ 4);
  const auto write = [&](const std::string& bytes) { std::ofstream(segment, std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<std::streamsize>(bytes.size())); };
  write(bad);
  start_hq();
  lost_after = 100ms;
  open_post();
  ASSERT_TRUE(acknowledged()) << "HQ goes on without it";
  const std::uint64_t last = post_store->status().last_sequence;
  EXPECT_EQ(report(sync::hq::report_records(place(), {"P1", "", 1, 1000, ""})).size(), last - 1);
  const auto gaps = report(sync::hq::report_gaps(place(), "P1"));
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_NE(gaps[0]["why"].get<std::string>().find("damaged at the post: 00000000000000000001.seg"), std::string::npos) << gaps.dump();
  close_post();
  write(good);
  open_post();
  ASSERT_TRUE(eventually([this] { return report(sync::hq::report_gaps(place(), "P1")).empty(); })) << "it is sent, and taken";
  ASSERT_TRUE(acknowledged());
  expect_journal_at_hq();
  for (const auto& row : report(sync::hq::report_records(place(), {"P1", "", 1, 1000, ""}))) EXPECT_EQ(row["chain"], "linked");
}
