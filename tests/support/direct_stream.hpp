// A driver and a bench model joined by a wire without a network, under a virtual clock; and a sink that keeps what is
// published.
#pragma once

#include <memory>
#include <vector>

#include "drivers/registry/registry.hpp"
#include "hil/devices/model.hpp"
#include "tests/support/virtual_clock.hpp"

namespace rampa::tests {

/// A read with nothing to read costs its time-out of virtual time.
class DirectStream : public drivers::ByteStream {
 public:
  DirectStream(hil::StreamModel& model, VirtualClock& clock) : model_(model), clock_(clock) {}
  Result<void> connect(Duration) override {
    if (unplugged) return fail(ErrorCode::no_reply, "unplugged");
    connected_ = true;
    model_.opened(1);
    return {};
  }
  [[nodiscard]] bool connected() const override { return connected_; }
  void close() override {
    if (connected_) model_.closed(1);
    connected_ = false;
  }
  Result<Bytes> read_some(std::size_t, Duration timeout) override {
    for (Duration waited = 0ns;; waited += 10ms) {
      if (unplugged) return fail(ErrorCode::disconnected, "unplugged");
      model_.advance(clock_.mono());
      Bytes bytes;
      for (auto& out : model_.take_output()) bytes.insert(bytes.end(), out.bytes.begin(), out.bytes.end());
      if (!bytes.empty()) return bytes;
      if (waited >= timeout) return fail(ErrorCode::timeout, "nothing arrived");
      clock_.advance(10ms);
    }
  }
  Result<void> write(ByteView bytes, Duration) override {
    model_.received(1, bytes);
    return {};
  }
  bool unplugged = false;

 private:
  hil::StreamModel& model_;
  VirtualClock& clock_;
  bool connected_ = false;
};

/// Transports that have one stream and nothing else.
struct OneStream : drivers::Transports {
  std::shared_ptr<drivers::ByteStream> only;
  Result<std::shared_ptr<drivers::ByteStream>> stream(const device::Address&) override { return only; }
  Result<std::shared_ptr<drivers::ModbusBus>> modbus(const device::Address&) override { return fail(ErrorCode::refused, "none"); }
  Result<std::shared_ptr<drivers::HttpClient>> http(const device::Address&) override { return fail(ErrorCode::refused, "none"); }
  Result<std::shared_ptr<drivers::PushListener>> push(const device::Address&) override { return fail(ErrorCode::refused, "none"); }
};

struct Collect : device::EventSink {
  std::vector<device::DeviceEvent> events;
  void publish(device::DeviceEvent event) override { events.push_back(std::move(event)); }
  Result<void> publish_durably(device::DeviceEvent event, Duration) override {
    publish(std::move(event));
    return {};
  }
  template <class Body>
  [[nodiscard]] const device::DeviceEvent* last() const {
    for (auto it = events.rbegin(); it != events.rend(); ++it)
      if (std::holds_alternative<Body>(it->body)) return &*it;
    return nullptr;
  }
};

/// Calls the driver as its host would, until `time` has gone by.
inline void run_driver(device::Driver& driver, Collect& out, VirtualClock& clock, Duration time) {
  for (const MonoTime end = clock.mono() + time; clock.mono() < end;) {
    const MonoTime before = clock.mono();
    const Duration wait = driver.poll(out);
    const Duration used = clock.mono() - before;
    if (used < wait) clock.advance(wait - used);
    else if (used == 0ns) clock.advance(1ms);
  }
}

/// A world that stands still until the test changes what is to be seen.
struct FlatWorld : hil::LaneWorld {
  std::string name = "L1";
  hil::LaneGeometry shape;
  hil::Observation seen;
  [[nodiscard]] const std::string& lane() const override { return name; }
  [[nodiscard]] const hil::LaneGeometry& geometry() const override { return shape; }
  [[nodiscard]] hil::Observation observe() const override { return seen; }
  void output(std::string_view, bool) override {}
  [[nodiscard]] bool output_state(std::string_view) const override { return false; }
};

}  // namespace rampa::tests
