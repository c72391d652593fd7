// The scanner of an NII lane. Rampa may only withhold: it takes its own withholding back while its part of the interlock
// holds, and withholds again as soon as anything of it is lost, the scan is there, or the time is up. It neither starts a
// scan nor prolongs one, and after a loss it never permits again by itself.
#include <algorithm>

#include "edge/lane/turn.hpp"

namespace rampa::lane {
namespace points = device::points;

bool scan_interlock(const State& s, const Config& c, MonoTime now) {
  if (c.kind != Kind::nii || s.crossing.empty()) return false;
  if (s.phase != Phase::scanning) return false;
  const auto state = s.conditions.find("scanner");
  if (state == s.conditions.end() || state->second.level != device::ConditionLevel::ready) return false;
  if (s.scanner == device::ScannerState::fault || s.scanner == device::ScannerState::estop ||
      s.scanner == device::ScannerState::maintenance || s.scanner == device::ScannerState::off)
    return false;
  return sense(s, c, points::emergency_stop, now) == Sense::free && sense(s, c, points::manual_mode, now) == Sense::free &&
         sense(s, c, points::loop_entry, now) == Sense::occupied && all_booms_closed(s, c, now) && !s.wrong_way;
}

void withhold_scan(Turn& t) {
  auto& s = t.s;
  if (!s.scan_permitted) return;
  s.scan_permitted = false;
  s.scan_over = true;
  s.scan_command = 0;
  t.ask("scanner", device::WithholdScan{true});
}

void take_scanner(Turn& t, const device::ScannerReport& report) {
  auto& s = t.s;
  const bool begins = report.state == device::ScannerState::scanning && s.scanner != device::ScannerState::scanning;
  s.scanner = report.state;
  if (!report.scan_id.empty()) s.scan_id = report.scan_id;
  if (report.state == device::ScannerState::scanning && !s.crossing.empty()) s.scan_ran = s.scan_id;
  if (begins && !s.scan_permitted) t.notify(2, "the scanner scans although Rampa withholds: it was started at the scanner");
}

void settle_scanning(Turn& t) {
  auto& s = t.s;
  const bool image = best(s, t.c, "scanner") != nullptr;
  const bool found = std::any_of(s.controls.begin(), s.controls.end(), [](const auto& c) { return c.control == "nii"; });
  const bool broken = !image && std::any_of(s.captures.begin(), s.captures.end(), [](const auto& c) { return c.role == "scanner"; });
  const bool ok = scan_interlock(s, t.c, t.now.mono);
  if (image || broken || !ok || t.past(s.scan_due)) withhold_scan(t);
  if (image && found) return ask_assessment(t);
  if (t.past(s.scan_due)) return ask_assessment(t);
  if (image) return t.attention(2, "scan is there: the operator's finding is asked for");
  if (broken || s.scan_over) return ask_assessment(t);  // lost or aborted: goes on without, which is never green
  if (ok && !s.scan_permitted) {
    s.scan_permitted = true;
    s.scan_command = t.ask("scanner", device::WithholdScan{false});
    t.attention(1, "scan permitted; the scanner decides");
  }
}

}  // namespace rampa::lane
