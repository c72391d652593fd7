// Golden frames: files under tests/golden, each with NAME.provenance.txt beside it. Tests run in the tree's root.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace rampa::tests {

/// `name`: below tests/golden, e.g. "cameras/axis-car.jsonl".
inline std::string golden(const std::string& name) {
  std::ifstream in("tests/golden/" + name, std::ios::binary);
  EXPECT_TRUE(in) << "golden file missing: " << name << " (tests run in the root of the tree)";
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A one-line file without its line end.
inline std::string golden_line(const std::string& name) {
  std::string line = golden(name);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return line;
}

}  // namespace rampa::tests
