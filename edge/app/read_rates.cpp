#include "edge/app/read_rates.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

namespace rampa::app {
namespace {

constexpr std::size_t page = 200;
constexpr std::size_t faults_max = 5000;  // of a lane
constexpr std::int64_t ms_of_day = 86'400'000;

std::int64_t day_of(WallTime at) { return (at.ms - ((at.ms % ms_of_day) + ms_of_day) % ms_of_day) / ms_of_day; }

std::string text_of(std::int64_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

struct Camera {
  const device::Settings* device = nullptr;
  int confidence_min_percent = 0;
};

std::vector<Camera> cameras_of(const config::Site& site) {
  std::vector<Camera> out;
  for (const auto& device : site.devices) {
    const auto lane = std::find_if(site.lanes.begin(), site.lanes.end(), [&](const auto& l) { return l.id == device.lane; });
    if (lane != site.lanes.end() && device.role.starts_with("plate_")) out.push_back({&device, lane->plate_confidence_min_percent});
  }
  return out;
}

}  // namespace

Result<std::vector<ReadRate>> read_rates(store::PictureReader& picture, const config::Site& site, WallTime now, int days) {
  const auto cameras = cameras_of(site);
  const std::int64_t today = day_of(now), first = today - days + 1;
  std::map<std::pair<std::int64_t, std::size_t>, ReadRate> rates;  // by day backwards, then camera
  const auto rate = [&](std::int64_t day, std::size_t camera) -> ReadRate& {
    auto& r = rates[{-day, camera}];
    const auto& device = *cameras[camera].device;
    if (r.day.empty()) r = {text_of(day), device.id, device.lane, device.role, 0, 0, 0, {}};
    return r;
  };

  store::CrossingQuery query;
  query.limit = page;
  for (bool more = true; more;) {
    const auto rows = picture.crossings(query);
    if (!rows) return tl::unexpected(rows.error());
    more = rows->size() == page;
    for (const auto& row : *rows) {
      query.before = row.id;
      const std::int64_t day = day_of(row.opened.wall);
      if (day < first - 1) more = false;  // a day more: a clock that was set back a little does not end the search
      if (day < first || day > today || row.paper) continue;
      const auto records = picture.records_of(row.id);
      if (!records) return tl::unexpected(records.error());
      for (std::size_t i = 0; i < cameras.size(); ++i) {
        const auto& camera = cameras[i];
        if (camera.device->lane != row.lane) continue;
        bool read = false, good = false;
        for (const auto& record : *records) {
          const auto* capture = std::get_if<CaptureTaken>(&record.body);
          const auto* plate = capture && capture->role == camera.device->role ? std::get_if<device::PlateRead>(&capture->body) : nullptr;
          if (!plate || plate->confidence_percent <= 0) continue;  // its text may be erased, its confidence is not
          read = true;
          good = good || (capture->from.quality == device::Quality::good && plate->confidence_percent >= camera.confidence_min_percent && plate->heading != device::Heading::reverse);
        }
        auto& r = rate(day, i);
        ++r.crossings;
        r.read += read;
        r.good += good;
      }
    }
  }

  for (const auto& lane : site.lanes) {
    const auto told = picture.newest("fault", lane.id, faults_max);
    if (!told) return tl::unexpected(told.error());
    for (auto record = told->rbegin(); record != told->rend(); ++record) {
      const auto* fault = std::get_if<FaultChanged>(&record->body);
      if (!fault || fault->condition.fault.empty()) continue;
      for (std::size_t i = 0; i < cameras.size(); ++i) {
        if (cameras[i].device->lane != lane.id || cameras[i].device->role != fault->role) continue;
        const auto found = rates.find({-day_of(record->at.wall), i});
        if (found == rates.end()) continue;
        auto& words = found->second.faults;
        if (std::find(words.begin(), words.end(), fault->condition.fault) == words.end()) words.push_back(fault->condition.fault);
      }
    }
  }
  std::vector<ReadRate> out;
  for (auto& [at, one] : rates) out.push_back(std::move(one));
  return out;
}

}  // namespace rampa::app
