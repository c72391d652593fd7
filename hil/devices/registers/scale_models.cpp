#include "hil/devices/registers/scale_models.hpp"

#include <algorithm>
#include <cmath>

namespace rampa::hil {

void RegisterScaleModel::advance(MonoTime) {
  if (is("frozen")) return;
  const Observation seen = world_.observe();
  const std::int64_t d = options_.division_kg;
  const std::int64_t gross_kg = std::llround(seen.mass_on_scale_kg / static_cast<double>(d)) * d;
  const std::int64_t counts = options_.counts_per_kg * (is("decimal") ? 10 : 1);
  // R 76: indication goes dark above capacity + 9 d.
  overload_ = is("overload") || gross_kg > options_.capacity_kg + 9 * d;
  underload_ = gross_kg < -20 * d;
  zero_ = std::fabs(seen.mass_on_scale_kg) <= 0.25 * static_cast<double>(d);
  if (!is("stuck_bit")) motion_ = seen.scale_moving;
  gross_ = gross_kg * counts;
  tare_ = tare_kg_ * counts;
  net_ = gross_ - tare_;
}

bool RegisterScaleModel::fault(std::string_view name, double, bool on) {
  const auto known = faults();
  if (std::find(known.begin(), known.end(), name) == known.end()) return false;
  if (on)
    faults_.emplace(name);
  else
    faults_.erase(std::string(name));
  return true;
}

std::vector<std::string> RegisterScaleModel::faults() const {
  return {"frozen", "setup_mode", "stuck_bit", "adc_error", "decimal", "word_order", "overload"};
}

void RegisterScaleModel::tare(std::int64_t kg, bool preset) {
  tare_kg_ = kg;
  preset_ = preset && kg != 0;
}

template <class At>
int RegisterScaleModel::copy(std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out, At at) {
  out.clear();
  for (int i = address; i < address + count; ++i) {
    std::uint16_t word = 0;
    if (!at(i, word)) return 2;
    out.push_back(word);
  }
  return 0;
}

namespace {
std::uint16_t half(std::uint32_t whole, bool high) { return static_cast<std::uint16_t>(high ? whole >> 16 : whole & 0xffff); }
}  // namespace

int C500Model::read(int, icd::Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) {
  if (is("setup_mode")) return 6;
  if (table != icd::Table::input_register) return 1;
  std::uint32_t status = 0;
  if (underload_) status |= 1u << 0;
  if (overload_) status |= 1u << 1;
  if (motion_) status |= 1u << 2;
  if (tare_ == 0) status |= 1u << 3;  // gross is displayed
  if (zero_) status |= 1u << 6;
  const std::int64_t displayed = tare_ == 0 ? gross_ : net_;
  const std::uint32_t error = is("adc_error") ? 0x8000u : 0u;
  const std::array<std::uint32_t, 5> values{static_cast<std::uint32_t>(gross_), static_cast<std::uint32_t>(net_),
                                            static_cast<std::uint32_t>(displayed), status, error};
  return copy(address, count, out, [&](int at, std::uint16_t& word) {
    if (at < 0 || at > 9) return false;
    const bool high = (at % 2 == 0) != is("word_order");
    word = half(values[static_cast<std::size_t>(at / 2)], high);
    return true;
  });
}

int C500Model::write(int, icd::Table, std::uint16_t, const std::vector<std::uint16_t>&) { return 1; }

int DgtModel::read(int, icd::Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) {
  if (is("setup_mode")) return 6;
  if (table == icd::Table::holding_register)
    return copy(address, count, out, [&](int at, std::uint16_t& word) {
      if (at > 4) return false;
      word = parameters_[static_cast<std::size_t>(at)];
      return true;
    });
  if (table != icd::Table::input_register) return 1;
  const auto gross = static_cast<std::uint32_t>(std::llabs(gross_)), net = static_cast<std::uint32_t>(std::llabs(net_));
  std::uint16_t status = 0;
  const auto set = [&](int bit, bool on) { status = static_cast<std::uint16_t>(status | (on ? 1u << bit : 0u)); };
  set(0, net_ < 0);
  set(1, gross_ < 0);
  set(2, !motion_);
  set(3, underload_ || is("adc_error"));
  set(4, overload_);
  set(5, tare_ != 0);
  set(6, preset_);
  set(7, gross_ == 0);
  return copy(address, count, out, [&](int at, std::uint16_t& word) {
    const bool high = (at % 2 == 0) != is("word_order");
    if (at < 2)
      word = half(gross, high);
    else if (at < 4)
      word = half(net, high);
    else if (at == 4)
      word = status;
    else if (at == 5)
      word = static_cast<std::uint16_t>((last_command_ << 8) | (last_result_ << 4) | (commands_ & 0xf));
    else if (at == 6)
      word = 0;
    else if (at >= 110 && at < 114)
      word = static_cast<std::uint16_t>(gross_ / 16);  // microvolts of a channel, roughly
    else
      return false;
    return true;
  });
}

int DgtModel::write(int, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) {
  if (is("setup_mode")) return 6;
  if (table != icd::Table::holding_register) return 1;
  if (address + values.size() > parameters_.size()) return 2;
  std::copy(values.begin(), values.end(), parameters_.begin() + address);
  if (address != 0) return 0;
  // Register 40001 starts the command; its parameters must have been written before.
  last_command_ = values[0];
  last_result_ = 0;
  switch (values[0]) {
    case 0x01: break;  // zero: within the zero range nothing changes here
    case 0x02:
      if (motion_)
        last_result_ = 1;
      else
        tare(gross_ / std::max<std::int64_t>(1, options_.counts_per_kg), false);
      break;
    case 0x03: tare((parameters_[1] << 16 | parameters_[2]) / std::max<std::int64_t>(1, options_.counts_per_kg), true); break;
    default: last_result_ = 2;
  }
  commands_ = static_cast<std::uint16_t>(commands_ + 1);
  return 0;
}

std::vector<std::string> Ft13Model::faults() const {
  return {"frozen", "setup_mode", "stuck_bit", "decimal", "word_order", "overload"};
}

int Ft13Model::read(int, icd::Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) {
  if (is("setup_mode")) return 6;
  if (table != icd::Table::holding_register) return 1;
  const auto displayed = static_cast<std::uint32_t>(net_), tare = static_cast<std::uint32_t>(tare_);
  const bool swapped = is("word_order");
  return copy(address, count, out, [&](int at, std::uint16_t& word) {
    switch (at) {
      case 0x0000: word = half(displayed, !swapped); return true;
      case 0x0001: word = half(displayed, swapped); return true;
      case 0x0002: word = static_cast<std::uint16_t>((motion_ ? 1u : 0u) | (overload_ ? 2u : 0u) | (underload_ ? 4u : 0u)); return true;
      case 0x0003: word = half(tare, !swapped); return true;
      case 0x0004: word = half(tare, swapped); return true;
      default: return false;
    }
  });
}

int Ft13Model::write(int, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) {
  if (is("setup_mode")) return 6;
  if (table != icd::Table::holding_register) return 1;
  if (address != 0x0008 || values.size() != 1) return 2;
  switch (values[0]) {
    case 2: tare(gross_ / std::max<std::int64_t>(1, options_.counts_per_kg), false); return 0;
    case 8:  // start and reset: of a filling, nothing on a weighbridge
    case 9: return 0;
    default: return 3;
  }
}

}  // namespace rampa::hil
