// Arithmetic on edge maps (PictureMeasures::edges). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "edge/vision/image_health/picture_measures.hpp"

namespace rampa::vision {

struct EdgeShift {
  int x = 0, y = 0;  ///< of the edge map's values: a hundredth of the width each, nearly
};

/// Share of the edges of both that are not in the other, 0 to 1; 0 where both are empty.
[[nodiscard]] double edges_elsewhere(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b);
/// Mean difference in each cell.
[[nodiscard]] std::array<float, cell_count> cell_activity(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b);

class EdgeMean {
 public:
  void add(const std::vector<std::uint8_t>& edges);
  [[nodiscard]] std::vector<float> mean() const;

 private:
  std::vector<float> sum_ = std::vector<float>(edge_count);
  float count_ = 0;
};

/// Correlation (-1 to 1) of the parts that lie on each other when `map` is the reference moved by `shift`; 0 where one of them is flat.
[[nodiscard]] double match(const std::vector<float>& map, const std::vector<float>& reference, EdgeShift shift);
/// The best shift up to a sixth of the picture.
[[nodiscard]] std::pair<EdgeShift, double> best_match(const std::vector<float>& map, const std::vector<float>& reference);

}  // namespace rampa::vision
