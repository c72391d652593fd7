#include "hil/sync/sent_again.hpp"

#include <gtest/gtest.h>

namespace rampa::hil {
namespace {

class Zeros : public sync::BlobSource {
 public:
  Result<Bytes> read(const std::string&, std::uint64_t, std::size_t count) override { return Bytes(count); }
  Result<sync::Manifest> manifest(const std::string&) override { return fail(ErrorCode::not_found, "none"); }
};

class SentAgainTest : public ::testing::Test {
 protected:
  void connect(std::size_t budget) {
    ++attempts_;
    tell(true, budget);
  }
  void cut(std::size_t budget) { tell(false, budget); }
  void tell(bool up, std::size_t budget) {
    sync::LinkStatus status;
    status.up = up;
    status.budget_bytes = budget;
    status.attempts = attempts_;
    watch_.status(status);
  }
  void send(const std::string& blob, std::uint64_t offset, std::size_t count) { ASSERT_TRUE(source_->read(blob, offset, count)); }
  std::uint64_t again(std::size_t connection) { return watch_.ended().at(connection).again_bytes; }
  static constexpr std::uint64_t head = 52;  // sync/TOPICS.md, "Slice"

  SentAgain watch_;
  std::unique_ptr<sync::BlobSource> source_ = watch_.watch(std::make_unique<Zeros>());
  std::uint64_t attempts_ = 0;
};

TEST_F(SentAgainTest, what_arrived_is_not_counted) {
  connect(16'000);
  send("a", 0, 3000);
  cut(20'000);
  connect(16'000);
  send("a", 3000, 3000);
  send("b", 0, 3000);  // the same offset of another blob
  cut(16'000);
  ASSERT_EQ(watch_.ended().size(), 2u);
  EXPECT_EQ(again(0), 0u);
  EXPECT_EQ(again(1), 0u);
  EXPECT_EQ(watch_.ended()[0].attempt, 1u);
  EXPECT_EQ(watch_.ended()[0].sent_bytes, 3000 + head);
}

TEST_F(SentAgainTest, what_goes_again_counts_for_the_connection_that_lost_it) {
  connect(16'000);
  for (std::uint64_t at = 0; at < 12'000; at += 3000) send("a", at, 3000);
  cut(20'000);
  connect(16'000);
  send("a", 7000, 2000);  // in other pieces
  cut(16'000);
  connect(16'000);
  send("a", 9000, 3000);  // lost by the first one, whatever came between
  send("a", 7000, 100);   // and this by the second
  cut(30'000);
  const auto ended = watch_.ended();
  ASSERT_EQ(ended.size(), 3u);
  EXPECT_EQ(ended[0].again_bytes, 5000 + head) << "of the message from 6000 on the first 1000 bytes had arrived";
  EXPECT_EQ(ended[1].again_bytes, 100 + head);
  EXPECT_EQ(ended[2].again_bytes, 0u);
}

TEST_F(SentAgainTest, a_piece_over_two_connections_counts_for_both) {
  connect(16'000);
  send("a", 0, 1000);
  cut(16'000);
  connect(16'000);
  send("a", 1000, 1000);
  cut(16'000);
  connect(16'000);
  send("a", 500, 3000);
  EXPECT_EQ(again(0), 500u) << "the first half of the message, and its head, had arrived";
  EXPECT_EQ(again(1), 1000 + head);
}

TEST_F(SentAgainTest, the_budget_that_was_when_it_went_counts_too) {
  connect(60'000);
  send("a", 0, 30'000);
  send("a", 30'000, 20'000);
  tell(true, 20'000);
  cut(20'000);
  connect(16'000);
  send("a", 30'000, 3000);
  tell(true, 24'000);
  cut(18'000);
  connect(16'000);
  send("a", 30'000, 3000);
  const auto ended = watch_.ended();
  ASSERT_EQ(ended.size(), 2u);
  EXPECT_EQ(ended[0].budget_bytes, 20'000u);
  EXPECT_EQ(ended[0].budget_then_bytes, 60'000u);
  EXPECT_EQ(ended[0].might_be_under_way(), 60'000 + 30'000 + head);
  EXPECT_EQ(ended[1].budget_then_bytes, 24'000u) << "what let it go was told behind it";
  EXPECT_EQ(ended[1].might_be_under_way(), 24'000 + 3000 + head);
}

TEST_F(SentAgainTest, the_budget_is_the_one_at_the_end_and_the_longest_message_stands_beside_it) {
  connect(16'000);
  send("a", 0, 3000);
  tell(true, 40'000);
  send("a", 3000, 5000);
  send("a", 8000, 10);
  EXPECT_TRUE(watch_.ended().empty());
  cut(44'000);
  cut(1);  // nobody is connected
  ASSERT_EQ(watch_.ended().size(), 1u);
  EXPECT_EQ(watch_.ended()[0].budget_bytes, 44'000u);
  EXPECT_EQ(watch_.ended()[0].message_bytes, 5000 + head);
}

}  // namespace
}  // namespace rampa::hil
