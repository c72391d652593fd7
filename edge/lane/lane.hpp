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
  std::vector<std::string> roles;            ///< device roles present: "io", "io_2", "scale", "plate_front", "plate_rear", "portal", "scanner"
  std::vector<std::string> required_evidence;///< roles without whose good capture the channel is never greener than yellow
  Duration evidence_deadline = 8s;           ///< from the crossing's start to its assessment; what is missing then is missing
  Duration scan_deadline = 120s;
  Duration boom_travel_max = 6s;             ///< command to feedback contact
  Duration input_age_max = 250ms;            ///< older inputs count as unknown (I2)
  Duration clear_before_lower = 2s;          ///< nothing seen for this long before the boom may close (S3)
  Duration passage_deadline = 60s;           ///< boom open without a passage
  Duration permit_life = 500ms;              ///< (S9)
  Duration presence_debounce = 300ms;        ///< a loop must be steady this long to mean an arrival
  bool override_needs_second = true;         ///< greener than assessed: a second person
  bool manual_boom_needs_second = false;
  /// Wired input points. Empty: whatever the module has reported since start counts as wired. loop_entry, loop_boom,
  /// boom_open and boom_closed are always demanded.
  std::vector<std::string> inputs;
  Duration look_back = 5s;                   ///< a plate or portal reading this long before the loop still belongs to the arrival
  Duration leave_debounce = 1s;              ///< the arrival loop must be free this long to mean "has left"
  int plate_confidence_min_percent = 60;     ///< a read below is kept but is no good evidence
  std::int64_t weigh_min_kg = 500;           ///< less on the platform is not a lorry
  std::int64_t weigh_change_max_kg = 200;    ///< more than this on top of the ticket: something else rolled on
  Duration weigh_settle = 500ms;             ///< readings agree and are without motion this long before a ticket is taken
  /// A gap in the photocell's beam while the arrival loop is still occupied means a second vehicle. Switch it off at
  /// lanes used by road trains with an open drawbar that the beam passes.
  bool gap_means_second = true;
  Duration rewrite_after = 2s;               ///< records that could not be written are tried again this long after
};

/// What an officer asks for. Authentication and roles are settled before; `second` is a second person who signed in for
/// this one action.
enum class ActionKind {
  confirm,          ///< carry out the proposed release
  override_verdict, ///< another verdict, with reason
  refer,            ///< to a supervisor or HQ
  record_control,   ///< a control's outcome (also the operator's scan finding)
  hold,             ///< before the verdict: whatever the assessment will say, an officer decides (raises, never lowers)
  raise_channel,    ///< a control beside those of the assessment, and the channel that goes with it (raises, never lowers)
  vehicle_gone,     ///< looked, and the crossing's vehicle is not there any more; ends the crossing, opens nothing
  open_boom, close_boom,
  out_of_service, return_to_service,
  reset_emergency_stop,
};
inline constexpr int action_kinds = static_cast<int>(ActionKind::reset_emergency_stop) + 1;

struct OfficerAction {
  ActionKind kind = ActionKind::confirm;
  OfficerId officer;
  OfficerId second;      ///< empty: none
  std::string terminal;
  std::string reason;
  CrossingId crossing;   ///< the crossing the officer saw; a stale tab is refused
  Verdict verdict = Verdict::release;      ///< override_verdict
  device::Boom boom = device::Boom::first; ///< open_boom, close_boom
  std::string control, finding;            ///< record_control; raise_channel: the control it orders
  SelectivityChannel channel = SelectivityChannel::red;  ///< raise_channel: yellow or red
  std::uint64_t request = 0;               ///< the reactor's key for the answer
};

// ---- events -------------------------------------------------------------------------------------------------------
struct FromDevice { std::string role; device::DeviceEvent event; };
/// Answer to the effect Assess. `crossing` as in the effect; an answer for another crossing is ignored (empty: present one).
struct Assessed { AssessmentMade made; CrossingId crossing; };
struct Committed { std::uint64_t persist = 0; };        ///< answer to the effect Persist: it is durable
struct CommitFailed {
  std::uint64_t persist = 0;
  std::string why;
  bool blobs_lost = false;  ///< trying again changes nothing while these records name growing blobs
};
struct TimerFired { std::string timer; };
struct Tick {};                                         ///< at least every 100 ms while anything is open or moving
/// What the store knows from the boot before; given once, before anything else, where there is something to tell.
struct Started {
  std::vector<CrossingId> unfinished;   ///< opened, never closed: each gets its terminal record "aborted"
  std::string mode = "in_service";      ///< last LaneModeChanged; a latched emergency stop or out_of_service outlives a reboot
  std::vector<std::string> seen_reads;  ///< keys of late captures (see read_key), so that a replay after a reboot is one
  std::string mode_before = "in_service";  ///< what an emergency stop or the key switch interrupted: comes back with the reset
  /// The last crossing, or one of the last that only restarts ended, was held (see held_by): whoever stands there now is held as well.
  bool held = false;
  std::string notice;                   ///< not empty: the mode is not known, and why; the lane stays out of service
};
/// Summary of the terminal record that Started's unfinished crossings get.
inline constexpr std::string_view ended_by_restart = "Rampa stopped before the crossing ended";
struct LinkChanged { bool up = true; };                 ///< to HQ; shown, changes nothing else
using Event = std::variant<FromDevice, OfficerAction, Assessed, Committed, CommitFailed, TimerFired, Tick, Started,
                           LinkChanged>;

// ---- effects ------------------------------------------------------------------------------------------------------
/// Write these records as one group, in order; answered by Committed or CommitFailed with the same number.
struct Persist { std::uint64_t persist = 0; std::vector<Record> records; };
/// Ask a device of this lane. For booms and the scanner the reactor first asks lane::Guard for a permit; without one the
/// command is not sent and the lane hears a CommandReport{refused}.
struct Ask { std::string role; std::uint64_t command = 0; device::CommandBody body; };
/// Assess now, with these facts; plates select the declarations, the reads behind them (best first, one per plate) are
/// asked of the watch lists.
struct Assess {
  CrossingId crossing;
  Fields facts;
  std::vector<std::string> plates;
  std::vector<std::string> evidence_missing;
  std::vector<device::PlateRead> reads = {};
};
struct StartTimer { std::string timer; MonoTime at; };   ///< replaces one of the same name
struct StopTimer { std::string timer; };
/// Answer to an officer's action.
struct Answer { std::uint64_t request = 0; bool accepted = false; std::string refusal; };
/// Something people should look at; level 1 notice, 2 call an officer, 3 alarm.
struct Notify { int level = 1; std::string text; };
using Effect = std::variant<Persist, Ask, Assess, StartTimer, StopTimer, Answer, Notify>;

// ---- state --------------------------------------------------------------------------------------------------------
/// The diagram stands in lane.cpp; each phase's part in a file of its own.
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
  std::vector<Attachment> attachments;  ///< only while the capture waits for its crossing (look-back)
};

/// Why a group of records is written, and so what its Committed means.
enum class Purpose {
  history,  ///< nothing waits for it
  verdict,  ///< the verdict in `proposed`
  order,    ///< an officer's order; never written later than asked
};

struct Group {
  Purpose purpose = Purpose::history;
  CrossingId crossing;
  std::vector<Record> records;
};

/// Whether a boom rose for the present crossing, so that its vehicle may have driven through unseen.
enum class LetGo { no, by_release, by_hand };

/// What is being done with the boom `State::boom`.
struct BoomMotion {
  device::Motion motion = device::Motion::raise;
  int asks = 0;                          ///< commands that may have reached the device; never more than 2
  std::optional<MonoTime> first_asked;   ///< also refused ones
  std::optional<MonoTime> asked;         ///< the last one
  std::optional<device::Outcome> outcome;///< of the last one
  std::string detail;
  bool reversal = false;                 ///< raising because something appeared while lowering (I7)
};

/// What officers ordered beside the assessment: "officers may raise". It is never taken back; to let go without it is an override.
struct Raised {
  SelectivityChannel channel = SelectivityChannel::yellow;
  std::vector<std::string> controls;  ///< in the order in which they were ordered
  std::string officer;                ///< the last one who did
};

/// What was seen of the passage since the boom was asked to rise.
struct Passage {
  MonoTime opened;                 ///< boom confirmed open
  bool exit_free = false;          ///< the loop behind the boom was seen free since
  bool exit_seen = false;          ///< ... and occupied after the vehicle was under the boom
  bool entry_cleared = false;      ///< the arrival loop was seen free while something was under the boom: it drove on
  std::optional<MonoTime> gap;     ///< photocell free since, while the vehicle was still passing
  bool cleared_once = false;       ///< the whole zone was free after the vehicle had been under the boom
  bool tailgate = false, stalled = false, expired = false, left = false;
  std::optional<MonoTime> away;    ///< the inputs that would show it drive are unknown since
  bool unseen = false;             ///< ... were so for a while: what happened meanwhile nobody saw
  bool contested = false;          ///< somebody came from behind, and something was under the boom: he, or the crossing's vehicle
  bool gone_unseen = false;        ///< it is not there any more, and where it went is not known
  bool halted = false;             ///< something grave was learnt after the release: no green any more
  bool closed_by_hand = false;     ///< an officer who looked ordered it closed: what only looks like one long vehicle stops it no more, until it rises again
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
  std::optional<MonoTime> last_evidence;   ///< when the last thing that the assessment waited for was there: a capture, or the deadline
  std::vector<Capture> captures;
  std::vector<std::string> seen_reads;  ///< read ids of captures used lately: a replay is not a read
  std::vector<std::string> evidence_missing;
  std::optional<AssessmentMade> assessed;
  std::optional<VerdictGiven> proposed;   ///< decided, not yet durable
  std::optional<VerdictGiven> verdict;    ///< durable
  std::uint64_t verdict_persist = 0;      ///< the Persist whose Committed releases
  std::uint64_t boom_command = 0;         ///< the last one asked, until reported
  device::Boom boom = device::Boom::first;///< the boom in motion (sally port)
  bool passed_under = false;              ///< the released vehicle has been under the boom; without a crossing: somebody is
  std::optional<MonoTime> clear_since;    ///< closing zone free since
  std::vector<ControlRecorded> controls;
  std::optional<Raised> raised;           ///< what officers ordered beside the assessment
  std::string scan_id;
  device::ScannerState scanner = device::ScannerState::off;
  std::string attention;                  ///< what the officer should know, one line
  int attention_level = 0;
  std::string attention_covered;          ///< what stood there before "records cannot be written"; comes back when they can
  int attention_covered_level = 0;
  bool link_up = true;                    ///< to HQ; shown, never a reason to stop

  std::string mode = "in_service";        ///< as in LaneModeChanged
  std::string mode_before = "in_service";  ///< what emergency stop or key switch interrupted: "in_service", "out_of_service"
  std::string start_notice;               ///< why the lane stays out of service since the start
  std::optional<MonoTime> phase_since;
  BoomMotion motion;
  Passage passage;
  std::optional<device::Boom> boom_order; ///< durable officer's order to open; ends when that boom is closed again
  bool in_port = false;                   ///< sally port: the released lorry stands between the booms
  bool standing_at_start = false;         ///< lorry was there when Rampa started
  std::optional<MonoTime> wrong_way;      ///< somebody came from behind; until the place is free again
  std::optional<MonoTime> entry_free;     ///< arrival loop known free since
  std::optional<MonoTime> not_closed;     ///< boom found away from closed, without an order, since
  MonoTime evidence_due, assess_due, scan_due;
  bool assess_again = false;              ///< something grave came after the assessment was asked
  bool held = false;                      ///< the crossing waited for an officer: policy releases it no more
  std::optional<MonoTime> entry_known;    ///< the arrival loop was last known then
  bool other_vehicle = false;             ///< the loop was unknown too long: whoever stands there may be another one
  bool stopped = false;                   ///< an officer said hold after the last word of an officer: nothing opens for that word
  std::optional<MonoTime> stayed;         ///< an officer, the stop, the key or a restart ended a crossing then, and the arrival loop was never free since
  bool seen_ahead = false;                ///< something was under the first boom, or it was not closed, during the crossing
  bool still_behind = false;              ///< the vehicle that passed last stands on the exit loop yet
  LetGo let_go = LetGo::no;               ///< until the boom is closed again with its vehicle before it
  std::map<std::string, Capture, std::less<>> frames;  ///< last picture of each plain camera since the arrival
  std::vector<Capture> early;             ///< readings that wait for an arrival (look-back)
  std::optional<MonoTime> weigh_since;    ///< readings agree and are steady since
  std::int64_t weigh_g = 0;
  bool second_on_scale = false;           ///< the ticket is spoilt for this crossing
  bool scan_permitted = false;            ///< WithholdScan{false} was asked
  std::uint64_t scan_command = 0;         ///< that one
  std::string scan_ran;                   ///< the scanner reported this scan as running during the crossing
  bool scan_over = false;                 ///< permission was withdrawn or used up; only an officer's "recheck" renews it
  std::map<std::uint64_t, std::vector<Group>> pending;  ///< asked to be written, not answered
  std::vector<Group> unwritten;           ///< could not be written; in order; the lane holds until they are
  MonoTime rewrite_at;
  std::uint64_t rewriting = 0;            ///< the Persist that writes them again
  std::uint64_t records_dropped = 0;      ///< of unwritten ones, over the bound
  std::optional<OfficerAction> order;     ///< accepted, not yet durable
  std::uint64_t order_persist = 0;        ///< the Persist that makes it so
  std::map<device::Boom, device::Aspect> lights_wanted;  ///< red unless released
  std::map<device::Boom, device::Aspect> lights;  ///< asked last and not refused
  std::map<device::Boom, std::uint64_t> light_commands;
  std::optional<MonoTime> lights_refused; ///< asked again after a pause
  std::string fault;                      ///< why faulted
  std::optional<MonoTime> wake;           ///< the timer that is set
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

/// False for the I/O modules ("io", "io_2" ...): they tell where vehicle and boom are, not what the vehicle is.
[[nodiscard]] bool gives_evidence(std::string_view role);

/// True where officers may be offered this in the lane's phase. What is allowed is decided on the order, every time.
[[nodiscard]] bool offered(ActionKind kind, const State& state);

/// The crossing's channel: the assessment's, or the one that an officer raised it to. Nothing: not assessed, not raised.
[[nodiscard]] std::optional<SelectivityChannel> channel_of(const State& state);
/// The controls that must have found nothing before it is let go: the assessment's, then those that officers ordered.
[[nodiscard]] std::vector<std::string> ordered_controls(const State& state);

/// True where the lane takes this order only with a reason.
[[nodiscard]] bool needs_reason(ActionKind kind, const State& state);

/// True where opening the boom by hand needs a second person now. Where a vehicle is held, or may stand without a release, that is
/// a release by another name, and needs what an override needs.
[[nodiscard]] bool manual_boom_needs_second(const State& state, const Config& config, MonoTime now);

/// True where this record says of its crossing that policy must not let the vehicle go any more: a verdict that holds, an officer's
/// hold or raised channel, a radiation alarm, a finding, a doubt whose vehicle it is. For Started::held.
[[nodiscard]] bool held_by(const RecordBody& record);

/// Key of a capture for telling a replay from a new one: role, the device's own id. Empty where the device gives none.
[[nodiscard]] std::string read_key(const std::string& role, const CaptureBody& body);

/// Facts for the assessment from what was captured for the crossing. Names: edge/risk/PROFILES.md.
[[nodiscard]] Fields facts_of(const State& state, const Config& config);

/// Canonical text of everything in the state that matters, for traces and hashes. Equal states, equal text.
[[nodiscard]] std::string describe(const State& state);
/// One line per effect, for traces.
[[nodiscard]] std::string describe(const Effect& effect);

/// True where every input of the closing zone of `boom` is known, good, fresh and free. (I1, I2, S1)
[[nodiscard]] bool closing_zone_free(const State& state, const Config& config, device::Boom boom, MonoTime now);

}  // namespace rampa::lane
