// Day keys for who may pass them on: sync seals them for headquarters.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "edge/store/personal_part.hpp"

namespace rampa::store {

/// Thread: one at a time.
class DayKeyReader {
 public:
  virtual ~DayKeyReader() = default;
  /// Nothing where it was destroyed on purpose. Looks at the disk every time and keeps nothing in memory.
  /// Errors: not_found (the key is lost), invalid (damaged), io.
  [[nodiscard]] virtual Result<std::optional<format::DayKey>> day_key(std::uint32_t day, std::uint32_t generation) = 0;
};

/// `directory`: the store's. Works beside a running appliance; nothing is opened before the first call.
[[nodiscard]] std::unique_ptr<DayKeyReader> open_day_keys(const std::string& directory);

}  // namespace rampa::store
