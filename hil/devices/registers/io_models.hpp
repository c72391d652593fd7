// Simulated I/O modules, written from their manuals. The addresses stand here a second time on purpose: a wrong ICD file
// shows as a difference between driver and model.
#pragma once

#include <array>

#include "hil/devices/registers/io_module.hpp"

namespace rampa::hil {

/// Moxa ioLogik E1214: 6 DI, 6 relays. Any request feeds its host-connection watchdog (1 s here, commissioned). After a
/// trip the alarm flag stands and relay writes are declined until it is cleared (declining is our assumption).
class MoxaE1214Model : public IoModule {
 public:
  MoxaE1214Model(LaneWorld& world, std::vector<device::PointWiring> wiring) : IoModule(world, std::move(wiring), 6, 6) {}
  int read(int unit, icd::Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) override;
  int write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) override;
  void advance(MonoTime now) override;

 protected:
  [[nodiscard]] Duration watchdog_time() const override { return is("watchdog_unarmed") ? 0ms : 1000ms; }

 private:
  [[nodiscard]] bool bit_at(icd::Table table, int address, bool& on) const;
  [[nodiscard]] bool word_at(icd::Table table, int address, std::uint16_t& word) const;
  std::uint32_t up_time_s_ = 0;
};

/// Advantech ADAM-6060: 6 DI as coils 0-5, 6 relays as coils 16-21. Old firmware answers unit 0 only, newer unit 1 only.
/// Its watchdog (1 s, fed by any request) can't be read; writes are accepted again at once after a trip.
class Adam6060Model : public IoModule {
 public:
  Adam6060Model(LaneWorld& world, std::vector<device::PointWiring> wiring, bool old_firmware)
      : IoModule(world, std::move(wiring), 6, 6), unit_(old_firmware ? 0 : 1) {}
  int read(int unit, icd::Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) override;
  int write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) override;

 protected:
  [[nodiscard]] Duration watchdog_time() const override { return is("watchdog_unarmed") ? 0ms : 1000ms; }

 private:
  int unit_;
};

/// WAGO 750 coupler with 16 DI and 16 DO. Its watchdog is fed by changing the trigger register (and by the function codes
/// in its mask); when it has run out, outputs are zero and writing them is declined until it is restarted.
class Wago750Model : public IoModule {
 public:
  Wago750Model(LaneWorld& world, std::vector<device::PointWiring> wiring) : IoModule(world, std::move(wiring), 16, 16) {}
  int read(int unit, icd::Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) override;
  int write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) override;

 protected:
  [[nodiscard]] Duration watchdog_time() const override { return std::chrono::milliseconds(100) * time_100ms(); }
  void on_power_cycle() override { trigger_ = counted_ = 0; }

 private:
  [[nodiscard]] int time_100ms() const { return is("watchdog_unarmed") ? 0 : time_; }
  [[nodiscard]] std::uint16_t status() const { return tripped() ? 2 : running_ ? 1 : 0; }
  void request(int function);
  int read_words(std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) const;
  int write_word(std::uint16_t address, std::uint16_t value);

  int time_ = 10;               ///< 0x1000, saved at commissioning
  std::uint16_t mask_ = 0;      ///< 0x1001
  std::uint16_t trigger_ = 0;   ///< 0x1003
  std::uint16_t stop_ = 0;      ///< 0x1005, first half of its sequence
  std::uint16_t counted_ = 0;   ///< requests
};

}  // namespace rampa::hil
