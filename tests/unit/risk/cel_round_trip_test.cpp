// Nothing is lost between a canonical condition and its CEL text, and no text is fatal.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "edge/crossing/canonical_json.hpp"
#include "edge/risk/cel.hpp"
#include "tests/unit/risk/random_condition.hpp"

using namespace rampa::risk;
using rampa::tests::RandomCondition;

namespace {

std::string first(const std::vector<Finding>& findings) {
  return findings.empty() ? "" : findings[0].path + ": " + findings[0].cause + "; " + findings[0].remedy;
}

void note(const Condition& c, std::set<std::string>& seen) {
  if (c.kind == Condition::Kind::test) {
    const auto type = static_cast<int>(*type_of(c.field));
    seen.insert(std::to_string(type) + "/" + std::to_string(static_cast<int>(c.op)) + (c.list.empty() ? "" : "/list"));
  } else {
    seen.insert("kind " + std::to_string(static_cast<int>(c.kind)));
  }
  for (const auto& part : c.parts) note(part, seen);
}

}  // namespace

TEST(CelRoundTrip, EveryCanonicalConditionComesBack) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    const auto c = canonical(RandomCondition(seed).condition());
    ASSERT_EQ(canonical(c), c) << "seed " << seed << ": canonical is not stable: " << to_json(c);
    note(c, seen);
    const auto text = to_cel(c);
    std::vector<Finding> findings;
    const auto back = from_cel(text, findings);
    ASSERT_TRUE(findings.empty()) << "seed " << seed << "\n" << text << "\n" << first(findings);
    ASSERT_EQ(back, c) << "seed " << seed << "\n" << text << "\n" << to_json(c) << "\n" << to_json(back);
    ASSERT_EQ(to_cel(back), text) << "seed " << seed;
  }
  // 6 kinds; flags: 2 operators; numbers: 7; texts and list fields: 5 each, and 3 of them with named lists too.
  EXPECT_EQ(seen.size(), 6u + 2 + 7 + 2 * (5 + 3)) << "not all operators came up";
}

// The form that is hashed: RFC 8785 leaves it as it is, and the JSON reader gives the same condition. (Beyond 2^53 RFC 8785 knows no whole numbers.)
TEST(CelRoundTrip, TheCanonicalFormIsCanonicalJson) {
  const std::function<bool(const Condition&)> exact = [&](const Condition& c) {
    return std::all_of(c.numbers.begin(), c.numbers.end(), [](auto n) { return n >= -9007199254740992 && n <= 9007199254740992; }) && std::all_of(c.parts.begin(), c.parts.end(), exact);
  };
  std::size_t compared = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const auto c = canonical(RandomCondition(seed).condition());
    const auto json = to_json(c);
    std::vector<Finding> findings;
    ASSERT_EQ(condition_from_json(json, "when", findings), c) << json;
    ASSERT_TRUE(findings.empty()) << json << "\n" << first(findings);
    if (!exact(c)) continue;
    ++compared;
    const auto text = rampa::canonical_json(json);
    ASSERT_TRUE(text) << json << "\n" << text.error().what;
    ASSERT_EQ(*text, json);
  }
  EXPECT_GT(compared, 500u);
}

TEST(CelRoundTrip, FieldsOfEveryTypeAreThere) {
  std::set<FieldType> types;
  for (FieldId id = 0; id < field_count(); ++id) types.insert(field_type(id));
  EXPECT_EQ(types.size(), 4u);
}

// Cut, doubled, swapped and spliced texts: an answer or findings, never a crash, and what is understood round-trips.
TEST(CelRoundTrip, MutatedTextsAreReadOrRefused) {
  std::mt19937_64 random(2026);
  const auto upto = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  static const std::vector<std::string> pieces{"(", ")", "[", "]", "{", "}", "&&", "||", "!", "-", "==", "<", ">=", " in ", ".", ",", "'", "\"", "\\", "'''", "r'", "b\"", "0x", "1e5",
                                               "9223372036854775808", "goods", ".exists(", ".all(g, ", "has(", "lists.", "true", "null", "?", ":", "//", "\n", "\xff", "\xf0\x9f", "ä",
                                               "g.origin", "declaration.kind", "vehicle.plate", "declaration.seals", "for", "not ", " and ", "=", std::string(1, '\0')};
  std::size_t understood = 0, refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string text = to_cel(canonical(RandomCondition(static_cast<std::uint64_t>(i)).condition(2)));
    for (std::size_t mutations = 1 + upto(2); mutations > 0; --mutations) {
      const auto at = upto(text.size() + 1);
      switch (upto(5)) {
        case 0: text.insert(at, pieces[upto(pieces.size())]); break;
        case 1: text.erase(at, 1 + upto(6)); break;
        case 2: text.insert(at, text.substr(upto(text.size() + 1), upto(30))); break;
        case 3:
          if (at < text.size()) text[at] = static_cast<char>(upto(256));
          break;
        default: text.resize(at); break;
      }
    }
    std::vector<Finding> findings;
    const auto c = from_cel(text, findings);
    for (const auto& finding : findings) {
      ASSERT_FALSE(finding.cause.empty()) << text;
      ASSERT_FALSE(finding.remedy.empty()) << text << "\n" << finding.cause;
      ASSERT_NE(finding.path.find(':'), std::string::npos) << text;
    }
    ASSERT_LE(findings.size(), 32u);
    if (!findings.empty()) {
      ++refused;
      continue;
    }
    ++understood;
    const auto back = from_cel(to_cel(c), findings);
    ASSERT_TRUE(findings.empty()) << text << "\n" << to_cel(c) << "\n" << first(findings);
    ASSERT_EQ(back, c) << text;
  }
  EXPECT_GT(understood, 100u);
  EXPECT_GT(refused, 1000u);
}
