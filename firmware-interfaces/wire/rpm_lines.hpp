// Radiation portal monitor line protocol (Rapiscan/TSA): ASCII lines ended by CRLF, the portal is the TCP server.
// Source: Sandia's simulator SRLS (sandialabs/SRLS, MIT, read as documentation) [D].
//
//   GB gamma background, every 5 s, counts of 1 s     NB neutron background
//   GH / GL gamma high / low fault                     NH neutron high fault
//   GS occupied gamma, every 200 ms, counts of 200 ms  GA the same, in alarm
//   NS occupied neutron, every 1 s                     NA the same, in alarm
//   SP speed                                           GX end of occupancy: occupancy counter first
//   TT tamper set                                      TC tamper clear
// Four detectors; gamma master-lower, master-upper, slave-lower, slave-upper. SRLS's own comment orders the neutron ones
// as mu, ml, su, sl: we only ever use their sum.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/device/captures.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::wire {

enum class RpmLineKind {
  gamma_background, neutron_background, gamma_high, gamma_low, neutron_high,
  gamma_occupied, gamma_alarm, neutron_occupied, neutron_alarm, speed, end_of_occupancy, tamper, tamper_clear,
};

struct RpmLine {
  RpmLineKind kind = RpmLineKind::gamma_background;
  std::array<long, 4> counts{};  ///< not for `speed`
  [[nodiscard]] long sum() const { return counts[0] + counts[1] + counts[2] + counts[3]; }
};

/// One line without its CRLF. A sixth field (the daily file's time) is allowed and not looked at.
/// Errors: bad_reply.
[[nodiscard]] Result<RpmLine> decode_rpm(std::string_view line);

/// Follows the lines of one portal and says when it became occupied, when it became free, and what it saw meanwhile.
class RpmFollower {
 public:
  struct Step {
    std::optional<bool> occupied;                        ///< changed to this
    std::optional<device::RadiationReading> reading;     ///< at the end of an occupancy
    std::optional<std::string> fault;                    ///< changed to this; empty: cleared
  };
  [[nodiscard]] Step take(const RpmLine& line);
  /// Something came that was no line. It may have been an alarm: the occupancy that runs, or one that begins before the next
  /// background line, proves nothing.
  void take_undecodable();
  /// The connection was lost: an occupancy that ran is unknown; it ends with a reading that proves nothing.
  [[nodiscard]] Step lost();
  [[nodiscard]] bool occupied() const { return occupied_; }

 private:
  [[nodiscard]] std::string fault() const;
  bool occupied_ = false;
  bool doubt_ = false;             ///< an undecodable line since the last background line
  bool background_known_ = false;
  long gamma_background_ = 0;
  // Each has its own end: a gamma background line says nothing about the neutron detectors.
  std::string gamma_fault_, neutron_fault_;
  bool tamper_ = false;
  device::RadiationReading now_;
};

}  // namespace rampa::wire
