#include "sync/fetch_shelf.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

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

}  // namespace
}  // namespace rampa::sync
