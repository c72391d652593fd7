// One file, written whole or not at all. Replaced: temporary, fsync, rename, fsync of the directory.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware-interfaces/result.hpp"

namespace rampa::api {

/// Nothing where there is no such file. Errors: io (also: larger than 4 MiB).
[[nodiscard]] Result<std::optional<std::string>> read_file(const std::string& path);

/// After success the new text survives a power cut; after an error the old one is still there. Mode 0600.
[[nodiscard]] Result<void> replace_file(const std::string& path, std::string_view text);

/// A file that was not there; a link at its place is not followed. After success it survives a power cut; after an error nothing of it is
/// left. Mode 0600. Errors: refused (there is one already), no_space, io.
[[nodiscard]] Result<void> create_file(const std::string& path, std::string_view text);

}  // namespace rampa::api
