// What stands in a frame in the place of a record that the post's journal cannot give any more (TOPICS.md, "Record frame").
// HQ keeps it in quarantine under its number, until the post sends the record after all. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware-interfaces/bytes.hpp"

namespace rampa::sync {

/// How HQ begins the reason for a quarantine that the post asked for.
inline constexpr std::string_view lost_at_post = "lost at the post: ";
inline constexpr std::size_t lost_reason_bytes_max = 400;

[[nodiscard]] Bytes encode_lost(std::string_view why);
/// Why, where this is one.
[[nodiscard]] std::optional<std::string> lost_reason(ByteView record);

}  // namespace rampa::sync
