// Captures: which belong to the crossing, which are good, and when there is enough to assess.
//
// A capture counts only if its bytes arrived after the trigger of the crossing, or (plates and portal only) up to
// look_back before it. A device's own id of a reading is used once.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "edge/lane/turn.hpp"

namespace rampa::lane {

namespace {
constexpr std::size_t keys_max = 256;       // replays are told for that many captures
constexpr std::size_t captures_per_role = 8;  // kept of one device for one crossing; all are recorded
constexpr std::size_t early_max = 16;
constexpr std::int64_t same_mass_g = 50'000;
constexpr std::string_view own_plate_reader = "rampa";  // PlateRead::reader

bool before_release(Phase phase) { return phase >= Phase::gathering && phase <= Phase::waiting_officer; }
bool passing(Phase phase) { return phase == Phase::opening || phase == Phase::open || phase == Phase::closing; }

// True where this very reading was seen before; remembers it otherwise.
bool is_replay(State& s, const std::string& role, const CaptureBody& body) {
  std::vector<std::string> keys;
  if (auto key = read_key(role, body); !key.empty()) keys.push_back(std::move(key));
  if (const auto* plate = std::get_if<device::PlateRead>(&body); plate && plate->captured && !plate->text.empty()) {
    // the same picture under a new id is still the same picture
    keys.push_back(role + "|" + std::to_string(plate->captured->ms) + "|" + plate->text);
  }
  for (const auto& key : keys) {
    if (std::find(s.seen_reads.begin(), s.seen_reads.end(), key) != s.seen_reads.end()) return true;
  }
  for (auto& key : keys) s.seen_reads.push_back(std::move(key));
  if (s.seen_reads.size() > keys_max) s.seen_reads.erase(s.seen_reads.begin(), s.seen_reads.end() - keys_max);
  return false;
}

// What its reader vouches for is worth more than any confidence without that.
bool better(const device::PlateRead& a, const device::PlateRead& b) {
  return a.uncertified != b.uncertified ? b.uncertified : a.confidence_percent > b.confidence_percent;
}

// Our own reader certified two texts for one vehicle: one of them is wrong, or another vehicle's. A camera that reads itself vouches for
// nothing; what its reads say differently is a fact that profiles ask for.
bool contradicted(const State& s, std::string_view role, const device::PlateRead& read) {
  return read.reader == own_plate_reader && std::any_of(s.captures.begin(), s.captures.end(), [&](const Capture& capture) {
    const auto* other = std::get_if<device::PlateRead>(&capture.body);
    return other && capture.role == role && other->reader == read.reader && !other->uncertified && other->text != read.text;
  });
}

// The lane needs not wait for a better one: there is a good capture, and of a plate one that may let it go.
bool settled(const State& s, const Config& c, std::string_view role) {
  const Capture* capture = best(s, c, role);
  const auto* plate = capture ? std::get_if<device::PlateRead>(&capture->body) : nullptr;
  return capture && !(plate && plate->uncertified);
}

// Of many reads of one plate only those are kept that say something new; one that is better than all before always does.
bool says_something_new(const State& s, const std::string& role, const device::PlateRead& read) {
  std::size_t count = 0;
  bool best_yet = true;
  for (const auto& capture : s.captures) {
    const auto* other = std::get_if<device::PlateRead>(&capture.body);
    if (!other || capture.role != role) continue;
    ++count;
    if (other->text == read.text && !better(read, *other)) return false;
    best_yet = best_yet && better(read, *other);
  }
  return count < captures_per_role || best_yet;
}

// A plate is read: a plain camera looks a little longer for a better read and then rests. One that reads itself refuses.
void rest_camera(Turn& t, const Capture& capture) {
  const auto* plate = std::get_if<device::PlateRead>(&capture.body);
  if (t.s.phase != Phase::gathering || !plate || plate->uncertified || settled(t.s, t.c, capture.role)) return;
  if (is_good(t.c, capture)) t.ask(capture.role, device::TakeFrames{1s});
}

void keep(Turn& t, Capture capture, std::vector<Attachment> attachments) {
  auto& s = t.s;
  rest_camera(t, capture);
  t.record(CaptureTaken{capture.role, capture.from, capture.body}, std::move(attachments));
  if (is_good(t.c, capture) && (s.phase == Phase::gathering || s.phase == Phase::scanning))
    s.last_evidence = std::max(s.last_evidence.value_or(MonoTime{}), capture.from.received.mono);
  capture.attachments.clear();
  const auto same = [&](const Capture& old) { return old.role == capture.role; };
  if (static_cast<std::size_t>(std::count_if(s.captures.begin(), s.captures.end(), same)) >= captures_per_role) {
    const auto oldest = std::find_if(s.captures.begin(), s.captures.end(),
                                     [&](const Capture& old) { return same(old) && !radiation_alarm(old.body); });
    if (oldest == s.captures.end()) return;  // nothing but alarms: one more says nothing new
    s.captures.erase(oldest);
  }
  s.captures.push_back(std::move(capture));
}

void take_weighing(Turn& t, const std::string& role, const device::Provenance& from, const device::WeighReading& reading,
                   std::vector<Attachment> attachments) {
  auto& s = t.s;
  const MonoTime at = from.received.mono;
  Capture capture{role, from, reading, {}};
  if (!before_release(s.phase) || s.in_port || s.second_on_scale || at < s.arrived.mono) return;
  if (!is_good(t.c, capture)) {
    s.weigh_since.reset();
    return;
  }
  if (!s.weigh_since || std::llabs(reading.gross_g - s.weigh_g) > same_mass_g) {
    s.weigh_since = at;
    s.weigh_g = reading.gross_g;
    return;
  }
  if (at - *s.weigh_since < t.c.weigh_settle) return;
  const Capture* ticket = best(s, t.c, role);
  if (!ticket) return keep(t, std::move(capture), std::move(attachments));
  const auto before = std::get<device::WeighReading>(ticket->body).gross_g;
  if (reading.gross_g - before <= t.c.weigh_change_max_kg * 1000) return;
  s.second_on_scale = true;
  for (auto& other : s.captures) {
    if (other.role != role) continue;
    other.from.quality = device::Quality::suspect;
    other.from.reason = "mass rose after the ticket";
  }
  t.record(PassageSeen{"second_vehicle_on_scale", "mass rose by " + std::to_string((reading.gross_g - before) / 1000) + " kg after the ticket"});
  t.attention(2, "a second vehicle is on the scale");
  s.assess_again = true;
}

void grave(Turn& t) {
  auto& s = t.s;
  t.attention(3, "radiation alarm");
  s.assess_again = true;
  if (!passing(s.phase)) return;
  s.passage.halted = true;
  t.light(s.boom, device::Aspect::red);
}

// Between the booms a vehicle is past every device of the arrival. One that was let go before the boom failed, or while nobody
// saw the lane, may be.
bool may_be_past(const Turn& t) {
  const auto& s = t.s;
  const auto& p = s.passage;
  const bool unwatched = p.unseen || (p.away && t.now.mono - *p.away >= swap_takes);
  const bool crosses = passing(s.phase) && !s.crossing.empty();
  return s.in_port || (s.phase == Phase::faulted && s.let_go != LetGo::no) || (crosses && (p.entry_cleared || p.left || p.gone_unseen || unwatched));
}

// While one vehicle passes, the next may already be read. Its readings wait for its own crossing.
bool belongs_to_next(const Turn& t, const std::string& role) {
  const auto& s = t.s;
  const bool crosses = passing(s.phase) && !s.crossing.empty();
  // The released vehicle's front is past the boom: whatever the front camera reads now comes behind it, however close.
  if (role == "plate_front" && crosses && s.passed_under) return true;
  return may_be_past(t) && (role == "plate_front" || sense(s, t.c, device::points::loop_entry, t.now.mono) == Sense::occupied);
}

void wait_for_next(Turn& t, Capture capture) {
  auto& early = t.s.early;
  std::erase_if(early, [&](const Capture& old) { return old.from.received.mono < t.now.mono - t.c.look_back * 4; });
  if (early.size() >= early_max) {
    const auto plain = std::find_if(early.begin(), early.end(), [](const Capture& old) { return !radiation_alarm(old.body); });
    early.erase(plain == early.end() ? early.begin() : plain);
  }
  early.push_back(std::move(capture));
}

}  // namespace

bool radiation_alarm(const CaptureBody& body) {
  const auto* r = std::get_if<device::RadiationReading>(&body);
  return r && (r->gamma_alarm || r->neutron_alarm);
}

std::string read_key(const std::string& role, const CaptureBody& body) {
  if (const auto* plate = std::get_if<device::PlateRead>(&body))
    return plate->read_id.empty() ? std::string{} : role + "|" + plate->read_id;
  if (const auto* scan = std::get_if<device::ScanImage>(&body))
    return scan->scan_id.empty() ? std::string{} : role + "|" + scan->scan_id;
  if (const auto* r = std::get_if<device::RadiationReading>(&body)) {
    // portals count occupancies from zero after a reboot: the number alone could hide an alarm
    return role + "|" + std::to_string(r->occupancy) + "|" + std::to_string(r->gamma_peak_cps) + "|" +
           std::to_string(r->gamma_background_cps) + "|" + std::to_string(r->neutron_peak_cps);
  }
  return {};
}

bool gives_evidence(std::string_view role) { return role.substr(0, 2) != "io"; }

bool is_good(const Config& c, const Capture& capture) {
  if (capture.from.quality != device::Quality::good) return false;
  if (const auto* w = std::get_if<device::WeighReading>(&capture.body))
    return w->usable() && w->gross_g >= c.weigh_min_kg * 1000;
  if (const auto* p = std::get_if<device::PlateRead>(&capture.body))
    return !p->text.empty() && p->confidence_percent >= c.plate_confidence_min_percent && p->heading != device::Heading::reverse;
  if (const auto* r = std::get_if<device::RadiationReading>(&capture.body)) return !r->portal_fault;
  if (const auto* i = std::get_if<device::ScanImage>(&capture.body)) return i->complete && i->lines_missing == 0;
  return false;
}

const Capture* best(const State& s, const Config& c, std::string_view role) {
  const Capture* found = nullptr;
  for (const auto& capture : s.captures) {
    if (capture.role != role || !is_good(c, capture)) continue;
    const auto* plate = std::get_if<device::PlateRead>(&capture.body);
    const auto* before = found ? std::get_if<device::PlateRead>(&found->body) : nullptr;
    if (plate && before && !better(*plate, *before)) continue;
    found = &capture;  // of readings without confidence the last one
  }
  return found;
}

void take_capture(Turn& t, const std::string& role, const device::Provenance& from, CaptureBody body,
                  std::vector<Attachment> attachments) {
  auto& s = t.s;
  Capture capture{role, from, std::move(body), {}};
  const auto condition = s.conditions.find(role);
  if (condition != s.conditions.end() && capture.from.quality == device::Quality::good &&
      condition->second.level >= device::ConditionLevel::suspect) {
    capture.from.quality = device::Quality::suspect;
    capture.from.reason = "device is " + std::string(device::name_of(condition->second.level)) + ": " + condition->second.fault;
  }
  if (const auto* weighing = std::get_if<device::WeighReading>(&capture.body))
    return take_weighing(t, role, capture.from, *weighing, std::move(attachments));
  const auto* scan = std::get_if<device::ScanImage>(&capture.body);
  if (is_replay(s, role, capture.body)) {
    if (!scan) return;
    // Scanners count from one again after a restart. A scan that the scanner reported while it ran is this vehicle's;
    // any other under a known number is recorded and counts for nothing.
    if (scan->scan_id != s.scan_ran && capture.from.quality == device::Quality::good) {
      capture.from.quality = device::Quality::suspect;
      capture.from.reason = "a scan of this number came before";
    }
  }
  const MonoTime at = capture.from.received.mono;
  const bool alarm = radiation_alarm(capture.body);
  const Duration back = std::holds_alternative<device::ScanImage>(capture.body) ? Duration{} : t.c.look_back;
  const bool of_crossing = !s.crossing.empty() && at >= s.arrived.mono - back && !belongs_to_next(t, role);
  if (!of_crossing) {
    t.record_for({}, CaptureTaken{capture.role, capture.from, capture.body}, attachments);
    if (alarm) t.notify(3, "radiation alarm");
    if (std::holds_alternative<device::ScanImage>(capture.body)) return;
    capture.attachments = std::move(attachments);
    return wait_for_next(t, std::move(capture));
  }
  if (const auto* plate = std::get_if<device::PlateRead>(&capture.body); plate && !says_something_new(s, role, *plate)) return;
  // Nobody knows whose: the next one is looked at as well.
  if (alarm && may_be_past(t) && sense(s, t.c, device::points::loop_entry, t.now.mono) == Sense::unknown) wait_for_next(t, capture);
  keep(t, std::move(capture), std::move(attachments));
  if (alarm) grave(t);
}

void take_scan_aids(Turn& t, const device::Provenance& from, const device::ScanAids& aids) {
  auto& s = t.s;
  Capture capture{std::string(scan_aids_role), from, aids, {}};
  const bool known = std::any_of(s.captures.begin(), s.captures.end(), [&](const Capture& c) {
    const auto* scan = std::get_if<device::ScanImage>(&c.body);
    return scan && scan->scan_id == aids.scan_id;
  });
  const bool of_crossing = !s.crossing.empty() && (known || aids.scan_id == s.scan_ran);
  // Once per scan; by the crossing and not by seen_reads, for scanners count from one again after a restart.
  const bool again = std::any_of(s.captures.begin(), s.captures.end(), [&](const Capture& c) {
    const auto* said = std::get_if<device::ScanAids>(&c.body);
    return said && said->scan_id == aids.scan_id;
  });
  if (!of_crossing || again) return t.record_for({}, CaptureTaken{capture.role, capture.from, capture.body}, {});
  keep(t, std::move(capture), {});
}

void forget_early(Turn& t) {
  std::erase_if(t.s.early, [](const Capture& early) { return !radiation_alarm(early.body); });
}

void adopt_early(Turn& t) {
  auto& s = t.s;
  for (auto& capture : std::exchange(s.early, {})) {
    if (capture.from.received.mono < s.arrived.mono - t.c.look_back) continue;
    auto attachments = std::exchange(capture.attachments, {});
    const bool alarm = radiation_alarm(capture.body);
    // What is in doubt (a camera that posts an old event, say) may as well be of the one before; it stands on record by itself.
    if (!alarm && capture.from.quality != device::Quality::good) continue;
    // Somebody who reversed past the camera has left.
    if (const auto* plate = std::get_if<device::PlateRead>(&capture.body); plate && plate->heading == device::Heading::reverse) continue;
    keep(t, std::move(capture), std::move(attachments));
    if (alarm) grave(t);
  }
}

void settle_gathering(Turn& t) {
  auto& s = t.s;
  const auto& roles = t.c.roles;
  const bool all = std::all_of(roles.begin(), roles.end(), [&](const std::string& role) {
    return !gives_evidence(role) || role == "scanner" || settled(s, t.c, role);
  });
  if (!all) {
    if (!t.past(s.evidence_due)) return;
    s.last_evidence = std::max(s.last_evidence.value_or(MonoTime{}), s.evidence_due);
  }
  if (t.c.kind != Kind::nii) return ask_assessment(t);
  s.scan_due = t.now.mono + t.c.scan_deadline;
  t.enter(Phase::scanning);
}

namespace {

// A camera whose pictures gave no plate: the officer gets to see the last of them.
void record_frames(Turn& t) {
  auto& s = t.s;
  for (auto& [role, frame] : std::exchange(s.frames, {})) {
    const bool pictured = std::any_of(s.captures.begin(), s.captures.end(), [&, &of = role](const Capture& c) {
      return c.role == of;  // a read has its picture with it
    });
    if (pictured) continue;
    auto attachments = std::exchange(frame.attachments, {});
    keep(t, std::move(frame), std::move(attachments));
  }
}

}  // namespace

void take_frame(Turn& t, const std::string& role, const device::Provenance& from, const device::CameraFrame& frame,
                const std::vector<Attachment>& attachments) {
  auto& s = t.s;
  const bool waits = s.phase == Phase::gathering || s.phase == Phase::scanning;
  if (waits && from.received.mono >= s.arrived.mono) s.frames.insert_or_assign(role, Capture{role, from, frame, attachments});
}

void settle_waiting(Turn& t) {
  auto& s = t.s;
  s.held = true;
  if (!s.assess_again || s.crossing.empty()) return;
  drop_order_for_vehicle(t, "dropped: " + s.attention);
  ask_assessment(t);
}

void spoil(Turn& t, const CaptureTaken& taken, const std::string& why) {
  auto& s = t.s;
  for (auto& capture : s.captures) {
    if (capture.role != taken.role || !(capture.body == taken.body) || !(capture.from == taken.from)) continue;
    capture.from.quality = device::Quality::bad;
    capture.from.reason = "its picture could not be stored: " + why;
    s.assess_again = true;
  }
}

void ask_assessment(Turn& t) {
  auto& s = t.s;
  s.evidence_missing.clear();
  const auto miss = [&](const std::string& what) {
    if (std::find(s.evidence_missing.begin(), s.evidence_missing.end(), what) == s.evidence_missing.end())
      s.evidence_missing.push_back(what);
  };
  for (const auto& role : t.c.required_evidence) {
    if (!settled(s, t.c, role)) miss(role);
  }
  std::vector<std::string> plates;
  std::vector<device::PlateRead> reads;
  for (const char* role : {"plate_front", "plate_rear"}) {
    const Capture* capture = best(s, t.c, role);
    if (!capture) continue;
    const auto& read = std::get<device::PlateRead>(capture->body);
    if (read.uncertified || contradicted(s, role, read)) miss(role);  // it may be asked of declarations and lists, but opens nothing
    if (std::find(plates.begin(), plates.end(), read.text) != plates.end()) continue;
    plates.push_back(read.text);
    reads.push_back(read);
  }
  if (plates.empty()) miss("plate_front");  // whoever nobody knows is never green, whatever the site demands
  if (t.c.kind == Kind::nii) {
    if (!best(s, t.c, "scanner")) miss("scanner");
    const bool found = std::any_of(s.controls.begin(), s.controls.end(), [](const auto& control) { return control.control == "nii"; });
    if (!found) miss("scan_finding");
  }
  if (s.other_vehicle) miss("same_vehicle");
  record_frames(t);
  s.assess_again = false;
  if (s.verdict && s.verdict->verdict == Verdict::release) s.verdict.reset();  // withdrawn: said of what was known before
  s.assess_due = t.now.mono + 5s;
  t.effects.emplace_back(Assess{s.crossing, facts_of(s, t.c), std::move(plates), s.evidence_missing, std::move(reads)});
  t.enter(Phase::assessing);
}

}  // namespace rampa::lane
