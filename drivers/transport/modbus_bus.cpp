#include "drivers/transport/modbus_bus.hpp"

#include "drivers/transport/modbus_line.hpp"

namespace rampa::drivers {
namespace {

class LineBus : public ModbusBus {
 public:
  explicit LineBus(std::unique_ptr<ModbusLine> line) : line_(std::move(line)) {}

  Result<std::vector<std::uint16_t>> read_registers(int unit, icd::Table table, std::uint16_t address,
                                                    std::uint16_t count, const icd::Timing& timing) override {
    if (table != icd::Table::holding_register && table != icd::Table::input_register)
      return fail(ErrorCode::invalid, "a table of bits is read with read_bits");
    return read<std::vector<std::uint16_t>>(read_request(unit, table, address, count), timing, registers_in);
  }

  Result<std::vector<bool>> read_bits(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                                      const icd::Timing& timing) override {
    if (table != icd::Table::coil && table != icd::Table::discrete_input)
      return fail(ErrorCode::invalid, "a table of registers is read with read_registers");
    return read<std::vector<bool>>(read_request(unit, table, address, count), timing, bits_in);
  }

  Result<void> write_register(int unit, std::uint16_t address, std::uint16_t value,
                              const icd::Timing& timing) override {
    return write(write_register_request(unit, address, value), timing);
  }
  Result<void> write_registers(int unit, std::uint16_t address, const std::vector<std::uint16_t>& values,
                               const icd::Timing& timing) override {
    return write(write_registers_request(unit, address, values), timing);
  }
  Result<void> write_coil(int unit, std::uint16_t address, bool on, const icd::Timing& timing) override {
    return write(write_coil_request(unit, address, on), timing);
  }
  Duration pause(int unit) override { return line_->pause(unit); }
  [[nodiscard]] std::uint64_t connections() const override { return line_->connections(); }

 private:
  template <class Values>
  Result<Values> read(const Result<ModbusRequest>& request, const icd::Timing& timing,
                      Values (*decode)(const ModbusRequest&, ByteView)) {
    if (!request) return tl::unexpected(request.error());
    const auto done = line_->exchange(*request, timing);
    if (!done.pdu) return tl::unexpected(done.pdu.error());
    return decode(*request, *done.pdu);
  }

  Result<void> write(const Result<ModbusRequest>& request, const icd::Timing& timing) {
    if (!request) return tl::unexpected(request.error());
    const auto done = line_->exchange(*request, timing);
    if (done.pdu) return {};
    const auto& error = done.pdu.error();
    const bool device_said_no = error.code == ErrorCode::refused || error.code == ErrorCode::busy;
    if (done.left && !device_said_no)
      return fail(ErrorCode::outcome_unknown,
                  error.what + " (" + std::string(name_of(error.code)) + " after the write was sent)");
    return tl::unexpected(error);
  }

  std::unique_ptr<ModbusLine> line_;
};

}  // namespace

Result<std::shared_ptr<ModbusBus>> make_modbus_bus(const device::Address& address, const Clock& clock,
                                                   std::shared_ptr<Trace> trace) {
  if (address.scheme == "modbus+rtu") {
    auto format = line_format(address);
    if (!format) return tl::unexpected(format.error());
    return std::make_shared<LineBus>(make_rtu_line(address.path, *format, clock, std::move(trace)));
  }
  if (auto host = check_host(address); !host) return tl::unexpected(host.error());
  return std::make_shared<LineBus>(make_tcp_line(address, clock, std::move(trace)));
}

}  // namespace rampa::drivers
