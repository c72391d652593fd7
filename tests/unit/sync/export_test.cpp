// Results of crossings for the ministry's systems: what is in them, in what order they go, and that none is lost or left out.
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/ThreadPool.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/StreamCopier.h>

#include <cstdlib>
#include <deque>
#include <fstream>
#include <mutex>
#include <pugixml.hpp>

#include "edge/crossing/record_json.hpp"
#include "sync/hq/export/exporter.hpp"
#include "tests/support/shared_data.hpp"
#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;
using namespace rampa::tests;

namespace {

constexpr WallTime t0{1'784'000'000'250};  // 2026-07-14T03:33:20.250Z

ResultRecord record(std::uint64_t sequence, RecordBody body, std::vector<BlobRef> blobs = {}) {
  return {sequence, "L1", "L1-7-1", std::string(64, 'a'), {MonoTime{1}, WallTime{t0.ms + static_cast<std::int64_t>(sequence) * 1000}}, std::move(body), std::move(blobs), {}};
}

CaptureTaken plate(const std::string& text, device::PlatePosition position, int confidence) {
  device::PlateRead read;
  read.text = text;
  read.country = "SRB";
  read.position = position;
  read.confidence_percent = confidence;
  return {"plate_front", {}, read};
}

/// A crossing with everything in it.
std::vector<ResultRecord> whole_crossing() {
  device::WeighReading moving{99'000, 99'000, 0}, still{38'240'500, 38'240'500, 0};
  moving.motion = true;
  still.alibi_number = "004711";
  AssessmentMade assessed;
  assessed.assessment.channel = SelectivityChannel::red;
  assessed.assessment.profile_set = "2026-07";
  assessed.assessment.hits = {{"RS-17", SelectivityChannel::red, "scan it", 3}};
  assessed.declarations = {"26RS0001"};
  VerdictGiven hold, release;
  hold.channel = release.channel = SelectivityChannel::red;
  hold.decided_by = "policy";
  release.verdict = Verdict::release;
  release.decided_by = "1003";
  release.second_officer = "1004";
  release.reason = "nothing found <&> \"x\"";
  release.overrides = true;
  const BlobRef picture{"plate.jpg", "image/jpeg", std::string(64, 'b'), 1234}, raw{"frame.bin", "application/octet-stream", std::string(64, 'c'), 9};
  return {record(1, CrossingOpened{"cargo", "entry"}), record(2, plate("BG7ZZ", device::PlatePosition::rear, 70), {picture}),
          record(3, plate("BG777ZZ", device::PlatePosition::front, 60)), record(4, plate("BG777ZZ", device::PlatePosition::front, 97)),
          record(5, CaptureTaken{"scale", {}, moving}), record(6, CaptureTaken{"scale", {}, still}, {raw}), record(7, assessed), record(8, hold),
          record(9, ControlRecorded{"physical", "nothing_found", "1003", "looked"}), record(10, release), record(11, CrossingClosed{"released", ""})};
}

class ExportTest : public HqTest {
 protected:
  void append(const char* kind, const RecordBody& body) { p1.journal.append(kind, encode(body).open); }
  void crossing() {
    append("crossing_opened", CrossingOpened{"cargo", "entry"});
    VerdictGiven release;
    release.verdict = Verdict::release;
    append("verdict", release);
    append("crossing_closed", CrossingClosed{"released", ""});
  }
  void all_to_hq() {
    greet();
    if (const auto n = p1.sequences(Stream::verdicts).size(); n > 0) verdicts(1, n);
    if (const auto n = p1.sequences(Stream::events).size(); n > 0) events(1, n);
  }
  [[nodiscard]] std::string out() const { return place.directory + "/out"; }
  ExportSettings with(std::size_t most = 1000) const { return {place, "test", "", ExportFormat::json, {}, most}; }
  Result<Exported> to_folder(std::size_t most = 1000) {
    const auto target = folder_target(out());
    return export_results(with(most), *desk, *target, [this](const Document& d) { told.push_back(d.id); });
  }
  std::vector<std::string> told;
};

/// Answers what it is told to, and keeps what it was sent.
class Bus : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  struct Got {
    std::string key, type, body;
  };
  std::mutex mutex;
  std::deque<int> answers;
  std::vector<Got> got;

  Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override { return new Answerer(*this); }

 private:
  struct Answerer : Poco::Net::HTTPRequestHandler {
    explicit Answerer(Bus& b) : bus(b) {}
    void handleRequest(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) override {
      Got one{request.get("Idempotency-Key", ""), request.getContentType(), {}};
      Poco::StreamCopier::copyToString(request.stream(), one.body);
      std::lock_guard lock(bus.mutex);
      bus.got.push_back(std::move(one));
      int status = 204;
      if (!bus.answers.empty()) {
        status = bus.answers.front();
        bus.answers.pop_front();
      }
      response.setStatusAndReason(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(status));
      response.setContentLength(0);
      response.send();
    }
    Bus& bus;
  };
};

}  // namespace

TEST(CrossingResult, SaysWhatBecameOfTheCrossing) {
  const CrossingResult r = result_of("P1", "ee", whole_crossing());
  EXPECT_EQ(r.id, "P1/ee/11");
  EXPECT_EQ(r.outcome, "released");
  EXPECT_EQ(r.opened.ms, t0.ms + 1000);
  EXPECT_EQ(r.closed.ms, t0.ms + 11'000);
  EXPECT_EQ(r.plates, (std::vector<ResultPlate>{{"front", "BG777ZZ", "SRB", 97}, {"front", "BG777ZZ", "SRB", 60}, {"rear", "BG7ZZ", "SRB", 70}}));
  EXPECT_EQ(r.mass, (ResultMass{38'240'500, 38'240'500, 0, "004711"})) << "not the one in motion";
  EXPECT_EQ(r.profiles, std::vector<std::string>{"RS-17"});
  ASSERT_EQ(r.verdicts.size(), 2u);
  EXPECT_EQ(r.verdicts.back().second_officer, "1004");
  ASSERT_EQ(r.images.size(), 1u) << "raw frames of a scale are no pictures";
  EXPECT_EQ(r.images[0].name, "plate.jpg");
}

TEST(CrossingResult, OnPaperIsMarkedAsSuch) {
  PaperCrossing paper;
  paper.happened = t0;
  paper.plate = "BG1";
  paper.gross_kg = 12;
  paper.entered_by = "1003";
  const CrossingResult r = result_of("P1", "ee", {record(5, paper)});
  EXPECT_TRUE(r.on_paper);
  EXPECT_EQ(r.closed, t0);
  EXPECT_EQ(r.mass->gross_g, 12'000);
  EXPECT_EQ(r.entered_by, "1003");
}

TEST(ResultDocument, BothFormsSayTheSame) {
  const CrossingResult r = result_of("P1", "ee", whole_crossing());
  const Document as_json = document_of(r, ExportFormat::json), as_xml = document_of(r, ExportFormat::xml);
  EXPECT_EQ(as_json.name, "P1_ee_11.json");
  EXPECT_EQ(as_xml.name, "P1_ee_11.xml");
  const json parsed = json::parse(as_json.text);
  EXPECT_EQ(parsed["opened"], "2026-07-14T03:33:21.250Z");
  EXPECT_EQ(parsed["mass"]["gross_kg"], "38240.500");
  pugi::xml_document xml;
  ASSERT_TRUE(xml.load_string(as_xml.text.c_str())) << as_xml.text;
  const auto root = xml.child("crossing_result");
  EXPECT_STREQ(root.attribute("xmlns").value(), "urn:rampa:crossing-result:1");
  EXPECT_STREQ(root.child("mass").child("gross_kg").text().get(), "38240.500");
  EXPECT_STREQ(root.child("plates").child("plate").child("text").text().get(), "BG777ZZ");
  EXPECT_STREQ(root.child("verdicts").last_child().child("reason").text().get(), "nothing found <&> \"x\"");
  EXPECT_STREQ(root.child("verdicts").last_child().child("overrides").text().get(), "true");
}

TEST(ResultDocument, ControlCharactersAndBrokenUtf8DoNotBreakIt) {
  auto records = whole_crossing();
  std::get<ControlRecorded>(records[8].body).note = std::string("a\x01" "b\xff");
  const CrossingResult r = result_of("P1", "ee", records);
  EXPECT_FALSE(json::parse(document_of(r, ExportFormat::json).text, nullptr, false).is_discarded());
  pugi::xml_document xml;
  EXPECT_TRUE(xml.load_string(document_of(r, ExportFormat::xml).text.c_str()));
}

TEST(ResultDocument, IsWhatItsSchemaSays) {
  if (std::system("python3 -c 'import jsonschema' >/dev/null 2>&1") != 0) {
    if (in_ci()) FAIL() << "python3-jsonschema is missing";
    GTEST_SKIP() << "python3-jsonschema is missing (apt-get install python3-jsonschema)";
  }
  PaperCrossing paper;
  paper.happened = t0;
  int n = 0;
  for (const auto& records : {whole_crossing(), std::vector{record(5, paper)}}) {
    const std::string file = (std::filesystem::temp_directory_path() / ("rampa-result-" + std::to_string(::getpid()) + "-" + std::to_string(n++))).string();
    std::ofstream(file) << document_of(result_of("P1", "ee", records), ExportFormat::json).text;
    EXPECT_EQ(std::system(("python3 -c 'import json,sys,jsonschema\ns=json.load(open(sys.argv[1])); jsonschema.Draft202012Validator.check_schema(s)\n"
                           "jsonschema.Draft202012Validator(s).validate(json.load(open(sys.argv[2])))' sync/hq/export/crossing_result.schema.json " + file).c_str()), 0);
    std::filesystem::remove(file);
  }
}

TEST_F(ExportTest, EachClosedCrossingOnceInOrderAndOnFromThere) {
  crossing();
  crossing();
  append("crossing_opened", CrossingOpened{"cargo", "entry"});
  all_to_hq();
  const auto first = to_folder();
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_EQ(first->results, 2u);
  const std::string journal = "P1/" + hex(ByteView{p1.epoch()});
  EXPECT_EQ(told, (std::vector<std::string>{journal + "/3", journal + "/6"}));
  std::ifstream file(out() + "/P1_" + hex(ByteView{p1.epoch()}) + "_3.json");
  EXPECT_EQ(json::parse(file)["outcome"], "released");
  EXPECT_EQ(to_folder()->results, 0u);
  crossing();
  all_to_hq();
  EXPECT_EQ(to_folder()->results, 1u);
  EXPECT_EQ(told.back(), journal + "/10");
}

TEST_F(ExportTest, NothingGoesOutBeforeEverythingBeforeItIsHere) {
  crossing();
  greet();
  const auto n = p1.sequences(Stream::events).size();
  ASSERT_GT(n, 0u);
  ASSERT_GT(p1.sequences(Stream::verdicts).size(), 0u);
  verdicts(1, p1.sequences(Stream::verdicts).size());
  EXPECT_EQ(to_folder()->results, 0u) << "the events are not here yet";
  events(1, n);
  EXPECT_EQ(to_folder()->results, 1u);
}

namespace {
class LateExport : public ExportTest, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Lost, LateExport, ::testing::Values(false, true), [](const auto& resent) { return resent.param ? "Resent" : "Found"; });
}  // namespace

TEST_P(LateExport, WhatTurnsUpLaterGoesOutLater) {
  const bool resent = GetParam();
  const std::string journal = p1.name() + "/" + hex(ByteView{p1.epoch()});
  crossing();  // 1 to 3; the events are 1 and 2
  PaperCrossing paper;
  paper.happened = t0;
  paper.entered_by = "1003";
  append("paper_crossing", paper);  // 4
  append("crossing_opened", CrossingOpened{"cargo", "entry"});
  append("crossing_closed", CrossingClosed{"released", ""});
  greet();
  group({{Leaf::lost, encode(Lost{{{Stream::verdicts, {1, 2}, "damaged"}}})}});
  events(1, 4);
  EXPECT_EQ(to_folder()->results, 2u);
  EXPECT_EQ(told, (std::vector<std::string>{journal + "/3", journal + "/6"}));
  if (resent) {
    desk->add_order({"P1", "resend", "1"}, clock.now().wall);
    receiver->look_at_desk();
    group({});
    events(1, 4);
  }
  verdicts(1, 2);
  EXPECT_EQ(to_folder()->results, 2u);
  ASSERT_EQ(told.size(), 4u);
  EXPECT_TRUE(told[2].starts_with(journal + "/3/")) << "the crossing whose verdict was missing, with an id of its own: " << told[2];
  EXPECT_EQ(told[3], journal + "/4") << "it had not gone out before";
  std::string name = told[2];
  std::replace(name.begin(), name.end(), '/', '_');
  std::ifstream file(out() + "/" + name + ".json");
  const json amended = json::parse(file);
  EXPECT_EQ(amended["amends"], journal + "/3");
  EXPECT_EQ(amended["verdicts"].size(), 1u);
  EXPECT_EQ(to_folder()->results, 0u) << "once";
}

TEST_F(ExportTest, WhatCameDamagedAndIsReadableAfterAResendGoesOutLater) {
  const std::string journal = p1.name() + "/" + hex(ByteView{p1.epoch()});
  crossing();
  crossing();
  p1.journal.flip_bit(2, 60);  // the first verdict
  p1.journal.flip_bit(6, 60);  // the second closing
  all_to_hq();
  EXPECT_EQ(to_folder()->results, 1u);
  EXPECT_EQ(told, std::vector<std::string>{journal + "/3"});
  append("crossing_opened", CrossingOpened{"cargo", "entry"});
  p1.journal.flip_bit(2, 60);
  p1.journal.flip_bit(6, 60);
  desk->add_order({"P1", "resend", "1"}, clock.now().wall);
  receiver->look_at_desk();
  group({});
  open();
  all_to_hq();
  EXPECT_TRUE(gaps().empty());
  EXPECT_EQ(to_folder()->results, 2u);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_TRUE(told[1].starts_with(journal + "/3/")) << told[1];
  EXPECT_EQ(told[2], journal + "/6");
}

TEST_F(ExportTest, InStepsAndWithPositionsOfItsOwn) {
  for (int i = 0; i < 5; ++i) crossing();
  all_to_hq();
  EXPECT_TRUE(to_folder(2)->more);
  EXPECT_TRUE(to_folder(2)->more);
  EXPECT_FALSE(to_folder(2)->more);
  EXPECT_EQ(told.size(), 5u);
  const auto target = folder_target(out() + "2");
  auto other = with();
  other.name = "other";
  EXPECT_EQ(export_results(other, *desk, *target, [](const Document&) {})->results, 5u);
}

TEST_F(ExportTest, OverHttpWhatTheBusDoesNotTakeIsTriedAgainAndARefusalStops) {
  for (int i = 0; i < 3; ++i) crossing();
  all_to_hq();
  Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
  Bus::Ptr factory = new Bus;
  auto& bus = static_cast<Bus&>(*factory);
  Poco::ThreadPool pool;
  auto* params = new Poco::Net::HTTPServerParams;  // the server owns it
  params->setThreadIdleTime(Poco::Timespan(0, 100'000));
  Poco::Net::HTTPServer server(factory, pool, socket, params);
  server.start();
  auto target = http_target("http://127.0.0.1:" + std::to_string(socket.address().port()) + "/in", 10s);
  ASSERT_TRUE(target) << target.error().what;
  const auto go = [&] { return export_results(with(), *desk, **target, [](const Document&) {}); };
  bus.answers = {201, 503};
  EXPECT_EQ(go().error().code, ErrorCode::io);
  bus.answers = {409, 422};
  const auto refused = go();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_NE(refused.error().what.find("/9"), std::string::npos) << refused.error().what;
  EXPECT_EQ(go()->results, 1u);
  server.stopAll(true);
  pool.joinAll();
  ASSERT_EQ(bus.got.size(), 5u);
  const std::string journal = "P1/" + hex(ByteView{p1.epoch()});
  for (const auto& [index, sequence] : {std::pair{0, "/3"}, {1, "/6"}, {2, "/6"}, {3, "/9"}, {4, "/9"}}) EXPECT_EQ(bus.got[static_cast<std::size_t>(index)].key, journal + sequence);
  EXPECT_EQ(bus.got[0].type, "application/json");
  EXPECT_EQ(bus.got[1].body, bus.got[2].body) << "the same document again";
  EXPECT_EQ(json::parse(bus.got[4].body)["id"], journal + "/9");
  EXPECT_FALSE(http_target("https://bus.example/in", 1s));
  EXPECT_FALSE(http_target("nonsense", 1s));
}
