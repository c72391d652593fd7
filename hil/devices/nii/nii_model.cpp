#include "hil/devices/nii/nii_model.hpp"

#include <algorithm>
#include <cmath>

namespace rampa::hil {
namespace {

enum State { off, init, idle, warmup, ready, interlocked, armed, scanning, complete, faulted, estop, maintenance };
constexpr int illegal_address = 2, illegal_function = 1;

/// CRC-32C bit by bit: slow, and not the driver's.
std::uint32_t castagnoli(const Bytes& bytes, std::size_t skip_from, std::size_t skip_to) {
  std::uint32_t crc = 0xffffffff;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i >= skip_from && i < skip_to) continue;
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82f63b78 & (0 - (crc & 1)));
  }
  return ~crc;
}

template <class T>
void put(Bytes& bytes, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
}

}  // namespace

ScanPicture drawn_lorry(std::uint64_t number, std::uint32_t width, std::uint32_t height) {
  ScanPicture p{width, height, 16, std::vector<std::uint16_t>(static_cast<std::size_t>(width) * height)};
  std::uint64_t noise = number * 0x9e3779b97f4a7c15ull + 1;
  for (std::uint32_t y = 0; y < height; ++y) {
    const double along = static_cast<double>(y) / height;
    for (std::uint32_t x = 0; x < width; ++x) {
      const double up = 1.0 - static_cast<double>(x) / width;
      double shade = 0;  // attenuation
      const bool cab = along < 0.14, box = along > 0.18 && along < 0.97;
      if (cab && up > 0.12 && up < 0.8) shade += 1.2;
      if (box && up > 0.25 && up < 0.92) shade += 0.5 + 1.4 * std::fabs(std::sin(along * 40 + static_cast<double>(number)) * std::cos(up * 18));
      if (up > 0.16 && up < 0.24 && along > 0.02 && along < 0.98) shade += 2.2;
      for (double axle : {0.08, 0.30, 0.78, 0.84, 0.90}) {
        const double dx = (along - axle) * 8, dy = (up - 0.12) * 3;
        if (dx * dx + dy * dy < 0.06) shade += 2.8;
      }
      noise ^= noise << 13;
      noise ^= noise >> 7;
      noise ^= noise << 17;
      const double value = 62000 * std::exp(-shade) + static_cast<double>(noise % 400);
      p.pixels[static_cast<std::size_t>(y) * width + x] = static_cast<std::uint16_t>(std::clamp(value, 0.0, 65535.0));
    }
  }
  return p;
}

NiiModel::NiiModel(const LaneWorld& world, std::uint64_t seed) : world_(world), seed_(seed) {}

std::vector<std::string> NiiModel::faults() const {
  return {"silent_lines", "frozen", "abort", "estop", "lamp", "skip_line", "repeat_line", "watchdog_off", "damage", "inhibit_stuck", "inhibit_lost"};
}

bool NiiModel::fault(std::string_view name, double, bool on) {
  for (const auto& known : faults()) {
    if (known != name) continue;
    if (name == "inhibit_lost") {
      inhibit_ = inhibit_ && !on;
      return true;
    }
    if (on) faults_.insert(known);
    else faults_.erase(known);
    return true;
  }
  return false;
}

bool NiiModel::interlock() const {
  return !inhibit_ && !faults_.contains("estop") && !faults_.contains("lamp") && !world_.observe().emergency_stop;
}

void NiiModel::advance(MonoTime now) {
  now_ = now;
  if (faults_.contains("inhibit_stuck")) inhibit_ = false;
  if (faults_.contains("frozen")) return;
  if (now - beat_ >= 100ms) {
    beat_ = now;
    ++heartbeat_;
  }
  if (!faults_.contains("watchdog_off") && now - fed_ > 1s) inhibit_ = true;
  const bool lorry = world_.observe().in_scanner != nullptr;
  if (!lorry) done_with_lorry_ = false;
  if (faults_.contains("estop")) state_ = estop;
  else if (faults_.contains("lamp")) state_ = faulted;
  else if (state_ == scanning) {
    // A running scan ends at its end, or when the interlock breaks, never because of lost lines.
    if (faults_.contains("abort") || abort_asked_ || inhibit_) {
      state_ = idle;
      done_with_lorry_ = true;
    } else {
      send_lines();
    }
  } else if (state_ == complete) {
    if (!lorry) state_ = idle;
  } else if (lorry && !done_with_lorry_) {
    state_ = interlock() ? scanning : interlocked;
    if (state_ == scanning) begin_scan();
  } else {
    state_ = idle;
  }
  abort_asked_ = false;
}

void NiiModel::begin_scan() {
  ++scan_;
  line_ = 0;
  scan_began_ = now_;
  const Lorry* lorry = world_.observe().in_scanner;
  running_ = picture_.pixels.empty() ? drawn_lorry(lorry ? lorry->number : seed_, 320, 960) : picture_;
}

void NiiModel::send_lines() {
  const auto due = static_cast<std::uint32_t>(
      std::min<double>(running_.height, static_cast<double>((now_ - scan_began_).count()) / 1e9 * lines_per_second_));
  while (line_ < due) {
    const bool last = line_ + 1 == running_.height;
    const bool skip = faults_.contains("skip_line") && line_ % 100 == 50;
    if (!skip) send_line(line_, last);
    if (faults_.contains("repeat_line") && line_ % 100 == 60) send_line(line_, false);
    ++line_;
  }
  if (line_ == running_.height) {
    send_aids();
    state_ = complete;
    done_with_lorry_ = true;
  }
}

void NiiModel::send_line(std::uint32_t line, bool last) {
  if (faults_.contains("silent_lines")) return;
  Bytes bytes{'N', 'I', 'L', '1', 1, static_cast<std::uint8_t>(last ? 2 : 0)};
  put(bytes, static_cast<std::uint16_t>(running_.bits));
  put(bytes, static_cast<std::uint64_t>(scan_));
  put(bytes, line);
  put(bytes, static_cast<std::uint64_t>((now_ - scan_began_).count() / 1000));
  put(bytes, static_cast<std::int32_t>(line * 4));
  put(bytes, running_.width);
  put(bytes, std::uint32_t{0});
  for (std::uint32_t x = 0; x < running_.width; ++x) put(bytes, running_.pixels[static_cast<std::size_t>(line) * running_.width + x]);
  const std::uint32_t crc = castagnoli(bytes, 36, 40);
  for (std::size_t i = 0; i < 4; ++i) bytes[36 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
  if (faults_.contains("damage") && line % 100 == 70) bytes[45] = static_cast<std::uint8_t>(bytes[45] ^ 4);
  StreamModel::Out out;
  out.bytes = std::move(bytes);
  out.not_before = now_;
  lines_.out.push_back(std::move(out));
}

void NiiModel::send_aids() {
  const Lorry* lorry = world_.observe().in_scanner;
  auto say = aids_;
  if (lorry)
    for (const auto& name : lorry->marked_by) say.emplace_back(name, 1);
  if (say.empty() || faults_.contains("silent_lines")) return;
  Bytes bytes{'N', 'I', 'L', 'A', 1, static_cast<std::uint8_t>(say.size()), 0, 0};
  put(bytes, static_cast<std::uint64_t>(scan_));
  put(bytes, std::uint32_t{0});
  for (const auto& [name, result] : say) {
    bytes.push_back(static_cast<std::uint8_t>(result));
    bytes.push_back(0);
    for (std::size_t i = 0; i < 32; ++i) bytes.push_back(i < name.size() ? static_cast<std::uint8_t>(name[i]) : std::uint8_t{0});
  }
  const std::uint32_t crc = castagnoli(bytes, 16, 20);
  for (std::size_t i = 0; i < 4; ++i) bytes[16 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
  StreamModel::Out out;
  out.bytes = std::move(bytes);
  out.not_before = now_ + std::chrono::seconds(1);  // they take their time
  lines_.out.push_back(std::move(out));
}

int NiiModel::read(int, icd::Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) {
  const Observation seen = world_.observe();
  std::vector<std::uint16_t> all;
  switch (table) {
    case icd::Table::discrete_input: {
      const bool lorry = seen.in_scanner != nullptr;
      all = {static_cast<std::uint16_t>(!faults_.contains("estop") && !seen.emergency_stop), 1, 1, 1, 1, 0, lorry, lorry, !lorry, 1,
             static_cast<std::uint16_t>(!faults_.contains("lamp")), static_cast<std::uint16_t>(state_ == faulted)};
      break;
    }
    case icd::Table::input_register:
      all = {0x4e49, 1, static_cast<std::uint16_t>(state_), heartbeat_, static_cast<std::uint16_t>(scan_ >> 16), static_cast<std::uint16_t>(scan_),
             static_cast<std::uint16_t>(faults_.contains("watchdog_off") ? 0 : 1000), 1};
      break;
    case icd::Table::coil: all = {inhibit_, abort_, 0, 0, 0}; break;
    case icd::Table::holding_register: all = {rampa_heartbeat_}; break;
  }
  if (std::size_t{address} + count > all.size()) return illegal_address;
  out.assign(all.begin() + address, all.begin() + address + count);
  return 0;
}

int NiiModel::write(int, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) {
  if (table == icd::Table::holding_register) {
    if (address != 0 || values.size() != 1) return illegal_address;
    if (values[0] != rampa_heartbeat_) fed_ = now_;
    rampa_heartbeat_ = values[0];
    return 0;
  }
  if (table != icd::Table::coil) return illegal_function;
  if (address + values.size() > 5) return illegal_address;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (address + i == 0) inhibit_ = values[i] != 0 && !faults_.contains("inhibit_stuck");
    if (address + i == 1) {
      abort_asked_ = abort_asked_ || (values[i] != 0 && !abort_);
      abort_ = values[i] != 0;
    }
  }
  return 0;
}

}  // namespace rampa::hil
