#include "edge/vision/image_health/edge_maps.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace rampa::vision {

double edges_elsewhere(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  if (a.size() != b.size()) return 1;
  long apart = 0, all = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    apart += std::abs(a[i] - b[i]);
    all += a[i] + b[i];
  }
  return all == 0 ? 0 : static_cast<double>(apart) / static_cast<double>(all);
}

std::array<float, cell_count> cell_activity(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  constexpr int across = edge_columns / cell_columns, down = edge_rows / cell_rows;
  std::array<float, cell_count> out{};
  for (int y = 0; y < edge_rows; ++y)
    for (int x = 0; x < edge_columns; ++x) {
      const auto i = static_cast<std::size_t>(y * edge_columns + x);
      out[static_cast<std::size_t>(y / down * cell_columns + x / across)] += static_cast<float>(std::abs(a[i] - b[i])) / (across * down);
    }
  return out;
}

void EdgeMean::add(const std::vector<std::uint8_t>& edges) {
  for (std::size_t i = 0; i < edge_count; ++i) sum_[i] += edges[i];
  count_ += 1;
}

std::vector<float> EdgeMean::mean() const {
  auto out = sum_;
  for (float& value : out) value /= std::max(count_, 1.0f);
  return out;
}

double match(const std::vector<float>& map, const std::vector<float>& reference, EdgeShift shift) {
  const int x0 = std::max(0, shift.x), x1 = std::min(edge_columns, edge_columns + shift.x);
  const int y0 = std::max(0, shift.y), y1 = std::min(edge_rows, edge_rows + shift.y);
  float a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (int y = y0; y < y1; ++y) {
    const float* p = map.data() + y * edge_columns;
    const float* q = reference.data() + (y - shift.y) * edge_columns - shift.x;
    for (int x = x0; x < x1; ++x) {
      a += p[x];
      b += q[x];
      aa += p[x] * p[x];
      bb += q[x] * q[x];
      ab += p[x] * q[x];
    }
  }
  const float n = static_cast<float>((x1 - x0) * (y1 - y0));
  const float va = aa - a * a / n, vb = bb - b * b / n;
  return va <= 0 || vb <= 0 ? 0 : static_cast<double>((ab - a * b / n) / std::sqrt(va * vb));
}

std::pair<EdgeShift, double> best_match(const std::vector<float>& map, const std::vector<float>& reference) {
  std::pair<EdgeShift, double> best{{0, 0}, -1};
  for (int y = -edge_rows / 6; y <= edge_rows / 6; ++y)
    for (int x = -edge_columns / 6; x <= edge_columns / 6; ++x)
      if (const double found = match(map, reference, {x, y}); found > best.second) best = {{x, y}, found};
  return best;
}

}  // namespace rampa::vision
