// Where the real inputs lie (photographs, radiographs, the risk workload). They are not part of the tree.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace rampa::tests {

/// RAMPA_SHARED_DATA, or ../shared/data beside the checkout; empty when there is none.
inline std::string shared_data() {
  const char* named = std::getenv("RAMPA_SHARED_DATA");
  std::filesystem::path path = named ? named : "../shared/data";
  return std::filesystem::is_directory(path) ? std::filesystem::absolute(path).string() : std::string{};
}

inline bool in_ci() {
  const char* ci = std::getenv("CI");
  return ci && std::string(ci) == "true";
}

}  // namespace rampa::tests

/// First line of a test that needs shared data: skips with the reason, but fails under CI=true.
#define RAMPA_NEEDS_SHARED_DATA()                                                                     \
  if (rampa::tests::shared_data().empty()) {                                                          \
    if (rampa::tests::in_ci()) FAIL() << "shared data is missing (RAMPA_SHARED_DATA or ../shared/data)"; \
    GTEST_SKIP() << "shared data is missing (set RAMPA_SHARED_DATA or put it at ../shared/data)";     \
  }
