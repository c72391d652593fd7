// From the detector's answer (a map of cells) to plates with four corners. Pure.
#pragma once

#include <array>
#include <span>
#include <vector>

namespace rampa::vision::plates {

struct Point {
  float x = 0, y = 0;
  bool operator==(const Point&) const = default;
};
/// In the plate's own reading direction: top left, top right, bottom right, bottom left.
using Corners = std::array<Point, 4>;

struct FoundPlate {
  Corners corners{};
  double probability = 0;    ///< that a plate is there
  double two_lines = 0;      ///< probability
};

/// `map`: 10 planes of rows x columns: the logit of "a plate's centre is in this cell", of "two lines", and the corners' offsets from the cell's
/// centre, x and y each, in cells. One plate per peak of at least `probability_min`; of plates that overlap the likelier stays. Corners are in
/// pixels of the net's input (8 a cell). Best first, at most `max`.
[[nodiscard]] std::vector<FoundPlate> plates_in(std::span<const float> map, int rows, int columns, double probability_min, std::size_t max);

/// Overlap of two plates: common area over the smaller one's (so that a box inside another counts as the same plate).
[[nodiscard]] double overlap(const Corners& a, const Corners& b);

[[nodiscard]] double area(const Corners& corners);

}  // namespace rampa::vision::plates
