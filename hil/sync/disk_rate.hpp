// What the disk itself can do: figures of durable work say nothing without it.
#pragma once

#include <string>

namespace rampa::hil {

/// The disk's own: 4 KiB overwrites of a preallocated file, one fdatasync each, per second. 0 where that fails.
[[nodiscard]] double fdatasync_rate(const std::string& directory, double seconds);

}  // namespace rampa::hil
