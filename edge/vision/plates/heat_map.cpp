#include "edge/vision/plates/heat_map.hpp"

#include <algorithm>
#include <cmath>

namespace rampa::vision::plates {
namespace {

constexpr float cell_px = 8;
constexpr double overlap_max = 0.3;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double signed_area(const std::vector<Point>& points) {
  double sum = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point& a = points[i];
    const Point& b = points[(i + 1) % points.size()];
    sum += double{a.x} * b.y - double{b.x} * a.y;
  }
  return sum / 2;
}

/// Sutherland and Hodgman: what of `subject` is on the inner side of the edges of `clip` (convex, clockwise on the screen).
std::vector<Point> common(std::vector<Point> subject, const Corners& clip) {
  for (std::size_t e = 0; e < 4 && !subject.empty(); ++e) {
    const Point a = clip[e], b = clip[(e + 1) % 4];
    const auto side = [&](const Point& p) { return double{b.x - a.x} * (p.y - a.y) - double{b.y - a.y} * (p.x - a.x); };
    std::vector<Point> out;
    for (std::size_t i = 0; i < subject.size(); ++i) {
      const Point& p = subject[i];
      const Point& q = subject[(i + 1) % subject.size()];
      const double sp = side(p), sq = side(q);
      if (sp >= 0) out.push_back(p);
      if ((sp >= 0) != (sq >= 0)) {
        const auto t = static_cast<float>(sp / (sp - sq));
        out.push_back({p.x + t * (q.x - p.x), p.y + t * (q.y - p.y)});
      }
    }
    subject = std::move(out);
  }
  return subject;
}

bool turns_one_way(const Corners& c) {
  for (std::size_t i = 0; i < 4; ++i) {
    const Point a = c[i], b = c[(i + 1) % 4], d = c[(i + 2) % 4];
    if (!(double{b.x - a.x} * (d.y - b.y) - double{b.y - a.y} * (d.x - b.x) > 0)) return false;  // not a number is no corner either
  }
  return true;
}

}  // namespace

double area(const Corners& corners) { return std::abs(signed_area({corners.begin(), corners.end()})); }

double overlap(const Corners& a, const Corners& b) {
  const auto shared = common({a.begin(), a.end()}, b);
  const double smaller = std::min(area(a), area(b));
  return shared.size() < 3 || smaller <= 0 ? 0 : std::abs(signed_area(shared)) / smaller;
}

std::vector<FoundPlate> plates_in(std::span<const float> map, int rows, int columns, double probability_min, std::size_t max) {
  std::vector<FoundPlate> found;
  const auto cells = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  if (rows <= 0 || columns <= 0 || map.size() < cells * 10) return found;
  const auto at = [&](std::size_t plane, int y, int x) {
    return map[plane * cells + static_cast<std::size_t>(y) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(x)];
  };
  const double logit_min = std::log(probability_min / (1 - probability_min));
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < columns; ++x) {
      const float logit = at(0, y, x);
      if (!(logit >= logit_min)) continue;
      bool peak = true;
      for (int dy = -1; dy <= 1 && peak; ++dy)
        for (int dx = -1; dx <= 1; ++dx) {
          if ((dy == 0 && dx == 0) || y + dy < 0 || y + dy >= rows || x + dx < 0 || x + dx >= columns) continue;
          const float other = at(0, y + dy, x + dx);
          // Of equals the first counts.
          if (other > logit || (other == logit && (dy < 0 || (dy == 0 && dx < 0)))) {
            peak = false;
            break;
          }
        }
      if (!peak) continue;
      FoundPlate plate;
      plate.probability = sigmoid(logit);
      plate.two_lines = sigmoid(at(1, y, x));
      for (std::size_t k = 0; k < 4; ++k)
        plate.corners[k] = {(static_cast<float>(x) + 0.5f + at(2 + 2 * k, y, x)) * cell_px, (static_cast<float>(y) + 0.5f + at(3 + 2 * k, y, x)) * cell_px};
      // Crossed or mirrored corners, or not a number: no plate that could be read.
      if (turns_one_way(plate.corners)) found.push_back(plate);
    }
  std::sort(found.begin(), found.end(), [](const FoundPlate& a, const FoundPlate& b) { return a.probability > b.probability; });
  std::vector<FoundPlate> out;
  for (const FoundPlate& plate : found) {
    if (out.size() == max) break;
    if (std::none_of(out.begin(), out.end(), [&](const FoundPlate& o) { return overlap(o.corners, plate.corners) > overlap_max; })) out.push_back(plate);
  }
  return out;
}

}  // namespace rampa::vision::plates
