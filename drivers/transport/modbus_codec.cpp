#include "drivers/transport/modbus_codec.hpp"

#include <modbus/modbus.h>
#include <sys/select.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "drivers/transport/modbus_pdu.hpp"

namespace rampa::drivers {

struct ModbusCodec::Context {
  modbus_t* modbus = nullptr;
  ~Context() {
    // No modbus_close(): for RTU it would restore terminal settings that it never saved.
    if (modbus) modbus_free(modbus);
  }
};

ModbusCodec::ModbusCodec(Framing framing) : context_(std::make_unique<Context>()), framing_(framing) {
  // The names and numbers here are never used: the descriptor comes from a Port.
  context_->modbus =
      framing == Framing::tcp ? modbus_new_tcp("127.0.0.1", 502) : modbus_new_rtu("none", 9600, 'N', 8, 1);
  if (!context_->modbus) return;
  modbus_set_error_recovery(context_->modbus, MODBUS_ERROR_RECOVERY_NONE);
  modbus_set_byte_timeout(context_->modbus, 0, 0);
}

ModbusCodec::~ModbusCodec() = default;

Result<void> ModbusCodec::use(const Port& port) {
  if (!context_->modbus) return fail(ErrorCode::io, "libmodbus made no context");
  // libmodbus waits with select(), which writes past its set for descriptors above.
  if (port.descriptor() >= FD_SETSIZE)
    return fail(ErrorCode::io, "descriptor " + std::to_string(port.descriptor()) + ": libmodbus takes fewer than " +
                                   std::to_string(FD_SETSIZE) + " open files");
  modbus_set_socket(context_->modbus, port.descriptor());
  return {};
}

Result<void> ModbusCodec::send_rtu(int unit, ByteView pdu) {
  Bytes raw{static_cast<std::uint8_t>(unit)};
  raw.insert(raw.end(), pdu.begin(), pdu.end());
  const int wanted = static_cast<int>(raw.size()) + 2;
  const int sent = modbus_send_raw_request(context_->modbus, raw.data(), static_cast<int>(raw.size()));
  if (sent == wanted) return {};
  if (sent > 0) return fail(ErrorCode::outcome_unknown, "only a part of the request was sent");
  return fail(ErrorCode::disconnected, modbus_strerror(errno));
}

ModbusCodec::Received ModbusCodec::receive(int unit, Duration timeout) {
  const auto us = std::max<std::int64_t>(timeout.count() / 1000, 1000);  // 0 would mean an error to libmodbus
  modbus_set_response_timeout(context_->modbus, static_cast<std::uint32_t>(us / 1'000'000),
                              static_cast<std::uint32_t>(us % 1'000'000));
  if (framing_ == Framing::rtu) modbus_set_slave(context_->modbus, unit);
  std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> buffer{};
  const int n = modbus_receive_confirmation(context_->modbus, buffer.data());
  if (n > 0) return {Outcome::frame, {buffer.begin(), buffer.begin() + n}};
  const auto size = std::min(rtu_reply_size(buffer), buffer.size());
  const Bytes rtu(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
  if (n == 0) return {Outcome::stranger, rtu};
  switch (errno) {
    case ETIMEDOUT:
      return {Outcome::timeout, {}};
    case EMBBADCRC:
      return {Outcome::bad_crc, rtu};
    case EMBBADDATA:
      return {Outcome::garbage, {}};
    default:
      return {Outcome::closed, {}};
  }
}

}  // namespace rampa::drivers
