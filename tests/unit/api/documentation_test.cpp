// API.md names exactly the requests that are answered, and every problem word that is used.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "edge/api/parts.hpp"

namespace rampa::api {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(ApiDocument, NamesEveryRequestAndNoOther) {
  const std::string text = text_of("edge/api/API.md");
  ASSERT_FALSE(text.empty());
  std::set<std::string> written;
  const std::regex request("`(GET|POST|DELETE)(?:\\|HEAD)? (/[^` ?]*)");
  for (std::sregex_iterator it(text.begin(), text.end(), request), end; it != end; ++it)
    written.insert((*it)[1].str() + " " + std::regex_replace((*it)[2].str(), std::regex("\\{[a-z0-9]+\\}"), "*"));
  const auto names = route_names();
  EXPECT_EQ(written, std::set<std::string>(names.begin(), names.end()));
}

TEST(ApiDocument, ListsEveryProblemWord) {
  const std::string text = text_of("edge/api/API.md");
  const std::string words = text.substr(text.find("## Problem words"));
  const std::regex use("problem\\((?:\\d+|[a-z_]+), \"([a-z-]+)\"");
  int seen = 0;
  for (const auto& file : std::filesystem::directory_iterator("edge/api")) {
    if (file.path().extension() != ".cpp") continue;
    const std::string source = text_of(file.path());
    for (std::sregex_iterator it(source.begin(), source.end(), use), end; it != end; ++it, ++seen)
      EXPECT_NE(words.find((*it)[1].str()), std::string::npos) << (*it)[1] << " in " << file.path();
  }
  EXPECT_GT(seen, 40);
}

}  // namespace
}  // namespace rampa::api
