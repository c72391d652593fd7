#include "tests/unit/golden_frames/golden_step.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace rampa::tests {
namespace {

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes)
    for (const int nibble : {(c >> 4) & 15, c & 15}) hex.push_back("0123456789abcdef"[nibble]);
  return hex;
}

GoldenStep read_step(const std::filesystem::path& file) {
  GoldenStep step;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const std::string rest = line.size() > 2 ? line.substr(2) : "";
    if (line.starts_with("# ")) continue;
    if (line.starts_with("after ")) {
      std::istringstream words(line.substr(6));
      int ms = -1;
      std::string unit;
      words >> ms >> unit;
      EXPECT_TRUE(ms >= 0 && unit == "ms:") << file << ": " << line;
      step.after = std::chrono::milliseconds(ms);
      for (std::string word; words >> word;) step.action.push_back(word);
    } else if (line.starts_with("> ")) {
      step.wire.push_back({from_hex(rest), {}});
    } else if (line.starts_with("< ") && !step.wire.empty()) {
      step.wire.back().answer = from_hex(rest);
    } else if (line.starts_with("= ")) {
      step.meaning.push_back(rest);
    } else {
      ADD_FAILURE() << file << ": not understood: " << line;
    }
  }
  EXPECT_FALSE(step.action.empty()) << file << " says not what to do";
  for (const auto& exchange : step.wire) EXPECT_TRUE(exchange.request.size() >= 12 && exchange.answer.size() >= 9) << file;
  return step;
}

std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder, bool folders) {
  std::vector<std::filesystem::path> found;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder, missing))
    if (folders ? entry.is_directory() && entry.path().filename() != "__pycache__" : entry.path().extension() == ".txt" &&
                  !entry.path().stem().string().ends_with(".provenance"))
      found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace rampa::tests
