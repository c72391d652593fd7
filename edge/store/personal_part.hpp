// The personal part of a record: how it is opened with the key of its day. FORMAT.md, "Personal part". Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "edge/store/record_format.hpp"

namespace rampa::store::format {

using DayKey = std::array<std::uint8_t, 32>;  ///< secret

/// The plain text, a JSON object; empty where the record has no personal part.
/// Errors: invalid (this is not its key, or the ciphertext is damaged).
[[nodiscard]] Result<std::string> open_personal(const Entry& entry, const DayKey& key);

}  // namespace rampa::store::format
