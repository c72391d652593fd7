// A comparison that finds nothing proves something only if it can find each of these.
#include "hil/sync/comparison.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rampa::hil {
namespace {

using nlohmann::json;
using store::Stream;

/// Verdict, event, event, verdict, event, event..., and the same at HQ.
class ComparisonTest : public ::testing::Test {
 protected:
  ComparisonTest() {
    store::StreamEnds ends;
    for (std::uint64_t sequence = 1; sequence <= 6; ++sequence) {
      store::JournalReader::Raw raw;
      raw.sequence = sequence;
      raw.stream = sequence % 3 == 1 ? Stream::verdicts : Stream::events;
      raw.stream_sequence = ++ends.of(raw.stream);
      raw.hash = "hash " + std::to_string(sequence);
      raw.kind = raw.stream == Stream::verdicts ? "verdict" : "passage";
      at_hq_.push_back({{"sequence", sequence}, {"stream", store::name_of(raw.stream)}, {"number", raw.stream_sequence}, {"hash", raw.hash}, {"kind", raw.kind},
                        {"wall_ms", 1000}, {"open", {{"reason", "1500 it happened"}}}, {"clock", {{"behind_ms_min", 400}, {"behind_ms_max", 600}}}});
      journal_.push_back(std::move(raw));
    }
  }
  Comparison compare(std::uint64_t next = 0) {
    Comparison result;
    compare_records(result, journal_, at_hq_, next);
    return result;
  }
  std::vector<store::JournalReader::Raw> journal_;
  json at_hq_ = json::array();
};

TEST_F(ComparisonTest, equal_is_equal) {
  const Comparison c = compare();
  EXPECT_TRUE(c.equal()) << c.first_wrong;
  EXPECT_EQ(c.records, 6u);
  EXPECT_EQ(c.interval_ms.size(), 6u);
}

TEST_F(ComparisonTest, another_place_in_the_stream_is_out_of_order) {
  std::swap(at_hq_[1]["number"], at_hq_[2]["number"]);  // the journal's events 1 and 2
  const Comparison c = compare();
  EXPECT_EQ(c.out_of_order, 2u);
  EXPECT_EQ(c.lost + c.twice + c.corrupt, 0u);
  EXPECT_FALSE(c.equal());
  EXPECT_EQ(c.first_wrong, "record 2 is number 1 of the events, at HQ number 2 of the events");
}

TEST_F(ComparisonTest, the_other_stream_is_out_of_order) {
  at_hq_[3]["stream"] = "events";
  EXPECT_EQ(compare().out_of_order, 1u);
  at_hq_[3].erase("stream");
  EXPECT_EQ(compare().out_of_order, 1u);
}

TEST_F(ComparisonTest, what_lacks_is_lost) {
  at_hq_.erase(2);
  EXPECT_EQ(compare().lost, 1u);
}

TEST_F(ComparisonTest, what_is_there_twice_is_told) {
  at_hq_.insert(at_hq_.begin() + 2, json(at_hq_[2]));
  const Comparison c = compare();
  EXPECT_EQ(c.twice, 1u);
  EXPECT_EQ(c.lost + c.corrupt + c.out_of_order, 0u);
}

TEST_F(ComparisonTest, other_content_is_corrupt) {
  at_hq_[4]["hash"] = "another";
  EXPECT_EQ(compare().corrupt, 1u);
  json stranger = at_hq_[5];
  stranger["sequence"] = 7;
  at_hq_.push_back(stranger);
  EXPECT_EQ(compare().corrupt, 2u) << "and one that no journal has";
  EXPECT_EQ(compare(7).corrupt, 1u) << "unless it is the next page's";
}

TEST_F(ComparisonTest, a_true_time_beside_the_interval_is_told) {
  at_hq_[0]["clock"]["behind_ms_max"] = 450;
  EXPECT_EQ(compare().outside_interval, 1u);
  at_hq_[5].erase("clock");
  EXPECT_EQ(compare().without_interval, 1u);
}

}  // namespace
}  // namespace rampa::hil
