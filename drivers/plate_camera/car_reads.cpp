#include "drivers/plate_camera/car_reads.hpp"

#include <algorithm>
#include <utility>

#include "drivers/plate_camera/plate_text.hpp"

namespace rampa::drivers::plate_camera {

bool CarReads::add(AxisEvent event, Stamp now) {
  forget(now.mono);
  auto known = cars_.find(event.car_id);
  // A camera that restarted counts from the beginning; a replayed event looks the same, and its id and time tell it.
  if (known != cars_.end() && known->second.delivered && known->second.lost && event.state == CarState::seen_new) {
    cars_.erase(known);
    known = cars_.end();
  }
  if (known == cars_.end()) {
    // The end of a car that was delivered and forgotten, or that was never seen, is nothing new.
    if (event.state == CarState::lost && plate_text(event.plate).empty()) return false;
    Car car;
    car.read.first_captured = event.captured;
    car.read.first_seen = now;
    car.read.id = event.car_id + "-" + (event.captured ? std::to_string(event.captured->ms) : "?");
    car.lost = car.read.only_lost = event.state == CarState::lost;
    car.last_event = now.mono;
    const std::string id = event.car_id;
    car.read.best = std::move(event);
    const bool ended = car.lost;
    cars_.emplace(id, std::move(car));
    return ended;
  }
  Car& car = known->second;
  car.last_event = now.mono;
  if (event.state == CarState::lost) car.lost = true;
  if (car.delivered) return false;
  const bool better = !plate_text(event.plate).empty() &&
                      (plate_text(car.read.best.plate).empty() || event.confidence_percent >= car.read.best.confidence_percent);
  if (better) {
    if (event.pictures.empty()) event.pictures = std::move(car.read.best.pictures);
    if (event.direction != "in" && event.direction != "out") event.direction = car.read.best.direction;
    if (event.country.empty()) event.country = car.read.best.country;
    car.read.best = std::move(event);
  } else {
    if (event.direction == "in" || event.direction == "out") car.read.best.direction = event.direction;
    if (car.read.best.pictures.empty()) car.read.best.pictures = std::move(event.pictures);
  }
  return car.lost;
}

std::vector<CarRead> CarReads::due(MonoTime now) const {
  std::vector<CarRead> out;
  for (const auto& [id, car] : cars_)
    if (!car.delivered && (car.lost || now - car.read.first_seen.mono >= settle_)) out.push_back(car.read);
  std::sort(out.begin(), out.end(), [](const CarRead& a, const CarRead& b) { return a.first_seen.mono < b.first_seen.mono; });
  return out;
}

void CarReads::delivered(const std::string& id, MonoTime now) {
  for (auto& [car_id, car] : cars_)
    if (car.read.id == id) {
      car.delivered = true;
      car.last_event = now;
      car.read.best.pictures.clear();
    }
}

std::size_t CarReads::pending() const {
  return static_cast<std::size_t>(std::count_if(cars_.begin(), cars_.end(), [](const auto& c) { return !c.second.delivered; }));
}

void CarReads::forget(MonoTime now) {
  std::erase_if(cars_, [&](const auto& c) { return c.second.delivered && now - c.second.last_event > forget_after; });
  while (cars_.size() >= cars_max) {  // a flood of cars: the one that was silent longest goes, delivered ones first
    const auto oldest = std::min_element(cars_.begin(), cars_.end(), [](const auto& a, const auto& b) {
      return std::pair(!a.second.delivered, a.second.last_event) < std::pair(!b.second.delivered, b.second.last_event);
    });
    cars_.erase(oldest);
  }
}

}  // namespace rampa::drivers::plate_camera
