// All simulated devices of a virtual post and the cables between them and the drivers.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "drivers/transport/transport.hpp"
#include "hil/bench/device_models.hpp"
#include "hil/bench/sim_http.hpp"
#include "hil/bench/sim_stream.hpp"
#include "hil/devices/registers/sim_bus.hpp"

namespace rampa::hil {

class VirtualWires {
 public:
  struct Device {
    const device::Settings* settings = nullptr;
    const icd::Product* product = nullptr;
    DeviceModel model;
  };
  /// One cable: its clock, and what travels on it. Gives drivers their transports.
  class Cable : public drivers::Transports {
   public:
    Cable(VirtualWires& wires, const Clock& post) : clock(post), wires_(wires) {}
    Result<std::shared_ptr<drivers::ByteStream>> stream(const device::Address& address) override;
    Result<std::shared_ptr<drivers::ModbusBus>> modbus(const device::Address& address) override;
    Result<std::shared_ptr<drivers::HttpClient>> http(const device::Address& address) override;
    Result<std::shared_ptr<drivers::PushListener>> push(const device::Address& address) override;

    CableClock clock;

   private:
    VirtualWires& wires_;
  };

  explicit VirtualWires(const Clock& post) : post_(post) {}
  /// Errors: as make_device_model.
  Result<void> add(const device::Settings& settings, const icd::Product& product, LaneWorld& world, std::uint64_t seed,
                   const std::vector<std::string>& photographs);
  [[nodiscard]] Cable& cable(const std::string& name);
  [[nodiscard]] Device* find(const std::string& id);
  [[nodiscard]] std::map<std::string, Device>& devices() { return devices_; }

  /// The appliance died: every connection ends.
  void hang_up();
  bool fault(const std::string& device, std::string_view name, double value, bool on);
  [[nodiscard]] std::vector<std::string> faults_of(const std::string& device);
  /// Moves the cameras that post, and hands their posts to whoever listens. `alive`: nobody answers while the appliance is dead.
  void run_posts(MonoTime now, bool alive);

 private:
  /// The device that answers at this address; where several do (one Modbus cable), the one with this unit.
  Device* at(const device::Address& address, bool (*shows)(const DeviceModel&));

  const Clock& post_;
  std::map<std::string, Device> devices_;                 ///< by id
  std::map<std::string, std::unique_ptr<Cable>> cables_;
  std::map<std::string, std::shared_ptr<SimModbusBus>> buses_;   ///< by cable
  std::map<std::string, std::shared_ptr<SimStream>> streams_; ///< by device id
  std::map<std::string, std::shared_ptr<SimHttp>> https_;     ///< by device id
  std::map<std::string, std::shared_ptr<SimPush>> pushes_;    ///< by listening address
  std::set<std::string> unplugged_;                           ///< posting cameras that are cut off
};

}  // namespace rampa::hil
