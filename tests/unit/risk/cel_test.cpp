// The CEL subset by example: what is understood, how it is printed, and what is said about what is wrong.
#include "edge/risk/cel.hpp"

#include <gtest/gtest.h>

using namespace rampa::risk;

namespace {

std::string findings_of(const std::string& text) {
  std::vector<Finding> findings;
  (void)from_cel(text, findings);
  std::string all;
  for (const auto& f : findings) all += f.path + ": " + f.cause + "; " + f.remedy + "\n";
  return all;
}

std::string json_of(const std::string& text) {
  std::vector<Finding> findings;
  const auto condition = from_cel(text, findings);
  return findings.empty() ? to_json(condition) : findings_of(text);
}

std::string printed(const std::string& text) {
  std::vector<Finding> findings;
  const auto condition = from_cel(text, findings);
  return findings.empty() ? to_cel(condition) : findings_of(text);
}

}  // namespace

struct Understood {
  const char* text;
  const char* json;
};
class CelMeaning : public ::testing::TestWithParam<Understood> {};
TEST_P(CelMeaning, IsThisCondition) { EXPECT_EQ(json_of(GetParam().text), GetParam().json); }
INSTANTIATE_TEST_SUITE_P(Each, CelMeaning, ::testing::Values(
    Understood{"true", R"("always")"},
    Understood{"declaration.seals == 3", R"({"field":"declaration.seals","op":"eq","value":3})"},
    Understood{"3 == declaration.seals", R"({"field":"declaration.seals","op":"eq","value":3})"},
    Understood{"declaration.seals != 3", R"({"not":{"field":"declaration.seals","op":"eq","value":3}})"},
    Understood{"declaration.seals <= 3", R"({"field":"declaration.seals","op":"le","value":3})"},
    Understood{"declaration.seals < 3", R"({"field":"declaration.seals","op":"le","value":2})"},
    Understood{"declaration.seals > -0x10", R"({"field":"declaration.seals","op":"ge","value":-15})"},
    Understood{"3 <= declaration.seals", R"({"field":"declaration.seals","op":"ge","value":3})"},
    Understood{"3 > declaration.seals", R"({"field":"declaration.seals","op":"le","value":2})"},
    Understood{"5 <= declaration.seals && declaration.seals <= 9", R"({"field":"declaration.seals","op":"range","value":[5,9]})"},
    Understood{"4 < declaration.seals && declaration.seals < 10", R"({"field":"declaration.seals","op":"range","value":[5,9]})"},
    Understood{"declaration.seals >= 5 && declaration.seals <= 9",
               R"({"all":[{"field":"declaration.seals","op":"ge","value":5},{"field":"declaration.seals","op":"le","value":9}]})"},
    Understood{"declaration.aeo && 5 <= declaration.seals && declaration.seals <= 9",
               R"({"all":[{"field":"declaration.aeo","op":"eq","value":true},{"field":"declaration.seals","op":"range","value":[5,9]}]})"},
    Understood{"vehicle.country in ['RUS', \"BLR\", r\"KAZ\"]", R"({"field":"vehicle.country","op":"in","value":["BLR","KAZ","RUS"]})"},
    Understood{"vehicle.country in ['RUS',]", R"({"field":"vehicle.country","op":"eq","value":"RUS"})"},
    Understood{"!(vehicle.country in ['RUS', 'BLR'])", R"({"field":"vehicle.country","op":"notin","value":["BLR","RUS"]})"},
    Understood{"time.weekday in [6, 0x7]", R"({"field":"time.weekday","op":"in","value":[6,7]})"},
    Understood{"vehicle.country in lists.watched", R"({"field":"vehicle.country","op":"in","value":{"list":"watched"}})"},
    Understood{"vehicle.country in lists['high risk']", R"({"field":"vehicle.country","op":"in","value":{"list":"high risk"}})"},
    Understood{"vehicle.plate.startsWith('BG')", R"({"field":"vehicle.plate","op":"prefix","value":["BG"]})"},
    Understood{"vehicle.plate.startsWith('BG') || vehicle.plate.startsWith('NS')", R"({"field":"vehicle.plate","op":"prefix","value":["BG","NS"]})"},
    Understood{"lists.starts.exists(p, vehicle.plate.startsWith(p))", R"({"field":"vehicle.plate","op":"prefix","value":{"list":"starts"}})"},
    Understood{"has(declaration.seals)", R"({"field":"declaration.seals","op":"exists","value":true})"},
    Understood{"!has(declaration.seals)", R"({"field":"declaration.seals","op":"exists","value":false})"},
    Understood{"declaration.aeo", R"({"field":"declaration.aeo","op":"eq","value":true})"},
    Understood{"!declaration.aeo", R"({"field":"declaration.aeo","op":"eq","value":false})"},
    Understood{"declaration.aeo == false", R"({"field":"declaration.aeo","op":"eq","value":false})"},
    Understood{"'import' in declaration.kind", R"({"field":"declaration.kind","op":"eq","value":"import"})"},
    Understood{"declaration.kind.exists(k, k in ['transit', 'import'])", R"({"field":"declaration.kind","op":"in","value":["import","transit"]})"},
    Understood{"declaration.kind.exists(k, k == 'transit' || 'import' == k)", R"({"field":"declaration.kind","op":"in","value":["import","transit"]})"},
    Understood{"declaration.consignee.exists(c, c in lists.known)", R"({"field":"declaration.consignee","op":"in","value":{"list":"known"}})"},
    Understood{"declaration.route.exists(r, r.startsWith('TR') || r.startsWith('BY'))", R"({"field":"declaration.route","op":"prefix","value":["BY","TR"]})"},
    Understood{"declaration.route.exists(r, lists.starts.exists(p, r.startsWith(p)))", R"({"field":"declaration.route","op":"prefix","value":{"list":"starts"}})"},
    Understood{"goods.exists(g, g.hs_code.startsWith('24') && g.origin in ['AE'])",
               R"({"any_item":[{"field":"goods.hs_code","op":"prefix","value":["24"]},{"field":"goods.origin","op":"eq","value":"AE"}]})"},
    Understood{"goods.all(item, !has(item.origin) || item.gross_kg > 5)",
               R"({"all_item":[{"any":[{"field":"goods.origin","op":"exists","value":false},{"field":"goods.gross_kg","op":"ge","value":6}]}]})"},
    Understood{"declaration.aeo || declaration.seals == 1 && has(vehicle.plate)",
               R"({"any":[{"field":"declaration.aeo","op":"eq","value":true},{"all":[{"field":"declaration.seals","op":"eq","value":1},{"field":"vehicle.plate","op":"exists","value":true}]}]})"},
    Understood{"(declaration.aeo || declaration.seals == 1) && has(vehicle.plate)",
               R"({"all":[{"any":[{"field":"declaration.aeo","op":"eq","value":true},{"field":"declaration.seals","op":"eq","value":1}]},{"field":"vehicle.plate","op":"exists","value":true}]})"},
    Understood{"// seals of tobacco\n  declaration . seals\t==\r\n 3 // three", R"({"field":"declaration.seals","op":"eq","value":3})"},
    Understood{R"(vehicle.plate == "a\"\\\n\u00e4\U0001F600\x41\101")", R"({"field":"vehicle.plate","op":"eq","value":"a\"\\\nä😀AA"})"},
    Understood{R"(vehicle.plate == r'\d+')", R"({"field":"vehicle.plate","op":"eq","value":"\\d+"})"},
    Understood{"declaration.seals == -9223372036854775808", R"({"field":"declaration.seals","op":"eq","value":-9223372036854775808})"}));

struct Wrong {
  const char* text;
  const char* finding;
};
class CelErrors : public ::testing::TestWithParam<Wrong> {};
TEST_P(CelErrors, NamePlaceCauseAndRemedy) {
  const auto text = findings_of(GetParam().text);
  EXPECT_NE(text.find(GetParam().finding), std::string::npos) << text;
}
INSTANTIATE_TEST_SUITE_P(Each, CelErrors, ::testing::Values(
    Wrong{"", "1:1: is empty; write a condition, or true"},
    Wrong{"declaration.seal == 3", "1:1: \"declaration.seal\" is not in the catalogue; did you mean declaration.seals?"},
    Wrong{"has(vehicle.plate) &&\n  seals == 3", "2:3: \"seals\" is not in the catalogue; did you mean declaration.seals?"},
    Wrong{"declaration.seals == \"3\"", "1:1: wrong type: declaration.seals is a number; compare with 3, not with \"3\""},
    Wrong{"vehicle.country == 3", "wrong type: vehicle.country is a text; compare with \"3\", not with 3"},
    Wrong{"declaration.aeo == 1", "wrong type: declaration.aeo is true or false; write declaration.aeo or !declaration.aeo"},
    Wrong{"declaration.kind == 'import'", "wrong type: declaration.kind is a list of texts; write \"import\" in declaration.kind"},
    Wrong{"declaration.kind in ['a', 'b']", "declaration.kind is a list itself; write declaration.kind.exists(e, e in [...])"},
    Wrong{"'A' in vehicle.country", "vehicle.country is a text, not a list; write vehicle.country == \"A\""},
    Wrong{"vehicle.country < 'B'", "< compares numbers, and vehicle.country is a text; texts have no order here"},
    Wrong{"declaration.seals in [1, 'x']", "1:26: wrong type: declaration.seals is a number; write whole numbers"},
    Wrong{"declaration.seals in []", "1:22: nothing is in an empty list"},
    Wrong{"declaration.seals in lists.x", "named lists hold texts"},
    Wrong{"declaration.seals", "declaration.seals alone is not a condition: it is a number"},
    Wrong{"3", "1:1: a number is not a condition"},
    Wrong{"3 == 3", "two values are compared; name a field"},
    Wrong{"declaration.gross_kg == evidence.gross_kg", "two fields are compared"},
    Wrong{"vehicle.plate.matches('^BG')", "1:1: matches() is not in the subset; use startsWith or a list"},
    Wrong{"vehicle.plate.startWith('BG')", "startWith() is not in the subset; did you mean startsWith?"},
    Wrong{"size(declaration.kind) > 2", "size() is not in the subset; use has(field), or a field that counts"},
    Wrong{"declaration.aeo ? true : false", "1:17: the conditional a ? b : c is outside the subset; write a && b || !a && c"},
    Wrong{"declaration.seals + 1 == 3", "1:19: arithmetic (+) is outside the subset; write the result"},
    Wrong{"declaration.seals == 3.5", "1:22: the floating-point number 3.5 is outside the subset; numbers are whole"},
    Wrong{"declaration.seals == 3u", "the unsigned number 3u is outside the subset; write 3"},
    Wrong{"vehicle.plate == b'x'", "a text of bytes (b\"...\") is outside the subset"},
    Wrong{"vehicle.plate == null", "null is outside the subset; write has(field)"},
    Wrong{"vehicle.plate in {'a': 1}", "1:18: a map is outside the subset; write a list"},
    Wrong{"declaration.kind[0] == 'import'", "an index [...] is outside the subset"},
    Wrong{"Declaration{seals: 3}", "a message literal is outside the subset"},
    Wrong{"declaration.seals = 3", "1:19: a single = is not CEL; write =="},
    Wrong{"declaration.aeo & has(vehicle.plate)", "a single & is not CEL; write &&"},
    Wrong{"declaration.aeo and has(vehicle.plate)", "1:17: and is not CEL; write &&"},
    Wrong{"not declaration.aeo", "1:1: not is not CEL; write !"},
    Wrong{"vehicle.country not in ['A']", "1:17: not in is not CEL; write !(field in [...])"},
    Wrong{"declaration.seals <> 3", "<> is not CEL; write !="},
    Wrong{"1 <= declaration.seals <= 3", "1:24: comparisons cannot be chained; write 5 <= x && x <= 9"},
    Wrong{"9 <= declaration.seals && declaration.seals <= 5", "1:1: no number lies in this range"},
    Wrong{"declaration.seals > 9223372036854775807", "no number is above 9223372036854775807; use <= or >="},
    Wrong{"declaration.seals < -9223372036854775808", "no number is below"},
    Wrong{"declaration.seals == 9223372036854775808", "1:22: the number 9223372036854775808 is too great"},
    Wrong{"goods.origin == 'AE'", "1:1: goods.origin belongs to one item of the goods; write goods.exists(g, g.origin ...)"},
    Wrong{"goods.exists(g, goods.origin == 'AE')", "goods.origin does not say of which item; write g.origin"},
    Wrong{"goods.exists(g, g.orgin == 'AE')", "\"goods.orgin\" is not in the catalogue; did you mean goods.origin?"},
    Wrong{"goods.exists(g, goods.exists(h, h.origin == 'A'))", "1:17: goods stand inside goods"},
    Wrong{"goods.exists(vehicle, vehicle.origin == 'AE')", "1:14: the variable vehicle is taken"},
    Wrong{"goods.exists_one(g, g.origin == 'AE')", "exists_one() is not in the subset; use exists"},
    Wrong{"declaration.route.all(r, r == 'TR')", "all() is for the goods, not for list fields; turn it round"},
    Wrong{"declaration.route.exists(r, r != 'TR')", "1:29: of one element of declaration.route only ==, in and startsWith can be asked"},
    Wrong{"declaration.route.startsWith('TR')", "declaration.route is a list of texts; write declaration.route.exists(e, e.startsWith(...))"},
    Wrong{"vehicle.plate == 'abc", "1:18: the text is not closed; end it with '"},
    Wrong{"vehicle.plate == 'a\\qb'", "1:20: the backslash begins no escape"},
    Wrong{"vehicle.plate == '\\ud800'", "the escape names no character"},
    Wrong{"vehicle.plate == '\xff'", "1:19: is not UTF-8"},
    Wrong{"vehicle.plate == ä", "1:18: the character ä means nothing here; put texts in quotes: \"ä\""},
    Wrong{"vehicle.plate == 'ää' && x", "1:26: \"x\" is not in the catalogue"},
    Wrong{"(declaration.aeo", "1:17: the text ends too early; close the bracket with )"},
    Wrong{"declaration.aeo)", "1:16: ) stands in the wrong place; remove it"},
    Wrong{"declaration.aeo has(vehicle.plate)", "1:17: has stands in the wrong place; join conditions with && or ||"},
    Wrong{"declaration.aeo &&", "1:19: the text ends too early; write a condition after &&"},
    Wrong{"has(declaration.seals, vehicle.plate)", "has() takes one field"},
    Wrong{"for == 3", "for is a word that CEL keeps for itself"}));

TEST(CelErrors, AreTheOnesThatAuthoringShows) {
  EXPECT_EQ(findings_of("declaration.seal == 1 &&\n(declaration.seals == \"3\" || vehicle.plate.matches(\"^BG\"))"),
            "1:1: \"declaration.seal\" is not in the catalogue; did you mean declaration.seals?\n"
            "2:2: wrong type: declaration.seals is a number; compare with 3, not with \"3\"\n"
            "2:30: matches() is not in the subset; use startsWith or a list\n");
}

TEST(CelErrors, SeveralAreFoundAtOnce) {
  const auto text = findings_of("declaration.seal == 3 &&\n(vehicle.country == 4 || vehicle.plate ==) &&\n declaration.aeo + 1 && goods.exists(g, g.x)");
  EXPECT_NE(text.find("1:1: "), std::string::npos) << text;
  EXPECT_NE(text.find("2:2: wrong type"), std::string::npos) << text;
  EXPECT_NE(text.find("2:42: "), std::string::npos) << text;
  EXPECT_NE(text.find("3:18: arithmetic"), std::string::npos) << text;
  EXPECT_NE(text.find("3:41: \"goods.x\""), std::string::npos) << text;
}

TEST(CelErrors, NestingAndLengthAreLimited) {
  EXPECT_NE(findings_of(std::string(100000, '(') + "true").find("is nested too deep; at most 64"), std::string::npos);
  EXPECT_NE(findings_of(std::string(100000, '[')).find("is nested too deep"), std::string::npos);
  EXPECT_EQ(findings_of(std::string(100000, '!') + "true"), "");
  EXPECT_NE(findings_of(std::string(100000, '-') + "x").find("1:1: a minus before something else than a number"), std::string::npos);
  EXPECT_NE(findings_of(std::string(2u << 20, ' ')).find("is longer than"), std::string::npos);
  std::string deep = "declaration.aeo", other = "has(vehicle.plate)";
  for (int i = 0; i < 20; ++i) deep = "(" + deep + (i % 2 == 0 ? " || " : " && ") + other + ")";
  EXPECT_NE(findings_of(deep).find("is nested too deep; at most 16 levels"), std::string::npos);
}

struct Shown {
  const char* text;
  const char* printed;
};
class CelPrinted : public ::testing::TestWithParam<Shown> {};
TEST_P(CelPrinted, AsAnAuthorWouldWriteIt) { EXPECT_EQ(printed(GetParam().text), GetParam().printed); }
INSTANTIATE_TEST_SUITE_P(Each, CelPrinted, ::testing::Values(
    Shown{"((true))", "true"},
    Shown{"!(declaration.seals==3)", "declaration.seals != 3"},
    Shown{"!('a' in declaration.kind)", "!(\"a\" in declaration.kind)"},
    Shown{"!declaration.kind.exists(k,k in['b','a'])", "!declaration.kind.exists(e, e in [\"a\", \"b\"])"},
    Shown{"declaration.aeo&&!has(vehicle.plate)||declaration.seals<3", "(declaration.aeo && !has(vehicle.plate)) || declaration.seals <= 2"},
    Shown{"declaration.aeo && (vehicle.plate.startsWith('A')||vehicle.plate.startsWith('B'))",
          "declaration.aeo && (vehicle.plate.startsWith(\"A\") || vehicle.plate.startsWith(\"B\"))"},
    Shown{"!(5<=declaration.seals&&declaration.seals<=9)", "!(5 <= declaration.seals && declaration.seals <= 9)"},
    Shown{"!goods.all(x,x.origin=='AE')", "!goods.all(g, g.origin == \"AE\")"},
    Shown{"vehicle.plate == '\\x00\\n\"'", R"(vehicle.plate == "\x00\n\"")"},
    Shown{"declaration.kind.exists(k, k in ['import', 'transit']) && goods.exists(g, g.hs_code.startsWith('2402') && g.origin in lists.tobacco_origins && g.gross_kg >= 100)",
          "declaration.kind.exists(e, e in [\"import\", \"transit\"])\n"
          "&& goods.exists(g,\n"
          "       g.hs_code.startsWith(\"2402\") && g.origin in lists.tobacco_origins && g.gross_kg >= 100)"}));

TEST(CelPrinted, LongConditionsAreBrokenIntoLines) {
  const auto text = printed("goods.exists(g, (g.hs_code.startsWith('240210') || g.hs_code.startsWith('240220') || g.hs_code.startsWith('240290') || g.origin in ['AE','AM','BY']) && g.gross_kg >= 1000)");
  EXPECT_EQ(text,
            "goods.exists(g,\n"
            "    (g.hs_code.startsWith(\"240210\")\n"
            "     || g.hs_code.startsWith(\"240220\")\n"
            "     || g.hs_code.startsWith(\"240290\")\n"
            "     || g.origin in [\"AE\", \"AM\", \"BY\"])\n"
            "    && g.gross_kg >= 1000)");
  std::string list = "vehicle.country in ['AAA'";
  for (char c = 'A'; c <= 'Z'; ++c) list += std::string(", 'X") + c + "X'";
  const auto broken = printed(list + "]");
  EXPECT_NE(broken.find(",\n    \""), std::string::npos) << broken;
  for (std::size_t from = 0; from < broken.size();) {
    const auto end = std::min(broken.find('\n', from), broken.size());
    EXPECT_LE(end - from, 100u) << broken;
    from = end + 1;
  }
}
