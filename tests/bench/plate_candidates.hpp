// Where a plate could be: rows of character-like blobs. For the tesseract reader that the bench compares with.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace rampa::bench {

/// One row of blobs that could be a plate's characters.
struct PlateCandidate {
  double score = 0;       ///< higher is more plausible
  double tilt_deg = 0;    ///< of the row
  int characters = 0;
  cv::Rect box;           ///< around the characters, in the picture
  cv::Mat ink;            ///< the characters alone, black on white, level, about 48 px high, with a margin
  cv::Mat grey;           ///< the same place of the picture, level, same scale
};

/// Best first, at most `max`. `grey`: 8 bit, one channel.
[[nodiscard]] std::vector<PlateCandidate> find_plate_candidates(const cv::Mat& grey, std::size_t max);

}  // namespace rampa::bench
