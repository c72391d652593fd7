// Inside edge/lane only: one step under way. It writes the new state and collects records and effects; at its end the
// records that nothing waits for are written as one group.
#pragma once

#include "edge/lane/lane.hpp"

namespace rampa::lane {

enum class Sense { free, occupied, unknown };
enum class Position { closed, open, between, implausible, unknown };

/// The four points of one boom.
struct BoomPoints {
  std::string_view loop, photocell, open, closed;
};

class Turn {
 public:
  Turn(State& state, const Context& context) : s(state), c(*context.config), now(context.now), boot(context.boot_number) {}

  State& s;
  const Config& c;
  const Stamp now;
  const std::string& boot;
  std::vector<Effect> effects;

  void enter(Phase phase);
  /// Queues a record of the present crossing.
  void record(RecordBody body, std::vector<Attachment> attachments = {});
  void record_for(const CrossingId& crossing, RecordBody body, std::vector<Attachment> attachments = {});
  /// Writes all queued records as one group. Returns the number of the Persist; 0 where it has to wait (see unwritten).
  std::uint64_t commit(Purpose purpose);
  std::uint64_t ask(const std::string& role, device::CommandBody body);
  /// What the light should show from now on; asked at the end of the step, and again where it was refused.
  void light(device::Boom at, device::Aspect aspect) { s.lights_wanted[at] = aspect; }
  void settle_lights();
  void notify(int level, std::string text);
  void attention(int level, std::string text);
  [[nodiscard]] bool past(MonoTime at) const { return now.mono >= at; }

 private:
  std::vector<Record> queued_;
};

// inputs.cpp
/// Unchanged for so long.
[[nodiscard]] bool steady(const State& s, std::string_view point, Duration time, MonoTime now);
[[nodiscard]] bool wired(const State& s, const Config& c, std::string_view point);
/// Unknown unless the point was read with good quality within input_age_max. An input that is not wired is free.
[[nodiscard]] Sense sense(const State& s, const Config& c, std::string_view point, MonoTime now);
[[nodiscard]] BoomPoints points_of(device::Boom boom);
[[nodiscard]] device::Boom other(device::Boom boom);
[[nodiscard]] Position position(const State& s, const Config& c, device::Boom boom, MonoTime now);
[[nodiscard]] Sense zone(const State& s, const Config& c, device::Boom boom, MonoTime now);
[[nodiscard]] bool inputs_known(const State& s, const Config& c, MonoTime now);
[[nodiscard]] bool all_booms_closed(const State& s, const Config& c, MonoTime now);
[[nodiscard]] std::vector<device::Boom> booms(const Config& c);
[[nodiscard]] bool has_role(const Config& c, std::string_view role);
[[nodiscard]] bool ready(const State& s, std::string_view role);  ///< its device has not said otherwise
void take_points(Turn& t, const device::PointImage& image, const device::Provenance& from);

// arrival.cpp
inline constexpr std::string_view behind_at_start = "somebody stands behind the boom since before the start";
void settle_starting(Turn& t);
void settle_idle(Turn& t);
/// Vehicle has left before it was released. True where that ended the crossing.
[[nodiscard]] bool settle_left(Turn& t);
/// The same while a boom that was not asked yet is to rise for it: it stays down.
[[nodiscard]] bool left_unopened(Turn& t);
/// How a crossing ends whose vehicle nobody saw pass: as it was let go, `otherwise` where it was not.
[[nodiscard]] std::string outcome_unseen(const State& s, const std::string& otherwise);
/// Terminal record; the lane is free of the crossing afterwards.
void close_crossing(Turn& t, const std::string& outcome, const std::string& summary);
/// The crossing ends by an officer, the stop or the key while its vehicle may still stand there: whoever does is held.
void close_beside_vehicle(Turn& t, const std::string& outcome, const std::string& summary);

// from_behind.cpp
/// Somebody is behind or under a boom that was down: recorded once, until the place is free again.
void watch_wrong_way(Turn& t);
/// The same while a vehicle is let go.
void watch_from_behind(Turn& t);
/// The place is free again.
void watch_wrong_way_end(Turn& t);

// evidence.cpp
void take_capture(Turn& t, const std::string& role, const device::Provenance& from, CaptureBody body,
                  std::vector<Attachment> attachments);
void take_frame(Turn& t, const std::string& role, const device::Provenance& from, const device::CameraFrame& frame,
                const std::vector<Attachment>& attachments);
[[nodiscard]] bool radiation_alarm(const CaptureBody& body);
void adopt_early(Turn& t);
/// Readings that waited were of a vehicle that will have no crossing. Radiation alarms stay: somebody has to look.
void forget_early(Turn& t);
[[nodiscard]] bool is_good(const Config& c, const Capture& capture);
[[nodiscard]] const Capture* best(const State& s, const Config& c, std::string_view role);
void settle_gathering(Turn& t);
void ask_assessment(Turn& t);
/// An officer waits for an order, and something grave has come since the assessment: it is made again, a pending order drops.
void settle_waiting(Turn& t);
/// These captures' pictures could not be stored: they are no evidence any more.
void spoil(Turn& t, const CaptureTaken& taken, const std::string& why);

// deciding.cpp
void take_assessment(Turn& t, const Assessed& answer);
void settle_assessing(Turn& t);
void settle_deciding(Turn& t);
void propose(Turn& t, VerdictGiven verdict);
/// Role of what the scanner's own aids say.
inline constexpr std::string_view scan_aids_role = "scan_aids";
void take_scan_aids(Turn& t, const device::Provenance& from, const device::ScanAids& aids);
/// What an officer reads who is called to the lane.
[[nodiscard]] std::string call_text(const State& s);

// boom.cpp
void begin_raising(Turn& t, device::Boom boom, bool reversal = false);
void begin_lowering(Turn& t);
void take_report(Turn& t, const device::CommandReport& report);
void settle_opening(Turn& t);
void settle_closing(Turn& t);
void become_faulted(Turn& t, const std::string& word, const std::string& detail);
/// An officer has looked at it.
void clear_fault(Turn& t);

// passage.cpp
/// No vehicle leaves the arrival loop and another stands on it in less. A module that is away for a moment (a busy switch, a
/// lost packet) must not cost every lorry that stands there an officer.
inline constexpr Duration swap_takes = std::chrono::seconds{3};
/// The crossing's vehicle may be another one than before: an officer has to look. Said and recorded once.
enum class Doubt { inputs_away, came_from_behind };
void doubt_identity(Turn& t, int level, Doubt why);
void watch_zone(Turn& t);
void settle_open(Turn& t);
void settle_faulted(Turn& t);
void finish_passage(Turn& t);
/// The boom failed, and its vehicle was seen to pass all the same: its crossing ends.
void finish_in_fault(Turn& t);
/// The boom is closed again, and its vehicle may have gone all the same: the inputs were away, or only the port's loop says that
/// it stands there yet.
[[nodiscard]] inline bool may_be_gone(const State& s) { return s.other_vehicle || (s.in_port && s.boom == device::Boom::second); }
/// The vehicle was under the boom, and not before it any more.
[[nodiscard]] bool passed(const Turn& t);

// scan.cpp
void settle_scanning(Turn& t);
void withhold_scan(Turn& t);
void take_scanner(Turn& t, const device::ScannerReport& report);
[[nodiscard]] bool scan_interlock(const State& s, const Config& c, MonoTime now);

// officer.cpp
void take_action(Turn& t, const OfficerAction& action);
[[nodiscard]] bool found_something(const std::string& finding);
/// Empty: done. Otherwise why it was not: the lane has changed since the order was given.
[[nodiscard]] std::string carry_out(Turn& t, const OfficerAction& action);
/// An accepted order that is not durable yet is answered with this and forgotten.
void drop_order(Turn& t, const std::string& why);
/// The same, where it says what becomes of the vehicle: it was said of what was known before.
void drop_order_for_vehicle(Turn& t, const std::string& why);

// conditions.cpp
void take_condition(Turn& t, const std::string& role, const device::DeviceEvent& event, const device::DeviceCondition& condition);
void take_started(Turn& t, const Started& started);
void take_committed(Turn& t, std::uint64_t persist);
void take_commit_failed(Turn& t, const CommitFailed& failed);
void settle_store(Turn& t);
/// Something could not be written and still is not: the lane holds.
[[nodiscard]] inline bool records_held(const State& s) { return !s.unwritten.empty() || s.rewriting != 0; }
void settle_safety(Turn& t);
void change_mode(Turn& t, const std::string& mode, const std::string& by, const std::string& reason);

}  // namespace rampa::lane
