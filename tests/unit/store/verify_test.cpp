// rampa verify: whatever is changed, it says what and where.
#include <sqlite3.h>

#include <fstream>

#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

Bytes read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_all(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

class Verify : public StoreTest {
 protected:
  void SetUp() override {
    start();
    cross("L1-1-1", "BG100AA");
    cross("L1-1-2", "BG200BB");
    const auto big = content(300'000, 9);
    ASSERT_TRUE(put({plate_read({"L1-1-2"}, "BG200BB", clock.now(), {{"scan", "application/octet-stream", big}})}));
    ASSERT_TRUE(put({closed({"L1-1-2"}, clock.now())}));
    stop();
    segment = path("journal/00000000000000000001.seg");
    ASSERT_EQ(verify_finding(), "");
  }
  void sql(const std::string& text) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path("picture.sqlite").c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  /// Flips bits all over a file; every flip must be found and named.
  void every_flip_is_found(const std::string& file, std::size_t from, std::size_t to, std::size_t step, const std::string& named) {
    const Bytes good = read_all(file);
    for (std::size_t at = from; at < std::min(to, good.size()); at += step) {
      Bytes bad = good;
      bad[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
      write_all(file, bad);
      const std::string finding = verify_finding();
      EXPECT_NE(finding.find(named), std::string::npos) << file << ", byte " << at << ": '" << finding << "'";
      if (HasFailure()) break;
    }
    write_all(file, good);
    EXPECT_EQ(verify_finding(), "");
  }
  std::string segment;
};

TEST_F(Verify, FlipsInTheJournal) {
  const Bytes bytes = read_all(segment);
  std::size_t used = bytes.size();
  while (used > 0 && bytes[used - 1] == 0) --used;
  every_flip_is_found(segment, 0, used, 37, "journal");
}
// All but the newest, which counts as torn while it was written where it does not fit.
TEST_F(Verify, FlipsInTheSeals) {
  start();
  cross("L1-2-1", "BG300CC");
  stop();
  const auto size = std::filesystem::file_size(path("heads/heads.log"));
  ASSERT_GE(size, 480u);
  every_flip_is_found(path("heads/heads.log"), 0, size - 160, 11, "heads.log");
}
// With them the journal's end could have gone too.
TEST_F(Verify, SealsThatAreGoneOrCutInFrontAreFound) {
  const std::string heads = path("heads/heads.log");
  const Bytes whole = read_all(heads);
  ASSERT_EQ(verify_finding(), "");
  write_all(heads, {});
  EXPECT_NE(verify_finding().find("no whole seal"), std::string::npos);
  if (whole.size() >= 320) {
    write_all(heads, Bytes(whole.begin() + 160, whole.end()));
    EXPECT_NE(verify_finding().find("first seal"), std::string::npos);
  }
}
TEST_F(Verify, FlipsInBlobs) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path("blobs"))) {
    if (!entry.is_regular_file()) continue;
    every_flip_is_found(entry.path().string(), 0, 1'000'000, entry.file_size() / 5 + 1, "blobs/");
  }
}

TEST_F(Verify, MissingBlobIsNamedWithItsRecord) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path("blobs")))
    if (entry.is_regular_file() && entry.file_size() == 2000) {
      std::filesystem::remove(entry.path());
      break;
    }
  const std::string finding = verify_finding();
  EXPECT_NE(finding.find("record "), std::string::npos) << finding;
  EXPECT_NE(finding.find("plate.jpg"), std::string::npos) << finding;
}

TEST_F(Verify, TamperedRowsOfThePicture) {
  const Bytes good = read_all(path("picture.sqlite"));
  for (const auto& [change, named] : std::initializer_list<std::pair<const char*, const char*>>{
           {"UPDATE crossings SET verdict = 'hold' WHERE crossing = 'L1-1-1'", "L1-1-1"},
           {"UPDATE records SET kind = 'audit' WHERE sequence = 3", "row 3"},
           {"DELETE FROM crossings WHERE crossing = 'L1-1-2'", "L1-1-2"},
           {"DELETE FROM records WHERE sequence = 5", "5"},
           {"INSERT INTO records SELECT 4711, crossing, kind, lane, wall_ms, mono_ns, boot, day, key_generation, segment, offset, length, hash, row_hash FROM records WHERE sequence = 1", "4711"},
           {"UPDATE blob_refs SET name = 'other.jpg' WHERE sequence = 2", "2/0"}}) {
    sql(change);
    const std::string finding = verify_finding();
    EXPECT_NE(finding.find("picture.sqlite"), std::string::npos) << change << ": " << finding;
    EXPECT_NE(finding.find(named), std::string::npos) << change << ": " << finding;
    for (const char* rest : {"-wal", "-shm"}) std::filesystem::remove(path("picture.sqlite") + rest);
    write_all(path("picture.sqlite"), good);
  }
  EXPECT_EQ(verify_finding(), "");
}

TEST_F(Verify, ATamperedRowIsNotServedAndHealsByItself) {
  sql("UPDATE crossings SET verdict = 'hold' WHERE crossing = 'L1-1-1'");
  start();
  auto opened = store->picture_reader();
  ASSERT_TRUE(opened) << opened.error().what;
  auto reader = std::move(*opened);
  const auto refused = reader->crossings({});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("L1-1-1"), std::string::npos) << refused.error().what;
  // While the picture is made anew a look at it may be refused once more: until it answers, rightly.
  ASSERT_TRUE(write_until([&] { auto found = reader->crossings({}); return found && found->size() == 2 && found->back().verdict == "release"; }));
  stop();
  EXPECT_EQ(verify_finding(), "");
}

TEST_F(Verify, ACutJournalIsNoticed) {
  const Bytes good = read_all(segment);
  std::size_t last = 0;
  for (std::size_t at = 96; at + 4 < good.size(); ++at)
    if (std::equal(good.begin() + static_cast<std::ptrdiff_t>(at), good.begin() + static_cast<std::ptrdiff_t>(at) + 4, "RMPR")) last = at;
  Bytes cut = good;
  std::fill(cut.begin() + static_cast<std::ptrdiff_t>(last), cut.end(), std::uint8_t{0});
  write_all(segment, cut);
  EXPECT_NE(verify_finding().find("was sealed: the journal was cut"), std::string::npos) << verify_finding();
  const auto refused = store::open(settings, clock);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("its seal stands at"), std::string::npos);
}

TEST_F(Verify, AMissingSegmentIsNoticed) {
  std::filesystem::remove_all(settings.directory);
  settings.segment_bytes_max = 2048;
  start();
  for (int i = 0; i < 20; ++i) cross("L1-2-" + std::to_string(i), "BG300CC");
  stop();
  ASSERT_EQ(verify_finding(), "");
  std::vector<std::string> segments;
  for (const auto& entry : std::filesystem::directory_iterator(path("journal"))) segments.push_back(entry.path().string());
  ASSERT_GT(segments.size(), 3u);
  std::sort(segments.begin(), segments.end());
  std::filesystem::remove(segments[1]);
  EXPECT_NE(verify_finding().find("a whole segment are missing"), std::string::npos) << verify_finding();
}

TEST_F(Verify, AJournalWrittenAnewIsNoticedByItsSeals) {
  // Somebody who may write the directory but not sign makes the same post's journal again, with other content.
  const Bytes old_heads = read_all(path("heads/heads.log")), key = read_all(path("keys/device.key"));
  std::filesystem::remove_all(settings.directory);
  start();
  for (int i = 0; i < 6; ++i) cross("L1-9-" + std::to_string(i), "BG666ZZ");
  stop();
  write_all(path("heads/heads.log"), old_heads);
  const std::string finding = verify_finding();
  EXPECT_NE(finding, "");
  EXPECT_TRUE(finding.find("sealed") != std::string::npos || finding.find("not signed by this device") != std::string::npos) << finding;
}

TEST_F(Verify, ErasingADayKeepsTheChainAndLosesThePlates) {
  start();
  const std::string day = std::to_string(store::format::day_of(clock.now().wall));
  EXPECT_EQ(erase(day).error().code, ErrorCode::invalid) << "today's key is in use";
  EXPECT_EQ(erase("tomorrow").error().code, ErrorCode::invalid);
  EXPECT_EQ(erase("2019-01-01").error().code, ErrorCode::not_found);
  clock.step_wall(24 * 3600 * 1000);
  cross("L1-2-1", "BG300CC");
  ASSERT_TRUE(write_until([&] { return rows().size() == 3 && rows()[0].outcome == "released"; }));
  auto reader = *store->picture_reader();
  ASSERT_FALSE(reader->records_of({"L1-1-1"})->at(1).erased);

  const auto erased = erase(day);
  ASSERT_TRUE(erased) << erased.error().what;
  const auto records = reader->records_of({"L1-1-1"});
  ASSERT_TRUE(records) << records.error().what;
  EXPECT_TRUE(records->at(1).erased);
  EXPECT_EQ(std::get<device::PlateRead>(std::get<CaptureTaken>(records->at(1).body).body).text, "");
  EXPECT_FALSE(records->at(0).erased) << "has no personal part";
  EXPECT_FALSE(reader->records_of({"L1-2-1"})->at(1).erased);
  for (const auto& row : rows()) EXPECT_EQ(row.plate, row.id.text == "L1-2-1" ? "BG300CC" : "") << row.id.text;
  EXPECT_TRUE(rows({50, {}, "BG100AA", {}}).empty());
  reader.reset();
  stop();
  EXPECT_EQ(verify_finding(), "");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(settings.directory)) {
    if (!entry.is_regular_file()) continue;
    const Bytes bytes = read_all(entry.path().string());
    EXPECT_EQ(as_text(bytes).find("BG100AA"), std::string_view::npos) << entry.path();
    EXPECT_EQ(as_text(bytes).find("BG200BB"), std::string_view::npos) << entry.path();
  }
  // The clock goes back to the erased day: records get a new key, the old ones stay erased.
  clock.step_wall(-24 * 3600 * 1000);
  start();
  cross("L1-3-1", "BG400DD");
  ASSERT_TRUE(write_until([&] { return rows().size() == 4 && rows()[0].outcome == "released"; }));
  reader = *store->picture_reader();
  EXPECT_TRUE(reader->records_of({"L1-1-1"})->at(1).erased);
  EXPECT_FALSE(reader->records_of({"L1-3-1"})->at(1).erased);
  stop();
  EXPECT_EQ(verify_finding(), "");
}

TEST_F(Verify, ALostKeyIsNotAnErasure) {
  for (const auto& entry : std::filesystem::directory_iterator(path("keys/days"))) std::filesystem::remove(entry.path());
  EXPECT_NE(verify_finding().find("keys/days/"), std::string::npos) << verify_finding();
}

TEST_F(Verify, WorksBesideARunningAppliance) {
  start();
  for (int i = 0; i < 5; ++i) {
    cross("L1-2-" + std::to_string(i), "BG300CC");
    EXPECT_EQ(verify_finding(), "");
  }
}

}  // namespace
}  // namespace rampa::tests
