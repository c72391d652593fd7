// The core reactor: all lanes on one thread, driven by values. It owns the lanes' states and runs their effects through
// ports. Production wraps it in a thread with a mailbox; the simulation calls handle() directly. Never blocks.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "edge/lane/guard.hpp"
#include "edge/lane/lane.hpp"
#include "edge/risk/risk.hpp"
#include "edge/risk/watch_list.hpp"
#include "firmware-interfaces/device/driver.hpp"
#include "firmware-interfaces/device/settings.hpp"

namespace rampa::runtime {

/// Where the reactor puts what it wants done. All calls return at once.
class Ports {
 public:
  virtual ~Ports() = default;
  /// Answered later by PersistDone with the same token.
  virtual void persist(std::uint64_t token, std::vector<Record> records) = 0;
  /// To the device's host. The permit is empty-handed for devices that move nothing (cameras).
  virtual void send(device::Command command, device::Permit permit) = 0;
  /// A strip of a growing scan.
  virtual void append_blob(const std::string& key, SharedBytes strip) = 0;
  /// A frame for the vision pool; answered by a DeviceEvent with a PlateRead from the same device.
  virtual void read_plate(const device::DeviceEvent& frame) = 0;
  /// An officer's answer.
  virtual void answer(std::uint64_t request, bool accepted, const std::string& refusal) = 0;
  /// A screen should be told that this lane changed.
  virtual void changed(const LaneId& lane) = 0;
  virtual void notify(const LaneId& lane, int level, const std::string& text) = 0;
  /// Declarations for these plates and the watch lists that the vehicle is on, or perhaps on (WatchList::hits),
  /// from memory (an immutable snapshot).
  virtual std::vector<Declaration> declarations_for(const std::vector<std::string>& plates) = 0;
  virtual risk::WatchHits watch_hits(const risk::WatchQuestion& vehicle) = 0;
  /// What the post has just done and what time it is there.
  struct Surroundings {
    std::int32_t utc_offset_min = 0;
    std::int64_t recent = 0, recent_of_channel[4] = {0, 0, 0, 0};  ///< crossings in the window of the capacity caps
    std::uint16_t random_of_10000_min = 0;                         ///< the site's
    bool profiles_frozen = false;                                  ///< risk::Question::set_frozen
    std::optional<std::int64_t> earlier_crossings;                 ///< releases of the first plate in the last 30 days
    std::optional<WallTime> movement_begun;                        ///< the first plate's: risk::Movement; nothing: now
    std::int64_t released_that_day = 0;                            ///< likewise
  };
  virtual Surroundings surroundings(const std::vector<std::string>& plates, WallTime now) {
    (void)plates, (void)now;
    return {};
  }
  /// The post's own key of draws, where the set has none. Zeros: there is none either.
  virtual risk::DrawSecret draw_secret() { return {}; }
  /// A draw key for an assessment whose movement is not known (production: random; simulation: seeded). Stored with the assessment.
  virtual std::uint64_t draw_key(const CrossingId& crossing) = 0;
};

struct PersistDone { std::uint64_t token = 0; Result<std::vector<std::uint64_t>> result; };
struct OfficerEvent { LaneId lane; lane::OfficerAction action; };
struct LinkState { bool up = false; };
/// What the store knows of this lane from the boot before. Given once, before the lane's first device event.
struct StartLane { LaneId lane; lane::Started started; };
/// Records that belong to no lane's machine (paper crossings, audit notes); answered through `done`.
struct WriteRecords { std::vector<Record> records; std::function<void(const Result<std::vector<std::uint64_t>>&)> done; };
/// A device event whose sender waits until it is durable.
struct DurableEvent { device::DeviceEvent event; std::function<void(Result<void>)> done; };

/// A newer set: a crossing that has begun finishes on the one it began with.
struct NewProfiles { std::shared_ptr<const risk::ProfileSet> set; };

using ReactorEvent = std::variant<device::DeviceEvent, DurableEvent, OfficerEvent, PersistDone, LinkState, WriteRecords, StartLane, NewProfiles>;

/// What screens see of a lane; a value.
struct LaneView {
  lane::Config config;
  lane::State state;
};

class Reactor {
 public:
  Reactor(std::vector<lane::Config> lanes, std::vector<device::Settings> devices,
          std::shared_ptr<const risk::ProfileSet> profiles, std::string boot_number, Ports& ports);
  ~Reactor();

  void handle(ReactorEvent event, Stamp now);
  /// Fires due timers and ticks.
  void advance(Stamp now);
  /// When advance() is wanted next.
  [[nodiscard]] MonoTime next_wake() const;
  [[nodiscard]] LaneView view(const LaneId& lane) const;
  [[nodiscard]] std::vector<LaneId> lanes() const;
  [[nodiscard]] std::shared_ptr<const risk::ProfileSet> profiles() const { return profiles_; }

 private:
  struct Lane;
  struct PendingPersist {
    LaneId lane;
    std::uint64_t persist = 0;  ///< the lane's own number; 0: not a lane's
    std::set<std::pair<DeviceId, Stamp>> captured_from;
    std::vector<std::function<void(const Result<std::vector<std::uint64_t>>&)>> done;
  };

  void step(Lane& lane, lane::Event event, Stamp now);
  void run(Lane& lane, lane::Effect effect, Stamp now);
  std::uint64_t draw_key(const Lane& lane, const risk::Question& question, const std::vector<std::string>& plates, const Ports::Surroundings& around);
  void ask(Lane& lane, const lane::Ask& ask, Stamp now);
  void device_event(device::DeviceEvent event, Stamp now);
  void durable_event(DurableEvent wanted, Stamp now);

  std::map<LaneId, std::unique_ptr<Lane>> lanes_;
  struct Place { LaneId lane; std::string role; };
  std::map<DeviceId, Place> places_;
  std::map<std::pair<LaneId, std::string>, DeviceId> devices_;
  std::shared_ptr<const risk::ProfileSet> profiles_;
  std::string boot_number_;
  Ports& ports_;
  std::uint64_t next_token_ = 1;
  std::uint64_t next_command_ = 1;
  std::map<std::uint64_t, PendingPersist> pending_;
  std::map<std::uint64_t, std::pair<LaneId, std::uint64_t>> commands_;  ///< wire command id -> lane's number
  MonoTime last_tick_;
};

}  // namespace rampa::runtime
