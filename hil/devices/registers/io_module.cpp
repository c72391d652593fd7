#include "hil/devices/registers/io_module.hpp"

#include <algorithm>

#include "firmware-interfaces/device/lane_points.hpp"

namespace rampa::hil {
namespace {

namespace points = device::points;

bool is_input_channel(const std::string& channel) { return channel.starts_with("DI"); }

std::optional<bool> observed(const Observation& seen, std::string_view point) {
  if (point == points::loop_entry) return seen.loop_entry;
  if (point == points::loop_boom) return seen.loop_boom;
  if (point == points::loop_exit) return seen.loop_exit;
  if (point == points::photocell) return seen.photocell;
  if (point == points::loop_boom_2) return seen.loop_boom_2;
  if (point == points::photocell_2) return seen.photocell_2;
  if (point == points::boom_open) return seen.boom_angle >= 0.99;
  if (point == points::boom_closed) return seen.boom_angle <= 0.01;
  if (point == points::boom_open_2) return seen.boom_2_angle >= 0.99;
  if (point == points::boom_closed_2) return seen.boom_2_angle <= 0.01;
  if (point == points::emergency_stop) return seen.emergency_stop;
  if (point == points::manual_mode) return seen.manual_mode;
  return std::nullopt;
}

}  // namespace

int channel_number(const std::string& channel) {
  const auto digit = channel.find_first_of("0123456789");
  return digit == std::string::npos ? -1 : std::stoi(channel.substr(digit));
}

IoModule::IoModule(LaneWorld& world, std::vector<device::PointWiring> wiring, int inputs, int outputs)
    : world_(world),
      wiring_(std::move(wiring)),
      inputs_(static_cast<std::size_t>(inputs)),
      outputs_(static_cast<std::size_t>(outputs)) {}

void IoModule::advance(MonoTime now) {
  if (!started_) booted_ = fed_ = now;
  started_ = true;
  now_ = now;
  if (running_ && !tripped_ && watchdog_time() != Duration{} && now - fed_ > watchdog_time()) {
    tripped_ = true;
    running_ = false;
    all_outputs_off();
    on_trip();
  }
  if (is("frozen")) return;
  const Observation seen = world_.observe();
  const auto stuck = faults_.find("stuck_bit");
  for (const auto& w : wiring_) {
    if (!is_input_channel(w.channel)) continue;
    const int number = channel_number(w.channel);
    if (number < 0 || number >= static_cast<int>(inputs_.size())) continue;
    if (stuck != faults_.end() && static_cast<int>(stuck->second) == number) continue;
    if (const auto on = observed(seen, w.point)) inputs_[static_cast<std::size_t>(number)] = *on != w.inverted;
  }
}

void IoModule::set_output(int number, bool on) {
  const auto at = static_cast<std::size_t>(number);
  if (is("output_stuck")) return;  // the write was acknowledged all the same
  outputs_[at] = on;
  if (is("ack_no_motion")) return;
  for (const auto& w : wiring_)
    if (!is_input_channel(w.channel) && channel_number(w.channel) == number) world_.output(w.point, on != w.inverted);
}

void IoModule::all_outputs_off() {
  for (std::size_t n = 0; n < outputs_.size(); ++n)
    if (outputs_[n]) set_output(static_cast<int>(n), false);
}

void IoModule::feed() {
  fed_ = now_;
  if (!tripped_) running_ = true;
}

bool IoModule::fault(std::string_view name, double value, bool on) {
  const auto known = faults();
  if (std::find(known.begin(), known.end(), name) == known.end()) return false;
  if (name == "power_cycle") {
    if (!on) return true;
    all_outputs_off();
    tripped_ = running_ = false;
    booted_ = fed_ = now_;
    on_power_cycle();
    return true;
  }
  if (on)
    faults_.insert_or_assign(std::string(name), value);
  else
    faults_.erase(std::string(name));
  return true;
}

std::vector<std::string> IoModule::faults() const {
  return {"frozen", "power_cycle", "ack_no_motion", "output_stuck", "stuck_bit", "watchdog_unarmed", "wrong_identity"};
}

}  // namespace rampa::hil
