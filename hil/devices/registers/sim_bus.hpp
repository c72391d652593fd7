// A Modbus cable without a cable: calls register models directly, charges virtual time, and can lose things. For the
// deterministic simulation and for contract tests; the drivers that run on it are the production ones.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "drivers/transport/transport.hpp"
#include "hil/devices/model.hpp"

namespace rampa::hil {

/// Faults of the wire, until switched off:
///   silent        the model acts, no answer comes (costs the reply time-out)
///   deaf          the request is lost on its way
///   disconnected  nobody accepts the connection
///   slow          every exchange takes `value` ms
///   reconnect     the connection is renewed by the exchange; nobody is told, as on a real bus
class SimModbusBus : public drivers::ModbusBus, public Faultable {
 public:
  /// `spend` moves the virtual clock. The clock outlives the bus.
  SimModbusBus(const Clock& clock, std::function<void(Duration)> spend) : clock_(clock), spend_(std::move(spend)) {}
  /// The model outlives the bus.
  void unit(int number, RegisterModel& model) { models_[number] = &model; }

  Result<std::vector<std::uint16_t>> read_registers(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                                                    const icd::Timing& timing) override;
  Result<std::vector<bool>> read_bits(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                                      const icd::Timing& timing) override;
  Result<void> write_register(int unit, std::uint16_t address, std::uint16_t value, const icd::Timing& timing) override;
  Result<void> write_registers(int unit, std::uint16_t address, const std::vector<std::uint16_t>& values,
                               const icd::Timing& timing) override;
  Result<void> write_coil(int unit, std::uint16_t address, bool on, const icd::Timing& timing) override;

  bool fault(std::string_view name, double value, bool on) override;
  /// The next `count` exchanges suffer it.
  bool fault_next(std::string_view name, double value, int count);
  [[nodiscard]] std::vector<std::string> faults() const override { return {"silent", "deaf", "disconnected", "slow", "reconnect"}; }
  [[nodiscard]] std::uint64_t connections() const override { return 2 * connections_ - (connected_ ? 1 : 0); }
  /// The module ends the connection; the next exchange makes another.
  void hang_up() { connected_ = false; }
  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  [[nodiscard]] std::uint64_t writes() const { return writes_; }
 private:
  Result<void> exchange(int unit, bool writes, const icd::Timing& timing, const std::function<int(RegisterModel&)>& act);
  Result<void> write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values,
                     const icd::Timing& timing);
  struct Fault {
    double value = 0;
    int count = -1;  ///< -1: until switched off
  };

  const Clock& clock_;
  std::function<void(Duration)> spend_;
  std::map<int, RegisterModel*> models_;
  std::map<std::string, Fault, std::less<>> faults_;
  std::map<int, bool> answered_;
  std::uint64_t requests_ = 0, writes_ = 0, connections_ = 0;
  bool connected_ = false;
};

/// Transports that know one Modbus bus per cable; everything else is not_found. Buses outlive what is made from them.
class SimModbusTransports : public drivers::Transports {
 public:
  void add(const device::Address& address, std::shared_ptr<drivers::ModbusBus> bus) { buses_[address.cable()] = std::move(bus); }
  Result<std::shared_ptr<drivers::ByteStream>> stream(const device::Address& address) override;
  Result<std::shared_ptr<drivers::ModbusBus>> modbus(const device::Address& address) override;
  Result<std::shared_ptr<drivers::HttpClient>> http(const device::Address& address) override;
  Result<std::shared_ptr<drivers::PushListener>> push(const device::Address& address) override;

 private:
  std::map<std::string, std::shared_ptr<drivers::ModbusBus>> buses_;
};

}  // namespace rampa::hil
