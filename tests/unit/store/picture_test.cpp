// SQLite's picture: old versions, damage, deletion; the journal goes on through all of it.
#include <sqlite3.h>

#include <fstream>

#include "edge/store/picture_keeper.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

class Rebuild : public StoreTest {
 protected:
  void SetUp() override {
    start();
    for (int i = 1; i <= 30; ++i) cross("L1-1-" + std::to_string(i), "BG" + std::to_string(100 + i));
    stop();
    picture = path("picture.sqlite");
  }
  void remove_picture() {
    for (const char* rest : {"", "-wal", "-shm"}) std::filesystem::remove(picture + rest);
  }
  void sql(const std::string& text) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(picture.c_str(), &db), SQLITE_OK);
    char* error = nullptr;
    ASSERT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_close(db);
  }
  /// Starts, writes, and sees the whole picture come back.
  void comes_back() {
    start();
    ASSERT_TRUE(write_until([&] { return rows({100, {}, "", {}}).size() == 30; }));
    EXPECT_EQ(rows()[29].plate, "BG101");
    stop();
    EXPECT_EQ(verify_finding(), "");
  }
  std::string picture;
};

TEST_F(Rebuild, Deleted) {
  remove_picture();
  comes_back();
}

TEST_F(Rebuild, NoDatabaseAtAll) {
  remove_picture();
  std::ofstream(picture) << "this is no database, it only looks like a file of some length, or does it";
  comes_back();
  EXPECT_TRUE(std::filesystem::exists(picture + ".damaged"));
}

TEST_F(Rebuild, PagesOverwritten) {
  const auto size = std::filesystem::file_size(picture);
  for (std::uintmax_t at = 4096; at + 4096 <= size; at += 8192) {
    std::fstream file(picture, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << std::string(4096, 'x');
  }
  comes_back();
}

TEST_F(Rebuild, OfAnotherJournal) {
  sql("UPDATE progress SET hash = zeroblob(32)");
  comes_back();
}

TEST_F(Rebuild, OfAnotherProgramOrANewerRampa) {
  sql("PRAGMA application_id = 1");
  comes_back();
  sql("PRAGMA user_version = 99");
  auto tool = *store::open_picture(settings.directory);
  const auto refused = tool->crossings({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_NE(refused.error().what.find("99"), std::string::npos);
  comes_back();
}

TEST_F(Rebuild, DeletedWhileItRuns) {
  start();
  auto reader = *store->picture_reader();
  ASSERT_TRUE(reader->crossings({}));
  remove_picture();
  int written = 0;
  ASSERT_TRUE(write_until([&] {
    ++written;
    auto found = reader->crossings({100, {}, "", {}});
    return std::filesystem::exists(picture) && found && found->size() == 30;
  }));
  stop();
  EXPECT_EQ(verify_finding(), "");
}

TEST_F(Rebuild, BehindByThousandsItCatchesUpInSlicesWhilePersistGoesOn) {
  start();
  std::atomic<int> answered{0};
  for (int i = 0; i < 3000; ++i)
    store->persist({opened({"L1-2-" + std::to_string(i)}, clock.now())}, [&](auto r) { answered += r.has_value(); });
  stop();
  EXPECT_EQ(answered, 3000);
  remove_picture();
  start();
  EXPECT_TRUE(store->status().picture_rebuilding);
  int while_rebuilding = 0;
  ASSERT_TRUE(write_until([&] {
    while_rebuilding += store->status().picture_rebuilding;
    return !store->status().picture_rebuilding;
  }));
  EXPECT_GT(while_rebuilding, 0) << "persist() was answered while the picture was being built";
  ASSERT_TRUE(write_until([&] { return rows({5000, {}, "", {}}).size() == 3030; }));
}

/// Pictures as older Rampas left them, by their version; the journal is today's.
TEST_F(Rebuild, EveryOlderVersionBecomesTodays) {
  for (const char* version : {"1", "2"}) {
    remove_picture();
    std::ifstream in(std::string("tests/unit/store/fixtures/picture_v") + version + ".sql");
    ASSERT_TRUE(in) << "fixture of version " << version;
    sql(std::string(std::istreambuf_iterator<char>(in), {}));
    comes_back();
    EXPECT_FALSE(std::filesystem::exists(picture + ".damaged")) << "migrated, not thrown away";
  }
}

}  // namespace
}  // namespace rampa::tests
