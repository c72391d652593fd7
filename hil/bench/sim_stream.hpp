// A byte stream between a driver and a stream model without any wire: answers at once and says how long it took.
#pragma once

#include "drivers/transport/transport.hpp"
#include "hil/bench/virtual_time.hpp"
#include "hil/devices/model.hpp"

namespace rampa::hil {

/// Faults until switched off: "silent" (output is lost, input arrives), "half_open" (nothing travels, the connection
/// stands), "cut" (no connection can be made; the present one ends), "noise" (value: rubbish bytes before every block),
/// "reset" (once: the present connection ends).
class SimStream : public drivers::ByteStream, public Faultable {
 public:
  SimStream(StreamModel& model, CableClock& clock) : model_(model), clock_(clock) {}

  Result<void> connect(Duration timeout) override;
  [[nodiscard]] bool connected() const override { return connected_; }
  void close() override;
  Result<Bytes> read_some(std::size_t max, Duration timeout) override;
  Result<void> write(ByteView bytes, Duration timeout) override;

  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override { return {"silent", "half_open", "cut", "noise", "reset"}; }

 private:
  [[nodiscard]] bool has(const char* name) const { return faults_.contains(name); }
  void collect();

  StreamModel& model_;
  CableClock& clock_;
  bool connected_ = false;
  int connection_ = 0;
  std::multimap<MonoTime, Bytes> coming_;
  Bytes ready_;
  std::map<std::string, double, std::less<>> faults_;
};

}  // namespace rampa::hil
