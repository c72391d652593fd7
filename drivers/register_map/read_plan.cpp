#include "drivers/register_map/read_plan.hpp"

#include <algorithm>
#include <tuple>

namespace rampa::drivers {

int span_of(const icd::Point& point) { return point.block_words ? point.block_words : icd::words_of(point.type); }

std::vector<ReadRequest> plan_reads(const icd::Product& product, bool polled) {
  std::vector<const icd::Point*> points;
  for (const auto& point : product.points)
    if (point.readable && point.polled == polled) points.push_back(&point);
  std::stable_sort(points.begin(), points.end(), [](const icd::Point* a, const icd::Point* b) {
    return std::tuple(a->table, a->every, a->address) < std::tuple(b->table, b->every, b->address);
  });

  std::vector<ReadRequest> requests;
  for (const icd::Point* point : points) {
    const int end = point->address + span_of(*point);
    if (!requests.empty() && !point->block_words) {
      ReadRequest& last = requests.back();
      const int last_end = last.address + last.count;
      const bool bits = point->type == icd::Type::bit;
      const bool alone = last.points.front()->block_words != 0;
      if (!alone && last.table == point->table && last.every == point->every &&
          point->address <= last_end + product.read_gap_max && end - last.address <= (bits ? 2000 : 125)) {
        last.count = static_cast<std::uint16_t>(std::max(last_end, end) - last.address);
        last.points.push_back(point);
        continue;
      }
    }
    requests.push_back({point->table, point->address, static_cast<std::uint16_t>(end - point->address), point->every, {point}});
  }
  return requests;
}

}  // namespace rampa::drivers
