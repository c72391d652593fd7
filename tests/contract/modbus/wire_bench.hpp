// What the wire tests share: a register model without behaviour, and running a tool.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <string>
#include <utility>

#include "hil/devices/model.hpp"
#include "tests/support/shared_data.hpp"

namespace rampa::tests {

/// Registers and bits that keep what is written. Address not in the map: exception 2.
class MapModel : public hil::RegisterModel {
 public:
  std::map<std::pair<icd::Table, std::uint16_t>, std::uint16_t> values;
  int writes = 0;

  int read(int, icd::Table table, std::uint16_t address, std::uint16_t count,
           std::vector<std::uint16_t>& out) override {
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto found = values.find({table, static_cast<std::uint16_t>(address + i)});
      if (found == values.end()) return 2;
      out.push_back(found->second);
    }
    return 0;
  }
  int write(int, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& given) override {
    for (std::uint32_t i = 0; i < given.size(); ++i)
      if (!values.contains({table, static_cast<std::uint16_t>(address + i)})) return 2;
    for (std::uint32_t i = 0; i < given.size(); ++i)
      values[{table, static_cast<std::uint16_t>(address + i)}] = given[i];
    ++writes;
    return 0;
  }
  void advance(MonoTime) override {}
  bool fault(std::string_view, double, bool) override { return false; }
  [[nodiscard]] std::vector<std::string> faults() const override { return {}; }
};

struct ToolRun {
  int status = -1;
  std::string output;
};

/// Runs a shell command; its standard output and error together.
inline ToolRun run_tool(const std::string& command) {
  ToolRun run;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return run;
  std::array<char, 4096> block{};
  std::size_t n = 0;
  while ((n = ::fread(block.data(), 1, block.size(), pipe)) > 0) run.output.append(block.data(), n);
  run.status = ::pclose(pipe);
  return run;
}

inline bool have_tool(const std::string& probe) {
  return run_tool(probe).status == 0;
}

}  // namespace rampa::tests

/// First line of a test that needs a tool: skips with the reason, but fails under CI=true.
#define RAMPA_NEEDS_TOOL(probe, name)                                                         \
  if (!rampa::tests::have_tool(probe)) {                                                      \
    if (rampa::tests::in_ci()) FAIL() << name " is missing (packages.txt names its package)"; \
    GTEST_SKIP() << name " is missing";                                                       \
  }
