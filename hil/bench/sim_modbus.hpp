// A Modbus cable between drivers and register models without frames: answers at once and says how long it took. What
// happens to frames on a wire is proven by the bus's own fault matrix; here a request is answered, lost or refused.
#pragma once

#include "drivers/transport/transport.hpp"
#include "hil/bench/virtual_time.hpp"
#include "hil/devices/model.hpp"

namespace rampa::hil {

/// Faults, per unit, until switched off: "silent" (the model acts, nobody answers), "deaf" (the request is lost),
/// "cut" (no connection), "garbled" (answers that fail a check), "exception" (value: code), "slow" (value: ms per answer).
class SimModbus : public drivers::ModbusBus {
 public:
  SimModbus(CableClock& clock) : clock_(clock) {}
  void unit(int number, RegisterModel& model) { units_[number].model = &model; }
  bool fault(int unit, std::string_view name, double value, bool on);
  [[nodiscard]] static std::vector<std::string> faults() { return {"silent", "deaf", "cut", "garbled", "exception", "slow"}; }

  Result<std::vector<std::uint16_t>> read_registers(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                                                    const icd::Timing& timing) override;
  Result<std::vector<bool>> read_bits(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                                      const icd::Timing& timing) override;
  Result<void> write_register(int unit, std::uint16_t address, std::uint16_t value, const icd::Timing& timing) override;
  Result<void> write_registers(int unit, std::uint16_t address, const std::vector<std::uint16_t>& values,
                               const icd::Timing& timing) override;
  Result<void> write_coil(int unit, std::uint16_t address, bool on, const icd::Timing& timing) override;

 private:
  struct Unit {
    RegisterModel* model = nullptr;
    std::map<std::string, double, std::less<>> faults;
    [[nodiscard]] bool has(const char* name) const { return faults.contains(name); }
  };
  Result<std::vector<std::uint16_t>> read(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                                          const icd::Timing& timing);
  Result<void> write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values,
                     const icd::Timing& timing);
  CableClock& clock_;
  std::map<int, Unit> units_;
};

}  // namespace rampa::hil
