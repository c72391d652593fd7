// Decision tables in and out.
#include "edge/risk/dmn.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "edge/risk/cel.hpp"
#include "tests/unit/risk/random_condition.hpp"

using namespace rampa::risk;
using rampa::tests::RandomCondition;

namespace {

std::string joined(const std::vector<Finding>& findings) {
  std::string all;
  for (const auto& f : findings) all += f.path + ": " + f.cause + "; " + f.remedy + "\n";
  return all;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) c == '<' ? out += "&lt;" : c == '&' ? out += "&amp;" : c == '>' ? out += "&gt;" : out += c;
  return out;
}

// A table with one rule and these columns.
std::string table(const std::vector<std::pair<std::string, std::string>>& cells, const std::string& policy = "hitPolicy=\"COLLECT\"") {
  std::string inputs, entries;
  for (const auto& [field, cell] : cells) {
    inputs += "<input><inputExpression><text>" + field + "</text></inputExpression></input>";
    entries += "<inputEntry><text>" + escaped(cell) + "</text></inputEntry>";
  }
  return "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\"><decision name=\"t\"><decisionTable " + policy + ">" + inputs +
         "<output name=\"channel\"/><rule id=\"R\">" + entries + "<outputEntry><text>\"red\"</text></outputEntry></rule></decisionTable></decision></definitions>";
}

std::string read(const std::string& xml) {
  std::vector<Finding> findings;
  const auto result = from_dmn(xml, findings);
  if (!findings.empty()) return joined(findings);
  return result.rules.size() == 1 ? to_json(result.rules[0].when) : std::to_string(result.rules.size()) + " rules";
}

std::string cell(const std::string& field, const std::string& text) { return read(table({{field, text}})); }

// Conjunctions have no order of their own: a table gives them that of its columns.
Condition unordered(Condition c) {
  for (auto& part : c.parts) part = unordered(std::move(part));
  if (c.kind == Condition::Kind::all || c.kind == Condition::Kind::any_item)
    std::sort(c.parts.begin(), c.parts.end(), [](const auto& a, const auto& b) { return to_json(a) < to_json(b); });
  return c;
}

std::string example() {
  std::ifstream file("config/examples/profiles.dmn");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

struct CellRow {
  const char* field;
  const char* cell;
  const char* json;
};
class DmnCell : public ::testing::TestWithParam<CellRow> {};
TEST_P(DmnCell, IsThisCondition) { EXPECT_EQ(cell(GetParam().field, GetParam().cell), GetParam().json) << GetParam().cell; }
INSTANTIATE_TEST_SUITE_P(Each, DmnCell, ::testing::Values(
    CellRow{"vehicle.country", "-", R"("always")"}, CellRow{"vehicle.country", "  ", R"("always")"},
    CellRow{"vehicle.country", "\"RUS\"", R"({"field":"vehicle.country","op":"eq","value":"RUS"})"},
    CellRow{"vehicle.country", "\"RUS\",\"BLR\"", R"({"field":"vehicle.country","op":"in","value":["BLR","RUS"]})"},
    CellRow{"vehicle.country", "not(\"RUS\", \"BLR\")", R"({"field":"vehicle.country","op":"notin","value":["BLR","RUS"]})"},
    CellRow{"vehicle.plate", R"(starts with(?, "B"), "C\"\\\u00e4\ud83d\ude00")", R"({"any":[{"field":"vehicle.plate","op":"prefix","value":["B"]},{"field":"vehicle.plate","op":"eq","value":"C\"\\ä😀"}]})"},
    CellRow{"vehicle.plate", "list contains(lists.stolen, ?)", R"({"field":"vehicle.plate","op":"in","value":{"list":"stolen"}})"},
    CellRow{"vehicle.plate", "not(list contains(get value(lists, \"a b\"), ?))", R"({"field":"vehicle.plate","op":"notin","value":{"list":"a b"}})"},
    CellRow{"vehicle.plate", "some p in lists.x satisfies starts with(?, p)", R"({"field":"vehicle.plate","op":"prefix","value":{"list":"x"}})"},
    CellRow{"declaration.seals", "5", R"({"field":"declaration.seals","op":"eq","value":5})"},
    CellRow{"declaration.seals", "[5..9]", R"({"field":"declaration.seals","op":"range","value":[5,9]})"},
    CellRow{"declaration.seals", "]5..9[", R"({"field":"declaration.seals","op":"range","value":[6,8]})"},
    CellRow{"declaration.seals", "(5..9)", R"({"field":"declaration.seals","op":"range","value":[6,8]})"},
    CellRow{"declaration.seals", ">= 5", R"({"field":"declaration.seals","op":"ge","value":5})"},
    CellRow{"declaration.seals", "<-5", R"({"field":"declaration.seals","op":"le","value":-6})"},
    CellRow{"declaration.seals", "<= -10, >= 10", R"({"any":[{"field":"declaration.seals","op":"le","value":-10},{"field":"declaration.seals","op":"ge","value":10}]})"},
    CellRow{"declaration.seals", "not([1..8])", R"({"not":{"field":"declaration.seals","op":"range","value":[1,8]}})"},
    CellRow{"declaration.seals", "null", R"({"field":"declaration.seals","op":"exists","value":false})"},
    CellRow{"declaration.seals", "not(null)", R"({"field":"declaration.seals","op":"exists","value":true})"},
    CellRow{"declaration.aeo", "true", R"({"field":"declaration.aeo","op":"eq","value":true})"},
    CellRow{"declaration.aeo", "not(true)", R"({"field":"declaration.aeo","op":"eq","value":false})"},
    CellRow{"declaration.kind", "list contains(?, \"import\")", R"({"field":"declaration.kind","op":"eq","value":"import"})"},
    CellRow{"declaration.kind", "\"import\",\"transit\"", R"({"field":"declaration.kind","op":"in","value":["import","transit"]})"},
    CellRow{"declaration.route", "some e in ? satisfies starts with(e, \"TR\")", R"({"field":"declaration.route","op":"prefix","value":["TR"]})"},
    CellRow{"declaration.route", "some e in ? satisfies list contains(lists.x, e)", R"({"field":"declaration.route","op":"in","value":{"list":"x"}})"},
    CellRow{"declaration.route", "some e in ?, p in lists.x satisfies starts with(e, p)", R"({"field":"declaration.route","op":"prefix","value":{"list":"x"}})"},
    CellRow{"goods.hs_code", "\"2402\"", R"({"any_item":[{"field":"goods.hs_code","op":"eq","value":"2402"}]})"}));

TEST(Dmn, CellsOfARuleHoldTogetherAndGoodsAreOneItem) {
  EXPECT_EQ(read(table({{"goods.hs_code", "\"2402\""}, {"declaration.seals", "1"}, {"goods.origin", "\"AE\""}, {"vehicle.plate", "-"}})),
            R"({"all":[{"any_item":[{"field":"goods.hs_code","op":"eq","value":"2402"},{"field":"goods.origin","op":"eq","value":"AE"}]},{"field":"declaration.seals","op":"eq","value":1}]})");
}

struct WrongCell {
  const char* field;
  const char* cell;
  const char* finding;
};
class DmnErrors : public ::testing::TestWithParam<WrongCell> {};
TEST_P(DmnErrors, NameRuleColumnCellAndRemedy) {
  const auto text = cell(GetParam().field, GetParam().cell);
  EXPECT_NE(text.find("rule 1 (R), column 1 (" + std::string(GetParam().field) + "): the cell " + GetParam().cell + " " + GetParam().finding), std::string::npos) << text;
}
INSTANTIATE_TEST_SUITE_P(Each, DmnErrors, ::testing::Values(
    WrongCell{"declaration.seals", "\"5\"", "compares declaration.seals with the text \"5\"; it is a number: write it without quotes"},
    WrongCell{"vehicle.country", "5", "compares vehicle.country with a number, which it is not; write it in quotes: \"5\""},
    WrongCell{"vehicle.country", "RUS", "has \"RUS\", which is no test of the subset; texts stand in quotes"},
    WrongCell{"vehicle.country", "'RUS'", "holds ', which means nothing here; texts stand in double quotes"},
    WrongCell{"vehicle.country", "\"RUS", "holds a text that is not closed"},
    WrongCell{"vehicle.country", ">= 5", "asks vehicle.country for a number, which it is not"},
    WrongCell{"declaration.seals", "[9..5]", "is a range that no number lies in"},
    WrongCell{"declaration.seals", "[5..9", "does not close its range"},
    WrongCell{"declaration.seals", "5.5", "holds \"5.5\", which is no whole number"},
    WrongCell{"declaration.seals", "99999999999999999999", "holds a number that is too great"},
    WrongCell{"declaration.seals", "> 9223372036854775807", "asks for a number that there is not"},
    WrongCell{"declaration.seals", "5,", "ends too early"},
    WrongCell{"declaration.seals", "5 6", "has \"6\" in the wrong place; separate alternatives with commas"},
    WrongCell{"declaration.seals", "true", "compares declaration.seals with true or false"},
    WrongCell{"declaration.kind", "starts with(?, \"im\")", "treats declaration.kind as one text, which it is not; write some e in ? satisfies"},
    WrongCell{"vehicle.plate", "list contains(?, \"im\")", "treats vehicle.plate as a list, which it is not; write starts with(?, \"24\")"},
    WrongCell{"vehicle.plate", "matches(?, \"x\")", "has \"matches\", which is no test of the subset"},
    WrongCell{"vehicle.plate", "not(\"A\"", "lacks ) at its end"}));

TEST(Dmn, OtherHitPoliciesAreRefusedWithARemedy) {
  EXPECT_NE(read(table({}, "hitPolicy=\"FIRST\"")).find("hitPolicy: is FIRST; choose COLLECT"), std::string::npos);
  EXPECT_NE(read(table({}, "")).find("hitPolicy: is UNIQUE; choose COLLECT"), std::string::npos);
  EXPECT_NE(read(table({}, "hitPolicy=\"COLLECT\" aggregation=\"SUM\"")).find("aggregation: is SUM; choose COLLECT without an aggregator"), std::string::npos);
}

TEST(Dmn, TablesThatAreNoneAreRefused) {
  EXPECT_NE(read("").find("is not XML"), std::string::npos);
  EXPECT_NE(read("<definitions").find("is not XML"), std::string::npos);
  EXPECT_NE(read("<html/>").find("html: is not a DMN model"), std::string::npos);
  EXPECT_NE(read("<definitions xmlns=\"urn:x\"/>").find("has the namespace \"urn:x\"; save it as DMN 1.3"), std::string::npos);
  EXPECT_NE(read("<definitions/>").find("holds no decision table"), std::string::npos);
  EXPECT_NE(read("<a>\xff</a>").find("byte 4: is not UTF-8"), std::string::npos);
  EXPECT_NE(read(table({{"declaration.seal", "5"}})).find("input column 1: asks for \"declaration.seal\", which is not in the catalogue; did you mean declaration.seals?"), std::string::npos);
  auto short_of_a_cell = table({{"declaration.seals", "5"}});
  short_of_a_cell.replace(short_of_a_cell.find("<inputEntry>"), std::string("<inputEntry><text>5</text></inputEntry>").size(), "");
  EXPECT_NE(read(short_of_a_cell).find("rule 1 (R): has 0 input cells for 1 columns"), std::string::npos);
  auto prefixed = table({{"declaration.seals", "5"}});
  for (const std::string name : {"definitions", "decisionTable", "decision ", "inputExpression", "inputEntry", "input>", "outputEntry", "output ", "rule", "text"}) {
    for (const std::string start : {"<", "</"}) {
      for (std::size_t at = 0; (at = prefixed.find(start + name, at)) != std::string::npos; at += 6) prefixed.insert(at + start.size(), "dmn:");
    }
  }
  for (std::size_t at = 0; (at = prefixed.find("</decision>", at)) != std::string::npos;) prefixed.replace(at, 11, "</dmn:decision>");
  prefixed.replace(prefixed.find("xmlns="), 6, "xmlns:dmn=");
  EXPECT_EQ(read(prefixed), R"({"field":"declaration.seals","op":"eq","value":5})") << prefixed;
}

TEST(Dmn, ExampleTableIsRead) {
  std::vector<Finding> findings;
  const auto result = from_dmn(example(), findings);
  ASSERT_TRUE(findings.empty()) << joined(findings);
  ASSERT_EQ(result.rules.size(), 3u);
  EXPECT_EQ(result.name, "Border post profiles");
  EXPECT_EQ(result.outputs, (std::vector<DecisionOutput>{{"channel", false}, {"weight", true}, {"controls", false}, {"instruction", false}}));
  EXPECT_EQ(result.rules[0].id, "TOB-1");
  EXPECT_EQ(result.rules[0].outputs, (std::vector<std::string>{"red", "60", "nii, physical", "Scan; open the cartons nearest to the bulkhead."}));
  EXPECT_EQ(to_cel(result.rules[0].when),
            "declaration.kind.exists(e, e in [\"import\", \"transit\"])\n"
            "&& goods.exists(g,\n"
            "       (g.hs_code.startsWith(\"2402\") || g.hs_code.startsWith(\"2403\"))\n"
            "       && g.origin in lists.tobacco_origins)\n"
            "&& !declaration.aeo");
  EXPECT_EQ(result.rules[1].note, "Weighed and declared mass differ.");
  EXPECT_EQ(to_cel(result.rules[1].when), "evidence.mass_deviation_percent <= -10 || evidence.mass_deviation_percent >= 10");
}

TEST(Dmn, WhatIsWrittenIsReadBack) {
  std::vector<Finding> findings;
  const auto first = from_dmn(example(), findings);
  const auto xml = to_dmn(first, findings);
  const auto second = from_dmn(xml, findings);
  ASSERT_TRUE(findings.empty()) << joined(findings) << xml;
  ASSERT_EQ(second.rules.size(), first.rules.size());
  EXPECT_EQ(second.outputs, first.outputs);
  for (std::size_t i = 0; i < first.rules.size(); ++i) {
    EXPECT_EQ(second.rules[i].id, first.rules[i].id);
    EXPECT_EQ(second.rules[i].note, first.rules[i].note);
    EXPECT_EQ(second.rules[i].outputs, first.rules[i].outputs);
    EXPECT_EQ(unordered(second.rules[i].when), unordered(first.rules[i].when)) << xml;
  }
  EXPECT_EQ(to_dmn(second, findings), xml);
}

// Every rule that goes out comes back the same; every other is named with a reason.
TEST(Dmn, RandomProfilesAreExportedOrNamed) {
  std::size_t exported = 0, left = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    DecisionTable random;
    random.name = "random";
    random.outputs = {{"channel", false}, {"weight", true}};
    RandomCondition make(seed);
    for (std::size_t i = 0; i < 10; ++i) {
      Condition all;
      all.kind = Condition::Kind::all;
      for (std::size_t parts = make.upto(4); parts > 0; --parts) all.parts.push_back(make.condition(2));
      random.rules.push_back({make.upto(3) == 0 ? std::to_string(i) + " not an XML id" : "P-" + std::to_string(i), canonical(all), {make.text(), std::to_string(make.number())}, make.upto(2) == 0 ? "note" : ""});
    }
    std::vector<Finding> left_out, findings;
    const auto xml = to_dmn(random, left_out);
    const auto back = from_dmn(xml, findings);
    ASSERT_EQ(back.rules.size() + left_out.size(), random.rules.size());
    if (back.rules.empty()) continue;
    ASSERT_TRUE(findings.empty()) << joined(findings) << xml;
    std::size_t next = 0;
    for (const auto& rule : random.rules) {
      if (std::any_of(left_out.begin(), left_out.end(), [&](const auto& f) { return f.path == rule.id && !f.cause.empty() && !f.remedy.empty(); })) continue;
      ASSERT_LT(next, back.rules.size());
      EXPECT_EQ(back.rules[next].id, rule.id);
      EXPECT_EQ(back.rules[next].outputs, rule.outputs) << xml;
      EXPECT_EQ(unordered(back.rules[next].when), unordered(rule.when)) << to_cel(rule.when) << "\n" << to_cel(back.rules[next].when);
      ++next;
    }
    exported += next;
    left += left_out.size();
  }
  EXPECT_GT(exported, 500u);
  EXPECT_GT(left, 200u);
}

TEST(Dmn, WhatDoesNotFitSaysWhy) {
  const auto reason = [](const std::string& cel) {
    std::vector<Finding> findings, left_out;
    (void)to_dmn({"t", {{"channel", false}}, {{"R", from_cel(cel, findings), {"red"}, ""}}}, left_out);
    return joined(findings) + joined(left_out);
  };
  EXPECT_EQ(reason("has(declaration.seals) && declaration.seals >= 5"), "");  // two columns of one field
  EXPECT_NE(reason("declaration.aeo || declaration.seals == 1").find("R: does not fit a decision table: the part declaration.aeo || declaration.seals == 1 goes over several fields"), std::string::npos);
  EXPECT_NE(reason("goods.all(g, g.origin == 'AE')").find("it asks for all goods items"), std::string::npos);
  EXPECT_NE(reason("goods.exists(g, g.origin == 'AE') && goods.exists(g, g.hs_code == '24')").find("two conditions over goods"), std::string::npos);
  EXPECT_NE(reason("goods.exists(g, g.origin == 'AE' && declaration.aeo)").find("within the goods it asks for declaration.aeo"), std::string::npos);
  EXPECT_NE(reason("declaration.seals < 2 || !(declaration.seals in [5, 7])").find("a cell cannot say"), std::string::npos);
}

TEST(Dmn, MutatedTablesAreReadOrRefused) {
  std::mt19937_64 random(1300);
  const auto original = example();
  ASSERT_FALSE(original.empty()) << "config/examples/profiles.dmn is not here: tests run in the tree's root";
  std::size_t refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string xml = original;
    for (std::size_t count = 1 + random() % 3; count > 0; --count) {
      const auto at = random() % xml.size();
      switch (random() % 3) {
        case 0: xml[at] = static_cast<char>(random() % 256); break;
        case 1: xml.erase(at, 1 + random() % 20); break;
        default: xml.insert(at, xml.substr(random() % xml.size(), random() % 20)); break;
      }
    }
    std::vector<Finding> findings;
    const auto result = from_dmn(xml, findings);
    if (!findings.empty()) {
      ++refused;
      continue;
    }
    std::vector<Finding> left_out;
    (void)to_dmn(result, left_out);
  }
  EXPECT_GT(refused, 500u);
}
