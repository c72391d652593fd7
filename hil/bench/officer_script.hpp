// The automatic officer of the bench: looks at a lane as the terminal shows it and says what a patient officer would do
// next. Pure; virtual runs hand its wish to the reactor, real runs to the HTTP interface.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firmware-interfaces/time.hpp"
#include "hil/bench/scenario.hpp"

namespace rampa::hil {

/// What the terminal shows of a lane.
struct LaneSight {
  std::string lane, kind, phase, crossing;
  std::string channel;              ///< empty: not assessed
  std::string verdict;              ///< of the durable verdict, empty: none
  std::vector<std::string> ordered, recorded;  ///< controls
  bool boom_closed = true;
  bool zone_free = true;            ///< nothing at the booms, as far as the terminal knows
  bool second_needed = true;        ///< for an override, and to let a vehicle out that nobody released
  bool scan_complete = false;       ///< a whole scan image is there to be looked at
  bool gone = false;                ///< nobody of the crossing is in the lane any more (seen out of the window; virtual runs)
  bool in_port = false;             ///< the lane knows that its lorry stands between the booms
  bool stranded = false;            ///< a lorry stands between the booms, and the lane does not know that it does
};

struct OfficerWish {
  std::string action;   ///< word of the HTTP interface: "override", "record_control", "return_to_service" ...
  std::string crossing, verdict, reason, control, finding;
  int boom = 1;
  bool with_second = false;
  bool let_out = false;         ///< whoever stands between the booms is waved out
  bool then_send_away = false;  ///< the lorry is told to reverse out
};

class OfficerScript {
 public:
  OfficerScript(ScenarioOfficer habits) : habits_(std::move(habits)) {}
  /// `ends_hold_as`: "release", "refuse", "wait" for the lorry at the line; empty: as the habits say.
  /// `safe`: the E-stop is released and nobody turns the key (the officer sees that).
  [[nodiscard]] std::optional<OfficerWish> look(const LaneSight& sight, const std::string& ends_hold_as, bool safe, MonoTime now);

 private:
  struct Seen {
    std::string situation;  ///< phase and crossing: a change starts the patience anew
    MonoTime since;
    int tries = 0;
  };
  ScenarioOfficer habits_;
  std::map<std::string, Seen> seen_;
};

}  // namespace rampa::hil
