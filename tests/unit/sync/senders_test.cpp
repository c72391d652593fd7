// What of a stream and of a blob goes next: any loss, duplicate and order of arrival ends with everything at HQ.
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "sync/blob_sender.hpp"
#include "sync/stream_sender.hpp"

namespace rampa::sync {
namespace {

StreamAck ack_of(const RangeSet& held) {
  StreamAck ack;
  for (const Range& r : held.list()) {
    if (r.first == 1) ack.through = r.last;
    else if (ack.ranges.size() < ack_ranges_max) ack.ranges.push_back(r);
  }
  return ack;
}

TEST(StreamSender, TheNewestGoFirstThenTheBacklogFromItsOldEnd) {
  StreamSender sender;
  sender.restart({100, {{200, 250}}}, 1000);
  std::vector<Range> order;
  std::uint64_t n = 0;
  while (const auto piece = sender.next(300)) {
    order.push_back(piece->range);
    sender.sent({piece->range, 10, ++n, {}, piece->live});
  }
  EXPECT_EQ(order, (std::vector<Range>{{985, 1000}, {101, 199}, {251, 550}, {551, 850}, {851, 984}}));
  sender.extend(1002);
  EXPECT_EQ(sender.next(9)->range, (Range{1001, 1002}));
  EXPECT_TRUE(sender.next(9)->live);
}

TEST(StreamSender, WhatALaterAckSkipsIsLostAndGoesAgain) {
  StreamSender sender;
  sender.restart({0, {}}, 12);
  for (std::uint64_t n = 1; n <= 3; ++n) sender.sent({{4 * n - 3, 4 * n}, 100, n, {}, true});
  EXPECT_FALSE(sender.next(9));
  const auto outcome = sender.acknowledged({4, {{9, 12}}}, 0);
  EXPECT_EQ(outcome.delivered.size(), 2u);
  EXPECT_EQ(outcome.lost, 1u);
  EXPECT_EQ(sender.next(9)->range, (Range{5, 8}));
  EXPECT_EQ(sender.waiting(), 4u);
}

TEST(StreamSender, AHqThatLostItsDatabaseGetsEverythingAgain) {
  StreamSender sender;
  sender.restart({50, {}}, 60);
  sender.sent({{51, 60}, 100, 1, {}, true});
  const auto outcome = sender.acknowledged({20, {}}, 0);
  EXPECT_TRUE(outcome.went_back);
  RangeSet sent;
  std::uint64_t n = 1;
  while (const auto piece = sender.next(7)) sent.add(piece->range), sender.sent({piece->range, 1, ++n, {}, piece->live});
  EXPECT_EQ(sent.list(), (std::vector<Range>{{21, 60}}));
}

TEST(StreamSender, AnyLossEndsWithEverythingAtHq) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    StreamSender sender;
    RangeSet hq;
    std::uint64_t last = random() % 200, order = 0;
    sender.restart({}, last);
    std::deque<std::pair<std::uint64_t, Range>> wire;
    for (int round = 0; round < 3000; ++round) {
      const bool chaos = round < 300;
      if (chaos && random() % 10 == 0) sender.extend(last += random() % 9);
      if (chaos && random() % 50 == 0) {  // the connection breaks
        wire.clear();
        sender.restart(ack_of(hq), last);
      }
      if (const auto piece = sender.next(1 + random() % 20); piece && random() % 3) {
        sender.sent({piece->range, 100, ++order, {}, piece->live});
        if (!chaos || random() % 5) wire.emplace_back(order, piece->range);
      }
      std::uint64_t before = 0;
      if (!wire.empty()) {
        hq.add(wire.front().second);
        wire.pop_front();
      } else if (random() % 4 == 0) {
        before = order + 1;  // a hello and its answer: what is not in it was lost
      }
      if (!chaos || random() % 3) (void)sender.acknowledged(ack_of(hq), before);
      ASSERT_LE(sender.through(), last);
      if (!chaos && hq.count() == last && !sender.under_way()) break;
    }
    (void)sender.acknowledged(ack_of(hq), 0);
    ASSERT_EQ(hq.count(), last) << "seed " << seed;
    ASSERT_EQ(sender.waiting(), 0u) << "seed " << seed;
    ASSERT_EQ(sender.live_bytes() + sender.bulk_bytes(), 0u) << "seed " << seed;
  }
}

WantedBlob want_of(const std::string& sha, std::uint64_t size, const RangeSet& held) {
  WantedBlob want{sha, size, false, {}, 0, false, false};
  bool first = true;
  for (std::uint64_t chunk = 0; chunk < chunks_of(size); ++chunk) {
    const Range bytes{chunk * chunk_bytes, std::min(size, (chunk + 1) * chunk_bytes) - 1};
    if (held.covers(bytes)) continue;
    if (std::exchange(first, false)) {
      const auto missing = held.missing_in(bytes);
      want.have_bytes = missing.front().first - bytes.first;
    }
    if (!want.chunks.empty() && want.chunks.back().last + 1 == chunk) want.chunks.back().last = chunk;
    else want.chunks.push_back({chunk, chunk});
  }
  return want;
}

TEST(BlobSender, ACutImageGoesOnAtTheByte) {
  BlobSender sender;
  RangeSet held;
  held.add({0, chunk_bytes * 2 + 999});
  (void)sender.wanted({{want_of("a", 3 * chunk_bytes + 5, held)}, {}});
  const auto piece = sender.next(Traffic::images, 1 << 20);
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->offset, 2 * chunk_bytes + 1000);
  EXPECT_EQ(piece->bytes, chunk_bytes - 1000) << "not over the chunk's border";
}

TEST(BlobSender, ManifestComesFirstAndBoostOvertakes) {
  BlobSender sender;
  WantedBlob big{"big", 300'000, true, {}, 0, false, false};
  (void)sender.wanted({{big}, {}});
  const auto manifest = sender.next(Traffic::images, 1000);
  ASSERT_TRUE(manifest && manifest->manifest);
  sender.sent(*manifest, 200, 1, {});
  EXPECT_EQ(sender.bytes_under_way(), 200u);
  EXPECT_TRUE(sender.oldest_under_way());
  EXPECT_FALSE(sender.next(Traffic::images, 1000));
  (void)sender.wanted({{big}, {}});
  EXPECT_FALSE(sender.next(Traffic::images, 1000)) << "not twice unless HQ says that it is lost";
  big.resend = true;
  EXPECT_EQ(sender.wanted({{big}, {}}).lost, 1u);
  EXPECT_TRUE(sender.next(Traffic::images, 1000)->manifest);
  sender.sent(*manifest, 200, 2, {});
  EXPECT_EQ(sender.untold(3), 1u) << "nor if two hellos went since and HQ says nothing of it";
  sender.sent(*sender.next(Traffic::images, 1000), 200, 4, {});
  big.manifest = big.resend = false;
  big.chunks = {{0, 2}};
  big.boost = true;
  const auto known = sender.wanted({{{"small", 10, false, {{0, 0}}, 0, false, false}, big}, {}});
  ASSERT_EQ(known.delivered.size(), 1u);
  EXPECT_EQ(known.delivered[0].order, 4u);
  EXPECT_EQ(sender.bytes_under_way(), 0u);
  EXPECT_EQ(sender.next(Traffic::thumbnails, 1000)->sha256, "big");
  EXPECT_FALSE(sender.next(Traffic::images, 1000));
  const auto outcome = sender.wanted({{}, {"big"}});
  EXPECT_EQ(outcome.done, (std::vector<std::string>{"big"}));
  EXPECT_EQ(sender.next(Traffic::thumbnails, 1000)->sha256, "small");
}

TEST(BlobSender, TheEmptyBlobIsOneEmptySlice) {
  BlobSender sender;
  (void)sender.wanted({{{"none", 0, false, {{0, 0}}, 0, false, false}}, {}});
  const auto piece = sender.next(Traffic::thumbnails, 1000);
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->bytes, 0u);
  sender.sent(*piece, 52, 1, {});
  EXPECT_FALSE(sender.next(Traffic::thumbnails, 1000));
}

TEST(BlobSender, AnyLossEndsWithTheWholeBlobAndWithoutLossNothingGoesTwice) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    std::mt19937_64 random(seed);
    const std::uint64_t size = 1 + random() % (5 * chunk_bytes);
    BlobSender sender;
    const bool losses = seed % 2 == 0;
    RangeSet held;  // at HQ: within a chunk only what follows on
    (void)sender.wanted({{want_of("b", size, held)}, {}});
    std::deque<Range> wire;
    std::uint64_t order = 0, arrived_twice = 0;
    for (int round = 0; round < 5000 && held.count() < size; ++round) {
      const auto traffic = size <= chunk_bytes ? Traffic::thumbnails : Traffic::images;
      if (const auto piece = sender.next(traffic, 1 + random() % 40'000)) {
        sender.sent(*piece, piece->bytes, ++order, {});
        if (!losses || random() % 10) wire.push_back({piece->offset, piece->offset + piece->bytes - 1});
      }
      bool resend = false;
      if (!wire.empty() && random() % 2) {
        const Range range = wire.front();
        wire.pop_front();
        const std::uint64_t chunk = range.first / chunk_bytes * chunk_bytes;
        const bool follows = range.first == chunk || held.covers({chunk, range.first - 1});
        if (follows && held.missing_in(range).empty()) ++arrived_twice;
        if (follows) held.add(range);
        else resend = true;
      } else if (wire.empty() && !sender.next(traffic, 1)) {
        resend = true;
      }
      WantedBlob want = want_of("b", size, held);
      want.resend = resend;
      if (resend) wire.clear();
      if (held.count() == size) (void)sender.wanted({{}, {"b"}});
      else if (resend || random() % 2) (void)sender.wanted({{want}, {}});
    }
    ASSERT_EQ(held.count(), size) << "seed " << seed;
    if (!losses) {
      ASSERT_EQ(arrived_twice, 0u) << "seed " << seed;
    }
    ASSERT_EQ(sender.bytes_under_way(), 0u);
  }
}

}  // namespace
}  // namespace rampa::sync
