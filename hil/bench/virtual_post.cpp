#include "hil/bench/virtual_post.hpp"

#include <algorithm>
#include <type_traits>

#include "drivers/registry/registry.hpp"
#include "edge/vision/vision_pool.hpp"
#include "hil/bench/virtual_cable.hpp"
#include "hil/bench/virtual_wires.hpp"

namespace rampa::hil {
namespace {

constexpr Duration post_period = 20ms;       // how often posting cameras are looked at
constexpr Duration reading_takes = 150ms;    // our own plate reader
constexpr std::size_t deliveries_max = 4096; // the reactor's mailbox

}  // namespace

/// Where drivers put their events: delivered when the post's time reaches the moment of publishing.
class VirtualPost::Sink : public device::EventSink {
 public:
  Sink(VirtualPost& post, const CableClock& clock) : post_(post), clock_(clock) {}

  void publish(device::DeviceEvent event) override {
    if (post_.deliveries_.size() >= deliveries_max) {
      post_.watcher_.queue_over_bound("mailbox", post_.deliveries_.size(), post_.now());
      return;
    }
    post_.deliveries_.push({clock_.mono(), post_.next_order_++, std::move(event)});
  }

  Result<void> publish_durably(device::DeviceEvent event, Duration timeout) override {
    if (!post_.reactor_) return fail(ErrorCode::timeout, "the appliance is dead");
    auto answer = std::make_shared<std::optional<Result<void>>>();
    post_.watcher_.device_event(event, post_.now());
    post_.reactor_->handle(runtime::DurableEvent{std::move(event), [answer](Result<void> result) { *answer = std::move(result); }},
                           post_.clock_.now());
    // The listener's thread waits for the commit; here the store is made to answer at once, in its order.
    while (!*answer) {
      auto next = post_.store_.take_now();
      if (!next) return fail(ErrorCode::timeout, "not durable after " + std::to_string(to_ms(timeout)) + " ms");
      post_.answered(std::move(*next));
    }
    return **answer;
  }

 private:
  VirtualPost& post_;
  const CableClock& clock_;
};

VirtualPost::VirtualPost(VirtualPostSetup setup, PostWatcher& watcher)
    : setup_(std::move(setup)), watcher_(watcher), started_(clock_.mono()),
      wires_(std::make_unique<VirtualWires>(clock_)), store_(setup_.seed) {}

VirtualPost::~VirtualPost() = default;

Result<std::unique_ptr<VirtualPost>> VirtualPost::make(VirtualPostSetup setup, PostWatcher& watcher) {
  std::unique_ptr<VirtualPost> post(new VirtualPost(std::move(setup), watcher));
  for (const auto& lane : post->setup_.site.lanes) {
    LaneOptions options;
    options.two_booms = lane.kind == lane::Kind::sally_port;
    options.seed = post->setup_.seed;
    auto world = std::make_unique<SimulatedLane>(lane.id.text, LaneGeometry{}, options);
    world->advance(post->now());
    post->worlds_[lane.id.text] = std::move(world);
  }
  for (const auto& device : post->setup_.site.devices) {
    const auto product = post->setup_.site.products.find(device.icd);
    if (product == post->setup_.site.products.end()) return fail(ErrorCode::invalid, device.id.text + ": no product '" + device.icd + "'");
    auto added = post->wires_->add(device, product->second, *post->worlds_.at(device.lane.text), post->setup_.seed,
                                   post->setup_.pictures.photographs);
    if (!added) return tl::unexpected(added.error());
  }
  if (auto booted = post->boot(); !booted) return tl::unexpected(booted.error());
  return post;
}

Result<void> VirtualPost::boot() {
  const auto& site = setup_.site;
  ++boot_;
  runtime::Ports& ports = *this;
  reactor_ = std::make_unique<runtime::Reactor>(site.lanes, site.devices, setup_.profiles, std::to_string(boot_), ports);
  sinks_.clear();
  Duration stagger{0};
  for (const auto& device : site.devices) {
    auto& wires = wires_->cable(device.address.cable());
    auto it = std::find_if(cables_.begin(), cables_.end(), [&](const auto& c) { return &c->wires() == &wires; });
    if (it == cables_.end()) {
      sinks_.push_back(std::make_unique<Sink>(*this, wires.clock));
      cables_.push_back(std::make_unique<VirtualCable>(wires, *sinks_.back()));
      it = std::prev(cables_.end());
    }
    wires.clock.begin();
    auto driver = drivers::make_driver({site.products.at(device.icd), device, wires, wires.clock});
    if (!driver) return tl::unexpected(driver.error());
    stagger += 3ms;  // threads do not start in step either
    (*it)->add(device.id, std::move(*driver), now() + stagger);
  }
  for (const auto& config : site.lanes) {
    lane::Started started;
    started.held = held_lanes_.contains(config.id);
    for (const auto& [crossing, lane] : open_crossings_)
      if (lane == config.id) {
        started.unfinished.push_back(crossing);
        started.held = started.held || held_crossings_.contains(crossing);
      }
    if (auto mode = modes_.find(config.id); mode != modes_.end()) started.mode = mode->second;
    if (auto mode = plain_modes_.find(config.id); mode != plain_modes_.end()) started.mode_before = mode->second;
    started.seen_reads = seen_reads_[config.id];
    if (boot_ > 1) reactor_->handle(runtime::StartLane{config.id, std::move(started)}, clock_.now());
  }
  return {};
}

void VirtualPost::die() {
  // What a SIGKILL takes: state, timers, queues, connections and everything that was not durable.
  cables_.clear();
  sinks_.clear();
  reactor_.reset();
  store_.kill();
  deliveries_ = {};
  requests_.clear();
  wires_->hang_up();
  watcher_.killed(now());
}

MonoTime VirtualPost::next_moment(MonoTime until) const {
  MonoTime next = std::min({until, next_posts_, now() + 50ms});  // the world is looked at every 50 ms at least
  if (!deliveries_.empty()) next = std::min(next, deliveries_.top().at);
  next = std::min(next, store_.due());
  for (const auto& cable : cables_) next = std::min(next, cable->due());
  if (reactor_) next = std::min(next, reactor_->next_wake());
  return std::max(next, now());
}

void VirtualPost::run_until(MonoTime at) {
  while (now() < at) {
    const MonoTime next = next_moment(at);
    // Nothing may hold time for ever: whatever is due now is done below, then time moves on by a microsecond at least.
    clock_.move_to(std::max(next, now() + 1us));
    moment();
  }
}

void VirtualPost::moment() {
  for (auto& [name, world] : worlds_) world->advance(now());
  take_world_events();
  run_commits();
  while (reactor_ && !deliveries_.empty() && deliveries_.top().at <= now()) {
    device::DeviceEvent event = deliveries_.top().event;
    deliveries_.pop();
    watcher_.device_event(event, now());
    reactor_->handle(std::move(event), clock_.now());
  }
  if (next_posts_ <= now()) run_posts();
  for (std::size_t i = 0; i < cables_.size(); ++i) cables_[i]->run(now());
  if (reactor_) reactor_->advance(clock_.now());
  take_world_events();
  watcher_.moment(now());
}

void VirtualPost::run_commits() {
  while (auto answer = store_.take(now())) answered(std::move(*answer));
}

void VirtualPost::answered(VirtualStore::Answer answer) {
  for (const auto& record : answer.records) {
    if (std::holds_alternative<CrossingOpened>(record.body)) open_crossings_[record.crossing] = record.lane;
    if (const auto* closed = std::get_if<CrossingClosed>(&record.body)) {
      open_crossings_.erase(record.crossing);
      if (closed->summary != lane::ended_by_restart) held_lanes_.erase(record.lane);
      else if (held_crossings_.contains(record.crossing)) held_lanes_.insert(record.lane);
    }
    if (lane::held_by(record.body)) held_crossings_.insert(record.crossing);
    if (const auto* mode = std::get_if<LaneModeChanged>(&record.body)) {
      modes_[record.lane] = mode->mode;
      if (mode->mode == "in_service" || mode->mode == "out_of_service") plain_modes_[record.lane] = mode->mode;
    }
    if (const auto* capture = std::get_if<CaptureTaken>(&record.body))
      if (auto key = lane::read_key(capture->role, capture->body); !key.empty()) {
        auto& seen = seen_reads_[record.lane];
        seen.push_back(std::move(key));
        if (seen.size() > 64) seen.erase(seen.begin());
      }
    watcher_.committed(record, now());
  }
  if (reactor_) reactor_->handle(runtime::PersistDone{answer.token, std::move(answer.result)}, clock_.now());
}

void VirtualPost::run_posts() {
  next_posts_ = now() + post_period;
  wires_->run_posts(now(), reactor_ != nullptr);
}

void VirtualPost::take_world_events() {
  for (auto& [name, world] : worlds_)
    for (const auto& event : world->take_events()) watcher_.world_event(event);
}

std::vector<std::string> VirtualPost::lane_names() const {
  std::vector<std::string> names;
  for (const auto& [name, world] : worlds_) names.push_back(name);
  return names;
}

std::optional<runtime::LaneView> VirtualPost::view(const std::string& lane) const {
  if (!reactor_) return std::nullopt;
  return reactor_->view(LaneId{lane});
}

void VirtualPost::act(const LaneId& lane, lane::OfficerAction action, std::function<void(bool, const std::string&)> answered) {
  if (!reactor_) return answered(false, "the appliance is dead");
  action.request = next_request_++;
  requests_[action.request] = std::move(answered);
  reactor_->handle(runtime::OfficerEvent{lane, std::move(action)}, clock_.now());
}

bool VirtualPost::fault(const std::string& target, const std::string& name, double value, bool on) {
  if (target.rfind("world:", 0) == 0) {
    const auto lane = worlds_.find(target.substr(6));
    if (lane == worlds_.end()) return false;
    if (name == "emergency_stop") return lane->second->set_emergency_stop(on), true;
    if (name == "manual_mode") return lane->second->set_manual_mode(on), true;
    return lane->second->fault(name, value, on);
  }
  if (target == "disk") return store_.fault(name, value, on);
  if (target == "clock") return name == "step" && (clock_.step_wall(static_cast<std::int64_t>(on ? value : -value)), true);
  if (target == "appliance") {
    if (name != "kill") return false;
    if (on && reactor_) die();
    if (!on && !reactor_) return boot().has_value();
    return true;
  }
  return wires_->fault(target, name, value, on);
}

std::vector<std::string> VirtualPost::faults_of(const std::string& target) const {
  if (target.rfind("world:", 0) == 0) return SimulatedLane::faults();
  if (target == "disk") return {"full", "failing", "slow", "stalled"};
  return wires_->faults_of(target);
}

// ---- runtime::Ports ---------------------------------------------------------------------------------------------------

void VirtualPost::persist(std::uint64_t token, std::vector<Record> records) {
  if (store_.depth() >= 4096) watcher_.queue_over_bound("store", store_.depth(), now());
  store_.persist(token, std::move(records), now());
}

void VirtualPost::send(device::Command command, device::Permit permit) {
  watcher_.sent(command, now());
  for (auto& cable : cables_) {
    if (!cable->has(command.device)) continue;
    const std::uint64_t id = command.id;
    const DeviceId device = command.device;
    if (cable->send(std::move(command), std::move(permit))) return;
    device::DeviceEvent event;
    event.from = {device, clock_.now(), std::nullopt, device::Quality::good, ""};
    event.body = device::CommandReport{id, device::Outcome::refused, "the cable's command queue is full"};
    deliveries_.push({now(), next_order_++, std::move(event)});
    return;
  }
}

void VirtualPost::read_plate(const device::DeviceEvent& frame) {
  if (auto& reader = setup_.pictures.reader) {
    auto seen = vision::look_at(*reader, frame);
    if (seen && *seen) deliveries_.push({now() + reading_takes, next_order_++, std::move(**seen)});
    return;
  }
  // Our own reader as it should be: it reads the plate that is in the picture. The picture itself is not looked at.
  const auto& settings = setup_.site.devices;
  const auto it = std::find_if(settings.begin(), settings.end(), [&](const auto& d) { return d.id == frame.from.device; });
  if (it == settings.end()) return;
  const Observation seen = worlds_.at(it->lane.text)->observe();
  const bool rear = it->role == "plate_rear";
  const Lorry* lorry = rear ? seen.rear_plate : seen.front_plate;
  if (!lorry || lorry->plate_unreadable) return;
  device::PlateRead read;
  read.text = rear ? lorry->plate_rear : lorry->misread_as.empty() ? lorry->plate_front : lorry->misread_as;
  read.country = lorry->country;
  read.confidence_percent = 70;
  read.position = rear ? device::PlatePosition::rear : device::PlatePosition::front;
  read.heading = device::Heading::forward;
  read.read_id = "virtual-" + std::to_string(lorry->number) + (rear ? "r-" : "f-") + std::to_string(frame.from.received.wall.ms);
  read.reader = "virtual";
  device::DeviceEvent event;
  event.from = frame.from;
  event.from.received = clock_.now();
  event.body = std::move(read);
  event.attachments = frame.attachments;
  deliveries_.push({now() + reading_takes, next_order_++, std::move(event)});
}

void VirtualPost::answer(std::uint64_t request, bool accepted, const std::string& refusal) {
  const auto it = requests_.find(request);
  if (it == requests_.end()) return;
  auto answered = std::move(it->second);
  requests_.erase(it);
  answered(accepted, refusal);
}

void VirtualPost::notify(const LaneId& lane, int level, const std::string& text) { watcher_.notice(lane, level, text, now()); }

std::vector<Declaration> VirtualPost::declarations_for(const std::vector<std::string>& plates) {
  std::vector<Declaration> found;
  for (const auto& d : declarations_)
    for (const auto& plate : plates)
      if (!plate.empty() && (d.plate == plate || d.trailer == plate)) {
        found.push_back(d);
        break;
      }
  return found;
}

std::uint64_t VirtualPost::draw_key(const CrossingId& crossing) { return SubStream::key(setup_.seed, crossing.text, 0); }

}  // namespace rampa::hil
