// What the HTTP interface needs from the appliance, and nothing else. edge/app implements it over reactor, store and
// sync; tests/browser/fake_appliance.* implements it without any of them. No HTTP and no JSON here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/api/urgent_desk.hpp"
#include "edge/crossing/records.hpp"
#include "edge/lane/lane.hpp"
#include "edge/runtime/reactor.hpp"
#include "edge/store/store.hpp"
#include "firmware-interfaces/device/events.hpp"

namespace rampa::api {

/// Who this post is. Fixed while the process runs.
struct PostView {
  PostId id;
  std::string name;     ///< for people: "Batrovci, cargo"
  std::string version;  ///< of the software
  std::string commit;   ///< empty where unknown
  bool simulated = false;  ///< demo: devices are simulators. Every page says so
};

/// What HQ says to an officer's referral.
struct HqAnswer {
  std::string answer;  ///< "release", "hold", "control"
  std::string text, who;
  WallTime at;
};

/// A lane as the reactor last saw it.
struct LaneSnapshot {
  runtime::LaneView view;
  MonoTime taken;  ///< when the reactor last vouched for this view, changed or not: renewed at least every second while
                   ///< it lives. An old one is shown as stale, never as current.
  std::optional<HqAnswer> hq_answer = {};  ///< to a referral of the crossing that stands there
};

/// A list of codes from HQ.
struct CodeListView {
  std::string name;
  std::uint64_t version = 0;
  std::size_t codes = 0;
};

/// A picture that HQ sent to compare with, for one of three.
struct ReferenceImageView {
  std::string sha256;
  std::uint64_t size_bytes = 0;
  std::string media_type;  ///< "image/jpeg", "image/png", "application/x-rampa-scan16"
  std::uint32_t width_px = 0, height_px = 0;  ///< of a scan
  std::string name, note, by;
  WallTime came;
  std::string crossing, container, plate;
};
/// What is known of a crossing, as it was read or declared.
struct ReferenceQuestion {
  CrossingId crossing;
  std::vector<std::string> plates, containers;
};

struct DeviceView {
  DeviceId id;
  LaneId lane;
  std::string role;     ///< "scale", "plate_front"...
  std::string product;  ///< ICD id
  std::string maker_model;  ///< for people: "Rinstrum C500"; empty where unknown
  std::string address;  ///< for people, without user or password
  device::DeviceCondition condition;
  std::optional<Stamp> condition_since;
  std::optional<MonoTime> last_heard;  ///< last event of any kind from it
};

/// Of what HQ lacks, by class.
struct LinkBacklog {
  std::uint64_t verdicts = 0, events = 0;  ///< records
  std::uint64_t pictures = 0;              ///< that HQ asks for at present; it asks for a few at a time
};

/// The line to HQ.
struct LinkView {
  bool configured = false;  ///< false: this post works without HQ
  bool up = false;
  std::optional<Stamp> since;         ///< up or down; while up, over this line
  std::string phase;                  ///< "waiting", "connecting", "greeting", "streaming", "forked"
  std::string line;                   ///< the broker in use, or tried, as the site file names it
  bool reserve = false;               ///< it is not the first of the site's list
  bool metered = false;               ///< it is paid by the byte: pictures and files wait
  std::string durability;             ///< of what HQ has: "disk", "standby"; empty before its first answer
  std::optional<LinkBacklog> backlog; ///< nothing before HQ's first answer since the start
  std::size_t fetches_waiting = 0;    ///< files of HQ's that wait for a line that is not metered
  bool refuses = false;               ///< HQ does not take some records; `trouble` says which and why
  std::uint64_t backlog_records = 0;  ///< durable here, not acknowledged there
  std::optional<WallTime> oldest_waiting;
  std::string trouble;                ///< empty, or what is wrong and what to do: why it is down, or what HQ refuses while it is up
  std::optional<Stamp> trouble_since;
  bool trouble_over = false;          ///< that was so a short while ago
  std::optional<Stamp> trouble_until; ///< ...until then
};

struct ProfileSetView {
  std::string version;
  std::string sha256;
  std::size_t profiles = 0;
  std::optional<WallTime> active_since;
  std::string doubt;  ///< why its age makes it doubtful, and what to do; empty: it does not
};

/// One line of /metrics that the appliance adds to the interface's own.
struct Metric {
  std::string name;    ///< Prometheus: "rampa_queue_depth"
  std::string labels;  ///< "lane=\"L1\"" or empty; bounded in number
  std::string help;
  bool counter = false;  ///< else a gauge
  double value = 0;
};

/// Something people should look at (lane::Notify on its way to the screens).
struct Notice {
  LaneId lane;
  int level = 1;  ///< 1 notice, 2 call an officer, 3 alarm
  std::string text;
  Stamp at;
};

/// Told of changes. Thread: called from the reactor's; must return at once.
class ChangeListener {
 public:
  virtual ~ChangeListener() = default;
  virtual void lane_changed(const LaneId& lane) = 0;
  virtual void notice(const Notice& notice) = 0;
};

/// Thread: every function may be called from any thread, several at once. Those without a time-out return at once.
class AppliancePort {
 public:
  virtual ~AppliancePort() = default;

  [[nodiscard]] virtual PostView post() const = 0;

  /// In the order of the site file: the order on the board, for ever.
  [[nodiscard]] virtual std::vector<LaneId> lanes() const = 0;
  /// Nothing where there is no such lane.
  [[nodiscard]] virtual std::optional<LaneSnapshot> lane(const LaneId& id) const = 0;
  [[nodiscard]] virtual std::vector<DeviceView> devices() const = 0;
  [[nodiscard]] virtual LinkView link() const = 0;
  [[nodiscard]] virtual store::Status store_status() const = 0;
  [[nodiscard]] virtual ProfileSetView profiles() const = 0;

  /// Posts the action to the lane and waits for its answer. `request` of the action is set inside.
  /// Errors: not_found (no such lane), busy (mailbox full: nothing was posted), outcome_unknown (no answer within
  /// `timeout`: it may or may not have acted; look at the lane, do not post again blindly).
  /// A refusal by the lane is no error: Answer{accepted=false, refusal}.
  [[nodiscard]] virtual Result<lane::Answer> act(const LaneId& lane, lane::OfficerAction action, Duration timeout) = 0;

  /// Writes a crossing that was noted on paper; gives it an id of its own; returns once it is durable.
  /// Errors: not_found (lane), busy, no_space, io, outcome_unknown (time-out).
  [[nodiscard]] virtual Result<CrossingId> enter_paper_crossing(const LaneId& lane, PaperCrossing crossing,
                                                                Duration timeout) = 0;

  /// Logins, account changes. Returns once durable. Errors: busy, no_space, io, outcome_unknown.
  [[nodiscard]] virtual Result<void> write_audit_note(AuditNote note, Duration timeout) = 0;

  /// HQ's code lists, by name; and one of them as JSON, nothing where there is none of this name.
  [[nodiscard]] virtual std::vector<CodeListView> code_lists() const { return {}; }
  [[nodiscard]] virtual std::optional<std::string> code_list(const std::string& name) const {
    (void)name;
    return {};
  }

  /// Pictures of HQ's for this crossing; and one of them whole, checked. Errors: not_found, io.
  [[nodiscard]] virtual std::vector<ReferenceImageView> reference_images(const ReferenceQuestion& crossing) const {
    (void)crossing;
    return {};
  }
  [[nodiscard]] virtual Result<Bytes> reference_image(const std::string& sha256) const { return fail(ErrorCode::not_found, "no reference image " + sha256); }

  /// nullptr: this post keeps none.
  [[nodiscard]] virtual UrgentDesk* urgent() { return nullptr; }

  /// A reader of its own connection; the interface keeps a few. Errors: io, busy (picture is being rebuilt).
  [[nodiscard]] virtual Result<std::unique_ptr<store::PictureReader>> picture_reader() = 0;

  /// What keeps the post from working, one line each with the remedy; empty: ready. HQ being down is not on the list.
  [[nodiscard]] virtual std::vector<std::string> not_ready() const = 0;
  /// What does not, but wants somebody's attention, one line each with the remedy.
  [[nodiscard]] virtual std::vector<std::string> notices() const { return {}; }

  [[nodiscard]] virtual std::vector<Metric> metrics() const { return {}; }

  /// At most one listener; nullptr takes it off, and after that call returns none of its functions runs any more.
  virtual void set_listener(ChangeListener* listener) = 0;
};

}  // namespace rampa::api
