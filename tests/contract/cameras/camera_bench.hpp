// Simulated camera -> real loopback sockets -> driver -> sink. The lane is a table: the test puts a lorry into view.
#pragma once

#include <gtest/gtest.h>

#include "config/site.hpp"
#include "drivers/transport/push_listener.hpp"
#include "edge/runtime/system_clock.hpp"
#include "hil/wire/wire_server.hpp"
#include "hil/world/world.hpp"
#include "tests/support/camera_fakes.hpp"

namespace rampa::tests {

/// A lane in which a lorry is in view or not.
class TableLane : public hil::LaneWorld {
 public:
  [[nodiscard]] const std::string& lane() const override { return name_; }
  [[nodiscard]] const hil::LaneGeometry& geometry() const override { return geometry_; }
  [[nodiscard]] hil::Observation observe() const override {
    hil::Observation o;
    if (present) o.front_plate = o.rear_plate = &lorry;
    return o;
  }
  void output(std::string_view, bool) override {}
  [[nodiscard]] bool output_state(std::string_view) const override { return false; }

  bool present = false;
  hil::Lorry lorry;

 private:
  std::string name_ = "L1";
  hil::LaneGeometry geometry_;
};

/// Real transports, the listener on a free port.
class LoopbackTransports : public drivers::Transports {
 public:
  explicit LoopbackTransports(const Clock& clock) : real_(drivers::make_real_transports(clock)) {
    device::Address address;
    address.host = "127.0.0.1";
    auto made = drivers::listen_for_pushes(address, clock, drivers::PushLimits{});
    EXPECT_TRUE(made) << made.error().what;
    listener = *made;
  }
  Result<std::shared_ptr<drivers::ByteStream>> stream(const device::Address& a) override { return real_->stream(a); }
  Result<std::shared_ptr<drivers::ModbusBus>> modbus(const device::Address& a) override { return real_->modbus(a); }
  Result<std::shared_ptr<drivers::HttpClient>> http(const device::Address& a) override { return real_->http(a); }
  Result<std::shared_ptr<drivers::PushListener>> push(const device::Address&) override { return std::shared_ptr<drivers::PushListener>(listener); }
  Result<std::shared_ptr<drivers::VideoSource>> video(const device::Address& a, const drivers::VideoAccess& access) override { return real_->video(a, access); }
  std::shared_ptr<drivers::SocketPushListener> listener;

 private:
  std::unique_ptr<drivers::Transports> real_;
};

class CameraBench : public ::testing::Test {
 protected:
  void use(const std::string& product, const std::string& role) {
    auto read = config::read_product("firmware-interfaces/icd/" + product + ".json");
    ASSERT_TRUE(read.findings.empty()) << read.findings[0].cause;
    product_ = read.product;
    settings_.id = DeviceId{"L1-" + role};
    settings_.role = role;
  }
  /// Puts another lorry into view; the wire thread sees it.
  void arrive(hil::WireThread& wire, const std::string& plate, const std::string& country = "SRB") {
    wire.with([&] {
      ++world_.lorry.number;
      world_.lorry.plate_front = world_.lorry.plate_rear = plate;
      world_.lorry.country = country;
      world_.lorry.speed_mps = 2;
      world_.present = true;
    });
  }
  static const device::PlateRead& read_of(const device::DeviceEvent& event) { return std::get<device::PlateRead>(event.body); }
  std::vector<device::DeviceEvent> reads() { return sink_.all<device::PlateRead>(); }

  runtime::SystemClock clock_;
  LoopbackTransports transports_{clock_};
  RememberingSink sink_;
  TableLane world_;
  icd::Product product_;
  device::Settings settings_;
};

}  // namespace rampa::tests
