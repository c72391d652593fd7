// A simulated radiation portal (RPM line protocol, after the SRLS grammar). Faults: "silent", "tamper", "gamma_high",
// "neutron_high" (each until switched off), "garbage".
#pragma once

#include <set>
#include <utility>

#include "hil/devices/model.hpp"

namespace rampa::hil {

class RpmModel : public StreamModel {
 public:
  RpmModel(const LaneWorld& world, std::uint64_t seed) : world_(world), random_(seed * 2 + 1) {}
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override { return {"silent", "tamper", "gamma_high", "neutron_high", "garbage"}; }
  void received(int, ByteView) override {}
  void opened(int) override { background_due_ = MonoTime{}; }  // the next background line comes at once
  void advance(MonoTime now) override;
  [[nodiscard]] std::vector<Out> take_output() override { return std::exchange(out_, {}); }

 private:
  void say(const char* tag, double mean);
  void say(const char* tag, long a, long b, long c, long d);
  [[nodiscard]] long counts(double mean);

  const LaneWorld& world_;
  std::uint64_t random_;
  std::set<std::string, std::less<>> faults_;
  std::vector<Out> out_;
  MonoTime now_, background_due_, gamma_due_, neutron_due_;
  bool occupied_ = false;
  long occupancy_ = 0;
};

}  // namespace rampa::hil
