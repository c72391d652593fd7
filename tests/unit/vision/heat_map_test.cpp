// Plates from a map of cells, with maps made by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "edge/vision/plates/heat_map.hpp"

namespace rampa::vision::plates {
namespace {

struct Map {
  int rows, columns;
  std::vector<float> cells;
  Map(int r, int c) : rows(r), columns(c), cells(static_cast<std::size_t>(10 * r * c), 0.f) {
    for (int i = 0; i < r * c; ++i) cells[static_cast<std::size_t>(i)] = -8;
  }
  float& at(int plane, int y, int x) { return cells[static_cast<std::size_t>((plane * rows + y) * columns + x)]; }
  void plate(int y, int x, float logit, float half_width, float half_height, float two_lines = -5) {
    at(0, y, x) = logit;
    at(1, y, x) = two_lines;
    const float offsets[]{-half_width, -half_height, half_width, -half_height, half_width, half_height, -half_width, half_height};
    for (int k = 0; k < 8; ++k) at(2 + k, y, x) = offsets[k];
  }
  [[nodiscard]] std::vector<FoundPlate> found(double min = 0.5, std::size_t max = 8) const { return plates_in(cells, rows, columns, min, max); }
};

TEST(HeatMap, CornersAreOffsetsFromTheCellsMiddle) {
  Map map(10, 20);
  map.plate(4, 7, 3, 5, 1.25, 2);
  const auto found = map.found();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].corners, (Corners{Point{20, 26}, Point{100, 26}, Point{100, 46}, Point{20, 46}}));
  EXPECT_NEAR(found[0].probability, 0.9526, 1e-3);
  EXPECT_NEAR(found[0].two_lines, 0.8808, 1e-3);
}

TEST(HeatMap, OnePlateAPeakAndTheLikelierOfTwoThatOverlap) {
  Map map(20, 40);
  map.plate(5, 10, 2, 5, 1.25);
  map.plate(5, 11, 3, 5, 1.25);   // neighbour: the same peak
  map.plate(5, 14, 1, 5, 1.25);   // no neighbour, but most of it is the same place
  map.plate(15, 30, 0.5, 4, 1);   // another plate
  const auto found = map.found();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NEAR(found[0].corners[0].x, (11.5 - 5) * 8, 1e-4);
  EXPECT_NEAR(found[1].corners[0].x, (30.5 - 4) * 8, 1e-4);
  EXPECT_EQ(map.found(0.5, 1).size(), 1u);
  EXPECT_EQ(map.found(0.9).size(), 1u);
}

TEST(HeatMap, EqualNeighboursAreOnePlate) {
  Map map(10, 10);
  for (int x = 3; x < 6; ++x) map.plate(4, x, 2, 3, 1);
  EXPECT_EQ(map.found().size(), 1u);
}

TEST(HeatMap, NoPlateFromCrossedCornersOrNoNumbers) {
  Map map(10, 10);
  map.plate(4, 4, 4, -3, 1);  // left and right exchanged: a mirror image
  EXPECT_TRUE(map.found().empty());
  map.plate(4, 4, 4, 3, 1);
  map.at(5, 4, 4) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(map.found().empty() || !std::isnan(map.found()[0].corners[1].y));
  map.at(0, 4, 4) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(map.found().empty());
  EXPECT_TRUE(plates_in({}, 10, 10, 0.5, 8).empty());
}

TEST(HeatMap, OverlapIsOfTheSmallerOne) {
  const Corners big{Point{0, 0}, Point{100, 0}, Point{100, 40}, Point{0, 40}};
  const Corners inside{Point{10, 10}, Point{30, 10}, Point{30, 20}, Point{10, 20}};
  const Corners half{Point{50, 0}, Point{150, 0}, Point{150, 40}, Point{50, 40}};
  const Corners apart{Point{200, 0}, Point{300, 0}, Point{300, 40}, Point{200, 40}};
  EXPECT_NEAR(overlap(big, inside), 1, 1e-6);
  EXPECT_NEAR(overlap(inside, big), 1, 1e-6);
  EXPECT_NEAR(overlap(big, half), 0.5, 1e-6);
  EXPECT_EQ(overlap(big, apart), 0);
  const Corners tilted{Point{50, -20}, Point{90, 20}, Point{50, 60}, Point{10, 20}};  // a square on its corner; its tips stick out
  EXPECT_NEAR(overlap(big, tilted), (3200 - 2 * 400) / 3200., 1e-6);
}

}  // namespace
}  // namespace rampa::vision::plates
