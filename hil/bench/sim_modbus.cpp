#include "hil/bench/sim_modbus.hpp"

namespace rampa::hil {
namespace {

constexpr Duration turnaround = 2ms;

// Answers a master gets for a Modbus exception; see ModbusBus.
tl::unexpected<Error> exception_error(int code) {
  const bool busy = code == 5 || code == 6;
  return fail(busy ? ErrorCode::busy : ErrorCode::refused, "exception " + std::to_string(code));
}

}  // namespace

bool SimModbus::fault(int unit, std::string_view name, double value, bool on) {
  bool known = false;
  for (const auto& each : faults()) known = known || each == name;
  if (!known || !units_.contains(unit)) return false;
  auto& of_unit = units_[unit].faults;
  if (on) of_unit[std::string(name)] = value;
  else if (auto it = of_unit.find(name); it != of_unit.end()) of_unit.erase(it);
  return true;
}

Result<std::vector<std::uint16_t>> SimModbus::read(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                                                   const icd::Timing& timing) {
  const auto it = units_.find(unit);
  if (it == units_.end() || it->second.has("cut")) {
    clock_.spend(std::min<Duration>(timing.reply_timeout, 5ms));
    return fail(ErrorCode::no_reply, "unit " + std::to_string(unit) + ": nobody there");
  }
  Unit& one = it->second;
  if (one.has("silent") || one.has("deaf")) {
    clock_.spend(timing.reply_timeout);
    return fail(ErrorCode::timeout, "unit " + std::to_string(unit) + ": no answer");
  }
  const auto slow = std::chrono::microseconds(static_cast<std::int64_t>(one.has("slow") ? one.faults["slow"] * 1000 : 0));
  if (slow > timing.reply_timeout) {
    clock_.spend(timing.reply_timeout);
    return fail(ErrorCode::timeout, "unit " + std::to_string(unit) + ": no answer in time");
  }
  clock_.spend(turnaround + slow);
  if (one.has("garbled")) return fail(ErrorCode::bad_reply, "unit " + std::to_string(unit) + ": answer fails a check");
  if (one.has("exception")) return exception_error(static_cast<int>(one.faults["exception"]));
  one.model->advance(clock_.mono());
  std::vector<std::uint16_t> values;
  if (const int code = one.model->read(unit, table, address, count, values)) return exception_error(code);
  if (values.size() != count) return fail(ErrorCode::bad_reply, "model answered " + std::to_string(values.size()) + " values");
  return values;
}

Result<void> SimModbus::write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values,
                              const icd::Timing& timing) {
  const auto it = units_.find(unit);
  if (it == units_.end() || it->second.has("cut")) {
    clock_.spend(std::min<Duration>(timing.reply_timeout, 5ms));
    return fail(ErrorCode::no_reply, "unit " + std::to_string(unit) + ": nobody there");
  }
  Unit& one = it->second;
  if (one.has("exception")) {
    clock_.spend(turnaround);
    return exception_error(static_cast<int>(one.faults["exception"]));
  }
  const auto slow = std::chrono::microseconds(static_cast<std::int64_t>(one.has("slow") ? one.faults["slow"] * 1000 : 0));
  int code = 0;
  if (!one.has("deaf")) {
    one.model->advance(clock_.mono());
    code = one.model->write(unit, table, address, values);
  }
  if (one.has("silent") || one.has("deaf") || slow > timing.reply_timeout) {
    clock_.spend(timing.reply_timeout);
    return fail(ErrorCode::outcome_unknown, "unit " + std::to_string(unit) + ": the write left, no answer came");
  }
  clock_.spend(turnaround + slow);
  if (one.has("garbled")) return fail(ErrorCode::outcome_unknown, "unit " + std::to_string(unit) + ": answer fails a check");
  if (code) return exception_error(code);
  return {};
}

Result<std::vector<std::uint16_t>> SimModbus::read_registers(int unit, icd::Table table, std::uint16_t address,
                                                             std::uint16_t count, const icd::Timing& timing) {
  return read(unit, table, address, count, timing);
}

Result<std::vector<bool>> SimModbus::read_bits(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                                               const icd::Timing& timing) {
  auto values = read(unit, table, address, count, timing);
  if (!values) return tl::unexpected(values.error());
  std::vector<bool> bits;
  for (const auto value : *values) bits.push_back(value != 0);
  return bits;
}

Result<void> SimModbus::write_register(int unit, std::uint16_t address, std::uint16_t value, const icd::Timing& timing) {
  return write(unit, icd::Table::holding_register, address, {value}, timing);
}

Result<void> SimModbus::write_registers(int unit, std::uint16_t address, const std::vector<std::uint16_t>& values,
                                        const icd::Timing& timing) {
  return write(unit, icd::Table::holding_register, address, values, timing);
}

Result<void> SimModbus::write_coil(int unit, std::uint16_t address, bool on, const icd::Timing& timing) {
  return write(unit, icd::Table::coil, address, {static_cast<std::uint16_t>(on ? 1 : 0)}, timing);
}

}  // namespace rampa::hil
