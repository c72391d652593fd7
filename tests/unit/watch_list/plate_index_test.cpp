// The index against brute force that shares nothing with it: strings, compared one by one.
#include "edge/risk/plate_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "edge/risk/plate_text.hpp"

using namespace rampa;
using namespace rampa::risk;

namespace {

/// Levenshtein's distance is at most one.
bool one_edit(const std::string& a, const std::string& b) {
  if (a.size() > b.size()) return one_edit(b, a);
  if (b.size() - a.size() > 1) return false;
  std::size_t i = 0;
  while (i < a.size() && a[i] == b[i]) ++i;
  if (a.size() == b.size()) return i == a.size() || a.compare(i + 1, std::string::npos, b, i + 1, std::string::npos) == 0;
  return a.compare(i, std::string::npos, b, i + 1, std::string::npos) == 0;
}

struct Listed {
  std::string text, folded_text;
};

struct Both {
  std::vector<Listed> texts;  ///< in the index's order
  PlateIndex index;

  explicit Both(const std::set<std::string>& plates) {
    std::vector<PlateKey> keys;
    for (const auto& plate : plates) keys.push_back(*packed(plate));
    std::sort(keys.begin(), keys.end());
    for (const auto& key : keys) texts.push_back({unpacked(key), folded(std::string_view(unpacked(key)))});
    auto built = PlateIndex::build(std::move(keys));
    EXPECT_TRUE(built) << (built ? "" : built.error().what);
    index = std::move(*built);
  }
  [[nodiscard]] std::vector<PlateIndex::Found> brute(const std::string& read) const {
    const std::string fold = folded(std::string_view(read));
    std::vector<PlateIndex::Found> found;
    for (std::uint32_t i = 0; i < texts.size(); ++i) {
      if (texts[i].text == read) found.push_back({i, Likeness::equal});
      else if (texts[i].folded_text == fold) found.push_back({i, Likeness::alert});
      else if (one_edit(texts[i].folded_text, fold)) found.push_back({i, Likeness::possible});
    }
    return found;
  }
  std::size_t check(const std::string& read) const {
    std::vector<PlateIndex::Found> found;
    index.find(std::string_view(read), found);
    std::sort(found.begin(), found.end());  // each once: a second one would be seen below
    const auto wanted = brute(read);
    EXPECT_EQ(found, wanted) << read << " finds " << found.size() << " instead of " << wanted.size();
    return wanted.size();
  }
};

constexpr std::string_view characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

std::string plate(std::mt19937_64& random) {
  constexpr std::string_view shapes[] = {"AA999AA", "AA9999AA", "A99A999", "99AAA999", "AAA9999", "AAAA9999999", "A9", "999999999999"};
  std::string text(shapes[random() % 8]);
  for (char& c : text) c = c == 'A' ? static_cast<char>('A' + random() % 26) : static_cast<char>('0' + random() % 10);
  return text;
}

std::string changed(std::string text, int kind, std::mt19937_64& random) {
  const std::size_t at = random() % text.size();
  const char c = characters[random() % characters.size()];
  switch (kind) {
    case 0: break;
    case 1: text[at] = c; break;
    case 2: text.insert(text.begin() + static_cast<std::ptrdiff_t>(random() % (text.size() + 1)), c); break;
    case 3: if (text.size() > 1) text.erase(at, 1); break;
    case 4:  // a confusion
      for (char& x : text)
        if (random() % 2)
          for (const std::string_view group : {"0ODQ", "1I", "2Z", "5S", "8B", "6G"})
            if (group.find(x) != group.npos) { x = group[random() % group.size()]; break; }
      break;
    case 5: return changed(changed(std::move(text), 4, random), 1 + static_cast<int>(random() % 3), random);
    default: return changed(changed(std::move(text), 1 + static_cast<int>(random() % 3), random), 1 + static_cast<int>(random() % 3), random);
  }
  return text;
}

}  // namespace

TEST(PlateIndex, PackingKeepsEveryCharacter) {
  for (const char c : characters) {
    const auto key = packed(std::string(12, c));
    ASSERT_TRUE(key);
    EXPECT_TRUE(is_packed(*key));
    EXPECT_EQ(unpacked(*key), std::string(12, c));
  }
  EXPECT_EQ(unpacked(*packed("BG1482KT")), "BG1482KT");
  EXPECT_EQ(packed("B0G")->folded, packed("8OG")->folded);
  EXPECT_FALSE(packed(""));
  EXPECT_FALSE(packed("ABCDEFGHIJKLM"));
  EXPECT_FALSE(packed("bg1"));
  EXPECT_FALSE(is_packed({}));
  EXPECT_FALSE(is_packed({31, 0}));
  EXPECT_FALSE(is_packed({1u << 5, 0})) << "a gap";
  EXPECT_FALSE(is_packed({4, 1})) << "3 has no variants";
  EXPECT_FALSE(is_packed({2, 2})) << "1I are two";
  EXPECT_FALSE(is_packed({1, 4})) << "variant of a character that is not there";
}

TEST(PlateIndex, FindsExactlyWhatBruteForceFindsAmongTwentyThousand) {
  std::mt19937_64 random(20'260'321);
  std::set<std::string> plates;
  while (plates.size() < 20'000) plates.insert(plate(random));
  const Both both(plates);
  std::size_t hits = 0;
  for (int i = 0; i < 2'100; ++i) {
    const auto& from = both.texts[random() % both.texts.size()].text;
    hits += both.check(changed(from, i % 7, random));
  }
  for (int i = 0; i < 300; ++i) hits += both.check(plate(random));
  EXPECT_GT(hits, 2'000u);
}

TEST(PlateIndex, EveryShortTextAgainstEveryOther) {
  // All texts of up to three of five characters, and all reads of up to four: every edit at every place, runs of equal
  // characters, confusions among them.
  std::vector<std::string> all{""};
  std::set<std::string> listed;
  for (std::size_t i = 0; i < all.size() && all[i].size() < 4; ++i)
    for (const char c : {'0', 'O', '1', 'A', 'B'}) all.push_back(all[i] + c);
  for (const auto& text : all)
    if (!text.empty() && text.size() < 4 && (text.size() * 7 + static_cast<std::size_t>(text[0])) % 3 != 0) listed.insert(text);
  const Both both(listed);
  for (const auto& read : all)
    if (!read.empty()) both.check(read);
}

TEST(PlateIndex, ManyThatShareTheirNeighbourhoods) {
  std::set<std::string> plates;
  for (int i = 0; i < 10'000; ++i) plates.insert("BG" + std::to_string(10'000 + i).substr(1) + "A");
  for (const char* odd : {"BG0000A", "8G0000A", "B60O00A", "BG000A", "BG00000A"}) plates.insert(odd);
  const Both both(plates);
  std::mt19937_64 random(5);
  std::size_t hits = 0;
  for (int i = 0; i < 120; ++i) hits += both.check(changed(both.texts[random() % both.texts.size()].text, i % 6, random));
  EXPECT_GT(hits, 1'000u) << "up to forty and more for one read";
}

TEST(PlateIndex, LongestTextsAndOneCharacterMore) {
  const Both both({"ABCDEFGHIJKL", "ABCDEFGHIJK", "AAAAAAAAAAAA", "000000000000"});
  for (const char* read : {"ABCDEFGHIJKL", "ABCDEFGHIJKLM", "XABCDEFGHIJKL", "ABCDEFGHIJXKL", "AAAAAAAAAAAAA", "OOOOOOOOOOOOO", "ABCDEFGHIJKLMN", "ABCDEFGHIJ", "ABCDEFGHIJLK"})
    both.check(read);
}

TEST(PlateIndex, SizesAroundAPowerOfTwo) {
  std::mt19937_64 random(3);
  for (const std::size_t size : {1u, 2u, 3u, 4u, 15u, 16u, 17u, 255u, 256u, 1023u, 1024u}) {
    std::set<std::string> plates;
    while (plates.size() < size) plates.insert(plate(random));
    const Both both(plates);
    for (int i = 0; i < 50; ++i) both.check(changed(both.texts[random() % size].text, i % 7, random));
  }
}

TEST(PlateIndex, NothingInItFindsNothing) {
  auto empty = PlateIndex::build({});
  ASSERT_TRUE(empty);
  std::vector<PlateIndex::Found> found{{1, Likeness::equal}};
  empty->find(std::string_view("BG1"), found);
  EXPECT_TRUE(found.empty());
}

TEST(PlateIndex, RefusesWhatIsNotInOrder) {
  EXPECT_FALSE(PlateIndex::build({*packed("B"), *packed("A"), *packed("A")}));
  EXPECT_FALSE(PlateIndex::build({*packed("A"), *packed("A")}));
}
