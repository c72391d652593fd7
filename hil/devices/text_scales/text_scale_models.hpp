// Simulated weighbridge indicators with text protocols. Written from the manuals, not from the drivers' codecs.
#pragma once

#include <memory>
#include <set>
#include <utility>

#include "hil/devices/model.hpp"

namespace rampa::hil {

/// What all three share: the mass on the platform as an indicator would show it (graduation, motion, range), and faults
/// "silent", "frozen" (answers, measures nothing), "overload", "motion" (never settles), "garbage"; a model may have more.
class IndicatorModel : public StreamModel {
 public:
  IndicatorModel(const LaneWorld& world, double graduation_kg) : world_(world), graduation_kg_(graduation_kg) {}
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override { return with({}); }
  void opened(int connection) override { connections_.insert(connection); }
  void closed(int connection) override { connections_.erase(connection); }
  [[nodiscard]] std::vector<Out> take_output() override { return std::exchange(out_, {}); }

 protected:
  [[nodiscard]] static std::vector<std::string> with(std::vector<std::string> more);
  struct Shown {
    long long kg = 0;
    bool motion = false, overload = false, zero = false;
  };
  void measure(MonoTime now);
  [[nodiscard]] bool is(const char* fault) const { return faults_.contains(fault); }
  void say(int connection, std::string_view bytes);

  const LaneWorld& world_;
  const double graduation_kg_;
  std::set<std::string, std::less<>> faults_;
  std::set<int> connections_;
  std::vector<Out> out_;
  Shown shown_;
  MonoTime now_;
  std::uint32_t measurements_ = 0;
  MonoTime measured_;
};

/// Mettler-Toledo continuous output, 10 strings a second. Fault "never_zeroed": not zeroed since it was switched on.
class ToledoModel : public IndicatorModel {
 public:
  ToledoModel(const LaneWorld& world, double graduation_kg, bool checksum)
      : IndicatorModel(world, graduation_kg), checksum_(checksum) {}
  void received(int, ByteView) override {}  // it only talks
  [[nodiscard]] std::vector<std::string> faults() const override { return with({"never_zeroed"}); }
  void advance(MonoTime now) override;

 private:
  bool checksum_;
  MonoTime sent_;
};

/// SMA level 2: W and M. Faults: "zero_error" (dashes for the weight), "net" (shows net), "tare_error" (dashes for the tare),
/// "level_1" (knows no M).
class SmaModel : public IndicatorModel {
 public:
  using IndicatorModel::IndicatorModel;
  void received(int connection, ByteView bytes) override;
  void advance(MonoTime now) override { measure(now); }
  [[nodiscard]] std::vector<std::string> faults() const override { return with({"zero_error", "net", "tare_error", "level_1"}); }

 private:
  std::map<int, std::string> partial_;
};

/// Rinstrum rinCMD with ADC counter and alibi record, with and without checksum. One count is one kilogram. Faults:
/// "adc_failed" (the last measurement failed), "no_alibi" (no new record is written; the last one stays).
class RinCmdModel : public IndicatorModel {
 public:
  using IndicatorModel::IndicatorModel;
  void received(int connection, ByteView bytes) override;
  void advance(MonoTime now) override;
  [[nodiscard]] std::vector<std::string> faults() const override { return with({"adc_failed", "no_alibi"}); }

 private:
  std::string reply(const std::string& request);
  std::map<int, std::string> partial_;
  std::uint32_t alibi_ = 0;
  long long alibi_kg_ = 0;
  bool stable_before_ = false;
};

}  // namespace rampa::hil
