// A picture that may leave the post: the plates in it and nothing else that could be known again.
#pragma once

#include <vector>

#include "edge/vision/plates/frame_reader.hpp"

namespace rampa::vision::plates {

/// The picture as a new JPEG (nothing of the old file is in it, no metadata, no thumbnail): inside `shown` as it is, everywhere else
/// blocks of one colour, the mean of at least a thirty-second of the picture's longer side squared. The means are all that is left of the
/// surroundings. Errors: invalid (the picture cannot be coded).
[[nodiscard]] Result<Bytes> masked(const Frame& picture, const std::vector<Corners>& shown);

/// The plates that a masked picture shows: those that look like one and were read, so that what merely was found stays masked.
[[nodiscard]] std::vector<Corners> shown_plates(const std::vector<FramePlate>& plates);

}  // namespace rampa::vision::plates
