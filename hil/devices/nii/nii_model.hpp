// A simulated scanner behind NII-IL/1: interlock image, states, line stream. It owns its scan: it starts one by itself when
// a lorry stands in the tunnel, its interlock holds and nobody withholds.
// Faults: "silent_lines", "frozen" (heartbeat and image stand still), "abort" (a running scan ends), "estop", "lamp",
// "skip_line", "repeat_line", "watchdog_off", "damage" (a bit of a line is flipped), "inhibit_stuck" (inhibit stays clear
// whatever is written), "inhibit_lost" (somebody takes inhibit back, once).
#pragma once

#include <set>
#include <utility>

#include "hil/devices/model.hpp"

namespace rampa::hil {

/// The pixels that a scan shows: `height` lines of `width`, 16 bits.
struct ScanPicture {
  std::uint32_t width = 0, height = 0;
  int bits = 16;
  std::vector<std::uint16_t> pixels;
};

/// A lorry drawn by formula: cab, load, axles; the same for the same number.
[[nodiscard]] ScanPicture drawn_lorry(std::uint64_t number, std::uint32_t width, std::uint32_t height);

/// One device with two faces: Modbus and lines.
class NiiModel : public RegisterModel {
 public:
  NiiModel(const LaneWorld& world, std::uint64_t seed);
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override;
  int read(int unit, icd::Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) override;
  int write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) override;
  void advance(MonoTime now) override;

  /// The other face; lives as long as the model.
  [[nodiscard]] StreamModel& lines() { return lines_; }
  /// Instead of a drawn lorry, from the next scan on.
  void show(ScanPicture picture) { picture_ = std::move(picture); }
  /// What its aids say after each scan: name and result (0 nothing, 1 marked, 2 failed); none: it says nothing.
  void aids(std::vector<std::pair<std::string, int>> say) { aids_ = std::move(say); }
  void lines_per_second(double rate) { lines_per_second_ = rate; }
  [[nodiscard]] int state() const { return state_; }
  [[nodiscard]] std::uint32_t scans_started() const { return scan_; }
  [[nodiscard]] bool inhibited() const { return inhibit_; }

 private:
  class Lines : public StreamModel {
   public:
    explicit Lines(NiiModel& model) : model_(model) {}
    bool fault(std::string_view name, double value, bool on) override { return model_.fault(name, value, on); }
    [[nodiscard]] std::vector<std::string> faults() const override { return model_.faults(); }
    void received(int, ByteView) override {}
    void advance(MonoTime now) override { model_.advance(now); }
    [[nodiscard]] std::vector<Out> take_output() override { return std::exchange(out, {}); }
    std::vector<Out> out;

   private:
    NiiModel& model_;
  };
  void begin_scan();
  void send_lines();
  void send_line(std::uint32_t line, bool last);
  void send_aids();
  [[nodiscard]] bool interlock() const;

  const LaneWorld& world_;
  Lines lines_{*this};
  std::uint64_t seed_;
  std::set<std::string, std::less<>> faults_;
  ScanPicture picture_, running_;
  std::vector<std::pair<std::string, int>> aids_;
  double lines_per_second_ = 400;
  int state_ = 2;  // IDLE
  bool inhibit_ = true, abort_ = false, abort_asked_ = false;
  std::uint16_t heartbeat_ = 0, rampa_heartbeat_ = 0;
  MonoTime now_, beat_, fed_, scan_began_;
  std::uint32_t scan_ = 0, line_ = 0;
  bool done_with_lorry_ = false;
};

}  // namespace rampa::hil
