// Merging over posts and over time never counts twice: properties over random journals cut into overlapping stretches.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/effectiveness/records.hpp"

using namespace rampa;
using namespace rampa::risk;
using rampa::tests::Journal;

namespace {

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

  Outcomes stretch(const PostId& post, const Journal& j, std::size_t from, std::size_t to) {
    Outcomes part;
    for (std::size_t i = from; i < to; ++i) part.fold(post, j.records[i]);
    return part;
  }
  Outcomes any_stretch(const PostId& post, const Journal& j) {
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
      const PostId post{name};
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
    const PostId post{"P1"};
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
    const auto all = merged(w.any_stretch(PostId{"P1"}, w.journal()), w.any_stretch(PostId{"P\"2"}, w.journal()));
    auto back = Outcomes::from_json(all.json());
    ASSERT_TRUE(back) << back.error().what;
    ASSERT_EQ(*back, all) << "seed " << seed;
  }
}

TEST(OutcomesMerge, CoveredStretchesAreJoined) {
  Outcomes o;
  const PostId post{"P"};
  o.cover(post, {10, 20});
  o.cover(post, {30, 40});
  o.cover(post, {1, 5});
  EXPECT_EQ(o.covered().at("P"), (std::vector<Stretch>{{1, 5}, {10, 20}, {30, 40}}));
  o.cover(post, {6, 9});
  o.cover(post, {15, 35});
  EXPECT_EQ(o.covered().at("P"), (std::vector<Stretch>{{1, 40}}));
}

TEST(OutcomesMerge, DamagedFilesAreRefusedWithThePlace) {
  World w(3);
  const auto text = w.any_stretch(PostId{"P1"}, w.journal()).json();
  for (std::size_t i = 0; i < text.size(); i += 3) (void)Outcomes::from_json(text.substr(0, i));  // never more than an error
  for (const char* bad : {"", "[]", "{}", R"({"format":"rampa-results-1","posts":[]})", R"({"format":"rampa-results-1","posts":{"P":{}}})",
                          R"({"format":"rampa-results-1","posts":{"P":{"crossings":{"1":{"lane":1}}}}})",
                          R"({"format":"rampa-results-1","posts":{"P":{"crossings":{"1":{"lane":"L1","controls":[[0,"nothing"]]}}}}})",
                          R"({"format":"rampa-results-1","posts":{"P":{"crossings":{"1":{"lane":"L1","controls":[[1,"maybe"]]}}}}})",
                          R"({"format":"rampa-results-1","posts":{"P":{"crossings":{},"sequences":[[5,4]]}}})"})
    EXPECT_FALSE(Outcomes::from_json(bad)) << bad;
  auto wrong = Outcomes::from_json(R"({"format":"rampa-results-1","posts":{"P":{"crossings":{"1":{"lane":"L1","closed":[1,2,"x","released"]}}}}})");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().what.find("posts.P.crossings.1.closed"), std::string::npos) << wrong.error().what;
}
