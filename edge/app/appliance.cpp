#include "edge/app/appliance.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "edge/app/draw_secret.hpp"
#include "edge/app/kept_sets.hpp"
#include "edge/app/lanes_before.hpp"
#include "edge/app/profiles_file.hpp"
#include "edge/app/version.hpp"
#include "edge/vision/plates/plate_read.hpp"

namespace rampa::app {
namespace {

constexpr std::size_t mailbox_depth_max = 4096;
constexpr std::size_t vision_threads = 2;
constexpr std::size_t vision_queue_max = 64;

std::string address_text(const device::Address& a) {
  std::string text = a.scheme + "://" + a.host;
  if (a.port) text += ":" + std::to_string(a.port);
  text += a.path;
  if (auto unit = a.query.find("unit"); unit != a.query.end()) text += " unit " + unit->second;
  return text;
}

}  // namespace

Appliance::Appliance(config::Site site, std::shared_ptr<const risk::ProfileSet> profiles, std::unique_ptr<store::Store> store,
                     runtime::SystemClock& clock, bool simulated, SharedBytes profiles_bytes)
    : site_(std::move(site)),
      profiles_(std::move(profiles)),
      profiles_bytes_(std::move(profiles_bytes)),
      store_(std::move(store)),
      clock_(clock),
      simulated_(simulated),
      started_(clock.now()),
      core_(clock, mailbox_depth_max),
      ear_(*this),
      transports_(drivers::make_real_transports(clock)) {}

Appliance::~Appliance() {
  stop();
  store_.reset();  // its thread answers into the core's mailbox until here
}

Result<void> Appliance::start() {
  for (const std::string& damaged : codes_.load()) spdlog::error("code list of HQ: {}", damaged);
  for (const std::string& damaged : references_.load()) spdlog::error("reference image of HQ: {}", damaged);
  const auto before = store_->status();
  LanesBefore lanes_before(*store_, site_.directory);  // while nothing of this boot is written
  boot_number_ = std::to_string(before.boot_number);
  draw_secret_ = own_draw_secret(site_.directory);
  const WallTime now = clock_.now().wall;
  auto picture = store_->picture_reader();
  auto loaded = picture ? recent_.load(**picture, lanes(), now) : Result<void>(tl::unexpected(picture.error()));
  if (!loaded) {
    if (!picture) recent_.nothing_known(now);
    spdlog::error("earlier crossings cannot be read, so capacity caps and counts of earlier crossings begin anew: {}; `rampa verify` says what is damaged", loaded.error().what);
  }

  for (const auto& settings : site_.devices) {
    heard_[settings.id] = {};
    const auto product = site_.products.find(settings.icd);
    if (product == site_.products.end())
      return fail(ErrorCode::invalid, "device " + settings.id.text + ": no ICD '" + settings.icd + "'");
    auto driver = drivers::make_driver({product->second, settings, *transports_, clock_});
    if (!driver) return fail(driver.error().code, "device " + settings.id.text + ": " + driver.error().what);
    const std::string cable = settings.address.cable();
    auto host = std::find_if(hosts_.begin(), hosts_.end(), [&](const auto& h) { return h->cable() == cable; });
    if (host == hosts_.end()) {
      hosts_.push_back(std::make_unique<runtime::DeviceHost>(cable, clock_, ear_));
      host = hosts_.end() - 1;
      (*host)->on_executed = [this](const device::Command& command, MonoTime started) {
        const auto took = release_latency_.end(command.id, started);
        if (took && took->total > 200ms)
          spdlog::info("a release took {} ms from its last evidence to the transport, {} ms of it to the command", to_ms(took->total), to_ms(took->to_command));
      };
    }
    (*host)->add(settings.id, std::move(*driver));
    host_of_[settings.id] = host->get();
  }

  const auto& countries = site_.plates.certified_countries;
  const auto make_reader = [&countries] { return vision::plates::make_net_reader(vision::plates::ReaderFiles::usual(), {countries.begin(), countries.end()}); };
  auto vision = vision::VisionPool::start(make_reader, vision_threads, vision_queue_max,
                                          [this](device::DeviceEvent event) { core_.publish(std::move(event)); },
                                          [this](const device::DeviceEvent& frame) { camera_watch_.look(frame); });
  if (!vision) return tl::unexpected(vision.error());
  vision_ = std::move(*vision);

  auto reactor = std::make_unique<runtime::Reactor>(site_.lanes, site_.devices, profiles_, boot_number_,
                                                    static_cast<runtime::Ports&>(*this));
  // The first record of this boot, then what each lane left unfinished in the one before, then the devices.
  Waiter<Result<void>> booted;
  Record record;
  record.at = clock_.now();
  record.body = Booted{described_version(), profiles_->version(), before.clean_before};
  // Not where room is short: the start matters more, and the set's own file is still there.
  if (profiles_bytes_ && before.writable && !keeps_set(site_.directory, profiles_->sha256())) {
    if (auto sealed = seal_set(site_.directory, profiles_->sha256(), *profiles_bytes_, profiles_->risk_unit_key())) record.attachments.push_back(std::move(*sealed));
    else spdlog::error("profile set {} is not kept yet, so what is assessed with it can't be made again: {}", profiles_->version(), sealed.error().what);
  }
  reactor->handle(runtime::WriteRecords{{std::move(record)}, booted.for_records()}, clock_.now());
  for (const auto& lane : site_.lanes) {
    reactor->handle(runtime::StartLane{lane.id, lanes_before.of(lane.id)}, clock_.now());
  }
  core_.start(std::move(reactor), [this](const LaneId& lane) {
    std::lock_guard lock(listener_mutex_);
    if (listener_) listener_->lane_changed(lane);
  });
  const auto written = booted.wait(10s);
  if (!written) return fail(ErrorCode::timeout, "the first record of this start was not written in 10 s: the disk is too slow or hangs");
  if (!*written) return fail(written->error().code, "the first record of this start could not be written: " + written->error().what);
  for (auto& host : hosts_) host->start();
  return {};
}

void Appliance::stop() {
  // Their threads first, for they publish to the core; the objects last, for the core still sends to them until it stops.
  for (auto& host : hosts_) host->stop();
  core_.stop();
  hosts_.clear();
  host_of_.clear();
  vision_.reset();
}

// ---- ports of the reactor ------------------------------------------------------------------------------------------

void Appliance::persist(std::uint64_t token, std::vector<Record> records) {
  for (const auto& record : records) recent_.note(record);
  store_->persist(std::move(records), [this, token](Result<std::vector<std::uint64_t>> result) {
    core_.answer(runtime::PersistDone{token, std::move(result)});
  });
}

void Appliance::send(device::Command command, device::Permit permit) {
  auto host = host_of_.find(command.device);
  if (host == host_of_.end()) return;
  const auto* move = std::get_if<device::MoveBoom>(&command.body);
  if (move && move->motion == device::Motion::raise && move->boom == device::Boom::first) {
    for (const auto& settings : site_.devices) {
      if (settings.id != command.device) continue;
      const auto& state = core_.reactor().view(settings.lane).state;
      // Only the first raise of a release by policy: an officer's thinking time is not software's, nor is a boom that
      // has to rise again.
      auto& measured = measured_[settings.lane];
      if (state.verdict && state.verdict->decided_by == "policy" && state.last_evidence && measured != state.crossing)
        release_latency_.begin(command.id, *state.last_evidence, clock_.mono());
      measured = state.crossing;
    }
  }
  host->second->send(std::move(command), std::move(permit));
}

void Appliance::read_plate(const device::DeviceEvent& frame) { vision_->add(frame); }

std::uint64_t Appliance::draw_key(const CrossingId&) { return runtime::random_bits(); }

runtime::Ports::Surroundings Appliance::surroundings(const std::vector<std::string>& plates, WallTime now) {
  Surroundings around;
  around.utc_offset_min = runtime::utc_offset_min(now);
  around.random_of_10000_min = site_.random_of_10000_min;
  around.profiles_frozen = now.ms > fresh_until_ms_;
  around.recent = recent_.count();
  for (const auto channel : {SelectivityChannel::green, SelectivityChannel::blue, SelectivityChannel::yellow, SelectivityChannel::red})
    around.recent_of_channel[static_cast<int>(channel)] = recent_.count(channel);
  if (!plates.empty() && !plates.front().empty()) {
    around.earlier_crossings = recent_.released(plates.front(), now);
    const auto beginning = recent_.movement(plates.front(), now);
    around.movement_begun = beginning.at;
    around.released_that_day = beginning.released_that_day;
  }
  return around;
}

Result<void> Appliance::use_profiles(std::shared_ptr<const risk::ProfileSet> set, SharedBytes bytes, std::optional<AuditNote> installed) {
  // Its bytes first: an assessment whose set nobody has any more could never be made again.
  Record note;
  note.at = clock_.now();
  note.body = AuditNote{"profile_set_activated", "rampa", set->version() + " " + set->sha256()};
  if (!keeps_set(site_.directory, set->sha256())) {
    auto sealed = seal_set(site_.directory, set->sha256(), *bytes, set->risk_unit_key());
    if (!sealed) return tl::unexpected(sealed.error());
    note.attachments.push_back(std::move(*sealed));
  }
  std::vector<Record> records{std::move(note)};
  if (installed) records.push_back(Record{{}, {}, clock_.now(), std::move(*installed), {}});
  if (auto written = write_and_wait(std::move(records), 10s); !written) return written;
  {
    std::lock_guard lock(profiles_mutex_);
    profiles_ = set;
    profiles_since_ = clock_.now().wall;
  }
  core_.answer(runtime::NewProfiles{std::move(set)});
  return {};
}

Result<void> Appliance::keep_profiles(const risk::ProfileSet& set, SharedBytes bytes) {
  if (keeps_set(site_.directory, set.sha256())) return {};
  if (const auto status = store_->status(); !status.writable) return fail(ErrorCode::no_space, status.trouble);  // the reserve is for verdicts
  Record note;
  note.at = clock_.now();
  note.body = AuditNote{"profile_set_kept", "rampa", set.version() + " " + set.sha256()};
  auto sealed = seal_set(site_.directory, set.sha256(), *bytes, set.risk_unit_key());
  if (!sealed) return tl::unexpected(sealed.error());
  note.attachments.push_back(std::move(*sealed));
  return write_and_wait({std::move(note)}, 10s);
}

void Appliance::answer(std::uint64_t request, bool accepted, const std::string& refusal) {
  std::optional<Waiter<lane::Answer>> waiter;
  {
    std::lock_guard lock(answers_mutex_);
    auto found = answers_.find(request);
    if (found == answers_.end()) return;
    waiter = found->second;
    answers_.erase(found);
  }
  waiter->give({request, accepted, refusal});
}

void Appliance::notify(const LaneId& lane, int level, const std::string& text) {
  spdlog::log(level >= 3 ? spdlog::level::warn : spdlog::level::info, "lane={} level={} {}", lane.text, level, text);
  std::lock_guard lock(listener_mutex_);
  if (listener_) listener_->notice({lane, level, text, clock_.now()});
}

// ---- devices -------------------------------------------------------------------------------------------------------

void Appliance::Ear::note(const device::DeviceEvent& event) {
  const auto* condition = std::get_if<device::DeviceCondition>(&event.body);
  {
    std::lock_guard lock(appliance_.heard_mutex_);
    auto& heard = appliance_.heard_[event.from.device];
    if (condition) {
      heard.condition = *condition;
      heard.condition_since = event.from.received;
    } else {
      heard.last = event.from.received.mono;
    }
  }
  if (condition)
    spdlog::info("device={} condition={} fault={} {}", event.from.device.text, name_of(condition->level), condition->fault,
                 condition->detail);
}

void Appliance::Ear::publish(device::DeviceEvent event) {
  if (std::holds_alternative<device::DeviceCondition>(event.body)) return appliance_.camera_watch_.take(std::move(event));
  hand_on(std::move(event));
}

void Appliance::Ear::hand_on(device::DeviceEvent event) {
  note(event);
  appliance_.core_.publish(std::move(event));
}

Result<void> Appliance::Ear::publish_durably(device::DeviceEvent event, Duration timeout) {
  note(event);
  return appliance_.core_.publish_durably(std::move(event), timeout);
}

bool Appliance::all_threads_alive() {
  bool alive = true;
  auto moved = [&](const void* who, std::uint64_t beats) {
    auto [seen, fresh] = beats_seen_.try_emplace(who, beats);
    if (!fresh && seen->second == beats) alive = false;
    seen->second = beats;
  };
  moved(&core_, core_.beats());
  for (const auto& host : hosts_) moved(host.get(), host->beats());
  moved(store_.get(), store_->beats());
  return alive;
}

// ---- api::AppliancePort --------------------------------------------------------------------------------------------

api::PostView Appliance::post() const { return {site_.post, site_.name, std::string(version), std::string(commit), simulated_}; }

std::vector<LaneId> Appliance::lanes() const {
  std::vector<LaneId> ids;
  for (const auto& lane : site_.lanes) ids.push_back(lane.id);
  return ids;
}

std::optional<api::LaneSnapshot> Appliance::lane(const LaneId& id) const {
  auto view = core_.view(id);
  if (!view) return std::nullopt;
  api::LaneSnapshot snapshot{view->view, view->taken, {}};
  const CrossingId& crossing = snapshot.view.state.crossing;
  std::lock_guard lock(hq_answers_mutex_);
  for (const auto& [of, answer] : hq_answers_)
    if (!crossing.empty() && of == crossing) snapshot.hq_answer = answer;
  return snapshot;
}

void Appliance::show_answer(const CrossingId& crossing, api::HqAnswer answer) {
  constexpr std::size_t answers_max = 64;
  {
    std::lock_guard lock(hq_answers_mutex_);
    hq_answers_.emplace_back(crossing, std::move(answer));
    if (hq_answers_.size() > answers_max) hq_answers_.pop_front();
  }
  for (const LaneId& id : lanes()) {
    const auto view = core_.view(id);
    if (!view || view->view.state.crossing != crossing) continue;
    std::lock_guard lock(listener_mutex_);
    if (listener_) listener_->lane_changed(id);
  }
}

std::vector<api::DeviceView> Appliance::devices() const {
  std::vector<api::DeviceView> views;
  std::lock_guard lock(heard_mutex_);
  for (const auto& settings : site_.devices) {
    const auto& heard = heard_.at(settings.id);
    const auto& product = site_.products.at(settings.icd);
    views.push_back({settings.id, settings.lane, settings.role, settings.icd,
                     product.maker + (product.models.empty() ? "" : " " + product.models.front()),
                     address_text(settings.address), heard.condition, heard.condition_since, heard.last});
  }
  return views;
}

api::LinkView Appliance::link() const {
  const auto status = store_->status();
  std::lock_guard lock(link_mutex_);
  api::LinkView view = link_report_.view(clock_.mono());
  view.configured = site_.sync.enabled;
  view.backlog_records = status.last_sequence - std::min(status.acknowledged, status.last_sequence);
  return view;
}

void Appliance::link_changed(const sync::LinkStatus& link) {
  std::vector<LinkReport::Line> lines;
  bool changed = false;
  {
    std::lock_guard lock(link_mutex_);
    changed = link_report_.view(clock_.mono()).up != link.up;
    lines = link_report_.take(link, clock_.now());
  }
  for (const auto& line : lines) spdlog::log(line.warns ? spdlog::level::warn : spdlog::level::info, "{}", line.text);
  if (changed) core_.answer(runtime::LinkState{link.up});
}

api::ProfileSetView Appliance::profiles() const {
  const WallTime now = clock_.now().wall, fresh_until{fresh_until_ms_};
  std::lock_guard lock(profiles_mutex_);
  std::string doubt = profiles_->doubt(now);
  if (now > fresh_until) doubt += (doubt.empty() ? "" : "; ") + frozen_text(fresh_until);
  return {profiles_->version(), profiles_->sha256(), profiles_->size(), profiles_since_.ms ? profiles_since_ : started_.wall, std::move(doubt)};
}

Result<lane::Answer> Appliance::act(const LaneId& lane, lane::OfficerAction action, Duration timeout) {
  if (!core_.view(lane)) return fail(ErrorCode::not_found, "there is no lane " + lane.text);
  Waiter<lane::Answer> waiter;
  {
    std::lock_guard lock(answers_mutex_);
    action.request = next_request_++;
    answers_.emplace(action.request, waiter);
  }
  const std::uint64_t request = action.request;
  auto forget = [&] {
    std::lock_guard lock(answers_mutex_);
    answers_.erase(request);
  };
  if (!core_.command(runtime::OfficerEvent{lane, std::move(action)})) {
    forget();
    return fail(ErrorCode::busy, "the lane has too much to do; nothing was done, try again");
  }
  if (auto answer = waiter.wait(timeout)) return *answer;
  forget();
  return fail(ErrorCode::outcome_unknown, "the lane did not answer in time; look at it before you try again");
}

Result<void> Appliance::write_and_wait(std::vector<Record> records, Duration timeout) {
  Waiter<Result<void>> written;
  if (!core_.command(runtime::WriteRecords{std::move(records), written.for_records()}))
    return fail(ErrorCode::busy, "the post has too much to do; nothing was written, try again");
  auto result = written.wait(timeout);
  if (!result) return fail(ErrorCode::outcome_unknown, "the store did not answer in time");
  return *result;
}

Result<CrossingId> Appliance::enter_paper_crossing(const LaneId& lane, PaperCrossing crossing, Duration timeout) {
  if (!core_.view(lane)) return fail(ErrorCode::not_found, "there is no lane " + lane.text);
  // "P" keeps it apart from crossings that the lane itself counted in this boot.
  const CrossingId id{lane.text + "-" + boot_number_ + "-P" + std::to_string(++paper_number_)};
  Record record{lane, id, clock_.now(), std::move(crossing), {}};
  auto written = write_and_wait({std::move(record)}, timeout);
  if (!written) return tl::unexpected(written.error());
  return id;
}

Result<void> Appliance::write_audit_note(AuditNote note, Duration timeout) {
  Record record;
  record.at = clock_.now();
  record.body = std::move(note);
  auto written = write_and_wait({std::move(record)}, timeout);
  if (!written) return tl::unexpected(written.error());
  return {};
}

std::vector<std::string> Appliance::notices() const {
  const auto doubt = profiles().doubt;
  return doubt.empty() ? std::vector<std::string>{} : std::vector<std::string>{"the profile set: " + doubt};
}

std::vector<std::string> Appliance::not_ready() const {
  std::vector<std::string> reasons;
  const auto status = store_->status();
  if (!status.writable) reasons.push_back("the journal can't be written: " + status.trouble);
  if (clock_.now().mono - core_.last_round() > 5s) reasons.push_back("the lanes' thread does not come round");
  if (urgent_)
    if (auto trouble = urgent_->trouble(); !trouble.empty()) reasons.push_back(std::move(trouble));
  if (clock_.now().wall.ms < 1'700'000'000'000) reasons.push_back("the machine's clock is before 2023: set it or check NTP");
  return reasons;
}

std::vector<api::Metric> Appliance::metrics() const {
  const auto latency = release_latency_.percentiles();
  const auto status = store_->status();
  std::uint64_t turns = 0;
  for (const auto& host : hosts_) turns += host->beats();
  return {
      {"rampa_device_polls_total", "", "Turns of the devices' threads: a poll or a command each", true, static_cast<double>(turns)},
      {"rampa_telemetry_dropped_total", "", "Point images and weighings dropped because the lanes were behind", true,
       static_cast<double>(core_.telemetry_dropped())},
      {"rampa_releases_by_policy_total", "", "Boom commands after a release by policy", true, static_cast<double>(latency.count)},
      {"rampa_release_latency_ms", "quantile=\"0.5\"", "Last evidence received to boom command handed to the transport", false, latency.p50_ms},
      {"rampa_release_latency_ms", "quantile=\"0.99\"", "", false, latency.p99_ms},
      {"rampa_release_latency_ms", "quantile=\"1\"", "", false, latency.max_ms},
      {"rampa_profile_set_doubtful", "", "1 while the profile set is out of date, issued in the future, or no longer confirmed by headquarters", false, profiles().doubt.empty() ? 0.0 : 1.0},
      {"rampa_profile_set_frozen", "", "1 while the timestamp of the bundles' trusted state has expired: headquarters no longer confirms the set", false, clock_.now().wall.ms > fresh_until_ms_ ? 1.0 : 0.0},
      {"rampa_fdatasync_ms", "quantile=\"0.99\"", "The disk's share", false, static_cast<double>(status.fdatasync_p99.count()) / 1e6},
  };
}

void Appliance::set_listener(api::ChangeListener* listener) {
  std::lock_guard lock(listener_mutex_);
  listener_ = listener;
}

}  // namespace rampa::app
