// The outputs that a lane's wiring uses: what each was last known to be, and the pulses that must end. Every write goes
// through here and is read back. Beliefs are void after anything that could have changed the outputs behind our back.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/register_map/register_map.hpp"
#include "firmware-interfaces/device/events.hpp"
#include "firmware-interfaces/device/settings.hpp"

namespace rampa::drivers {

class OutputBank {
 public:
  OutputBank(const icd::Product& product, const device::Settings& settings, RegisterMap& map, const Clock& clock);

  [[nodiscard]] bool has(std::string_view point) const { return find(point) != nullptr; }
  /// As the lane means it (inversion applied); absent while beliefs are void.
  [[nodiscard]] std::optional<bool> believed(std::string_view point) const;

  struct Written {
    device::Outcome outcome = device::Outcome::unknown;
    bool sent = false;     ///< something may have left for the device
    bool answered = false; ///< the write itself was answered
    std::string detail;
  };
  /// Writes once and reads back. done: read back equal. refused: the device got nothing or declined. unknown: sent and
  /// not confirmed; it is not sent again.
  Written set(std::string_view point, bool on);

  /// The output goes back to off at `end`.
  void end_pulse_at(std::string_view point, MonoTime end);
  [[nodiscard]] bool pulsing() const;
  [[nodiscard]] std::optional<MonoTime> next_end() const;
  /// Ends the pulses that are over. Errors: the first write that was not confirmed.
  Result<void> end_due_pulses();

  /// Beliefs from the last poll.
  void adopt();
  /// Nothing is believed any more; pulses are forgotten.
  void forget();
  /// The first wired output that the last poll found other than believed; empty: none.
  [[nodiscard]] std::string changed_behind_us() const;

 private:
  struct Output {
    std::string point;
    const icd::Point* channel = nullptr;
    bool inverted = false;
    std::optional<bool> believed;  ///< of the channel
    std::optional<MonoTime> pulse_end;
  };
  [[nodiscard]] const Output* find(std::string_view point) const;
  [[nodiscard]] Output* find(std::string_view point);

  RegisterMap& map_;
  const Clock& clock_;
  std::vector<Output> outputs_;
};

}  // namespace rampa::drivers
