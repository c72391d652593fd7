// Simulated weighbridge indicators behind Modbus, written from their manuals. The addresses stand here a second time on
// purpose: a wrong ICD file shows as a difference between driver and model.
#pragma once

#include <array>
#include <set>

#include "hil/devices/model.hpp"

namespace rampa::hil {

struct ScaleOptions {
  std::int64_t division_kg = 20;
  std::int64_t capacity_kg = 60'000;
  std::int64_t counts_per_kg = 1;
};

/// What the register indicators share: the platform seen through a display.
/// Faults: "frozen" (answers, measures nothing), "setup_mode" (somebody is in the menu: exception 6), "stuck_bit" (the
/// motion bit stays as it is), "adc_error", "decimal" (one more decimal place after a menu edit), "word_order" (firmware
/// update swapped the words), "overload".
class RegisterScaleModel : public RegisterModel {
 public:
  RegisterScaleModel(const LaneWorld& world, ScaleOptions options) : world_(world), options_(options) {}
  void advance(MonoTime now) override;
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override;
  /// Somebody presses the tare key, or clears it with 0. In kg; `preset`: typed in.
  void tare(std::int64_t kg, bool preset);

 protected:
  [[nodiscard]] bool is(const char* name) const { return faults_.contains(name); }
  /// Takes `count` registers from the image that `registers` gives for an address; exception 2 where it has none.
  template <class At>
  static int copy(std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out, At at);

  const LaneWorld& world_;
  ScaleOptions options_;
  std::set<std::string, std::less<>> faults_;
  std::int64_t gross_ = 0, net_ = 0, tare_ = 0;  ///< counts
  std::int64_t tare_kg_ = 0;
  bool motion_ = false, overload_ = false, underload_ = false, zero_ = true, preset_ = false;
};

/// Rinstrum C500 (C530 manual p.106, p.150): input registers 1-10, 32-bit signed integers without decimal point.
class C500Model : public RegisterScaleModel {
 public:
  using RegisterScaleModel::RegisterScaleModel;
  int read(int unit, icd::Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) override;
  int write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) override;
};

/// Dini Argeo DGT (DGT4X quick guide p.11): input registers 30001-30007 and 30111-30114, holding 40001-40005.
class DgtModel : public RegisterScaleModel {
 public:
  using RegisterScaleModel::RegisterScaleModel;
  int read(int unit, icd::Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) override;
  int write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) override;

 private:
  std::array<std::uint16_t, 5> parameters_{};
  std::uint16_t last_command_ = 0, last_result_ = 0, commands_ = 0;
};

/// Flintec FT-13 (manual p.48): holding registers 0-1 displayed weight, 32-bit signed, high word first; 2 status word (its
/// bits are assumed); 3-4 tare; 8 command. With a tare set it shows net: the manual has one weight only. No "adc_error":
/// no bit for one is known.
class Ft13Model : public RegisterScaleModel {
 public:
  using RegisterScaleModel::RegisterScaleModel;
  [[nodiscard]] std::vector<std::string> faults() const override;
  int read(int unit, icd::Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) override;
  int write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) override;
};

}  // namespace rampa::hil
