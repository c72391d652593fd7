// Merging over posts and over time never counts twice: properties over random journals cut into overlapping stretches.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/effectiveness/records.hpp"

using namespace rampa;
using namespace rampa::risk;
using rampa::tests::Journal;

namespace {

const std::string epoch = "00112233445566778899aabbccddeeff";

struct World {
  explicit World(std::uint64_t seed) : random(seed) {}
  std::mt19937_64 random;
  std::size_t upto(std::size_t n) { return static_cast<std::size_t>(random() % n); }

  /// Crossings of several lanes, interleaved; some never closed, some assessed twice, some controlled after they were closed.
  Journal journal() {
    Journal j;
    static const char* words[] = {"clear", "suspect", "recheck", "unable", "nothing_found", "irregularity"};
    std::vector<std::string> open;
    for (std::size_t step = 30 + upto(60), next = 0; step > 0; --step) {
      j.now_ms += static_cast<std::int64_t>(upto(200'000));
      if (open.empty() || upto(3) == 0) open.push_back(std::to_string(next++));
      const auto& id = open[upto(open.size())];
      const std::string lane = "L" + std::to_string(1 + id.size() % 2);
      switch (upto(7)) {
        case 0: case 1: {
          auto made = j.made(static_cast<SelectivityChannel>(upto(4)), {});
          for (const char* p : {"A", "B", "C"}) {
            Hit hit;
            hit.profile = p;
            if (upto(2)) made.assessment.hits.push_back(hit);
            else if (upto(3) == 0) made.assessment.declined.push_back(std::string(p) + ": not drawn");
            else if (upto(3) == 0) made.assessment.shadow.push_back(p);
          }
          j.put(lane, id, made);
          break;
        }
        case 2: case 3: j.put(lane, id, ControlRecorded{"documents", words[upto(6)], "1", ""}); break;
        case 4: {
          VerdictGiven v;
          v.verdict = static_cast<Verdict>(upto(3));
          v.overrides = upto(2) == 0;
          j.put(lane, id, v);
          break;
        }
        case 5: j.put(lane, id, CrossingClosed{upto(5) ? "released" : "aborted", ""}); break;
        default: j.put("", "", AuditNote{"note", "", ""}); break;
      }
    }
    return j;
  }

  Outcomes stretch(const StoreName& post, const Journal& j, std::size_t from, std::size_t to) {
    Outcomes part;
    for (std::size_t i = from; i < to; ++i) part.fold(post, j.records[i]);
    return part;
  }
  Outcomes any_stretch(const StoreName& post, const Journal& j) {
    const auto a = upto(j.records.size() + 1), b = upto(j.records.size() + 1);
    return stretch(post, j, std::min(a, b), std::max(a, b));
  }
};

Outcomes merged(Outcomes a, const Outcomes& b) {
  a.merge(b);
  return a;
}

}  // namespace

TEST(OutcomesMerge, AnyOverlapAnyOrderGivesWhatOneReadingGives) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    World w(seed);
    Outcomes whole;
    std::vector<Outcomes> parts;
    for (const char* name : {"P1", "P2"}) {
      const auto j = w.journal();
      const StoreName post{name, epoch};
      whole.merge(w.stretch(post, j, 0, j.records.size()));
      const auto half = w.upto(j.records.size());
      parts.push_back(w.stretch(post, j, 0, half));
      parts.push_back(w.stretch(post, j, half, j.records.size()));
      for (int i = 0; i < 4; ++i) parts.push_back(w.any_stretch(post, j));
    }
    std::shuffle(parts.begin(), parts.end(), w.random);
    Outcomes sum;
    for (const auto& part : parts) sum.merge(part);
    ASSERT_EQ(sum, whole) << "seed " << seed;
    ASSERT_EQ(sum.json(), whole.json()) << "seed " << seed;
  }
}

TEST(OutcomesMerge, IsIdempotentCommutativeAndAssociative) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    World w(seed + 1000);
    const StoreName post{"P1", epoch};
    const auto j = w.journal(), other = w.journal();  // two journals that claim the same sequences: disagreement must not depend on the order
    const auto a = w.any_stretch(post, j), b = w.any_stretch(post, other), c = w.any_stretch(post, j);
    ASSERT_EQ(merged(a, a), a) << "seed " << seed;
    ASSERT_EQ(merged(a, b), merged(b, a)) << "seed " << seed;
    ASSERT_EQ(merged(merged(a, b), c), merged(a, merged(b, c))) << "seed " << seed;
    ASSERT_EQ(merged(merged(a, b), b), merged(a, b)) << "seed " << seed;
  }
}

TEST(OutcomesMerge, JsonComesBackEqual) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    World w(seed);
    const auto all = merged(w.any_stretch(StoreName{"P1", epoch}, w.journal()), w.any_stretch(StoreName{"P\"2", ""}, w.journal()));
    auto back = Outcomes::from_json(all.json());
    ASSERT_TRUE(back) << back.error().what;
    ASSERT_EQ(*back, all) << "seed " << seed;
  }
}

TEST(OutcomesMerge, TwoStoresUnderOneNameAreCountedEachByItself) {
  // A disk was replaced: sequences and crossings begin anew.
  Journal before, after;
  for (int i = 0; i < 6; ++i) before.cross("L1", std::to_string(i), SelectivityChannel::yellow, {"SEC"}, i == 0 ? "irregularity" : "clear", 10);
  for (int i = 0; i < 3; ++i) after.cross("L1", std::to_string(i), SelectivityChannel::green, {}, "", 2);
  Outcomes old_disk, new_disk;
  for (const auto& record : before.records) old_disk.fold({"P", std::string(32, '1')}, record);
  for (const auto& record : after.records) new_disk.fold({"P", std::string(32, '2')}, record);
  const auto both = merged(old_disk, new_disk);
  EXPECT_EQ(results(both).crossings, 9u);
  EXPECT_EQ(results(both).controls, 6u);
  EXPECT_EQ(results(both).findings, 1u);
  EXPECT_EQ(merged(new_disk, old_disk), both);
  ASSERT_EQ(both.notices().size(), 1u);
  EXPECT_NE(both.notices()[0].find("P: has 2 stores under one name"), std::string::npos) << both.notices()[0];
  EXPECT_TRUE(old_disk.notices().empty());
  auto back = Outcomes::from_json(both.json());
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(*back, both);
  EXPECT_EQ(results(both).unpriced, 0u) << "green crossings of either store say how long the lane takes";
}

TEST(OutcomesMerge, AFileOfBeforeSaysNoStore) {
  const std::string of_before = R"({"format":"rampa-results-1","posts":{"P":{"sequences":[[1,9]],"crossings":{"1":{"lane":"L1","closed":[3,5,6,"released"]}}}}})";
  auto read = Outcomes::from_json(of_before);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->stores().begin()->first, (StoreName{"P", ""}));
  EXPECT_TRUE(read->notices().empty());
  Outcomes other;
  other.cover({"P", epoch}, {1, 9});
  read->merge(other);
  ASSERT_EQ(read->notices().size(), 1u);
  EXPECT_NE(read->notices()[0].find("counted twice"), std::string::npos);
}

TEST(OutcomesMerge, CoveredStretchesAreJoined) {
  Outcomes o;
  const StoreName post{"P", epoch};
  o.cover(post, {10, 20});
  o.cover(post, {30, 40});
  o.cover(post, {1, 5});
  EXPECT_EQ(o.covered().at(post), (std::vector<Stretch>{{1, 5}, {10, 20}, {30, 40}}));
  o.cover(post, {6, 9});
  o.cover(post, {15, 35});
  EXPECT_EQ(o.covered().at(post), (std::vector<Stretch>{{1, 40}}));
}

TEST(OutcomesMerge, DamagedFilesAreRefusedWithThePlace) {
  World w(3);
  const auto text = w.any_stretch(StoreName{"P1", epoch}, w.journal()).json();
  for (std::size_t i = 0; i < text.size(); i += 3) (void)Outcomes::from_json(text.substr(0, i));  // never more than an error
  for (const char* bad : {"", "[]", "{}", R"({"format":"rampa-results-1","posts":[]})", R"({"format":"rampa-results-1","posts":{"P":{}}})",
                          R"({"format":"rampa-results-1","posts":{"P":{"crossings":{"1":{"lane":1}}}}})",
                          R"({"format":"rampa-results-1","posts":{"P":{"crossings":{"1":{"lane":"L1","controls":[[0,"nothing"]]}}}}})",
                          R"({"format":"rampa-results-1","posts":{"P":{"crossings":{"1":{"lane":"L1","controls":[[1,"maybe"]]}}}}})",
                          R"({"format":"rampa-results-1","posts":{"P":{"crossings":{},"sequences":[[5,4]]}}})"})
    EXPECT_FALSE(Outcomes::from_json(bad)) << bad;
  for (const char* bad : {R"({"format":"rampa-results-2","posts":{"P":{"crossings":{},"sequences":[]}}})", R"({"format":"rampa-results-2","posts":{"P":{"00":{"crossings":{}}}}})",
                          R"({"format":"rampa-results-2","posts":{"P":[]}})", R"({"format":"rampa-results-3","posts":{}})"})
    EXPECT_FALSE(Outcomes::from_json(bad)) << bad;
  auto wrong = Outcomes::from_json(R"({"format":"rampa-results-1","posts":{"P":{"crossings":{"1":{"lane":"L1","closed":[1,2,"x","released"]}}}}})");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().what.find("posts.P.crossings.1.closed"), std::string::npos) << wrong.error().what;
}
