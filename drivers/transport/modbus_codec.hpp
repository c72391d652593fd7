// The one door to libmodbus. Its context works on a descriptor that we opened ourselves, its recovery modes stay off
// (they sleep inside the call), its time-out per byte is off (one deadline for the whole reply), its float functions
// (byte-swapped in Debian's build) and its reading functions (they check neither unit nor length) are never called.
#pragma once

#include <memory>

#include "drivers/transport/port.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::drivers {

class ModbusCodec {
 public:
  enum class Framing { tcp, rtu };
  /// What came in within the time.
  enum class Outcome {
    frame,     ///< a frame; RTU: its CRC is right. TCP: nothing but its size by function code was looked at
    stranger,  ///< RTU: something that starts with another unit's number; its CRC was not looked at
    bad_crc,   ///< RTU
    garbage,   ///< bytes that are no frame
    timeout,
    closed,
  };
  struct Received {
    Outcome outcome = Outcome::timeout;
    Bytes frame;  ///< as on the wire, with MBAP or CRC; also of strangers and bad CRCs, as far as its length is known
  };

  explicit ModbusCodec(Framing framing);
  ~ModbusCodec();
  ModbusCodec(const ModbusCodec&) = delete;
  ModbusCodec& operator=(const ModbusCodec&) = delete;

  /// The port stays the caller's. Errors: io (descriptor number too high for libmodbus' select()).
  Result<void> use(const Port& port);
  /// RTU only: for TCP libmodbus would always send transaction id 0, which no reply could be told by.
  /// Errors: disconnected (nothing left), outcome_unknown (a part left).
  Result<void> send_rtu(int unit, ByteView pdu);
  /// Waits for one frame, at most `timeout` in all. `unit`: whose reply is awaited (RTU).
  Received receive(int unit, Duration timeout);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  Framing framing_;
};

}  // namespace rampa::drivers
