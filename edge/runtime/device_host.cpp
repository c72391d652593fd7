#include "edge/runtime/device_host.hpp"

#include <sys/prctl.h>

#include <algorithm>

namespace rampa::runtime {

DeviceHost::DeviceHost(std::string cable, const Clock& clock, device::EventSink& sink)
    : cable_(std::move(cable)), clock_(clock), sink_(sink) {}

DeviceHost::~DeviceHost() { stop(); }

void DeviceHost::add(DeviceId id, std::unique_ptr<device::Driver> driver) {
  drivers_[std::move(id)] = Slot{std::move(driver), clock_.mono()};
}

void DeviceHost::start() {
  thread_ = std::thread([this] { loop(); });
}

void DeviceHost::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void DeviceHost::send(device::Command command, device::Permit permit) {
  {
    std::lock_guard lock(mutex_);
    if (commands_.size() < depth_max() && !stopping_) {
      commands_.emplace_back(std::move(command), std::move(permit));
      wake_.notify_all();
      return;
    }
  }
  device::DeviceEvent event;
  event.from = {command.device, clock_.now(), std::nullopt, device::Quality::good, ""};
  event.body = device::CommandReport{command.id, device::Outcome::refused, "the cable's command queue is full"};
  sink_.publish(std::move(event));
}

void DeviceHost::execute(device::Command command, device::Permit permit) {
  auto slot = drivers_.find(command.device);
  device::CommandReport report{command.id, device::Outcome::refused, "no such device on this cable"};
  const MonoTime started = clock_.mono();
  if (slot != drivers_.end()) report = slot->second.driver->execute(command, std::move(permit), sink_);
  if (on_executed) on_executed(command, started);
  device::DeviceEvent event;
  event.from = {command.device, clock_.now(), std::nullopt, device::Quality::good, ""};
  event.body = std::move(report);
  sink_.publish(std::move(event));
}

void DeviceHost::loop() {
  // A hundred hosts that each wake to the microsecond cost more than their polls: those due within two milliseconds wake together.
  ::prctl(PR_SET_TIMERSLACK, 2'000'000ul, 0, 0, 0);
  for (;;) {
    std::optional<std::pair<device::Command, device::Permit>> next;
    {
      std::unique_lock lock(mutex_);
      MonoTime due{INT64_MAX};
      for (const auto& [id, slot] : drivers_) due = std::min(due, slot.due);
      const Duration wait = std::clamp<Duration>(due - clock_.mono(), 0ns, 500ms);
      wake_.wait_for(lock, wait, [&] { return stopping_ || !commands_.empty(); });
      if (stopping_) return;
      if (!commands_.empty()) {
        next = std::move(commands_.front());
        commands_.pop_front();
      }
    }
    beats_.fetch_add(1, std::memory_order_relaxed);
    if (next) {
      execute(std::move(next->first), std::move(next->second));
      continue;  // commands before polls
    }
    // The most overdue first: on a cable that is too slow for all its units they share it evenly, and no one starves.
    // One poll at a time, to look for commands between any two.
    const auto next_slot = std::min_element(drivers_.begin(), drivers_.end(),
                                            [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
    if (next_slot == drivers_.end() || next_slot->second.due > clock_.mono()) continue;
    Slot& slot = next_slot->second;
    const Duration again = slot.driver->poll(sink_);
    // A poll period is kept from due time to due time, so that reply times do not add up; after a long call it restarts.
    const MonoTime after = clock_.mono();
    slot.due = std::max({slot.due + again, after - again, after});
  }
}

}  // namespace rampa::runtime
