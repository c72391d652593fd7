#include "hil/bench/virtual_cable.hpp"

#include <algorithm>

namespace rampa::hil {
namespace {
constexpr std::size_t commands_max = 32;  // as runtime::DeviceHost
}

bool VirtualCable::has(const DeviceId& id) const {
  return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) { return slot.id == id; });
}

bool VirtualCable::send(device::Command command, device::Permit permit) {
  if (commands_.size() >= commands_max) return false;
  commands_.emplace_back(std::move(command), std::move(permit));
  return true;
}

MonoTime VirtualCable::due() const {
  if (!commands_.empty()) return busy_until_;
  MonoTime due{INT64_MAX};
  for (const auto& slot : slots_) due = std::min(due, slot.due);
  return std::max(due, busy_until_);
}

void VirtualCable::run(MonoTime now) {
  if (due() > now) return;
  cable_.clock.begin();
  if (!commands_.empty()) {
    auto [command, permit] = std::move(commands_.front());
    commands_.pop_front();
    device::CommandReport report{command.id, device::Outcome::refused, "no such device on this cable"};
    for (auto& slot : slots_)
      if (slot.id == command.device) report = slot.driver->execute(command, std::move(permit), sink_);
    device::DeviceEvent event;
    event.from = {command.device, cable_.clock.now(), std::nullopt, device::Quality::good, ""};
    event.body = std::move(report);
    sink_.publish(std::move(event));
  } else {
    auto slot = std::min_element(slots_.begin(), slots_.end(), [](const Slot& a, const Slot& b) { return a.due < b.due; });
    const Duration again = slot->driver->poll(sink_);
    const MonoTime after = cable_.clock.mono();
    slot->due = std::max({slot->due + again, after - again, after});
    // A driver that asks to be called again at once would stop virtual time.
    if (slot->due <= now) slot->due = now + 1ms;
  }
  busy_until_ = cable_.clock.mono();
  cable_.clock.begin();
}

}  // namespace rampa::hil
