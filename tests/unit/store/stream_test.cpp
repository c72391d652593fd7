// The two streams of the journal: numbered without gaps, readable from any number on, the same after a restart.
#include <random>

#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

using store::Stream;

class Streams : public StoreTest {
 protected:
  /// One record of a kind that the seed chooses; some are long, so that segments end in different places.
  Record any(std::mt19937& random) {
    Record record;
    record.lane = {"L1"};
    record.at = clock.now();
    switch (random() % 3) {
      case 0: record.body = VerdictGiven{}; break;
      case 1: record.body = ControlRecorded{"documents", "nothing_found", "7", std::string(random() % 900, 'x')}; break;
      default: record.body = CrossingOpened{std::string(random() % 900, 'x'), "entry"}; break;
    }
    return record;
  }
  /// What the journal says, record by record, must be what each stream says in its own order.
  void compare(std::mt19937& random) {
    auto reader = store->journal_reader();
    const auto all = reader->read(1, 1'000'000);
    ASSERT_TRUE(all) << all.error().what;
    const auto ends = reader->ends();
    ASSERT_TRUE(ends);
    EXPECT_EQ(ends->verdicts + ends->events, all->size());
    for (const Stream stream : store::streams) {
      std::vector<store::JournalReader::Raw> own;
      for (const auto& raw : *all)
        if (raw.stream == stream) own.push_back(raw);
      ASSERT_EQ(own.size(), ends->of(stream));
      for (std::size_t i = 0; i < own.size(); ++i) ASSERT_EQ(own[i].stream_sequence, i + 1);
      for (int round = 0; round < 40; ++round) {
        std::uint64_t first = 1 + random() % own.size();
        for (int run = 0; run < 3 && first <= own.size(); ++run) {  // a jump, then on from there
          const std::size_t bytes_max = random() % 5000;
          const auto part = reader->read_stream(stream, first, 1 + random() % 30, bytes_max);
          ASSERT_TRUE(part) << part.error().what;
          ASSERT_FALSE(part->empty());
          std::size_t bytes = 0;
          for (const auto& raw : *part) {
            ASSERT_EQ(raw.stream_sequence, first);
            ASSERT_EQ(raw.bytes, own[first - 1].bytes);
            bytes += raw.bytes.size();
            ++first;
          }
          EXPECT_TRUE(part->size() == 1 || bytes <= bytes_max);
        }
      }
      const auto past = reader->read_stream(stream, own.size() + 1, 5, 1 << 20);
      ASSERT_TRUE(past);
      EXPECT_TRUE(past->empty());
    }
  }
};

TEST_F(Streams, AreWithoutGapsAndReadableFromAnyNumberOnAlsoAfterARestart) {
  std::mt19937 random(20);
  settings.segment_bytes_max = 4096;
  for (int boot = 0; boot < 3; ++boot) {
    start();
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(put({any(random), any(random)}));
    compare(random);
    EXPECT_EQ(store->status().streams, *store->journal_reader()->ends());
    stop();
  }
}

TEST_F(Streams, AReaderFollowsWhatIsAppended) {
  std::mt19937 random(21);
  start();
  auto reader = store->journal_reader();
  std::uint64_t next = 1;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(put({any(random)}));
    const auto more = reader->read_stream(Stream::events, next, 8, 1 << 20);
    ASSERT_TRUE(more);
    for (const auto& raw : *more) EXPECT_EQ(raw.stream_sequence, next++);
  }
  EXPECT_EQ(next - 1, reader->ends()->events);
}

TEST_F(Streams, TheEpochStaysWithTheStoreAndNoOtherHasIt) {
  start();
  const std::string epoch = store->status().epoch, key = store->status().device_key;
  EXPECT_EQ(epoch.size(), 32u);
  stop();
  start();
  EXPECT_EQ(store->status().epoch, epoch);
  EXPECT_EQ(store->status().device_key, key);
  stop();
  std::filesystem::remove_all(settings.directory);
  start();
  EXPECT_NE(store->status().epoch, epoch);
}

}  // namespace
}  // namespace rampa::tests
