// What all simulated I/O modules share: inputs that see the lane's world through its wiring, outputs that move it, a
// watchdog that lets the outputs fall, and faults.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firmware-interfaces/device/settings.hpp"
#include "hil/devices/model.hpp"

namespace rampa::hil {

/// Faults:
///   frozen             answers, but inputs and counters stand still
///   power_cycle        once, when switched on: outputs to their power-on value (off), counters and watchdog start anew
///   output_stuck       outputs are accepted and stay as they are
///   ack_no_motion      outputs are accepted and read back; nothing is wired behind them (a locked barrier)
///   stuck_bit          input number `value` keeps its present state
///   watchdog_unarmed   somebody switched the watchdog off: outputs stay as they are when nobody calls
///   wrong_identity     another module answers at this address
class IoModule : public RegisterModel {
 public:
  /// `wiring`: lane points on channels "DI3", "relay0", "DO0"; inversion as in the site file.
  IoModule(LaneWorld& world, std::vector<device::PointWiring> wiring, int inputs, int outputs);

  void advance(MonoTime now) override;
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override;
  [[nodiscard]] bool output_on(int number) const { return outputs_[static_cast<std::size_t>(number)]; }
  [[nodiscard]] bool tripped() const { return tripped_; }

 protected:
  [[nodiscard]] bool is(const char* name) const { return faults_.contains(name); }
  [[nodiscard]] bool input(int number) const { return inputs_[static_cast<std::size_t>(number)]; }
  void set_output(int number, bool on);
  void all_outputs_off();
  /// Starts (again) the time after which the outputs fall.
  void feed();
  [[nodiscard]] virtual Duration watchdog_time() const = 0;  ///< 0: off
  virtual void on_trip() {}
  virtual void on_power_cycle() {}

  MonoTime now_;
  MonoTime booted_;
  bool tripped_ = false;
  bool running_ = false;  ///< the watchdog counts

 private:
  LaneWorld& world_;
  std::vector<device::PointWiring> wiring_;
  std::vector<bool> inputs_, outputs_;
  std::map<std::string, double, std::less<>> faults_;
  MonoTime fed_;
  bool started_ = false;
};

/// The channel's number: "DI3" -> 3, "relay0" -> 0; -1 without digits.
[[nodiscard]] int channel_number(const std::string& channel);

}  // namespace rampa::hil
