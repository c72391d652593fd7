// Every situation against every event, compared with moves.txt: what is not allowed there must not happen.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;
using lane::ActionKind;

namespace {

using Words = std::set<std::string>;
struct Cell {
  std::string phase;
  Words words;
};
using Table = std::map<std::pair<std::string, std::string>, Cell>;

Rig quiet(Rig rig) {  // from here on nothing answers by itself
  rig.store_answers = false;
  rig.assess_answers = false;
  rig.boom_moves = false;
  return rig;
}

Rig arrived(SelectivityChannel channel = SelectivityChannel::green) {
  Rig rig;
  rig.channel = channel;
  rig.controls = channel == SelectivityChannel::green ? std::vector<std::string>{} : std::vector<std::string>{"documents"};
  rig.start();
  rig.set(points::loop_entry, true);
  rig.pass(350ms);
  EXPECT_EQ(rig.state.phase, Phase::gathering);
  return rig;
}

void give_evidence(Rig& rig) {
  rig.plate("plate_front", "BG123AA");
  rig.plate("plate_rear", "BG456BB");
  rig.weigh_for(32000, 700ms);
}

Rig with_verdict(SelectivityChannel channel, bool durable) {
  Rig rig = arrived(channel);
  rig.store_answers = durable;
  rig.boom_moves = false;
  give_evidence(rig);
  return rig;
}

Rig boom_up() {
  Rig rig = arrived();
  give_evidence(rig);
  rig.pass(1500ms);
  EXPECT_EQ(rig.state.phase, Phase::open);
  return rig;
}

Rig driven_through() {
  Rig rig = boom_up();
  rig.drive_through();
  rig.set(points::loop_exit, false);
  while (rig.state.phase == Phase::open && (!rig.state.clear_since || rig.now.mono - *rig.state.clear_since < 1950ms)) rig.pass(50ms);
  return rig;
}

Rig nii() {
  Rig rig(nii_config());
  rig.condition("scanner", device::ConditionLevel::ready);
  rig.give(lane::FromDevice{"scanner", rig.event("L1-scanner", device::ScannerReport{device::ScannerState::ready, ""})});
  rig.start();
  rig.arrive(false);
  rig.plate("plate_front", "BG123AA");
  rig.weigh_for(32000, 700ms);
  return rig;
}

lane::OfficerAction by_two(const Rig& rig, ActionKind kind, Verdict verdict = Verdict::release) {
  auto a = rig.action(kind);
  a.reason = "r";
  a.second = OfficerId{"O2"};
  a.verdict = verdict;
  a.control = rig.config.kind == lane::Kind::nii ? "nii" : "documents";
  a.finding = rig.config.kind == lane::Kind::nii ? "clear" : "nothing_found";
  return a;
}

device::RadiationReading alarm() {
  device::RadiationReading reading;
  reading.occupancy = 9;
  reading.gamma_alarm = true;
  return reading;
}

const std::map<std::string, std::function<Rig()>>& situations() {
  static const std::map<std::string, std::function<Rig()>> all{
      {"starting", [] { return Rig(); }},
      {"idle", [] { Rig r; r.start(); return r; }},
      {"touched", [] { Rig r; r.start(); r.set(points::loop_entry, true); r.pass(300ms); return r; }},
      {"gathering", [] { return arrived(); }},
      {"weighing", [] { Rig r = arrived(); r.plate("plate_front", "A1"); r.plate("plate_rear", "B1"); r.weigh_for(30000, 500ms); return r; }},
      {"leaving", [] { Rig r = arrived(); r.set(points::loop_entry, false); r.pass(1000ms); return r; }},
      {"assessing", [] { Rig r = arrived(); r.assess_answers = false; give_evidence(r); return r; }},
      {"deciding_release", [] { return with_verdict(SelectivityChannel::green, false); }},
      {"deciding_hold", [] { return with_verdict(SelectivityChannel::red, false); }},
      {"deciding_alarm", [] {
         Rig r = with_verdict(SelectivityChannel::green, false);
         r.give(lane::FromDevice{"portal", r.event("L1-portal", alarm())});
         return r; }},
      {"waiting", [] { return with_verdict(SelectivityChannel::yellow, true); }},
      {"waiting_done", [] { Rig r = with_verdict(SelectivityChannel::yellow, true); r.give(by_two(r, ActionKind::record_control)); return r; }},
      {"waiting_order", [] {
         Rig r = with_verdict(SelectivityChannel::yellow, true);
         r.store_answers = false;
         r.give(by_two(r, ActionKind::override_verdict));
         return r; }},
      {"opening", [] { return with_verdict(SelectivityChannel::green, true); }},
      {"unreported", [] { Rig r = arrived(); r.boom_moves = false; r.boom_silent = true; give_evidence(r); return r; }},
      {"open", [] { return boom_up(); }},
      {"under", [] { Rig r = boom_up(); r.set(points::photocell, true); r.set(points::loop_boom, true); r.pass(300ms); return r; }},
      {"passed", [] { return driven_through(); }},
      {"closing", [] { Rig r = driven_through(); r.boom_moves = false; r.pass(50ms); return r; }},
      {"faulted", [] { Rig r = with_verdict(SelectivityChannel::green, true); r.pass(7s); return r; }},
      {"faulted_between", [] { Rig r; r.start(); r.set(points::boom_closed, false); r.pass(2s); return r; }},
      {"out_of_service", [] { Rig r; r.start(); auto a = r.action(ActionKind::out_of_service); a.reason = "r"; r.give(a); return r; }},
      {"by_hand", [] { Rig r; r.start(); r.set(points::manual_mode, true); r.pass(100ms); return r; }},
      {"stopped", [] { Rig r; r.start(); r.set(points::emergency_stop, true); r.pass(100ms); return r; }},
      {"stop_over", [] { Rig r; r.start(); r.set(points::emergency_stop, true); r.pass(100ms); r.set(points::emergency_stop, false); r.pass(100ms); return r; }},
      {"scanning", [] { return nii(); }},
      {"scanned", [] {
         Rig r = nii();
         device::ScanImage scan;
         scan.scan_id = "S1";
         scan.complete = true;
         r.give(lane::FromDevice{"scanner", r.event("L1-scanner", scan)});
         return r; }},
      {"second_waits", [] {  // through the first boom; it closed, but while the second's order was due its contact went again
         Rig r(sally_config());
         r.start();
         r.arrive();
         r.pass(1500ms);
         r.drive_through();
         while (r.state.phase != Phase::closing) r.pass(50ms);
         r.condition("io", device::ConditionLevel::checking);  // the module is away for the order
         r.pass(1500ms);
         r.set(points::boom_closed, false);
         r.pass(50ms);
         r.condition("io", device::ConditionLevel::ready);
         return r; }},
  };
  return all;
}

lane::Event image_with(Rig& rig, std::map<std::string, bool> changes, Duration after = 50ms, device::Quality quality = device::Quality::good) {
  rig.now.mono = rig.now.mono + after;
  for (const auto& [point, on] : changes) rig.in[point] = on;
  device::PointImage image;
  for (const auto& [name, on] : rig.in) image.points.push_back({name, on});
  return lane::FromDevice{"io", rig.event("L1-io", image, quality)};
}

lane::Event later(Rig& rig, lane::Event event, Duration after = 1ms) {
  rig.now.mono = rig.now.mono + after;
  if (auto* from = std::get_if<lane::FromDevice>(&event)) from->event.from.received = rig.now;
  return event;
}

std::uint64_t persist_of_interest(const lane::State& s) {
  for (const auto& [number, groups] : s.pending)
    for (const auto& group : groups) if (group.purpose != lane::Purpose::history) return number;
  return s.pending.empty() ? 0 : s.pending.begin()->first;
}

device::PlateRead a_plate() {
  device::PlateRead read;
  read.text = "ZZ1";
  read.confidence_percent = 70;
  read.read_id = "extra";
  return read;
}
device::WeighReading a_weighing(const Rig& rig) {
  device::WeighReading reading;
  reading.gross_g = rig.state.weigh_g ? rig.state.weigh_g : 30'000'000;
  return reading;
}
device::ScanImage a_scan(bool complete) {
  device::ScanImage scan;
  scan.scan_id = "S9";
  scan.complete = complete;
  return scan;
}
AssessmentMade made(SelectivityChannel channel) {
  AssessmentMade m;
  m.assessment.channel = channel;
  return m;
}

using Maker = std::function<lane::Event(Rig&)>;
const std::map<std::string, Maker>& events() {
  const auto device = [](const char* role, device::EventBody body) -> Maker {
    return [=](Rig& r) { return later(r, lane::FromDevice{role, r.event(std::string("L1-") + role, body)}); };
  };
  const auto report = [](device::Outcome outcome) -> Maker {
    return [=](Rig& r) {
      const auto number = r.state.boom_command ? r.state.boom_command : 99999;
      return later(r, lane::FromDevice{"io", r.event("L1-io", device::CommandReport{number, outcome, "x"})});
    };
  };
  const auto officer = [](ActionKind kind, Verdict verdict = Verdict::release) -> Maker {
    return [=](Rig& r) { return later(r, by_two(r, kind, verdict)); };
  };
  static const std::map<std::string, Maker> all{
      {"image", [](Rig& r) { return image_with(r, {}); }},
      {"image_10s", [](Rig& r) { return image_with(r, {}, 10s); }},
      {"suspect_image", [](Rig& r) { return image_with(r, {}, 50ms, device::Quality::suspect); }},
      {"entry_on", [](Rig& r) { return image_with(r, {{"loop_entry", true}}); }},
      {"entry_off", [](Rig& r) { return image_with(r, {{"loop_entry", false}}); }},
      {"zone_on", [](Rig& r) { return image_with(r, {{"loop_boom", true}, {"photocell", true}}); }},
      {"zone_off", [](Rig& r) { return image_with(r, {{"loop_boom", false}, {"photocell", false}}); }},
      {"exit_on", [](Rig& r) { return image_with(r, {{"loop_exit", true}}); }},
      {"contact_open", [](Rig& r) { return image_with(r, {{"boom_open", true}, {"boom_closed", false}}); }},
      {"contact_closed", [](Rig& r) { return image_with(r, {{"boom_open", false}, {"boom_closed", true}}); }},
      {"contacts_between", [](Rig& r) { return image_with(r, {{"boom_open", false}, {"boom_closed", false}}); }},
      {"contacts_both", [](Rig& r) { return image_with(r, {{"boom_open", true}, {"boom_closed", true}}); }},
      {"both_closed", [](Rig& r) { return image_with(r, r.config.kind == lane::Kind::sally_port
                                       ? std::map<std::string, bool>{{"boom_open", false}, {"boom_closed", true}} : std::map<std::string, bool>{}); }},
      {"estop", [](Rig& r) { return image_with(r, {{"emergency_stop", true}}); }},
      {"key", [](Rig& r) { return image_with(r, {{"manual_mode", true}}); }},
      {"key_off", [](Rig& r) { return image_with(r, {{"manual_mode", false}}); }},
      {"stale", [](Rig& r) { return later(r, lane::Tick{}, 300ms); }},
      {"tick", [](Rig& r) { return later(r, lane::Tick{}); }},
      {"timer", [](Rig& r) { return later(r, lane::TimerFired{"wake"}); }},
      {"weigh", [](Rig& r) { return later(r, lane::FromDevice{"scale", r.event("L1-scale", a_weighing(r))}); }},
      {"plate", device("plate_front", a_plate())},
      {"frame", device("plate_front", device::CameraFrame{})},
      {"alarm", device("portal", alarm())},
      {"scan", device("scanner", a_scan(true))},
      {"scan_broken", device("scanner", a_scan(false))},
      {"scanner_lost", device("scanner", device::DeviceCondition{device::ConditionLevel::connecting, "", ""})},
      {"io_lost", device("io", device::DeviceCondition{device::ConditionLevel::connecting, "", ""})},
      {"report_done", report(device::Outcome::done)},
      {"report_refused", report(device::Outcome::refused)},
      {"report_unknown", report(device::Outcome::unknown)},
      {"assessed_green", [](Rig& r) { return later(r, lane::Assessed{made(SelectivityChannel::green), r.state.crossing}); }},
      {"assessed_red", [](Rig& r) { return later(r, lane::Assessed{made(SelectivityChannel::red), r.state.crossing}); }},
      {"assessed_other", [](Rig& r) { return later(r, lane::Assessed{made(SelectivityChannel::green), CrossingId{"L1-1-1"}}); }},
      {"committed", [](Rig& r) { return later(r, lane::Committed{persist_of_interest(r.state)}); }},
      {"committed_other", [](Rig& r) { return later(r, lane::Committed{99999}); }},
      {"commit_failed", [](Rig& r) { return later(r, lane::CommitFailed{persist_of_interest(r.state), "x"}); }},
      {"started", [](Rig& r) { return later(r, lane::Started{{CrossingId{"L1-6-1"}}, "in_service", {}}); }},
      {"link", [](Rig& r) { return later(r, lane::LinkChanged{false}); }},
      {"confirm", officer(ActionKind::confirm)},
      {"override_release", officer(ActionKind::override_verdict)},
      {"override_hold", officer(ActionKind::override_verdict, Verdict::hold)},
      {"refer", officer(ActionKind::refer)},
      {"control", officer(ActionKind::record_control)},
      {"hold", officer(ActionKind::hold)},
      {"raise_channel", officer(ActionKind::raise_channel)},
      {"vehicle_gone", officer(ActionKind::vehicle_gone)},
      {"open_boom", officer(ActionKind::open_boom)},
      {"close_boom", officer(ActionKind::close_boom)},
      {"out_of_service", officer(ActionKind::out_of_service)},
      {"return_to_service", officer(ActionKind::return_to_service)},
      {"reset_emergency_stop", officer(ActionKind::reset_emergency_stop)},
  };
  return all;
}

Words words_of(const lane::Step& step) {
  Words words;
  for (const auto& effect : step.effects) {
    if (const auto* persist = std::get_if<lane::Persist>(&effect)) {
      for (const auto& record : persist->records) {
        if (std::holds_alternative<VerdictGiven>(record.body)) words.insert("verdict");
        if (std::holds_alternative<CrossingClosed>(record.body)) words.insert("closed");
        if (std::holds_alternative<LaneModeChanged>(record.body)) words.insert("mode");
        if (std::holds_alternative<FaultChanged>(record.body)) words.insert("fault");
        if (const auto* acted = std::get_if<OfficerActed>(&record.body); acted && acted->accepted) words.insert("order");
      }
    } else if (const auto* ask = std::get_if<lane::Ask>(&effect)) {
      if (const auto* move = std::get_if<device::MoveBoom>(&ask->body)) words.insert(move->motion == device::Motion::raise ? "raise" : "lower");
      if (const auto* scan = std::get_if<device::WithholdScan>(&ask->body)) words.insert(scan->withhold ? "withhold" : "permit");
      if (const auto* light = std::get_if<device::SetLight>(&ask->body); light && light->aspect == device::Aspect::green) words.insert("green");
    } else if (std::holds_alternative<lane::Assess>(effect)) {
      words.insert("assess");
    } else if (const auto* answer = std::get_if<lane::Answer>(&effect)) {
      words.insert(answer->accepted ? "accept" : "refuse");
    }
  }
  return words;
}

std::string text(const Words& words) {
  std::string all;
  for (const auto& word : words) all += " " + word;
  return all;
}

Table read_table(std::set<std::string>& named) {
  Table table;
  std::ifstream in("tests/unit/lane/moves.txt");
  EXPECT_TRUE(in.good());
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "situations") {
      for (std::string name; words >> name;) named.insert(name);
      continue;
    }
    const auto colon = line.find(':'), arrow = line.find("->");
    EXPECT_NE(colon, std::string::npos) << line;
    EXPECT_NE(arrow, std::string::npos) << line;
    Cell cell;
    std::istringstream right(line.substr(arrow + 2));
    right >> cell.phase;
    for (std::string word; right >> word;) cell.words.insert(word);
    std::istringstream left(line.substr(0, colon));
    for (std::string situation; left >> situation;) {
      EXPECT_TRUE(situations().count(situation)) << line;
      std::istringstream middle(line.substr(colon + 1, arrow - colon - 1));
      for (std::string event; middle >> event;) {
        EXPECT_TRUE(events().count(event)) << event << " in " << line;
        EXPECT_TRUE(table.emplace(std::pair{situation, event}, cell).second) << "twice: " << situation << " " << event;
      }
    }
  }
  return table;
}

bool is_officer(const lane::Event& event) { return std::holds_alternative<lane::OfficerAction>(event); }

}  // namespace

TEST(Moves, EverySituationAndEventAgreesWithTheTable) {
  std::set<std::string> named;
  const Table table = read_table(named);
  ASSERT_EQ(named.size(), situations().size());
  std::set<Phase> phases;
  std::set<std::size_t> kinds;
  std::size_t cells = 0;
  for (const auto& [situation, make] : situations()) {
    ASSERT_TRUE(named.count(situation)) << situation;
    const Rig made_rig = quiet(make());
    phases.insert(made_rig.state.phase);
    for (const auto& [name, maker] : events()) {
      Rig rig = made_rig;
      const lane::Event event = maker(rig);
      kinds.insert(event.index());
      const auto step = lane::step(rig.state, event, lane::Context{rig.now, &rig.config, "7"});
      const auto found = table.find({situation, name});
      Cell expected{"=", {}};
      if (found != table.end()) expected = found->second;
      else if (is_officer(event)) expected.words.insert("refuse");
      const std::string phase = expected.phase == "=" ? std::string(lane::name_of(rig.state.phase)) : expected.phase;
      EXPECT_EQ(std::string(lane::name_of(step.state.phase)), phase) << situation << ": " << name;
      EXPECT_EQ(text(words_of(step)), text(expected.words)) << situation << ": " << name;
      ++cells;
    }
  }
  EXPECT_EQ(phases.size(), 13u) << "every phase is reached";
  EXPECT_EQ(kinds.size(), std::variant_size_v<lane::Event>) << "every kind of event is given";
  std::printf("%zu situations x %zu events = %zu cells\n", situations().size(), events().size(), cells);
}
