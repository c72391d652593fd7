// Pictures that the simulated cameras take: a drawn lorry front with its plate, or a photograph, each with the noise that
// makes two pictures of a real sensor differ. cv::Mat stays in the .cpp.
#pragma once

#include <cstdint>
#include <string>

#include "firmware-interfaces/bytes.hpp"

namespace rampa::hil {

struct PictureStyle {
  int width_px = 960, height_px = 540;
  int quality_percent = 88;
};

/// A lorry's front (or the back of a trailer) with this plate; an empty text draws a covered plate. `lorry` chooses its
/// colour. The same arguments give the same bytes.
[[nodiscard]] Bytes lorry_picture(const std::string& plate, std::uint64_t lorry, bool rear, const PictureStyle& style, std::uint64_t noise_seed);
/// The empty lane.
[[nodiscard]] Bytes lane_picture(const PictureStyle& style, std::uint64_t noise_seed);
/// The plate alone, as cameras cut it out.
[[nodiscard]] Bytes plate_picture(const std::string& plate);
/// A photograph with fresh noise; the bytes as they are where they can't be decoded.
[[nodiscard]] Bytes with_noise(const Bytes& photograph, std::uint64_t noise_seed);

}  // namespace rampa::hil
