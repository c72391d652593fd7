// The lane as a pure state machine: step(state, event, context) -> {state, effects}. It never calls a device, a disk, a
// clock or a random generator. Everything it is told is in the event or the context; everything it wants is an effect.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "edge/crossing/assessment.hpp"
#include "edge/crossing/records.hpp"
#include "firmware-interfaces/device/commands.hpp"
#include "firmware-interfaces/device/events.hpp"
#include "firmware-interfaces/device/lane_points.hpp"

namespace rampa::lane {

enum class Kind {
  cargo,       ///< one boom
  sally_port,  ///< two booms; never both open
  nii,         ///< one boom behind a scanner: request scan, wait for image and operator's finding
};

/// Settings of one lane, from the site file. Immutable while the process runs.
struct Config {
  LaneId id;
  Kind kind = Kind::cargo;
  std::string direction = "entry";
  std::vector<std::string> roles;            ///< device roles present: "io", "scale", "plate_front", "plate_rear", "portal", "scanner"
  std::vector<std::string> required_evidence;///< roles without whose good capture the channel is never greener than yellow
  Duration evidence_deadline = 8s;           ///< from arrival to assessment, whatever is missing then is missing
  Duration scan_deadline = 120s;
  Duration boom_travel_max = 6s;             ///< command to feedback contact
  Duration input_age_max = 250ms;            ///< older inputs count as unknown (I2)
  Duration clear_before_lower = 2s;          ///< nothing seen for this long before the boom may close (S3)
  Duration passage_deadline = 60s;           ///< boom open without a passage
  Duration permit_life = 500ms;              ///< (S9)
  Duration presence_debounce = 300ms;        ///< a loop must be steady this long to mean an arrival
  bool override_needs_second = true;         ///< greener than assessed: a second person
  bool manual_boom_needs_second = false;
};

/// What an officer asks for. Authentication and roles are settled before; `second` is a second person who signed in for
/// this one action.
enum class ActionKind {
  confirm,          ///< carry out the proposed release
  override_verdict, ///< another verdict, with reason
  refer,            ///< to a supervisor or HQ
  record_control,   ///< a control's outcome (also the operator's scan finding)
  open_boom, close_boom,
  out_of_service, return_to_service,
  reset_emergency_stop,
};

struct OfficerAction {
  ActionKind kind = ActionKind::confirm;
  OfficerId officer;
  OfficerId second;      ///< empty: none
  std::string terminal;
  std::string reason;
  CrossingId crossing;   ///< the crossing the officer saw; a stale tab is refused
  Verdict verdict = Verdict::release;      ///< override_verdict
  device::Boom boom = device::Boom::first; ///< open_boom, close_boom
  std::string control, finding;            ///< record_control
  std::uint64_t request = 0;               ///< the reactor's key for the answer
};

// ---- events -------------------------------------------------------------------------------------------------------
struct FromDevice { std::string role; device::DeviceEvent event; };
struct Assessed { AssessmentMade made; };               ///< answer to the effect Assess
struct Committed { std::uint64_t persist = 0; };        ///< answer to the effect Persist: it is durable
struct CommitFailed { std::uint64_t persist = 0; std::string why; };
struct TimerFired { std::string timer; };
struct Tick {};                                         ///< at least every 100 ms while anything is open or moving
using Event = std::variant<FromDevice, OfficerAction, Assessed, Committed, CommitFailed, TimerFired, Tick>;

// ---- effects ------------------------------------------------------------------------------------------------------
/// Write these records as one group, in order; answered by Committed or CommitFailed with the same number.
struct Persist { std::uint64_t persist = 0; std::vector<Record> records; };
/// Ask a device of this lane. For booms and the scanner the reactor first asks lane::Guard for a permit; without one the
/// command is not sent and the lane hears a CommandReport{refused}.
struct Ask { std::string role; std::uint64_t command = 0; device::CommandBody body; };
/// Assess now, with these facts; plates select the declarations.
struct Assess { CrossingId crossing; Fields facts; std::vector<std::string> plates; std::vector<std::string> evidence_missing; };
struct StartTimer { std::string timer; MonoTime at; };   ///< replaces one of the same name
struct StopTimer { std::string timer; };
/// Answer to an officer's action.
struct Answer { std::uint64_t request = 0; bool accepted = false; std::string refusal; };
/// Something people should look at; level 1 notice, 2 call an officer, 3 alarm.
struct Notify { int level = 1; std::string text; };
using Effect = std::variant<Persist, Ask, Assess, StartTimer, StopTimer, Answer, Notify>;

// ---- state --------------------------------------------------------------------------------------------------------
/// The diagram stands in lane.cpp.
enum class Phase {
  starting,        ///< after boot: inputs not known yet
  idle,            ///< free, closed, waiting
  gathering,       ///< lorry present, evidence comes in
  scanning,        ///< NII: scan requested or running
  assessing,       ///< risk::assess asked
  deciding,        ///< verdict is being committed
  waiting_officer, ///< held: yellow, red, missing evidence
  opening,         ///< release committed, boom asked to rise
  open,            ///< boom is open; lorry passes
  closing,         ///< clear; boom asked to lower
  faulted,         ///< boom did what it should not, or did not do what it should: an officer's look is needed
  out_of_service,
  emergency_stop,  ///< latched until reset by an officer and the chain is closed
};

[[nodiscard]] std::string_view name_of(Phase phase);

/// A point's last value. Unknown until read; `at` is when its bytes arrived.
struct Point {
  bool on = false;
  device::Quality quality = device::Quality::bad;
  MonoTime at;
  MonoTime changed;  ///< when `on` last changed
  bool known = false;
};

struct Capture {
  std::string role;
  device::Provenance from;
  CaptureBody body;
};

/// Everything the machine knows. A value: copyable, comparable by its parts, written by step alone.
struct State {
  Phase phase = Phase::starting;
  std::map<std::string, Point, std::less<>> points;
  std::map<std::string, device::DeviceCondition, std::less<>> conditions;  ///< by role
  CrossingId crossing;
  std::uint64_t crossings = 0;       ///< opened in this boot, for the next id
  std::uint64_t next_number = 1;     ///< for persist and command numbers
  Stamp arrived;                     ///< trigger of the crossing
  std::optional<MonoTime> last_evidence;
  std::vector<Capture> captures;
  std::vector<std::string> seen_reads;  ///< read ids of captures used lately: a replay is not a read
  std::vector<std::string> evidence_missing;
  std::optional<AssessmentMade> assessed;
  std::optional<VerdictGiven> proposed;   ///< decided, not yet durable
  std::optional<VerdictGiven> verdict;    ///< durable
  std::uint64_t verdict_persist = 0;      ///< the Persist whose Committed releases
  std::uint64_t boom_command = 0;         ///< the last one asked, until reported
  device::Boom boom = device::Boom::first;///< the boom in motion (sally port)
  bool passed_under = false;              ///< the released vehicle has been under the boom
  std::optional<MonoTime> clear_since;    ///< closing zone free since
  std::vector<ControlRecorded> controls;
  std::string scan_id;
  device::ScannerState scanner = device::ScannerState::off;
  std::string attention;                  ///< what the officer should know, one line
  int attention_level = 0;
  bool link_up = true;                    ///< to HQ; shown, never a reason to stop
};

/// What is outside the machine but counts as an argument.
struct Context {
  Stamp now;
  const Config* config = nullptr;
  std::string boot_number;  ///< part of crossing ids
};

struct Step {
  State state;
  std::vector<Effect> effects;
};

/// Pure. Thread: any.
[[nodiscard]] Step step(State state, const Event& event, const Context& context);

/// True where every input of the closing zone of `boom` is known, good, fresh and free. (I1, I2, S1)
[[nodiscard]] bool closing_zone_free(const State& state, const Config& config, device::Boom boom, MonoTime now);

}  // namespace rampa::lane
