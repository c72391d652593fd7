#include "edge/store/store.hpp"

#include <fstream>

#include "edge/store/blob_reader.hpp"
#include "edge/store/record_format.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

class Whole : public StoreTest {};

TEST_F(Whole, WhatIsPersistedIsReadBack) {
  start();
  cross("L1-1-1", "BG100AA");
  cross("L1-1-2", "BG200BB");
  store->acknowledge(4);
  ASSERT_TRUE(write_until([&] { return rows().size() == 2 && rows()[0].outcome == "released"; }));

  const auto all = rows();
  EXPECT_EQ(all[0].id.text, "L1-1-2");  // newest first
  EXPECT_EQ(all[1].plate, "BG100AA");
  EXPECT_EQ(all[1].verdict, "release");
  EXPECT_EQ(all[1].channel, "green");
  EXPECT_EQ(all[1].decided_by, "policy");
  EXPECT_EQ(all[1].decision_ms, 1200);
  EXPECT_TRUE(all[1].acknowledged);
  EXPECT_FALSE(all[0].acknowledged);
  EXPECT_EQ(rows({50, {}, "BG100AA", {}}).size(), 1u);
  EXPECT_EQ(rows({50, {"L2"}, "", {}}).size(), 0u);
  EXPECT_EQ(rows({1, {}, "", {"L1-1-2"}}).at(0).id.text, "L1-1-1");

  auto reader = store->picture_reader();
  const auto records = (*reader)->records_of({"L1-1-1"});
  ASSERT_TRUE(records) << records.error().what;
  ASSERT_EQ(records->size(), 4u);
  EXPECT_EQ(std::get<device::PlateRead>(std::get<CaptureTaken>((*records)[1].body).body).text, "BG100AA");
  EXPECT_FALSE((*records)[1].erased);
  const auto picture = (*reader)->blob((*records)[1].blobs.at(0).sha256);
  ASSERT_TRUE(picture) << picture.error().what;
  EXPECT_EQ(picture->size(), 2000u);
  EXPECT_EQ((*reader)->records_of({"L9-9-9"}).error().code, ErrorCode::not_found);

  auto journal = store->journal_reader();
  const auto raws = journal->read(3, 4);
  ASSERT_TRUE(raws) << raws.error().what;
  ASSERT_EQ(raws->size(), 4u);
  EXPECT_EQ(raws->at(0).sequence, 3u);
  EXPECT_EQ(raws->at(0).hash, records->at(2).hash);

  stop();
  EXPECT_EQ(verify_finding(), "");
  const auto report = store::verify(settings.directory, {});
  EXPECT_GE(report->records, 8u);
  EXPECT_EQ(report->blobs, 2u);
  EXPECT_GE(report->signatures, 2u);
  EXPECT_GE(report->rows, report->records + 2);
  auto tool = store::open_picture(settings.directory);
  ASSERT_TRUE(tool);
  EXPECT_EQ((*tool)->crossings({})->size(), 2u);
}

TEST_F(Whole, GoesOnAfterRestartAndKnowsHowItEnded) {
  start();
  EXPECT_EQ(store->status().boot_number, 1u);
  EXPECT_FALSE(store->status().clean_before && store->status().last_sequence > 0);
  cross("L1-1-1", "BG100AA");
  const std::string boot = store->status().boot_id;
  stop();
  start();
  EXPECT_EQ(store->status().last_sequence, 4u);
  EXPECT_EQ(store->status().boot_number, 2u);
  EXPECT_TRUE(store->status().clean_before);
  EXPECT_TRUE(store->status().repaired.empty());
  EXPECT_NE(store->status().boot_id, boot);
  cross("L1-2-1", "BG200BB");
  EXPECT_EQ(store->status().last_sequence, 8u);
  EXPECT_EQ(store::open(settings, clock).error().code, ErrorCode::busy) << "two may not write";
}

TEST_F(Whole, RestartsWithinOneBootOfTheMachineShareIt) {
  settings.boot = BootId{1, 2, 3};
  WallQuality quality = WallQuality::synchronised;
  settings.wall_quality = [&] { return quality; };
  for (const WallQuality now : {WallQuality::synchronised, WallQuality::free_running}) {
    stop();
    quality = now;
    start();
    cross("L1-" + std::to_string(store->status().boot_number) + "-1", "BG100AA");
  }
  EXPECT_EQ(store->status().boot_number, 2u);
  const auto raws = store->journal_reader()->read(1, 100);
  ASSERT_TRUE(raws);
  ASSERT_EQ(raws->size(), 8u);
  for (std::size_t i = 0; i < raws->size(); ++i) {
    const auto record = store::format::parse((*raws)[i].bytes);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->entry.boot, *settings.boot);
    EXPECT_EQ(record->entry.wall_quality, i < 4 ? WallQuality::synchronised : WallQuality::free_running) << i;
  }
}

TEST_F(Whole, GrowingBlobBecomesAnAttachment) {
  start();
  const auto strip = content(100'000, 3);
  Bytes whole;
  for (int i = 0; i < 5; ++i) {
    store->append_blob("scan-1", strip);
    whole.insert(whole.end(), strip->begin(), strip->end());
  }
  const Record scan{{"L1"}, {"L1-1-1"}, clock.now(), CaptureTaken{"scanner", {}, device::ScanImage{}},
                    {{"scan", "application/octet-stream", nullptr, "scan-1"}}};
  ASSERT_TRUE(put({scan}));
  const auto again = put({scan});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::invalid);
  auto raws = store->journal_reader()->read(1, 10);
  ASSERT_EQ(raws->size(), 1u);
  const BlobRef ref = raws->at(0).blobs.at(0);
  EXPECT_EQ(ref.size_bytes, whole.size());
  auto blobs = store::open_blobs(settings.directory);
  EXPECT_EQ(blobs->manifest(ref.sha256)->chunks.size(), 4u);
  EXPECT_TRUE(*blobs->whole(ref.sha256) == whole);
  Bytes sliced;
  while (true) {
    auto slice = blobs->range(ref.sha256, sliced.size(), 30'000);
    ASSERT_TRUE(slice) << slice.error().what;
    if (slice->empty()) break;
    sliced.insert(sliced.end(), slice->begin(), slice->end());
  }
  EXPECT_TRUE(sliced == whole);
  EXPECT_EQ(blobs->whole(std::string(64, '0')).error().code, ErrorCode::not_found);
  EXPECT_EQ(blobs->whole("../../etc/passwd").error().code, ErrorCode::invalid);
}

TEST_F(Whole, TheSameContentIsStoredOnce) {
  start();
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(put({plate_read({"L1-1-1"}, "X", clock.now(), {{"a", "image/jpeg", content(500, 7)}, {"b", "image/jpeg", content(500, 7)}})}));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path("blobs"))) files += entry.is_regular_file();
  EXPECT_EQ(files, 1u);
}

TEST_F(Whole, DeclarationsAndWatchListsSurviveARestart) {
  start();
  Declaration d;
  d.reference = "26RS0001";
  d.kind = "import";
  d.plate = "BG100AA";
  d.trailer = "BG777TT";
  d.gross_kg = 38000;
  d.driver_name = "Petar";
  d.valid_until = WallTime{1'784'000'000'000};
  d.goods = {{"220421", "RS", 20000, 50000, "wine"}, {"220422", "RS", {}, {}, ""}};
  d.more["value_eur"] = std::int64_t{50000};
  d.more["seals"] = std::vector<std::string>{"A1", "A2"};
  store->put_declarations({d});
  d.reference = "26RS0002";
  d.plate = "BG200BB";
  store->put_declarations({d});
  d.gross_kg = 12000;
  store->put_declarations({d});
  store->put_watch_list("stolen", {"BG999ZZ", "BG100AA"});
  ASSERT_TRUE(put({opened({"L1-1-1"}, clock.now())}));
  const auto check = [&] {
    auto found = (*store->picture_reader())->declarations_for({"BG100AA", "BG200BB"});
    ASSERT_TRUE(found) << found.error().what;
    ASSERT_EQ(found->size(), 2u);
    EXPECT_EQ(found->at(0).driver_name, "Petar");
    EXPECT_EQ(found->at(0).valid_until, d.valid_until);
    EXPECT_EQ(found->at(0).goods.at(0).hs_code, "220421");
    EXPECT_EQ(found->at(0).goods.at(0).value_eur, 50000);
    EXPECT_EQ(found->at(0).goods.at(1).gross_kg, std::nullopt) << "not declared, which is not 0";
    EXPECT_EQ(found->at(0).goods.at(1).value_eur, std::nullopt);
    EXPECT_EQ(found->at(0).more, d.more);
    EXPECT_EQ(found->at(1).gross_kg, 12000);
    EXPECT_EQ((*store->picture_reader())->declarations_for({"BG777TT"})->size(), 2u);
    EXPECT_EQ((*store->picture_reader())->declarations_for({""})->size(), 0u);
    const auto lists = store::read_cached_lists(settings.directory);
    EXPECT_EQ(lists->declarations.size(), 2u);
    EXPECT_EQ(lists->watch_lists.at("stolen").size(), 2u);
  };
  check();
  stop();
  std::filesystem::remove(path("picture.sqlite"));
  std::ofstream(path("cache.log"), std::ios::app) << "1234";  // torn while it was written
  start();
  check();
  store->put_watch_list("stolen", {});
  ASSERT_TRUE(put({opened({"L1-2-1"}, clock.now())}));
  EXPECT_TRUE(store::read_cached_lists(settings.directory)->watch_lists.empty());
}

TEST_F(Whole, AKeptDeclarationWithTooMuchInItIsLeftOutAndTold) {
  start();
  Declaration d;
  d.reference = "26RS0001";
  store->put_declarations({d});
  d.reference = "26RS0002";
  d.goods.resize(declaration_goods_max + 1);
  store->put_declarations({d});
  ASSERT_TRUE(put({opened({"L1-1-1"}, clock.now())}));
  stop();
  start();
  const auto lists = store::read_cached_lists(settings.directory);
  EXPECT_EQ(lists->declarations.size(), 1u);
  EXPECT_TRUE(lists->declarations.contains("26RS0001"));
  EXPECT_NE(store->status().trouble.find("line 2 is a declaration with too much in it (goods has 10000 items; at most 9999 are taken) and is left out"), std::string::npos) << store->status().trouble;
}

TEST_F(Whole, TheSitesOwnDeclarationsAreShownBesideHqsAndNeverInsteadOfThem) {
  start();
  Declaration d;
  d.reference = "A";
  d.plate = "BG1";
  d.gross_kg = 12000;
  store->put_declarations({d});
  store::CachedLists site;
  d.gross_kg = 38000;
  site.declarations["A"] = d;
  d.reference = "B";
  site.declarations["B"] = d;
  const auto check = [&] {
    store->show_site_lists(site);
    ASSERT_TRUE(put({opened({"L1-1-1"}, clock.now())}));
    auto found = (*store->picture_reader())->declarations_for({"BG1"});
    ASSERT_TRUE(found) << found.error().what;
    ASSERT_EQ(found->size(), 2u);
    EXPECT_EQ(found->at(0).gross_kg, 12000);
    EXPECT_EQ(store::read_cached_lists(settings.directory)->declarations.size(), 1u) << "what HQ sent, no more";
  };
  check();
  stop();
  start();
  check();
}

TEST_F(Whole, AFullQueueIsSaidAndNothingBlocks) {
  settings.queue_records_max = 8;
  start();
  std::atomic<int> good{0}, busy{0};
  std::promise<void> in_callback, go_on;
  // Holds the store's thread in an answer while the queue fills.
  store->persist({opened({"L1-1-1"}, clock.now())}, [&](auto) {
    in_callback.set_value();
    go_on.get_future().wait();
  });
  in_callback.get_future().wait();
  for (int i = 0; i < 12; ++i)
    store->persist({opened({"L1-1-" + std::to_string(i + 2)}, clock.now())}, [&](Result<std::vector<std::uint64_t>> r) {
      if (r) ++good;
      else if (r.error().code == ErrorCode::busy) ++busy;
    });
  go_on.set_value();
  stop();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(busy, 4);
}

TEST_F(Whole, AnswersAndWakesComeInOrder) {
  start();
  std::vector<std::uint64_t> woken, answered;
  std::mutex guard;
  store->on_durable([&](std::uint64_t last) { std::lock_guard lock(guard); woken.push_back(last); });
  for (int i = 0; i < 300; ++i)
    store->persist({opened({"L1-1-" + std::to_string(i)}, clock.now())}, [&](Result<std::vector<std::uint64_t>> r) {
      std::lock_guard lock(guard);
      answered.push_back(r ? r->at(0) : 0);
    });
  stop();
  ASSERT_EQ(answered.size(), 300u);
  for (std::size_t i = 0; i < answered.size(); ++i) EXPECT_EQ(answered[i], i + 1);
  ASSERT_FALSE(woken.empty());
  EXPECT_TRUE(std::is_sorted(woken.begin(), woken.end()));
  EXPECT_EQ(woken.back(), 300u);
  EXPECT_EQ(verify_finding(), "");
}

TEST_F(Whole, PaperCrossingsAreShownAsSuch) {
  start();
  PaperCrossing paper;
  paper.happened = WallTime{1'783'900'000'000};
  paper.plate = "BG5PAPER";
  paper.gross_kg = 17000;
  paper.decided_by = "officer-7";
  ASSERT_TRUE(put({Record{{"L1"}, {"L1-1-P1"}, clock.now(), paper, {}}}));
  ASSERT_TRUE(put({Record{{"L1"}, {}, clock.now(), paper, {}}}));
  ASSERT_TRUE(write_until([&] { return rows().size() == 2; }));
  for (const auto& row : rows()) {
    EXPECT_TRUE(row.paper);
    EXPECT_EQ(row.plate, "BG5PAPER");
    EXPECT_EQ(row.gross_kg, 17000);
    EXPECT_EQ(row.opened.wall.ms, 1'783'900'000'000);
  }
  EXPECT_EQ(rows()[0].id.text, "paper-2");
}

TEST_F(Whole, AWrongDirectoryOrPostIsNamed) {
  settings.directory = "/proc/no/such";
  auto refused = store::open(settings, clock);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("/proc/no/such"), std::string::npos);
  settings.directory = scratch.path() + "/store";
  start();
  stop();
  settings.post = {"RS-OTHER"};
  refused = store::open(settings, clock);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("RS-"), std::string::npos);
  settings.post = {std::string(40, 'x')};
  settings.directory = scratch.path() + "/third";
  EXPECT_EQ(store::open(settings, clock).error().code, ErrorCode::invalid);
}

TEST_F(Whole, BlobsMakeRoomWithTombstonesAndVerifyIsContent) {
  settings.quota_thumbnails_bytes = 12 * 4096;
  start();
  const auto cross_with_picture = [&](int i) {
    const CrossingId id{"L1-1-" + std::to_string(i)};
    ASSERT_TRUE(put({opened(id, clock.now())}));
    ASSERT_TRUE(put({plate_read(id, "BG1", clock.now(), {{"plate.jpg", "image/jpeg", content(2000 + static_cast<std::size_t>(i), 7)}})}));
    ASSERT_TRUE(put({verdict(id, Verdict::release, clock.now()), closed(id, clock.now())}));
  };
  for (int i = 10; i < 20; ++i) cross_with_picture(i);
  ASSERT_TRUE(write_until([&] { return store->wait_for_picture(1s); }));
  auto first = [&] {
    auto reader = store->picture_reader();
    auto records = (*reader)->records_of({"L1-1-10"});
    return records->at(1).blobs.at(0).sha256;
  }();
  store->blob_held(first);
  store->blob_held("no address");
  ASSERT_TRUE(write_until([&] { return store->status().room.held_blobs == 1; }));
  for (int i = 20; i < 40; ++i) cross_with_picture(i);
  ASSERT_TRUE(write_until([&] { return store->status().room.thumbnails.bytes <= settings.quota_thumbnails_bytes; }));
  const auto room = store->status().room;
  EXPECT_EQ(room.thumbnails.evicted_held, 1u);
  EXPECT_GT(room.thumbnails.evicted_not_held, 15u);
  ASSERT_TRUE(store->wait_for_picture(5s));
  auto gone = (*store->picture_reader())->blob_gone(first);
  ASSERT_TRUE(gone && *gone);
  EXPECT_TRUE((*gone)->held_at_hq);
  EXPECT_EQ(verify_finding(), "");
  // One that is gone without a tombstone is named.
  stop();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path("blobs")))
    if (entry.is_regular_file()) {
      std::filesystem::remove(entry.path());
      break;
    }
  EXPECT_NE(verify_finding().find("no record says that it was removed"), std::string::npos) << verify_finding();
}

}  // namespace
}  // namespace rampa::tests
