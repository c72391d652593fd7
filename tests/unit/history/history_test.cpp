// Columns answer as the plain evaluator does over flat facts, and give back the facts that were put in.
#include <gtest/gtest.h>

#include "edge/risk/history.hpp"
#include "edge/risk/history_lines.hpp"
#include "tests/fuzz/risk_worlds.hpp"

using namespace rampa;
using namespace rampa::risk;

namespace {

struct Filled {
  explicit Filled(std::uint64_t seed, std::size_t rows) : world(seed) {
    for (std::size_t i = 0; i < rows; ++i) {
      facts.push_back(world.facts());
      history.add(facts.back(), WallTime{static_cast<std::int64_t>(i) * 1000}, "id" + std::to_string(i));
    }
  }
  fuzz::RiskWorld world;
  std::vector<Fields> facts;
  History history;
};

Condition test_of(const std::string& field, Operator op, std::vector<std::string> texts) {
  Condition c;
  c.kind = Condition::Kind::test;
  c.field = field;
  c.op = op;
  c.texts = std::move(texts);
  return c;
}

std::shared_ptr<const CompiledSet> compiled(const std::string& json) {
  auto set = compile(json, "");
  EXPECT_TRUE(set) << (set ? "" : set.error().what);
  return set ? std::dynamic_pointer_cast<const CompiledSet>(*set) : nullptr;
}

}  // namespace

TEST(History, AnswersAsThePlainEvaluatorDoes) {
  std::size_t truths[3] = {0, 0, 0}, pairs = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Filled f(seed, seed % 10 == 0 ? 9000 : 150 + seed);  // over and under a block of rows
    for (int i = 0; i < (seed % 10 == 0 ? 6 : 60); ++i) {
      const auto condition = i % 2 ? f.world.profile_condition() : f.world.condition(4, false);
      const auto prepared = f.history.prepare(condition, f.world.lists());
      const auto first = f.world.upto(f.history.rows()) / 64 * 64, last = first + 1 + f.world.upto(f.history.rows() - first);
      const auto answers = prepared.evaluate(first, last);
      ASSERT_EQ(answers.rows, last - first);
      std::size_t counted[3] = {0, 0, 0};
      for (auto row = first; row < last; ++row) {
        std::vector<std::string> missing;
        const auto truth = evaluate(condition, f.facts[row], f.world.lists(), missing);
        ASSERT_EQ(answers.at(row), truth) << "seed " << seed << " row " << row << " " << to_json(canonical(condition));
        ++counted[static_cast<int>(truth)];
        ++truths[static_cast<int>(truth)];
        ++pairs;
      }
      for (int t = 0; t < 3; ++t) ASSERT_EQ(answers.count(static_cast<Truth>(t)), counted[t]);
    }
  }
  for (const auto n : truths) EXPECT_GT(n, pairs / 50) << "the random conditions do not try all three values";
}

TEST(History, GivesBackTheFactsOfARow) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Filled f(seed, 300);
    FactSheet sheet;
    for (std::size_t step = 0; step < 300; ++step) {
      const auto row = f.world.upto(300);  // any order: nothing of the row before may stay
      f.history.sheet(row, sheet);
      const auto wanted = fact_sheet(f.facts[row]);
      EXPECT_EQ(sheet.goods_known, wanted.goods_known);
      EXPECT_EQ(sheet.goods_incomplete, wanted.goods_incomplete);
      ASSERT_EQ(sheet.items.size(), wanted.items.size());
      const auto same = [&](const Fact& a, const Fact& b, FieldId field) {
        ASSERT_EQ(a.state, b.state) << field_name(field);
        if (a.state != Fact::State::good && a.state != Fact::State::incomplete) return;
        if (field_type(field) == FieldType::text) {
          ASSERT_EQ(a.text(), b.text());
        } else if (field_type(field) == FieldType::list) {
          const auto x = sheet.list(a), y = wanted.list(b);
          ASSERT_TRUE(std::equal(x.begin(), x.end(), y.begin(), y.end())) << field_name(field);
        } else {
          ASSERT_EQ(a.number, b.number) << field_name(field);
        }
      };
      for (FieldId field = 0; field < first_goods_field(); ++field) same(sheet.facts[field], wanted.facts[field], field);
      for (std::size_t i = 0; i < wanted.items.size(); ++i)
        for (auto field = first_goods_field(); field < field_count(); ++field)
          same(sheet.items[i][field - first_goods_field()], wanted.items[i][field - first_goods_field()], field);
    }
    EXPECT_EQ(f.history.id(0), "id0");
    EXPECT_EQ(f.history.id(299), "id299");
    EXPECT_EQ(f.history.at(299).ms, 299'000);
  }
}

TEST(History, AFieldThatComesLateIsMissingBefore) {
  History h;
  for (int i = 0; i < 200; ++i) h.add(Fields{}, WallTime{i}, "x");
  h.add(Fields{{"vehicle.plate", std::string("BG1")}, {"declaration.carrier", std::vector<std::string>{}}}, WallTime{200}, "y");
  h.add(Fields{}, WallTime{201}, "z");
  const auto plate = h.prepare(test_of("vehicle.plate", Operator::prefix, {"BG"}), {}).evaluate(0, 202);
  EXPECT_EQ(plate.count(Truth::yes), 1u);
  EXPECT_EQ(plate.at(200), Truth::yes);
  EXPECT_EQ(plate.count(Truth::undetermined), 201u);
  EXPECT_EQ(h.prepare(test_of("declaration.carrier", Operator::in, {"A"}), {}).evaluate(0, 202).at(200), Truth::no) << "an empty list is known";
  EXPECT_EQ(h.prepare(test_of("vehicle.country", Operator::eq, {"RS"}), {}).evaluate(0, 202).count(Truth::undetermined), 202u) << "a field that no row has";
}

TEST(History, ASetDecidesAsItDoesForTheFactsThemselves) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    Filled f(seed, 400);
    std::vector<fuzz::FuzzProfile> profiles;
    const auto set = compiled(f.world.set_json(40, profiles));
    ASSERT_TRUE(set);
    SetTally sum;
    for (std::size_t from = 0; from < 400; from += 90) sum.append(tally(*set, f.history, from, std::min<std::size_t>(400, from + 90), 3), 3);
    std::uint64_t channels[4] = {0, 0, 0, 0};
    std::vector<std::uint64_t> selected(set->size()), undetermined(set->size());
    Decision d;
    for (std::size_t row = 0; row < 400; ++row) {
      decide_by_scan(*set, fact_sheet(f.facts[row]), f.history.circumstances(row), d);
      ++channels[static_cast<int>(d.channel)];
      ASSERT_EQ(sum.channel_of[row], static_cast<std::uint8_t>(d.channel));
      for (const auto& o : d.outcomes) {
        EXPECT_NE(o.declined, Declined::cap);
        if (o.declined == Declined::no) ++(o.undetermined ? undetermined : selected)[o.profile];
      }
    }
    EXPECT_EQ(sum.rows, 400u);
    for (int c = 0; c < 4; ++c) EXPECT_EQ(sum.channels[c], channels[c]);
    for (std::size_t p = 0; p < set->size(); ++p) {
      EXPECT_EQ(sum.profiles[p].selected, selected[p]);
      EXPECT_EQ(sum.profiles[p].undetermined, undetermined[p]);
      EXPECT_EQ(sum.profiles[p].examples.size(), std::min<std::uint64_t>(3, selected[p]));
    }
  }
}

TEST(HistoryLines, ComeBackAsTheyWere) {
  HistoryLines lines;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    fuzz::RiskWorld world(seed);
    HistoryRow row{"L1-7-\"" + std::to_string(seed), WallTime{static_cast<std::int64_t>(seed) - 25}, world.facts()};
    auto back = lines.read(history_line(row));
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(back->id, row.id);
    EXPECT_EQ(back->at, row.at);
    EXPECT_EQ(back->facts, row.facts);
  }
}

TEST(HistoryLines, TakeTheWorkloadsDeclarationsAndRefuseTheRest) {
  HistoryLines lines;
  auto row = lines.read(R"({"id":7,"hs":"2402","dir":"IMP","gross":8165,"day":1})");
  ASSERT_TRUE(row) << row.error().what;
  EXPECT_EQ(row->id, "7");
  EXPECT_EQ(row->facts.at("goods.0.hs_code"), FieldValue{std::string("2402")});
  for (const char* bad : {"", "[]", "{}", R"({"id":"1","facts":{}})", R"({"id":1,"at_ms":1,"facts":{}})", R"({"id":"1","at_ms":1.5,"facts":{}})",
                          R"({"id":"1","at_ms":1,"facts":{"a":null}})", R"({"id":"1","at_ms":1,"facts":{"a":[1]}})"})
    EXPECT_FALSE(lines.read(bad)) << bad;
}
