// A whole post in one thread under a virtual clock: production reactor, lanes, risk and driver objects; simulated wires,
// devices, store and officer. Time moves from event to event; the same setup and the same calls always give the same run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "edge/runtime/reactor.hpp"
#include "edge/vision/plate_reader.hpp"
#include "hil/bench/device_models.hpp"
#include "hil/bench/virtual_store.hpp"
#include "hil/bench/virtual_time.hpp"
#include "hil/world/lane_world.hpp"

namespace rampa::hil {

class VirtualCable;
class VirtualWires;

/// What watches a run. All calls come in the order of virtual time.
class PostWatcher {
 public:
  virtual ~PostWatcher() = default;
  virtual void world_event(const WorldEvent& event) { (void)event; }
  virtual void device_event(const device::DeviceEvent& event, MonoTime now) { (void)event, (void)now; }
  virtual void sent(const device::Command& command, MonoTime now) { (void)command, (void)now; }
  virtual void committed(const Record& record, MonoTime now) { (void)record, (void)now; }
  virtual void notice(const LaneId& lane, int level, const std::string& text, MonoTime now) { (void)lane, (void)level, (void)text, (void)now; }
  virtual void killed(MonoTime now) { (void)now; }
  virtual void queue_over_bound(const std::string& which, std::size_t depth, MonoTime now) { (void)which, (void)depth, (void)now; }
  /// After every moment at which something happened.
  virtual void moment(MonoTime now) { (void)now; }
};

/// What the plain cameras of a virtual post show, and who reads it. Without a reader: one that never errs and does not
/// look at the picture.
struct RealPictures {
  std::vector<std::string> photographs;           ///< files; lorry N shows photograph N modulo their number
  std::shared_ptr<vision::PlateReader> reader;
};

struct VirtualPostSetup {
  config::Site site;
  std::shared_ptr<const risk::ProfileSet> profiles;
  std::uint64_t seed = 1;
  RealPictures pictures = {};
};

class VirtualPost : private runtime::Ports {
 public:
  /// Errors: not_found (no model or driver for a device), invalid.
  static Result<std::unique_ptr<VirtualPost>> make(VirtualPostSetup setup, PostWatcher& watcher);
  ~VirtualPost() override;

  /// Runs until the virtual clock shows `at`.
  void run_until(MonoTime at);
  [[nodiscard]] MonoTime now() const { return clock_.mono(); }
  [[nodiscard]] MonoTime started() const { return started_; }

  [[nodiscard]] std::vector<std::string> lane_names() const;
  [[nodiscard]] SimulatedLane& world(const std::string& lane) { return *worlds_.at(lane); }
  void declare(Declaration declaration) { declarations_.push_back(std::move(declaration)); }
  /// Queued for this moment; the answer comes to `answered`.
  void act(const LaneId& lane, lane::OfficerAction action, std::function<void(bool accepted, const std::string& refusal)> answered);
  /// Empty while the appliance is dead.
  [[nodiscard]] std::optional<runtime::LaneView> view(const std::string& lane) const;

  /// Targets: a device id, "world:LANE", "disk", "clock" (name "step", value ms), "appliance" (name "kill": dead until
  /// switched off). False: nobody knows this fault.
  bool fault(const std::string& target, const std::string& name, double value, bool on);
  /// All faults of a target that can be switched on and off.
  [[nodiscard]] std::vector<std::string> faults_of(const std::string& target) const;
  [[nodiscard]] const config::Site& site() const { return setup_.site; }

 private:
  VirtualPost(VirtualPostSetup setup, PostWatcher& watcher);
  Result<void> boot();
  void die();
  void moment();
  [[nodiscard]] MonoTime next_moment(MonoTime until) const;
  void run_commits();
  void answered(VirtualStore::Answer answer);
  void run_posts();
  void take_world_events();

  friend class VirtualCable;
  class Sink;

  // runtime::Ports
  void persist(std::uint64_t token, std::vector<Record> records) override;
  void send(device::Command command, device::Permit permit) override;
  void append_blob(const std::string& key, SharedBytes strip) override { (void)key, (void)strip; }
  void read_plate(const device::DeviceEvent& frame) override;
  void answer(std::uint64_t request, bool accepted, const std::string& refusal) override;
  void changed(const LaneId&) override {}
  void notify(const LaneId& lane, int level, const std::string& text) override;
  std::vector<Declaration> declarations_for(const std::vector<std::string>& plates) override;
  risk::WatchHits watch_hits(const risk::WatchQuestion&) override { return {}; }
  std::uint64_t draw_key(const CrossingId& crossing) override;

  struct Delivery {
    MonoTime at;
    std::uint64_t order = 0;
    device::DeviceEvent event;
  };
  struct Later {
    bool operator()(const Delivery& a, const Delivery& b) const { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  };

  VirtualPostSetup setup_;
  PostWatcher& watcher_;
  PostClock clock_;
  MonoTime started_;
  std::map<std::string, std::unique_ptr<SimulatedLane>> worlds_;
  std::unique_ptr<VirtualWires> wires_;
  std::vector<std::unique_ptr<Sink>> sinks_;           ///< one per cable
  std::vector<std::unique_ptr<VirtualCable>> cables_;  ///< empty while dead
  std::unique_ptr<runtime::Reactor> reactor_;          ///< null while dead
  VirtualStore store_;
  std::vector<Declaration> declarations_;
  std::priority_queue<Delivery, std::vector<Delivery>, Later> deliveries_;
  std::uint64_t next_order_ = 0;
  std::uint64_t boot_ = 0;
  std::uint64_t next_request_ = 1;
  std::map<std::uint64_t, std::function<void(bool, const std::string&)>> requests_;
  MonoTime next_posts_;
  std::map<CrossingId, LaneId> open_crossings_;  ///< durable, without a durable terminal record
  std::set<CrossingId> held_crossings_;          ///< durable, by lane::held_by
  std::set<LaneId> held_lanes_;                  ///< such a one was the last, ended by a restart
  std::map<LaneId, std::string> modes_;          ///< last durable LaneModeChanged
  std::map<LaneId, std::string> plain_modes_;    ///< the last of them that was in or out of service
  std::map<LaneId, std::vector<std::string>> seen_reads_;  ///< keys of late captures, oldest first
};

}  // namespace rampa::hil
