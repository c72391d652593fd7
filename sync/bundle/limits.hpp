// What a bundle may be at most. Checked before anything is parsed or unpacked.
#pragma once

#include <cstddef>

namespace rampa::bundle::limits {

inline constexpr std::size_t bundle_bytes_max = 160u << 20;
inline constexpr std::size_t metadata_bytes_max = 256u << 10;  ///< of each role
inline constexpr std::size_t target_bytes_max = 128u << 20;    ///< of a target as it lies in the bundle, and unpacked
inline constexpr std::size_t parts_max = 96;
inline constexpr std::size_t roots_max = 64;      ///< in one bundle
inline constexpr std::size_t deltas_max = 16;     ///< in one bundle
inline constexpr std::size_t profiles_max = 1'000'000;
inline constexpr std::size_t profile_bytes_max = 1u << 20;
inline constexpr std::size_t head_bytes_max = 16u << 20;    ///< a set without its profiles: policy, named lists
inline constexpr std::size_t id_bytes_max = 128;
inline constexpr std::size_t json_depth_max = 64;
inline constexpr std::size_t keys_max = 64;        ///< in a root
inline constexpr std::size_t signatures_max = 32;  ///< on one role's metadata
inline constexpr std::size_t targets_max = 4096;   ///< listed
inline constexpr std::size_t posts_max = 4096;     ///< of one target
inline constexpr int zstd_window_log_max = 27;

}  // namespace rampa::bundle::limits
