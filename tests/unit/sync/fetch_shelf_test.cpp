#include "sync/fetch_shelf.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace rampa::sync {
namespace {

class Shelf : public testing::Test {
 protected:
  Shelf() {
    std::string name = (std::filesystem::temp_directory_path() / "rampa-shelf-XXXXXX").string();
    directory = ::mkdtemp(name.data());
    shelf = std::move(*FileShelf::open(directory));
  }
  ~Shelf() override { std::filesystem::remove_all(directory); }
  std::string directory;
  std::unique_ptr<FileShelf> shelf;
  const Bytes content = Bytes(1000, 7);
  const std::string sha = hex(sha256(content));
};

TEST_F(Shelf, PiecesBecomeACheckedFileAlsoOverARestart) {
  ASSERT_TRUE(shelf->append(sha, ByteView{content}.first(600)));
  shelf = std::move(*FileShelf::open(directory));
  EXPECT_EQ(shelf->have(sha), 600u);
  ASSERT_TRUE(shelf->append(sha, ByteView{content}.subspan(600)));
  ASSERT_TRUE(shelf->finish(sha));
  EXPECT_EQ(std::filesystem::file_size(shelf->path_of(sha)), 1000u);
  EXPECT_TRUE(shelf->finish(sha)) << "once more changes nothing";
}

TEST_F(Shelf, OtherContentIsThrownAway) {
  ASSERT_TRUE(shelf->append(sha, Bytes(1000, 8)));
  EXPECT_EQ(shelf->finish(sha).error().code, ErrorCode::bad_reply);
  EXPECT_EQ(shelf->have(sha), 0u);
}

TEST_F(Shelf, WhatIsWantedIsRememberedUntilItIsForgotten) {
  ASSERT_TRUE(note_wanted(directory, {sha, 1000, 7, "bundle autumn set.rpb"}));
  EXPECT_EQ(note_wanted(directory, {"../x", 1, 1, ""}).error().code, ErrorCode::invalid);
  const auto noted = noted_wanted(directory);
  ASSERT_TRUE(noted);
  ASSERT_EQ(noted->size(), 1u);
  EXPECT_EQ(noted->front().sha256, sha);
  EXPECT_EQ(noted->front().size_bytes, 1000u);
  EXPECT_EQ(noted->front().number, 7u);
  EXPECT_EQ(noted->front().purpose, "bundle autumn set.rpb");
  ASSERT_TRUE(shelf->append(sha, content));
  forget_wanted(directory, sha);
  EXPECT_TRUE(noted_wanted(directory)->empty());
  EXPECT_EQ(shelf->have(sha), 0u);
}

TEST_F(Shelf, MoreNotesThanRampaWritesAreNotReadIntoMemory) {
  const auto name = [](std::size_t i) { return hex(sha256(as_bytes(std::to_string(i)))); };
  for (std::size_t i = 0; i < notes_max; ++i) std::ofstream(directory + "/" + name(i) + ".want") << "10 " << i << " bundle\n";
  ASSERT_EQ(noted_wanted(directory)->size(), notes_max);
  EXPECT_EQ(note_wanted(directory, {sha, 1000, 7, "bundle"}).error().code, ErrorCode::invalid);
  EXPECT_TRUE(note_wanted(directory, {name(3), 10, 7, "bundle"})) << "wanted already";
  std::ofstream(directory + "/" + sha + ".want") << "10 7 bundle\n";
  const auto refused = noted_wanted(directory);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find(directory), std::string::npos);
  EXPECT_NE(refused.error().what.find("remove"), std::string::npos);
  for (std::size_t i = 0; i < notes_max; ++i) forget_wanted(directory, name(i));
  std::ofstream(directory + "/" + sha + ".want") << "10 7 " << std::string(5u << 20, 'x');
  ASSERT_EQ(noted_wanted(directory)->size(), 1u);
  EXPECT_EQ(noted_wanted(directory)->front().purpose.size(), purpose_bytes_max);
  EXPECT_EQ(note_wanted(directory, {sha, 10, 7, std::string(5000, 'x')}).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace rampa::sync
