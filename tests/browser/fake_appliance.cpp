#include "tests/browser/fake_appliance.hpp"

#include <sodium.h>

#include <algorithm>

namespace rampa::tests {

std::string sha256_hex(ByteView bytes) {
  unsigned char hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, bytes.data(), bytes.size());
  char text[2 * sizeof hash + 1];
  return sodium_bin2hex(text, sizeof text, hash, sizeof hash);
}

class FakeAppliance::Reader : public store::PictureReader {
 public:
  explicit Reader(FakeAppliance& of) : of_(of) {}

  Result<std::vector<store::CrossingRow>> crossings(const store::CrossingQuery& query) override {
    std::lock_guard lock(of_.mutex_);
    std::vector<store::CrossingRow> rows;  // oldest first while it is built
    for (const auto& r : of_.records_) {
      if (r.crossing.empty()) continue;
      auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& x) { return x.id == r.crossing; });
      if (row == rows.end()) {
        store::CrossingRow fresh;
        fresh.id = r.crossing;
        fresh.lane = r.lane;
        fresh.opened = r.at;
        rows.push_back(fresh);
        row = rows.end() - 1;
      }
      fill(*row, r);
      row->acknowledged = r.sequence <= of_.store_.acknowledged;
    }
    std::reverse(rows.begin(), rows.end());
    std::vector<store::CrossingRow> wanted;
    bool reached = query.before.empty();
    for (auto& row : rows) {
      const bool fits = (query.lane.empty() || row.lane == query.lane) && (query.plate.empty() || row.plate == query.plate || row.trailer == query.plate);
      if (reached && fits && wanted.size() < query.limit) wanted.push_back(row);
      if (row.id == query.before) reached = true;
    }
    return wanted;
  }
  Result<std::vector<StoredRecord>> records_of(const CrossingId& id) override {
    std::lock_guard lock(of_.mutex_);
    std::vector<StoredRecord> found;
    for (const auto& r : of_.records_)
      if (r.crossing == id) found.push_back(r);
    return found;
  }
  Result<std::vector<Declaration>> declarations_for(const std::vector<std::string>& plates) override {
    std::lock_guard lock(of_.mutex_);
    std::vector<Declaration> found;
    for (const auto& d : of_.declarations_)
      if (std::any_of(plates.begin(), plates.end(), [&](const auto& p) { return !p.empty() && (p == d.plate || p == d.trailer); }))
        found.push_back(d);
    return found;
  }
  Result<std::uint64_t> blob_size(const std::string& sha256) override {
    std::lock_guard lock(of_.mutex_);
    auto found = of_.blobs_.find(sha256);
    if (found == of_.blobs_.end()) return fail(ErrorCode::not_found, "no picture " + sha256);
    return found->second.size();
  }
  Result<Bytes> blob_range(const std::string& sha256, std::uint64_t offset, std::size_t count) override {
    std::lock_guard lock(of_.mutex_);
    auto found = of_.blobs_.find(sha256);
    if (found == of_.blobs_.end()) return fail(ErrorCode::not_found, "no picture " + sha256);
    const Bytes& all = found->second;
    const auto from = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(offset, all.size()));
    const auto to = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(offset + count, all.size()));
    return Bytes(all.begin() + from, all.begin() + to);
  }
  Result<Bytes> blob(const std::string& sha256) override {
    ++of_.blobs_read_whole;
    std::lock_guard lock(of_.mutex_);
    const auto found = of_.blobs_.find(sha256);
    if (found == of_.blobs_.end()) return fail(ErrorCode::not_found, "no picture " + sha256);
    return found->second;
  }

 private:
  static void fill(store::CrossingRow& row, const StoredRecord& r) {
    if (const auto* capture = std::get_if<CaptureTaken>(&r.body)) {
      if (const auto* plate = std::get_if<device::PlateRead>(&capture->body))
        (capture->role == "plate_rear" ? row.trailer : row.plate) = plate->text;
      if (const auto* weigh = std::get_if<device::WeighReading>(&capture->body)) row.gross_kg = weigh->gross_g / 1000;
    } else if (const auto* made = std::get_if<AssessmentMade>(&r.body)) {
      row.channel = name_of(made->assessment.channel);
      for (const auto& hit : made->assessment.hits) row.hits.push_back(hit.profile);
    } else if (const auto* verdict = std::get_if<VerdictGiven>(&r.body)) {
      row.verdict = name_of(verdict->verdict);
      row.decided_by = verdict->decided_by;
      row.decision_ms = verdict->decision_ms;
    } else if (const auto* closed = std::get_if<CrossingClosed>(&r.body)) {
      row.outcome = closed->outcome;
    } else if (const auto* paper = std::get_if<PaperCrossing>(&r.body)) {
      row.paper = true;
      row.plate = paper->plate;
      row.trailer = paper->trailer;
      row.gross_kg = paper->gross_kg.value_or(-1);
      row.verdict = name_of(paper->verdict);
      row.decided_by = paper->decided_by;
      row.outcome = "by_hand";
    }
  }
  FakeAppliance& of_;
};

void FakeAppliance::add_lane(lane::Config config) {
  std::lock_guard lock(mutex_);
  order_.push_back(config.id);
  lane::State state;
  state.phase = lane::Phase::idle;
  const MonoTime now = clock_.mono();
  for (const auto point : {"loop_entry", "loop_boom", "loop_exit", "photocell", "boom_open", "boom_closed", "emergency_stop"})
    state.points[point] = {std::string_view(point) == "boom_closed", device::Quality::good, now, now, true};
  if (config.kind == lane::Kind::sally_port)
    for (const auto point : {"loop_boom_2", "photocell_2", "boom_open_2", "boom_closed_2"})
      state.points[point] = {std::string_view(point) == "boom_closed_2", device::Quality::good, now, now, true};
  const LaneId id = config.id;
  lanes_[id] = api::LaneSnapshot{{std::move(config), std::move(state)}, now};
}

void FakeAppliance::change(const LaneId& id, const std::function<void(lane::State&)>& how) {
  {
    std::lock_guard lock(mutex_);
    auto& snapshot = lanes_.at(id);
    how(snapshot.view.state);
    snapshot.taken = clock_.mono();
  }
  std::lock_guard lock(listener_mutex_);
  if (listener_) listener_->lane_changed(id);
}

void FakeAppliance::vouch() {
  std::lock_guard lock(mutex_);
  const MonoTime now = clock_.mono();
  for (auto& [id, snapshot] : lanes_) {
    snapshot.taken = now;
    for (auto& [name, point] : snapshot.view.state.points)
      if (point.quality == device::Quality::good) point.at = now;
  }
  for (auto& d : devices_)
    if (d.condition.level == device::ConditionLevel::ready) d.last_heard = now;
}

void FakeAppliance::notify(const LaneId& id, int level, const std::string& text) {
  std::lock_guard lock(listener_mutex_);
  if (listener_) listener_->notice({id, level, text, clock_.now()});
}

void FakeAppliance::add_device(api::DeviceView device) {
  std::lock_guard lock(mutex_);
  lanes_.at(device.lane).view.state.conditions[device.role] = device.condition;
  devices_.push_back(std::move(device));
}

void FakeAppliance::add_declaration(Declaration declaration) {
  std::lock_guard lock(mutex_);
  declarations_.push_back(std::move(declaration));
}

void FakeAppliance::record(const LaneId& lane, const CrossingId& crossing, RecordBody body, std::vector<Attachment> attachments) {
  std::lock_guard lock(mutex_);
  StoredRecord r;
  r.sequence = records_.size() + 1;
  r.boot_id = "boot-1";
  r.lane = lane;
  r.crossing = crossing;
  r.at = clock_.now();
  r.body = std::move(body);
  for (const auto& a : attachments) {
    BlobRef blob{a.name, a.media_type, sha256_hex(*a.bytes), a.bytes->size()};
    blobs_[blob.sha256] = *a.bytes;
    r.blobs.push_back(std::move(blob));
  }
  r.hash = sha256_hex(as_bytes(std::to_string(r.sequence)));
  records_.push_back(std::move(r));
  store_.last_sequence = records_.size();
}

void FakeAppliance::set_link(api::LinkView link) {
  std::lock_guard lock(mutex_);
  link_ = std::move(link);
}
void FakeAppliance::set_not_ready(std::vector<std::string> reasons) {
  std::lock_guard lock(mutex_);
  not_ready_ = std::move(reasons);
}
void FakeAppliance::set_store(const std::function<void(store::Status&)>& how) {
  std::lock_guard lock(mutex_);
  how(store_);
}
void FakeAppliance::set_post(api::PostView post) {
  std::lock_guard lock(mutex_);
  post_ = std::move(post);
}
void FakeAppliance::on_act(Act act) {
  std::lock_guard lock(mutex_);
  act_ = std::move(act);
}
void FakeAppliance::fail_audit(bool fails) {
  std::lock_guard lock(mutex_);
  audit_fails_ = fails;
}

std::vector<lane::OfficerAction> FakeAppliance::acts() const {
  std::lock_guard lock(mutex_);
  return acts_;
}
std::vector<AuditNote> FakeAppliance::audit_notes() const {
  std::lock_guard lock(mutex_);
  return notes_;
}
std::vector<StoredRecord> FakeAppliance::records() const {
  std::lock_guard lock(mutex_);
  return records_;
}

api::PostView FakeAppliance::post() const {
  std::lock_guard lock(mutex_);
  return post_;
}
std::vector<LaneId> FakeAppliance::lanes() const {
  std::lock_guard lock(mutex_);
  return order_;
}
std::optional<api::LaneSnapshot> FakeAppliance::lane(const LaneId& id) const {
  std::lock_guard lock(mutex_);
  const auto found = lanes_.find(id);
  if (found == lanes_.end()) return std::nullopt;
  return found->second;
}
std::vector<api::DeviceView> FakeAppliance::devices() const {
  std::lock_guard lock(mutex_);
  return devices_;
}
api::LinkView FakeAppliance::link() const {
  std::lock_guard lock(mutex_);
  return link_;
}
store::Status FakeAppliance::store_status() const {
  std::lock_guard lock(mutex_);
  store::Status status = store_;
  status.boot_id = "boot-1";
  return status;
}
api::ProfileSetView FakeAppliance::profiles() const {
  return {"2026-05.3", std::string(64, 'a'), 42, WallTime{clock_.now().wall.ms - 3 * 3600 * 1000}};
}

Result<lane::Answer> FakeAppliance::act(const LaneId& id, lane::OfficerAction action, Duration) {
  Act act;
  {
    std::lock_guard lock(mutex_);
    if (!lanes_.contains(id)) return fail(ErrorCode::not_found, "no lane " + id.text);
    acts_.push_back(action);
    act = act_;
  }
  auto answer = act ? act(id, action) : plain_rules(id, action);
  if (answer) {
    constexpr const char* words[] = {"confirm",   "override",   "refer",          "record_control",    "hold", "raise_channel", "vehicle_gone", "open_boom",
                                     "close_boom", "out_of_service", "return_to_service", "reset_emergency_stop"};
    record(id, action.crossing, OfficerActed{action.officer.text, action.terminal, words[static_cast<int>(action.kind)],
                                             action.reason, answer->accepted, answer->refusal, {}, {}});
  }
  return answer;
}

Result<lane::Answer> FakeAppliance::plain_rules(const LaneId& id, const lane::OfficerAction& action) {
  using lane::ActionKind;
  using lane::Phase;
  const auto before = lane(id);
  const lane::State& state = before->view.state;
  const auto refused = [](std::string why) { return lane::Answer{0, false, std::move(why)}; };
  const bool of_crossing = action.kind == ActionKind::confirm || action.kind == ActionKind::override_verdict ||
                           action.kind == ActionKind::refer || action.kind == ActionKind::record_control ||
                           action.kind == ActionKind::vehicle_gone;
  if (of_crossing && (action.crossing.empty() || action.crossing != state.crossing))
    return refused("the crossing on this page is over; look at the lane again");
  const auto decide = [&](Verdict verdict, bool overrides) {
    const VerdictGiven given{verdict, state.assessed ? state.assessed->assessment.channel : SelectivityChannel::red,
                             action.officer.text, action.second.text, action.reason, overrides, false,
                             to_ms(clock_.mono() - state.arrived.mono)};
    record(id, state.crossing, given);
    change(id, [&](lane::State& s) {
      s.verdict = given;
      s.attention_level = 0;
      s.attention.clear();
      if (verdict == Verdict::release) s.phase = Phase::opening;
    });
  };
  switch (action.kind) {
    case ActionKind::confirm:
      if (state.phase != Phase::waiting_officer) return refused("nothing waits for a decision");
      if (action.reason.empty() && lane::needs_reason(action.kind, state)) return refused("look at it, and say so as the reason");
      decide(Verdict::release, false);
      break;
    case ActionKind::override_verdict:
      if (before->view.config.override_needs_second && action.verdict == Verdict::release && action.second.empty())
        return refused("a greener verdict than assessed needs a second person");
      decide(action.verdict, true);
      break;
    case ActionKind::refer: decide(Verdict::refer, false); break;
    case ActionKind::record_control: {
      const ControlRecorded control{action.control, action.finding, action.officer.text, action.reason};
      record(id, state.crossing, control);
      change(id, [&](lane::State& s) { s.controls.push_back(control); });
      break;
    }
    case ActionKind::hold: change(id, [](lane::State& s) { s.held = true; }); break;
    case ActionKind::raise_channel:
      change(id, [&](lane::State& s) {
        s.raised = lane::Raised{action.channel, {action.control.empty() ? "physical" : action.control}, action.officer.text};
        s.held = true;
      });
      break;
    case ActionKind::vehicle_gone: change(id, [](lane::State& s) { s.phase = Phase::idle; s.crossing = {}; }); break;
    case ActionKind::out_of_service: change(id, [](lane::State& s) { s.phase = Phase::out_of_service; }); break;
    case ActionKind::return_to_service:
    case ActionKind::reset_emergency_stop: change(id, [](lane::State& s) { s.phase = Phase::idle; s.attention_level = 0; s.attention.clear(); }); break;
    case ActionKind::open_boom:
    case ActionKind::close_boom: {
      const bool open = action.kind == ActionKind::open_boom;
      change(id, [&](lane::State& s) { s.points["boom_open"].on = open; s.points["boom_closed"].on = !open; });
      break;
    }
  }
  return lane::Answer{0, true, ""};
}

Result<CrossingId> FakeAppliance::enter_paper_crossing(const LaneId& id, PaperCrossing crossing, Duration) {
  CrossingId made;
  {
    std::lock_guard lock(mutex_);
    if (!lanes_.contains(id)) return fail(ErrorCode::not_found, "no lane " + id.text);
    made.text = id.text + "-P-" + std::to_string(++paper_);
  }
  record(id, made, std::move(crossing));
  return made;
}

Result<void> FakeAppliance::write_audit_note(AuditNote note, Duration) {
  std::lock_guard lock(mutex_);
  if (audit_fails_) return fail(ErrorCode::no_space, "disk full");
  notes_.push_back(std::move(note));
  return {};
}

Result<std::unique_ptr<store::PictureReader>> FakeAppliance::picture_reader() { return std::make_unique<Reader>(*this); }

std::vector<std::string> FakeAppliance::not_ready() const {
  std::lock_guard lock(mutex_);
  return not_ready_;
}

void FakeAppliance::set_listener(api::ChangeListener* listener) {
  std::lock_guard lock(listener_mutex_);
  listener_ = listener;
}

}  // namespace rampa::tests
