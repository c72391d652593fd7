// zstd, with the size known before anything is unpacked. Thread: any.
#pragma once

#include "sync/bundle/profile_table.hpp"

namespace rampa::bundle {

/// One frame, no more, that states exactly `length` bytes and gives them. Never writes more than `length`.
[[nodiscard]] Checked<HeldText> unpack_zstd(std::string_view packed, std::uint64_t length);
/// Level 1 to 19. Errors: invalid (level).
[[nodiscard]] Result<std::string> pack_zstd(std::string_view text, int level);

}  // namespace rampa::bundle
