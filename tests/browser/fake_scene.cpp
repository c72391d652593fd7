#include "tests/browser/fake_scene.hpp"

#include <fstream>
#include <iterator>

#include "tests/browser/fake_pictures.hpp"

namespace rampa::tests {
namespace {

using lane::Kind;
using lane::Phase;

lane::Config lane_config(const char* id, Kind kind, const char* direction) {
  lane::Config c;
  c.id.text = id;
  c.kind = kind;
  c.direction = direction;
  c.roles = {"io", "scale", "plate_front", "plate_rear"};
  c.required_evidence = {"scale", "plate_front"};
  if (kind == Kind::nii) c.roles.insert(c.roles.end(), {"portal", "scanner"});
  return c;
}

SharedBytes picture(const std::string& folder, bool rear, unsigned tint) {
  if (!folder.empty()) {
    std::ifstream in(folder + (rear ? "/rear.jpg" : "/front.jpg"), std::ios::binary);
    if (in) return std::make_shared<const Bytes>(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return lorry_png(rear, tint);
}

/// One lorry at a lane: state and records alike.
struct Visit {
  FakeAppliance& post;
  Clock& clock;
  LaneId lane;
  CrossingId crossing;
  std::string pictures;
  unsigned tint = 0;

  [[nodiscard]] device::Provenance from(const char* role, device::Quality q = device::Quality::good) const {
    device::Provenance p;
    p.device.text = lane.text + "-" + role;
    p.received = clock.now();
    p.quality = q;
    return p;
  }
  void arrive(const char* kind, const char* direction) const {
    post.record(lane, crossing, CrossingOpened{kind, direction});
    post.change(lane, [&](lane::State& s) {
      s = lane::State{s.phase, s.points, s.conditions};
      s.crossing = crossing;
      s.arrived = clock.now();
      s.phase = Phase::gathering;
      s.points["loop_entry"].on = true;
    });
  }
  void capture(const char* role, CaptureBody body, std::vector<Attachment> attachments) const {
    const CaptureTaken taken{role, from(role), body};
    post.record(lane, crossing, taken, std::move(attachments));
    post.change(lane, [&](lane::State& s) { s.captures.push_back({role, taken.from, body}); });
  }
  void plate(bool rear, const char* text, const char* country, int confidence) const {
    device::PlateRead read;
    read.text = text;
    read.country = country;
    read.confidence_percent = confidence;
    read.position = rear ? device::PlatePosition::rear : device::PlatePosition::front;
    read.heading = device::Heading::forward;
    read.reader = "camera";
    read.captured = clock.now().wall;
    const auto bytes = picture(pictures, rear, tint);
    const bool jpeg = bytes->size() > 1 && (*bytes)[0] == 0xff;
    capture(rear ? "plate_rear" : "plate_front", read, {{"scene", jpeg ? "image/jpeg" : "image/png", bytes}});
  }
  void weigh(std::int64_t gross_kg) const {
    device::WeighReading reading;
    reading.gross_g = reading.net_g = gross_kg * 1000;
    reading.alibi_number = "004711";
    reading.calibrated_until = "2027-03-31";
    reading.seal_number = "RS-5521";
    const std::string raw = "ST,GS,+" + std::to_string(gross_kg) + "kg\r\n";
    capture("scale", reading, {{"raw-frame", "application/octet-stream", std::make_shared<const Bytes>(raw.begin(), raw.end())}});
  }
  void assess(SelectivityChannel channel, std::vector<Hit> hits, std::vector<std::string> reasons,
              std::vector<std::string> controls, std::vector<std::string> declarations) const {
    AssessmentMade made;
    made.assessment.channel = channel;
    made.assessment.hits = std::move(hits);
    made.assessment.reasons = std::move(reasons);
    made.assessment.controls = std::move(controls);
    made.assessment.profile_set = "2026-05.3";
    made.assessment.draws = {4711};
    made.declarations = std::move(declarations);
    post.record(lane, crossing, made);
    post.change(lane, [&](lane::State& s) { s.assessed = made; });
  }
  void verdict(Verdict v, const char* reason) const {
    VerdictGiven given;
    given.verdict = v;
    const auto view = post.lane(lane)->view.state;
    given.channel = view.assessed ? view.assessed->assessment.channel : SelectivityChannel::red;
    given.decided_by = "policy";
    given.reason = reason;
    given.decision_ms = 3412;
    post.record(lane, crossing, given);
    post.change(lane, [&](lane::State& s) { s.verdict = given; });
  }
  void phase(Phase p, int level, const char* attention) const {
    post.change(lane, [&](lane::State& s) {
      s.phase = p;
      s.attention_level = level;
      s.attention = attention;
    });
  }
};

void add_devices(FakeAppliance& post, Clock& clock, const LaneId& lane, const lane::Config& config) {
  static const std::map<std::string, std::pair<const char*, const char*>> products = {
      {"io", {"moxa-iologik-e1214", "Moxa ioLogik E1214"}},      {"scale", {"rinstrum-c500", "Rinstrum C500"}},
      {"plate_front", {"hikvision-isapi-anpr", "Hikvision iDS-TCM"}}, {"plate_rear", {"axis-alpv", "Axis P1465-LE-3"}},
      {"portal", {"rpm-line", "Radiation portal, RPM line"}},   {"scanner", {"nii-il-1", "NII-IL/1 scanner"}}};
  int number = 10;
  for (const auto& role : config.roles) {
    api::DeviceView d;
    d.id.text = lane.text + "-" + role;
    d.lane = lane;
    d.role = role;
    d.product = products.at(role).first;
    d.maker_model = products.at(role).second;
    d.address = "modbus+tcp://10.20." + lane.text.substr(1) + "." + std::to_string(++number) + ":502";
    d.condition.level = device::ConditionLevel::ready;
    d.condition_since = clock.now();
    d.last_heard = clock.mono();
    if (lane.text == "L5" && role == "io")
      d.condition = {device::ConditionLevel::connecting, "no_reply", "no answer for 42 s: look at the module's power and cable"};
    if (lane.text == "L3" && role == "plate_rear")
      d.condition = {device::ConditionLevel::suspect, "frozen_heartbeat", "the camera answers but its clock stands still: restart it"};
    post.add_device(d);
  }
}

Declaration declaration(const char* reference, const char* plate, const char* trailer, std::int64_t gross_kg) {
  Declaration d;
  d.reference = reference;
  d.kind = "import";
  d.plate = plate;
  d.trailer = trailer;
  d.gross_kg = gross_kg;
  d.consignor = "PL583920114600000";
  d.consignee = "RS101234567";
  d.carrier = "RS104455667";
  d.driver_name = "M. Jovanovic";
  d.goods = {{"8418102000", "PL", 14200, 61800, "Combined refrigerator-freezers"}, {"8516605000", "PL", 5100, 22400, "Electric cookers"}};
  return d;
}

}  // namespace

void set_scene(FakeAppliance& post, Clock& clock, const std::string& pictures) {
  post.set_post({PostId{"RS-BATROVCI"}, "Batrovci, cargo", "0.1.0", "", true});
  api::LinkView link;
  link.configured = link.up = true;
  link.since = clock.now();
  link.phase = "streaming";
  link.line = "mqtts://hq.example:8883";
  link.durability = "standby";
  link.backlog = api::LinkBacklog{};
  post.set_link(std::move(link));
  post.set_store([](store::Status& s) { s.free_bytes = 412ull << 30; s.fdatasync_p99 = 4800us; });
  const lane::Config lanes[] = {lane_config("L1", Kind::cargo, "entry"), lane_config("L2", Kind::cargo, "entry"),
                                lane_config("L3", Kind::sally_port, "entry"), lane_config("L4", Kind::nii, "entry"),
                                lane_config("L5", Kind::cargo, "exit"),  lane_config("L6", Kind::cargo, "exit"),
                                lane_config("L7", Kind::cargo, "exit"),  lane_config("L8", Kind::cargo, "exit")};
  for (const auto& config : lanes) {
    post.add_lane(config);
    add_devices(post, clock, config.id, config);
  }
  post.set_code_list({"countries", 1, 2}, R"({"v":2,"name":"countries","version":1,"codes":[{"code":"PL","texts":{"en":"Poland","sr-Latn":"Poljska"}},{"code":"RS","texts":{"en":"Serbia","sr-Latn":"Srbija"}}]})");
  post.add_declaration(declaration("26RS014001B7K2QH41", "BG1274XK", "AB4410BG", 34800));
  post.add_declaration(declaration("26RS014001C0P8MN02", "NS778TT", "NS410AA", 28950));

  const auto visit = [&](const char* lane, const char* crossing, unsigned tint) {
    return Visit{post, clock, LaneId{lane}, CrossingId{crossing}, pictures, tint};
  };
  {
    const Visit v = visit("L1", "L1-7-12", 0);
    v.arrive("cargo", "entry");
    v.plate(false, "BG1274XK", "SRB", 96);
    v.plate(true, "AB4410BG", "SRB", 91);
    v.weigh(38640);
    const std::string seals = "Compare the transport document with the declaration; check the seals' numbers.";
    v.assess(SelectivityChannel::yellow,
             {{"P-017", SelectivityChannel::yellow, seals, 3, {{"en", seals}, {"sr-Latn", "Uporedite prevoznu ispravu sa deklaracijom; proverite brojeve plombi."}},
               {{"documents", "transport document and all seals", "bay 2", "hand-held lamp", "photograph of each seal"}}},
              {"P-204", SelectivityChannel::yellow, "Gross mass is above the declared one: ask for the packing list."}},
             {"score 62"}, {"documents"}, {"26RS014001B7K2QH41"});
    v.verdict(Verdict::hold, "score 62");
    v.phase(Phase::waiting_officer, 2, "yellow: Compare the transport document with the declaration; check the seals' numbers. (controls: documents)");
    post.change(v.lane, [](lane::State& s) { s.other_vehicle = true; });
    post.answer(v.lane, {"control", "The seals of this carrier were changed twice this week.", "HQ duty officer", clock.now().wall});
  }
  {
    const Visit v = visit("L3", "L3-7-9", 2);
    v.arrive("sally_port", "entry");
    v.plate(false, "NS778TT", "SRB", 98);
    v.plate(true, "NS410AA", "SRB", 94);
    v.weigh(28760);
    v.assess(SelectivityChannel::green, {}, {}, {}, {"26RS014001C0P8MN02"});
    v.verdict(Verdict::release, "no profile selected it");
    v.phase(Phase::open, 0, "");
    post.change(v.lane, [](lane::State& s) { s.points["boom_closed"].on = false; s.points["boom_open"].on = true; s.points["loop_boom"].on = true; });
  }
  {
    const Visit v = visit("L4", "L4-7-3", 3);
    v.arrive("nii", "entry");
    v.plate(false, "KG044ZO", "SRB", 88);
    v.weigh(31220);
    device::ScanImage scan;
    scan.scan_id = "S-20260521-0031";
    scan.width_px = 560;
    scan.height_px = 1400;
    scan.complete = true;
    // The scanner's lines are detector columns: the picture lies on its side, as it came over the wire.
    const auto upright = scan_pixels(1400, 560);
    auto lines = std::make_shared<Bytes>(upright->size());
    for (std::size_t x = 0; x < 1400; ++x)
      for (std::size_t y = 0; y < 560; ++y)
        for (std::size_t b = 0; b < 2; ++b) (*lines)[2 * (x * 560 + y) + b] = (*upright)[2 * (y * 1400 + x) + b];
    v.capture("scanner", scan, {{"scan", "application/octet-stream", lines}});
    const Bytes earlier(lines->begin(), lines->begin() + 560 * 2 * 1000);
    post.set_reference_image({sha256_hex(earlier), earlier.size(), "application/x-rampa-scan16", 560, 1000, "scan of L4-6-18 at RS-BATROVCI", "Empty then: compare the front wall.",
                              "M. Petrovic", clock.now().wall, "", "", "KG044ZO"}, earlier);
    device::RadiationReading radiation;
    radiation.occupancy = 88;
    radiation.gamma_background_cps = 410;
    radiation.gamma_peak_cps = 522;
    radiation.gamma_sigma = 2.1;
    v.capture("portal", radiation, {});
    v.assess(SelectivityChannel::red, {{"P-090", SelectivityChannel::red, "Read the scan; compare the cargo with the declared goods."}}, {"no declaration"}, {"nii"}, {});
    v.verdict(Verdict::hold, "no declaration");
    v.phase(Phase::waiting_officer, 2, "scan is there: the operator's finding is asked for");
    post.change(v.lane, [](lane::State& s) { s.scanner = device::ScannerState::complete; });
  }
  post.change(LaneId{"L5"}, [](lane::State& s) {
    s.phase = Phase::faulted;
    s.attention_level = 3;
    s.attention = "the boom cannot be moved: look at the I/O module, its inputs and the other boom";
    for (auto& [name, point] : s.points) point.quality = device::Quality::bad;
  });
  post.change(LaneId{"L6"}, [](lane::State& s) {
    s.phase = Phase::out_of_service;
    s.attention_level = 1;
    s.attention = "out of service: resurfacing until 18:00";
  });
  {
    const Visit v = visit("L7", "L7-7-21", 1);
    v.arrive("cargo", "exit");
    v.plate(false, "SU993FF", "SRB", 71);
  }
  {
    const Visit v = visit("L8", "L8-7-4", 2);
    v.arrive("cargo", "exit");
    v.plate(false, "ZR015BC", "SRB", 97);
    v.plate(true, "ZR210AD", "SRB", 95);
    v.weigh(17900);
    v.assess(SelectivityChannel::blue, {{"P-300", SelectivityChannel::blue, "Released; audit afterwards."}}, {}, {}, {});
    v.verdict(Verdict::release, "released, audit afterwards");
    v.phase(Phase::opening, 0, "");
  }
  // Some history.
  for (int i = 1; i <= 11; ++i) {
    const Visit v = visit("L2", ("L2-7-" + std::to_string(i)).c_str(), static_cast<unsigned>(i));
    v.arrive("cargo", "entry");
    v.plate(false, ("SM" + std::to_string(100 + 17 * i) + "KA").c_str(), "SRB", 90 + i % 9);
    v.weigh(15000 + 1730 * i);
    v.assess(i % 4 == 0 ? SelectivityChannel::yellow : SelectivityChannel::green, {}, {}, {}, {});
    v.verdict(Verdict::release, "no profile selected it");
    post.record(v.lane, v.crossing, PassageSeen{"passed", ""});
    post.record(v.lane, v.crossing, CrossingClosed{"released", ""});
  }
  post.change(LaneId{"L2"}, [](lane::State& s) { s = lane::State{Phase::idle, s.points, s.conditions}; s.points["loop_entry"].on = false; });
  post.set_store([](store::Status& s) { s.acknowledged = s.last_sequence; });
}

void play(FakeAppliance& post, Clock& clock, unsigned step) {
  post.vouch();
  const MonoTime now = clock.mono();
  static std::map<LaneId, MonoTime> since;  // one demonstration per process
  for (const auto& id : {LaneId{"L1"}, LaneId{"L4"}}) {
    const auto state = post.lane(id)->view.state;
    if (state.phase == Phase::opening) {
      if (!since.contains(id)) since[id] = now;
      if (now - since[id] < 3s) continue;
      post.change(id, [](lane::State& s) { s.phase = Phase::open; s.points["boom_open"].on = true; s.points["boom_closed"].on = false; });
      since[id] = now;
    } else if (state.phase == Phase::open && now - since[id] > 6s) {
      post.record(id, state.crossing, PassageSeen{"passed", ""});
      post.record(id, state.crossing, CrossingClosed{"released", ""});
      post.change(id, [](lane::State& s) {
        s = lane::State{Phase::idle, s.points, s.conditions};
        s.points["boom_open"].on = s.points["loop_entry"].on = false;
        s.points["boom_closed"].on = true;
      });
      since.erase(id);
    }
  }
  if (step % 60 == 30) post.notify(LaneId{"L7"}, 1, "waiting for the lane's inputs");
  const bool down = (step / 30) % 2 == 1;  // 15 s up, 15 s down: both must look right
  const auto status = post.store_status();
  if (!down) post.set_store([](store::Status& s) { s.acknowledged = s.last_sequence; });
  api::LinkView link = post.link();
  if (link.up == down) link.since = clock.now();
  link.up = !down;
  link.backlog_records = down ? status.last_sequence - status.acknowledged + step % 40 : 0;
  link.phase = down ? "waiting" : "streaming";
  if (down) link.backlog = api::LinkBacklog{0, link.backlog_records, 0};
  // After each break another line, and now and then one that HQ does not take everything over.
  const int turn = static_cast<int>(step / 60) % 3;
  if (!down) {
    link.reserve = link.metered = turn != 0;
    link.line = turn == 0 ? "mqtts://hq.example:8883" : "mqtts://sat.example:8883";
    link.fetches_waiting = turn == 0 ? 0 : 1;
    link.refuses = turn == 2;
    link.backlog = api::LinkBacklog{turn == 2 ? 3u : 0u, turn == 2 ? 41u : 0u, turn == 0 ? 0u : 8u};
    link.backlog_records = turn == 2 ? 44 : 0;
  }
  const std::string trouble = down ? "no route to the broker"
                              : link.refuses ? "HQ refuses verdicts from number 1204 on: the hash before it is another. They stay here and are tried again" : "";
  link.trouble_over = trouble.empty() && !link.trouble.empty();
  if (link.trouble_over && !link.trouble_until) link.trouble_until = clock.now();
  if (!trouble.empty() && trouble != link.trouble) link.trouble_since = clock.now();
  if (!trouble.empty()) link.trouble = trouble, link.trouble_until.reset();
  post.set_link(link);
}

}  // namespace rampa::tests
