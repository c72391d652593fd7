// One thread per cable: owns the drivers of that cable, polls each in its turn and runs their commands between polls.
// A silent device costs its neighbours on the same cable one time-out per back-off period, and other cables nothing.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "firmware-interfaces/device/driver.hpp"

namespace rampa::runtime {

class DeviceHost {
 public:
  DeviceHost(std::string cable, const Clock& clock, device::EventSink& sink);
  ~DeviceHost();
  DeviceHost(const DeviceHost&) = delete;
  DeviceHost& operator=(const DeviceHost&) = delete;

  void add(DeviceId id, std::unique_ptr<device::Driver> driver);  ///< before start()
  void start();
  void stop();

  /// Queues a command; its CommandReport comes as a DeviceEvent. Refused at once when `depth_max` commands wait.
  void send(device::Command command, device::Permit permit);

  [[nodiscard]] const std::string& cable() const { return cable_; }
  /// Rises with every poll: the watchdog's question "are you alive?".
  [[nodiscard]] std::uint64_t beats() const { return beats_.load(std::memory_order_relaxed); }
  [[nodiscard]] static constexpr std::size_t depth_max() { return 32; }

  /// Called on the host's thread when a boom command was handed to the transport and answered: (command id, started).
  /// For the latency bench.
  std::function<void(const device::Command&, MonoTime started)> on_executed;

 private:
  struct Slot {
    std::unique_ptr<device::Driver> driver;
    MonoTime due;
  };
  void loop();
  void execute(device::Command command, device::Permit permit);

  const std::string cable_;
  const Clock& clock_;
  device::EventSink& sink_;
  std::map<DeviceId, Slot> drivers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::pair<device::Command, device::Permit>> commands_;
  bool stopping_ = false;
  std::atomic<std::uint64_t> beats_{0};
  std::thread thread_;
};

}  // namespace rampa::runtime
