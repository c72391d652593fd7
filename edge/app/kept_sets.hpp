// Profile sets that assessments were made with, at rest: blobs of the post's store that the post and the risk unit can open, and nobody
// else who has the blobs, at the post or at HQ. Format: edge/store/FORMAT.md, "Profile sets".
#pragma once

#include <string>

#include "edge/crossing/records.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::app {

// `directory`: the store's. `sha256`: of the set's own bytes, as assessments name it; 64 hex digits. Thread: any.

/// It is there, sealed, or in the open as posts of before kept it.
[[nodiscard]] bool keeps_set(const std::string& directory, const std::string& sha256);
/// Packed and sealed, for the record that it begins to count with; its place is noted durably. `risk_unit_key`: may be empty, then the post alone
/// can open it. Errors: invalid (no device key, too large), no_space, io.
[[nodiscard]] Result<Attachment> seal_set(const std::string& directory, const std::string& sha256, ByteView set, const std::string& risk_unit_key);
/// The set's own bytes, checked against the hash. Errors: not_found, invalid (damaged, or another device's), io.
[[nodiscard]] Result<std::string> kept_set(const std::string& directory, const std::string& sha256);

[[nodiscard]] bool is_sealed_set(std::string_view blob);
/// For the risk unit, with its secret key (64 hexadecimal digits). Errors: invalid (no key), bad_reply (no sealed set), refused (not sealed for
/// this key, or damaged).
[[nodiscard]] Result<std::string> open_sealed_set(std::string_view blob, const std::string& secret_key);

}  // namespace rampa::app
