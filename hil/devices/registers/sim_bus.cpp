#include "hil/devices/registers/sim_bus.hpp"

#include <algorithm>

namespace rampa::hil {
namespace {

constexpr Duration kOneWay = 1ms;  // request or answer, with the module's turnaround

tl::unexpected<Error> nothing_at(const device::Address& address) {
  return fail(ErrorCode::not_found, "nothing simulated at " + address.cable());
}

}  // namespace

Result<void> SimModbusBus::exchange(int unit, bool writes, const icd::Timing& timing,
                                    const std::function<int(RegisterModel&)>& act) {
  ++requests_;
  writes_ += writes;
  const auto struck = faults_;  // those of this exchange
  for (auto fault = faults_.begin(); fault != faults_.end();)
    fault = fault->second.count > 0 && --fault->second.count == 0 ? faults_.erase(fault) : std::next(fault);
  const auto is = [&](const char* name) { return struck.contains(name); };
  const Duration way = is("slow") ? Duration{std::chrono::milliseconds(static_cast<int>(struck.at("slow").value))} / 2 : kOneWay;
  const auto no_answer = [&](bool sent) -> Result<void> {
    spend_(timing.reply_timeout);
    connected_ = false;
    if (sent && writes) return fail(ErrorCode::outcome_unknown, "no answer to a write");
    return fail(answered_[unit] ? ErrorCode::timeout : ErrorCode::no_reply, "no answer");
  };
  if (is("disconnected")) {
    spend_(kOneWay);
    connected_ = false;
    return fail(ErrorCode::disconnected, "connection refused");
  }
  if (!connected_ || is("reconnect")) ++connections_;
  connected_ = true;
  spend_(way);
  const auto found = models_.find(unit);
  if (found == models_.end() || is("deaf")) return no_answer(true);
  found->second->advance(clock_.mono());
  const int exception = act(*found->second);
  if (is("silent") || way * 2 > timing.reply_timeout) return no_answer(true);
  spend_(way);
  answered_[unit] = true;
  if (exception == 0) return {};
  // As the real bus words it (Modbus application protocol 1.1b3, section 7).
  const std::string what = "exception " + std::to_string(exception);
  if (exception == 6) return fail(ErrorCode::busy, what);
  if (writes && (exception == 4 || exception == 5 || exception == 11)) return fail(ErrorCode::outcome_unknown, what);
  if (exception == 5) return fail(ErrorCode::busy, what);
  if (exception == 11) return fail(ErrorCode::timeout, what);
  return fail(ErrorCode::refused, what);
}

Result<std::vector<std::uint16_t>> SimModbusBus::read_registers(int unit, icd::Table table, std::uint16_t address,
                                                                std::uint16_t count, const icd::Timing& timing) {
  std::vector<std::uint16_t> words;
  auto ok = exchange(unit, false, timing, [&](RegisterModel& m) { return m.read(unit, table, address, count, words); });
  if (!ok) return tl::unexpected<Error>(ok.error());
  return words;
}

Result<std::vector<bool>> SimModbusBus::read_bits(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                                                  const icd::Timing& timing) {
  std::vector<std::uint16_t> words;
  auto ok = exchange(unit, false, timing, [&](RegisterModel& m) { return m.read(unit, table, address, count, words); });
  if (!ok) return tl::unexpected<Error>(ok.error());
  std::vector<bool> bits;
  for (const auto word : words) bits.push_back(word != 0);
  return bits;
}

Result<void> SimModbusBus::write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values,
                                 const icd::Timing& timing) {
  return exchange(unit, true, timing, [&](RegisterModel& m) { return m.write(unit, table, address, values); });
}

Result<void> SimModbusBus::write_register(int unit, std::uint16_t address, std::uint16_t value, const icd::Timing& timing) {
  return write(unit, icd::Table::holding_register, address, {value}, timing);
}
Result<void> SimModbusBus::write_registers(int unit, std::uint16_t address, const std::vector<std::uint16_t>& values,
                                           const icd::Timing& timing) {
  return write(unit, icd::Table::holding_register, address, values, timing);
}
Result<void> SimModbusBus::write_coil(int unit, std::uint16_t address, bool on, const icd::Timing& timing) {
  return write(unit, icd::Table::coil, address, {static_cast<std::uint16_t>(on ? 1 : 0)}, timing);
}

bool SimModbusBus::fault(std::string_view name, double value, bool on) {
  if (on) return fault_next(name, value, -1);
  faults_.erase(std::string(name));
  const auto known = faults();
  return std::find(known.begin(), known.end(), name) != known.end();
}

bool SimModbusBus::fault_next(std::string_view name, double value, int count) {
  const auto known = faults();
  if (std::find(known.begin(), known.end(), name) == known.end()) return false;
  faults_.insert_or_assign(std::string(name), Fault{value, count});
  return true;
}

Result<std::shared_ptr<drivers::ByteStream>> SimModbusTransports::stream(const device::Address& a) { return nothing_at(a); }
Result<std::shared_ptr<drivers::HttpClient>> SimModbusTransports::http(const device::Address& a) { return nothing_at(a); }
Result<std::shared_ptr<drivers::PushListener>> SimModbusTransports::push(const device::Address& a) { return nothing_at(a); }
Result<std::shared_ptr<drivers::ModbusBus>> SimModbusTransports::modbus(const device::Address& a) {
  const auto found = buses_.find(a.cable());
  if (found == buses_.end()) return nothing_at(a);
  return found->second;
}

}  // namespace rampa::hil
