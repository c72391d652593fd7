// A bundle as one file: named parts one after the other (BUNDLES.md). One bundle has one form; anything else is refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sync/bundle/refusal.hpp"

namespace rampa::bundle {

struct Part {
  std::string_view name;
  std::string_view bytes;
};

/// The parts, which view `bundle`. Limits of size and count are kept before anything else is looked at.
[[nodiscard]] Checked<std::vector<Part>> unpack(std::string_view bundle);
[[nodiscard]] std::string pack(const std::vector<Part>& parts);

/// The parts by what they are for. Parts stand in this order, each once but for roots and deltas.
struct Parts {
  struct Root {
    std::uint64_t version = 0;
    std::string_view bytes;
  };
  struct Target {
    std::string_view hash_hex, name, bytes;
  };
  std::vector<Root> roots;  ///< ascending without gap
  std::string_view timestamp, snapshot, targets, breakglass;  ///< empty where absent
  std::uint64_t snapshot_version = 0, targets_version = 0;    ///< of the names
  std::vector<Target> payload;  ///< one set, or deltas in order, or nothing
};
[[nodiscard]] Checked<Parts> sort_parts(const std::vector<Part>& parts);

/// Letters, digits, dot, dash, underscore; begins with a letter or digit; no "..", at most 100 characters.
[[nodiscard]] bool good_target_name(std::string_view name);

}  // namespace rampa::bundle
