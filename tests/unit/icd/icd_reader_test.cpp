// ICD files: every file of the tree is right; what a schema can't see is found by the reader.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "config/site.hpp"
#include "drivers/registry/registry.hpp"
#include "tests/unit/config/temporary_file.hpp"

using namespace rampa;

namespace {

const std::string kGood = R"({
  "id": "x", "class": "scale", "maker": "M", "driver": "register_scale", "transports": ["modbus_tcp"],
  "sources": {"manual": {"text": "p. 1", "trust": "D"}, "thread": {"text": "forum", "trust": "C"}},
  "points": [
    {"name": "gross", "table": "input_register", "address": 0, "type": "i32", "age_max_ms": 500, "source": "manual",
     "symbols": {"motion": 2}},
    {"name": "in*", "count": 3, "table": "coil", "address": 16, "type": "bit", "age_max_ms": 500, "source": "thread", "trust": "I"}
  ],
  "commands": [],
  "timing": {"poll_ms": 40}
})";

config::ProductCheck read_text(const std::string& text) {
  tests::TemporaryFolder folder;
  return config::read_product(folder.write("x.json", text));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST(IcdReader, ReadsRowsPatternsAndMarks) {
  const auto check = read_text(kGood);
  ASSERT_TRUE(check.findings.empty()) << check.findings[0].key << check.findings[0].cause;
  const auto& p = check.product;
  EXPECT_EQ(p.timing.poll, 40ms);
  ASSERT_NE(p.find("in2"), nullptr);
  EXPECT_EQ(p.find("in2")->address, 18);
  EXPECT_EQ(p.find("in2")->source.trust, icd::Trust::inferred);
  EXPECT_EQ(p.find("gross")->source.trust, icd::Trust::manual);
  EXPECT_EQ(p.find("gross")->bits.at("motion"), 2);
}

struct Mistake {
  const char* name;
  const char* from;
  const char* to;
  const char* key;
  int line;
  const char* text;  ///< in cause or remedy
};
class OneMistake : public testing::TestWithParam<Mistake> {};
TEST_P(OneMistake, GivesOneFindingAtItsPlace) {
  const Mistake& m = GetParam();
  const auto check = read_text(replaced(kGood, m.from, m.to));
  ASSERT_EQ(check.findings.size(), 1u);
  const auto& f = check.findings[0];
  EXPECT_EQ(f.key, m.key);
  EXPECT_EQ(f.line, m.line);
  EXPECT_NE((f.cause + " " + f.remedy).find(m.text), std::string::npos) << f.cause << " / " << f.remedy;
}
INSTANTIATE_TEST_SUITE_P(
    All, OneMistake,
    testing::Values(
        Mistake{"unknown", "\"address\": 0", "\"adress\": 1, \"address\": 0", "points[0].adress", 5, "address"},
        Mistake{"wrap", "\"address\": 16", "\"address\": 65534", "points[1].count", 7, "65535"},
        Mistake{"range", "\"address\": 0", "\"address\": 70000", "points[0].address", 5, "65535"},
        Mistake{"upgrade", "\"trust\": \"I\"", "\"trust\": \"D\"", "points[1].trust", 7, "never better"},
        Mistake{"source", "\"source\": \"manual\"", "\"source\": \"manul\"", "points[0].source", 5, "manual"},
        Mistake{"kind", "\"type\": \"i32\"", "\"type\": \"bit\"", "points[0].type", 5, "register"},
        Mistake{"twice", "\"maker\": \"M\"", "\"maker\": \"M\", \"maker\": \"N\"", "maker", 2, "twice"},
        Mistake{"age", "\"age_max_ms\": 500, \"source\": \"manual\"", "\"source\": \"manual\"", "points[0].age_max_ms", 5, "age limit"},
        Mistake{"count", "\"count\": 3, ", "", "points[1].name", 7, "count"},
        Mistake{"symbol", "\"motion\": 2", "\"motion\": 32", "points[0].symbols.motion", 6, "31"},
        Mistake{"command", "\"commands\": []", "\"commands\": [{\"name\":\"zero\",\"point\":\"gros\",\"kind\":\"level\",\"source\":\"manual\"}]",
                "commands[0].point", 9, "did you mean \"gross\""},
        Mistake{"syntax", "\"id\": \"x\",", "\"id\": \"x\"", "", 2, "not JSON"},
        Mistake{"timing", "\"poll_ms\": 40", "\"poll_ms\": 1", "timing.poll_ms", 10, "out of range"}),
    [](const auto& mistake) { return std::string(mistake.param.name); });

TEST(IcdReader, AnActuatorNeedsItsChecksAndSafeState) {
  const auto check = read_text(replaced(kGood, "\"class\": \"scale\"", "\"class\": \"digital_io\""));
  EXPECT_EQ(check.findings.size(), 4u);  // identity, watchdog, safe_value, safe_state
}

TEST(IcdReader, EveryFileOfTheTreeIsRight) {
  int files = 0;
  const auto families = drivers::driver_families();
  for (const auto& entry : std::filesystem::directory_iterator("firmware-interfaces/icd")) {
    const auto name = entry.path().filename().string();
    if (!name.ends_with(".json") || name.ends_with(".schema.json")) continue;
    ++files;
    const auto check = config::read_product(entry.path().string());
    for (const auto& f : check.findings) ADD_FAILURE() << f.file << ":" << f.line << ": " << f.key << ": " << f.cause << " -> " << f.remedy;
    EXPECT_NE(std::find(families.begin(), families.end(), check.product.driver), families.end())
        << name << " names the driver family " << check.product.driver << ", which drivers/registry does not have";
    EXPECT_EQ(check.product.id, entry.path().stem().string());
  }
  EXPECT_GE(files, 5);
}

/// A driver writes these two by name; a pattern names no point that it could write.
TEST(IcdReader, TheWatchdogIsFedThroughOnePoint) {
  const auto with = [](const std::string& point) {
    auto text = replaced(kGood, "\"type\": \"bit\"", "\"type\": \"bit\", \"access\": \"read_write\"");
    text = replaced(text, "\"commands\": []",
                    "\"commands\": [{\"name\": \"feed_watchdog\", \"point\": \"" + point + "\", \"kind\": \"counter\", \"idempotent\": true, \"confirmed_by\": \"in1\", \"source\": \"manual\"}]");
    std::string found;
    for (const auto& f : read_text(text).findings) found += f.key + ": " + f.cause + "\n";
    return found;
  };
  EXPECT_EQ(with("in1"), "");
  EXPECT_NE(with("in*").find("commands[0].point: \"feed_watchdog\" writes one point"), std::string::npos) << with("in*");
}
