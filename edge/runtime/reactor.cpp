#include "edge/runtime/reactor.hpp"

#include <algorithm>
#include <type_traits>

namespace rampa::runtime {
namespace {

constexpr Duration tick_period = 100ms;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

/// What a screen shows of a lane, as it was told last. Compared in place: most steps change nothing of it, and copying a
/// whole state for each was a sixteenth of the appliance's time.
struct Shown {
  struct Point {
    std::string name;
    bool on = false;
    device::Quality quality{};
  };
  lane::Phase phase{};
  CrossingId crossing;
  std::size_t captures = 0, controls = 0;
  std::string attention;
  int attention_level = 0;
  std::map<std::string, device::DeviceCondition, std::less<>> conditions;
  bool verdict = false, proposed = false, link_up = true;
  device::ScannerState scanner{};
  std::vector<Point> points;

  explicit Shown(const lane::State& s)
      : phase(s.phase), crossing(s.crossing), captures(s.captures.size()), controls(s.controls.size()), attention(s.attention),
        attention_level(s.attention_level), conditions(s.conditions), verdict(s.verdict.has_value()),
        proposed(s.proposed.has_value()), link_up(s.link_up), scanner(s.scanner) {
    for (const auto& [name, point] : s.points) points.push_back({name, point.on, point.quality});
  }
  [[nodiscard]] bool still(const lane::State& s) const {
    if (phase != s.phase || crossing != s.crossing || captures != s.captures.size() || controls != s.controls.size() ||
        attention != s.attention || attention_level != s.attention_level || conditions != s.conditions ||
        verdict != s.verdict.has_value() || proposed != s.proposed.has_value() || scanner != s.scanner || link_up != s.link_up)
      return false;
    return std::equal(points.begin(), points.end(), s.points.begin(), s.points.end(), [](const Point& x, const auto& y) {
      return x.name == y.first && x.on == y.second.on && x.quality == y.second.quality;
    });
  }
};

/// All of one vehicle that a watch list may name.
risk::WatchQuestion watch_question(const lane::Assess& assess, const std::vector<Declaration>& declarations, WallTime now) {
  risk::WatchQuestion vehicle;
  vehicle.now = now;
  for (const auto& read : assess.reads) vehicle.plates.push_back({read.text, read.country, read.char_confidence_percent});
  const auto once = [](std::vector<std::string>& list, const std::string& text) {
    if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  };
  for (const auto& d : declarations) {
    once(vehicle.documents, d.reference);
    once(vehicle.carriers, d.carrier);
    for (const auto* party : {&d.consignor, &d.consignee, &d.declarant, &d.carrier}) once(vehicle.operators, *party);
    for (const char* name : {"container", "declaration.container"}) {
      const auto found = d.more.find(name);
      if (found == d.more.end()) continue;
      if (const auto* one = std::get_if<std::string>(&found->second)) once(vehicle.containers, *one);
      if (const auto* list = std::get_if<std::vector<std::string>>(&found->second))
        for (const auto& code : *list) once(vehicle.containers, code);
    }
  }
  return vehicle;
}

}  // namespace

struct Reactor::Lane {
  lane::Config config;
  lane::State state;
  std::map<std::string, MonoTime> timers;
  std::shared_ptr<const risk::ProfileSet> profiles;  ///< the set the present crossing began with
  CrossingId drawn_for;
  std::uint64_t draw_key = 0;                        ///< of the crossing `drawn_for`
  std::deque<lane::Event> queue;                     ///< answers made while running effects
  bool running = false;
  Shown shown{state};
};

Reactor::Reactor(std::vector<lane::Config> lanes, std::vector<device::Settings> devices,
                 std::shared_ptr<const risk::ProfileSet> profiles, std::string boot_number, Ports& ports)
    : profiles_(std::move(profiles)), boot_number_(std::move(boot_number)), ports_(ports) {
  for (auto& config : lanes) {
    auto lane = std::make_unique<Lane>();
    lane->config = config;
    lane->profiles = profiles_;
    lanes_.emplace(config.id, std::move(lane));
  }
  for (const auto& device : devices) {
    places_[device.id] = {device.lane, device.role};
    devices_[{device.lane, device.role}] = device.id;
  }
}

Reactor::~Reactor() = default;

void Reactor::handle(ReactorEvent event, Stamp now) {
  std::visit(Overloaded{
                 [&](device::DeviceEvent& e) { device_event(std::move(e), now); },
                 [&](DurableEvent& e) { durable_event(std::move(e), now); },
                 [&](OfficerEvent& e) {
                   auto found = lanes_.find(e.lane);
                   if (found == lanes_.end()) return ports_.answer(e.action.request, false, "no such lane");
                   step(*found->second, e.action, now);
                 },
                 [&](PersistDone& e) {
                   auto found = pending_.find(e.token);
                   if (found == pending_.end()) return;
                   PendingPersist pending = std::move(found->second);
                   pending_.erase(found);
                   for (auto& done : pending.done) done(e.result);
                   auto lane = lanes_.find(pending.lane);
                   if (pending.persist == 0 || lane == lanes_.end()) return;
                   if (e.result)
                     step(*lane->second, lane::Committed{pending.persist}, now);
                   else
                     step(*lane->second, lane::CommitFailed{pending.persist, e.result.error().what, e.result.error().code == ErrorCode::invalid}, now);
                 },
                 [&](StartLane& e) {
                   if (auto found = lanes_.find(e.lane); found != lanes_.end()) step(*found->second, e.started, now);
                 },
                 [&](LinkState& e) {
                   for (auto& [id, lane] : lanes_) step(*lane, lane::LinkChanged{e.up}, now);
                 },
                 [&](NewProfiles& e) {
                   profiles_ = std::move(e.set);
                   for (auto& [id, lane] : lanes_)
                     if (lane->state.crossing.empty()) lane->profiles = profiles_;
                 },
                 [&](WriteRecords& e) {
                   const std::uint64_t token = next_token_++;
                   auto& pending = pending_[token];
                   if (e.done) pending.done.push_back(std::move(e.done));
                   ports_.persist(token, std::move(e.records));
                 },
             },
             event);
}

void Reactor::device_event(device::DeviceEvent event, Stamp now) {
  auto place = places_.find(event.from.device);
  if (place == places_.end()) return;
  Lane& lane = *lanes_.at(place->second.lane);
  if (std::holds_alternative<device::CameraFrame>(event.body)) ports_.read_plate(event);
  if (auto* strip = std::get_if<device::ScanStrip>(&event.body)) {
    for (auto& attachment : event.attachments) ports_.append_blob(strip->scan_id, attachment.bytes);
    return;
  }
  if (auto* report = std::get_if<device::CommandReport>(&event.body)) {
    auto number = commands_.find(report->command);
    if (number == commands_.end()) return;  // answered before, or of an earlier life
    report->command = number->second.second;
    commands_.erase(number);
  }
  step(lane, lane::FromDevice{place->second.role, std::move(event)}, now);
}

void Reactor::durable_event(DurableEvent wanted, Stamp now) {
  auto place = places_.find(wanted.event.from.device);
  if (place == places_.end()) return wanted.done(fail(ErrorCode::not_found, "device belongs to no lane"));
  const LaneId lane = place->second.lane;
  const std::string role = place->second.role;
  const device::DeviceEvent copy = wanted.event;
  const std::uint64_t first_token = next_token_;
  device_event(std::move(wanted.event), now);

  auto answer = [done = std::move(wanted.done)](const Result<std::vector<std::uint64_t>>& result) {
    done(result ? Result<void>{} : tl::unexpected(result.error()));
  };
  // Did the lane write it down itself? Then that group's fate is the answer.
  for (std::uint64_t token = first_token; token < next_token_; ++token) {
    auto found = pending_.find(token);
    if (found == pending_.end() || !found->second.captured_from.contains({copy.from.device, copy.from.received})) continue;
    found->second.done.push_back(std::move(answer));
    return;
  }
  // Not part of a crossing (yet): kept as a capture of the lane alone, so that "received" is true.
  Record record;
  record.lane = lane;
  record.at = now;
  CaptureTaken capture{role, copy.from, {}};
  if (const auto* plate = std::get_if<device::PlateRead>(&copy.body)) capture.body = *plate;
  else if (const auto* radiation = std::get_if<device::RadiationReading>(&copy.body)) capture.body = *radiation;
  else if (const auto* scan = std::get_if<device::ScanImage>(&copy.body)) capture.body = *scan;
  else if (const auto* weighing = std::get_if<device::WeighReading>(&copy.body)) capture.body = *weighing;
  else return answer(std::vector<std::uint64_t>{});
  record.body = std::move(capture);
  record.attachments = copy.attachments;
  std::vector<Record> records;
  records.push_back(std::move(record));
  handle(WriteRecords{std::move(records), std::move(answer)}, now);
}

void Reactor::step(Lane& lane, lane::Event event, Stamp now) {
  lane.queue.push_back(std::move(event));
  if (lane.running) return;  // an effect answered at once; it is taken after the present step
  lane.running = true;
  while (!lane.queue.empty()) {
    lane::Event next = std::move(lane.queue.front());
    lane.queue.pop_front();
    const CrossingId crossing = lane.state.crossing;
    const lane::Context context{now, &lane.config, boot_number_};
    lane::Step result = lane::step(std::move(lane.state), next, context);
    lane.state = std::move(result.state);
    if (lane.state.crossing != crossing && !lane.state.crossing.empty()) lane.profiles = profiles_;
    for (auto& effect : result.effects) run(lane, std::move(effect), now);
    if (lane.shown.still(lane.state)) continue;
    lane.shown = Shown(lane.state);
    ports_.changed(lane.config.id);
  }
  lane.running = false;
}

void Reactor::run(Lane& lane, lane::Effect effect, Stamp now) {
  std::visit(
      Overloaded{
          [&](lane::Persist& e) {
            const std::uint64_t token = next_token_++;
            auto& pending = pending_[token];
            pending.lane = lane.config.id;
            pending.persist = e.persist;
            for (const auto& record : e.records)
              if (const auto* capture = std::get_if<CaptureTaken>(&record.body))
                pending.captured_from.insert({capture->from.device, capture->from.received});
            ports_.persist(token, std::move(e.records));
          },
          [&](lane::Ask& e) { ask(lane, e, now); },
          [&](lane::Assess& e) {
            risk::Question question;
            question.facts = std::move(e.facts);
            question.declarations = ports_.declarations_for(e.plates);
            std::erase_if(question.declarations, [&](const Declaration& d) { return d.valid_until && now.wall >= *d.valid_until; });
            auto watched = ports_.watch_hits(watch_question(e, question.declarations, now.wall));
            question.watch_list_hits = std::move(watched.names);
            question.watch_lists_red = std::move(watched.red);
            question.watch_list_instructions = std::move(watched.instructions);
            question.evidence_missing = e.evidence_missing;
            question.now = now.wall;
            const auto around = ports_.surroundings(e.plates, now.wall);
            question.utc_offset_min = around.utc_offset_min;
            question.random_of_10000_min = around.random_of_10000_min;
            question.set_frozen = around.profiles_frozen;
            question.recent = around.recent;
            std::copy(std::begin(around.recent_of_channel), std::end(around.recent_of_channel), std::begin(question.recent_of_channel));
            if (around.earlier_crossings) question.facts["vehicle.earlier_crossings_30_days"] = *around.earlier_crossings;
            if (lane.drawn_for != e.crossing) {  // a crossing has one draw, however often it is assessed
              lane.drawn_for = e.crossing;
              lane.draw_key = draw_key(lane, question, e.plates, around);
            }
            question.draw_key = lane.draw_key;
            AssessmentMade made;
            made.assessment = risk::assess(*lane.profiles, question);
            for (const auto& declaration : question.declarations) made.declarations.push_back(declaration.reference);
            made.evidence_missing = std::move(e.evidence_missing);
            lane.queue.push_back(lane::Assessed{std::move(made)});
          },
          [&](lane::StartTimer& e) { lane.timers[e.timer] = e.at; },
          [&](lane::StopTimer& e) { lane.timers.erase(e.timer); },
          [&](lane::Answer& e) { ports_.answer(e.request, e.accepted, e.refusal); },
          [&](lane::Notify& e) { ports_.notify(lane.config.id, e.level, e.text); },
      },
      effect);
}

// The key is a movement's, not a crossing's: whoever turns round and lodges anew draws the same.
std::uint64_t Reactor::draw_key(const Lane& lane, const risk::Question& question, const std::vector<std::string>& plates, const Ports::Surroundings& around) {
  risk::Movement movement{lane.config.direction, {}, around.movement_begun.value_or(question.now), around.released_that_day};
  // The front plate alone: a rear one that is covered or read otherwise must not give another draw.
  if (!plates.empty()) movement.front_plate = plates.front();
  if (const auto key = risk::movement_draw_key(*lane.profiles, movement, ports_.draw_secret())) return *key;
  return ports_.draw_key(lane.drawn_for);
}

void Reactor::ask(Lane& lane, const lane::Ask& ask, Stamp now) {
  auto refuse = [&](std::string why) {
    device::DeviceEvent event;
    event.from.received = now;
    event.from.quality = device::Quality::good;
    event.body = device::CommandReport{ask.command, device::Outcome::refused, std::move(why)};
    lane.queue.push_back(lane::FromDevice{ask.role, std::move(event)});
  };
  auto device = devices_.find({lane.config.id, ask.role});
  if (device == devices_.end()) return refuse("the lane has no device in the role '" + ask.role + "'");
  device::Command command{next_command_++, device->second, ask.body, now.mono + lane.config.permit_life};
  auto permit = lane::Guard::permit(command, lane.state, lane.config, now.mono);
  if (!permit) return refuse(permit.error().what);
  commands_[command.id] = {lane.config.id, ask.command};
  ports_.send(std::move(command), std::move(*permit));
}

void Reactor::advance(Stamp now) {
  for (auto& [id, lane] : lanes_) {
    // A timer's step may start or stop others: look for the next due one afresh each time.
    for (;;) {
      auto due = std::min_element(lane->timers.begin(), lane->timers.end(),
                                  [](const auto& a, const auto& b) { return a.second < b.second; });
      if (due == lane->timers.end() || due->second > now.mono) break;
      const std::string name = due->first;
      lane->timers.erase(due);
      step(*lane, lane::TimerFired{name}, now);
    }
  }
  if (now.mono - last_tick_ < tick_period) return;
  last_tick_ = now.mono;
  for (auto& [id, lane] : lanes_) step(*lane, lane::Tick{}, now);
}

MonoTime Reactor::next_wake() const {
  MonoTime wake = last_tick_ + tick_period;
  for (const auto& [id, lane] : lanes_)
    for (const auto& [name, at] : lane->timers) wake = std::min(wake, at);
  return wake;
}

LaneView Reactor::view(const LaneId& lane) const {
  const Lane& l = *lanes_.at(lane);
  return {l.config, l.state};
}

std::vector<LaneId> Reactor::lanes() const {
  std::vector<LaneId> ids;
  for (const auto& [id, lane] : lanes_) ids.push_back(id);
  return ids;
}

}  // namespace rampa::runtime
