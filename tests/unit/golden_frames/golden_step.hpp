// One file of a golden conversation; its form stands in tests/golden/modbus_conversation.py.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "firmware-interfaces/time.hpp"

namespace rampa::tests {

struct GoldenExchange {
  std::string request, answer;  ///< whole Modbus TCP frames
};

struct GoldenStep {
  Duration after{};                   ///< since the step before
  std::vector<std::string> action;    ///< "poll", "raise", ... and its words
  std::vector<GoldenExchange> wire;   ///< in this order
  std::vector<std::string> meaning;   ///< all that the driver says, in this order
};

/// A file that does not read as a step fails the test.
[[nodiscard]] GoldenStep read_step(const std::filesystem::path& file);

/// The sorted .txt files (or, `folders`, the sorted folders) directly in `folder`.
[[nodiscard]] std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder, bool folders = false);

[[nodiscard]] std::string to_hex(std::string_view bytes);

}  // namespace rampa::tests
