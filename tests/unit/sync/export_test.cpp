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
#include <sodium.h>

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

namespace {

/// Takes what it is not told to refuse.
class Taking : public ExportTarget {
 public:
  Result<void> deliver(const Document& document) override {
    if (refuses(document)) return fail(ErrorCode::refused, "no " + document.id);
    taken.push_back(document);
    return {};
  }
  [[nodiscard]] std::vector<std::string> ids() const {
    std::vector<std::string> out;
    for (const Document& document : taken) out.push_back(document.id);
    return out;
  }
  std::function<bool(const Document&)> refuses = [](const Document&) { return false; };
  std::vector<Document> taken;
};

/// Several posts, each with crossings of their own.
class SetAsideTest : public ExportTest {
 protected:
  void crossing_of(SigningPost& post, bool faulty = false) {
    post.journal.in_crossing("L1-" + std::to_string(++crossings_));
    post.journal.append("crossing_opened", encode(CrossingOpened{"cargo", "entry"}).open);
    if (faulty) post.journal.append("drone_seen", R"({"kind":"drone_seen"})");
    post.journal.append("crossing_closed", encode(CrossingClosed{"released", ""}).open);
  }
  void to_hq(SigningPost& post) {
    greet(post);
    group({{Leaf::events, post.frame(Stream::events, 1, post.journal.last())}}, post);
  }
  [[nodiscard]] static std::string id(const SigningPost& post, std::uint64_t sequence) {
    return post.name() + "/" + hex(ByteView{post.epoch()}) + "/" + std::to_string(sequence);
  }
  Result<Exported> go(std::size_t most = 1000) { return export_results(with(most), *desk, target, [](const Document&) {}); }
  Result<Exported> again(Again which) { return export_again(with(), which, *desk, target, [](const Document&) {}); }
  std::vector<SetAside> aside() { return desk->all_set_aside("", "", 0, 1000); }
  SigningPost p2{"P2", 2}, p3{"P3", 3};
  Taking target;

 private:
  int crossings_ = 0;
};

}  // namespace

TEST_F(SetAsideTest, WhatCannotBeReadOfOnePostStopsNoOther) {
  crossing_of(p1, true);  // 1 to 3
  crossing_of(p1);        // 4, 5
  crossing_of(p2);
  to_hq(p1);
  to_hq(p2);
  const auto done = go();
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(target.ids(), (std::vector<std::string>{id(p1, 5), id(p2, 2)}));
  EXPECT_EQ(done->set_aside, 1u);
  ASSERT_EQ(aside().size(), 1u);
  EXPECT_EQ(aside()[0].sequence, 3u);
  EXPECT_NE(aside()[0].reason.find("record 2: "), std::string::npos) << aside()[0].reason;
  EXPECT_NE(aside()[0].reason.find("drone_seen"), std::string::npos) << aside()[0].reason;
  const json alarm = alarms();
  ASSERT_EQ(alarm.size(), 1u) << alarm.dump();
  EXPECT_EQ(alarm[0]["what"], "export_set_aside");
  EXPECT_EQ(alarm[0]["post"], "P1");
  EXPECT_EQ(alarm[0]["sequence"], 3);
  EXPECT_NE(report_metrics(place, clock.now().wall)->find("rampa_hq_export_set_aside{export=\"test\",post=\"P1\"} 1\n"), std::string::npos);
  EXPECT_EQ(go()->results, 0u) << "once each";
  EXPECT_EQ(again(Again::unreadable)->set_aside, 1u) << "as unreadable as before";
  // A rampa-hq that reads it.
  ledger->database().run("DELETE FROM records WHERE kind = 'drone_seen'");
  EXPECT_EQ(again(Again::unreadable)->results, 1u);
  EXPECT_EQ(target.ids().back(), id(p1, 3));
  EXPECT_TRUE(alarms().empty());
}

TEST_F(SetAsideTest, OneRefusedDocumentStopsNeitherItsPostNorOthersAndGoesOnDemand) {
  crossing_of(p1);
  crossing_of(p1);
  crossing_of(p2);
  to_hq(p1);
  to_hq(p2);
  target.refuses = [&](const Document& d) { return d.id == id(p1, 2); };
  ASSERT_TRUE(go());
  EXPECT_EQ(target.ids(), (std::vector<std::string>{id(p1, 4), id(p2, 2)}));
  target.refuses = [](const Document&) { return false; };
  EXPECT_EQ(again(Again::unreadable)->results, 0u);
  EXPECT_EQ(again(Again::all)->results, 1u);
  EXPECT_EQ(target.ids().back(), id(p1, 2));
  EXPECT_TRUE(aside().empty());
}

TEST_F(SetAsideTest, OneCrossingKeepsItsOrder) {
  p1.journal.in_crossing("L1-9");
  for (int i = 0; i < 2; ++i) p1.journal.append("crossing_closed", encode(CrossingClosed{"released", ""}).open);
  to_hq(p1);
  target.refuses = [&](const Document& d) { return d.id == id(p1, 1); };
  ASSERT_TRUE(go());
  EXPECT_TRUE(target.taken.empty());
  EXPECT_EQ(aside().size(), 2u);
  EXPECT_NE(aside()[1].reason.find("earlier result of its crossing"), std::string::npos);
  target.refuses = [](const Document&) { return false; };
  ASSERT_TRUE(again(Again::all));
  EXPECT_EQ(target.ids(), (std::vector<std::string>{id(p1, 1), id(p1, 2)}));
}

TEST_F(SetAsideTest, WhatTurnsUpForAResultThatNeverWentMakesItTheFirst) {
  crossing();  // 1 to 3, of p1; its verdict is lost
  greet();
  group({{Leaf::lost, encode(Lost{{{Stream::verdicts, {1, 1}, "damaged"}}})}});
  events(1, 2);
  target.refuses = [](const Document&) { return true; };
  ASSERT_TRUE(go());
  ASSERT_EQ(aside().size(), 1u);
  target.refuses = [](const Document&) { return false; };
  verdicts(1, 1);
  EXPECT_EQ(go()->results, 1u);
  EXPECT_EQ(target.ids(), std::vector<std::string>{id(p1, 3)});
  EXPECT_EQ(json::parse(target.taken[0].text)["verdicts"].size(), 1u);
  EXPECT_TRUE(aside().empty());
}

TEST_F(SetAsideTest, ATargetThatRefusesEverythingStopsTheExport) {
  for (int i = 0; i < 20; ++i) crossing_of(p1), crossing_of(p2);
  to_hq(p1);
  to_hq(p2);
  target.refuses = [](const Document&) { return true; };
  for (int start = 0; start < 3; ++start) {  // started again, it does not set aside a few more each time
    const auto done = go();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::refused);
    EXPECT_NE(done.error().what.find("--again"), std::string::npos) << done.error().what;
    EXPECT_LE(aside().size(), 32 + refusals_max) << "one turn of the first post says nothing of the target";
  }
  const std::size_t before = aside().size();
  EXPECT_FALSE(again(Again::all));
  EXPECT_EQ(aside().size(), before);
  target.refuses = [](const Document&) { return false; };
  ASSERT_TRUE(again(Again::all));
  ASSERT_TRUE(go());
  EXPECT_EQ(target.taken.size(), 40u);
}

TEST_F(SetAsideTest, ManyRefusedDocumentsOfOnePostAreItsOwn) {
  for (int i = 0; i < 20; ++i) crossing_of(p1);
  crossing_of(p2);
  to_hq(p1);
  to_hq(p2);
  target.refuses = [&](const Document& d) { return d.id.starts_with("P1/"); };
  ASSERT_TRUE(go());
  EXPECT_EQ(target.ids(), std::vector<std::string>{id(p2, 2)});
  EXPECT_EQ(aside().size(), 20u);
}

TEST_F(SetAsideTest, OnePostsBacklogDoesNotKeepTheOthersWaiting) {
  for (int i = 0; i < 200; ++i) crossing_of(p1);
  crossing_of(p2);
  crossing_of(p3);
  to_hq(p1);
  to_hq(p2);
  to_hq(p3);
  EXPECT_TRUE(go(100)->more);
  const auto ids = target.ids();
  EXPECT_NE(std::find(ids.begin(), ids.end(), id(p2, 2)), ids.end());
  EXPECT_NE(std::find(ids.begin(), ids.end(), id(p3, 2)), ids.end());
  EXPECT_TRUE(go(100)->more);
  EXPECT_FALSE(go(100)->more);
  EXPECT_EQ(target.taken.size(), 202u);
  std::vector<std::string> of_p1;
  for (const std::string& each : target.ids())
    if (each.starts_with("P1/")) of_p1.push_back(each);
  for (std::size_t i = 0; i < of_p1.size(); ++i) ASSERT_EQ(of_p1[i], id(p1, 2 * (i + 1))) << "in the journal's order";
}

TEST_F(SetAsideTest, TheNextCallBeginsBehindWhoHadTheLastTurn) {
  for (int i = 0; i < 3; ++i) crossing_of(p1), crossing_of(p2), crossing_of(p3);
  for (SigningPost* post : {&p1, &p2, &p3}) to_hq(*post);
  for (int call = 0; call < 3; ++call) ASSERT_TRUE(go(1));
  EXPECT_EQ(target.ids(), (std::vector<std::string>{id(p1, 2), id(p2, 2), id(p3, 2)}));
}

namespace {

constexpr store::format::DayKey day_key{5};

/// Crossings of P1 with a plate that is really encrypted.
class PersonalExport : public SetAsideTest {
 protected:
  void crossing_with_plate(std::uint32_t day) {
    const auto encrypt = [](store::format::Entry& entry) {
      const std::string plain = rampa::encode(plate("BG1", device::PlatePosition::front, 90)).personal;
      const Bytes header = store::format::personal_header(entry, plain.size() + store::format::personal_tag_bytes).value();
      entry.personal.resize(plain.size() + store::format::personal_tag_bytes);
      crypto_aead_xchacha20poly1305_ietf_encrypt(entry.personal.data(), nullptr, reinterpret_cast<const std::uint8_t*>(plain.data()), plain.size(), header.data(),
                                                 header.size(), nullptr, entry.nonce.data(), day_key.data());
    };
    p1.journal.in_crossing("L1-" + std::to_string(day));
    append("crossing_opened", CrossingOpened{"cargo", "entry"});
    p1.journal.append("capture", rampa::encode(plate("BG1", device::PlatePosition::front, 90)).open, {}, {day, 1, encrypt});
    append("crossing_closed", CrossingClosed{"released", ""});
  }
  void give(std::uint32_t day) { group({{Leaf::day_keys, encode(DayKeys{{{{day, 1}, seal_day_key(public_key_of(settings.key), day_key).value()}}, {}})}}); }
  Result<Exported> personal() {
    ExportSettings with_key = with();
    with_key.key = settings.key;
    with_key.notice = [this](const Notice& notice) { notices.push_back(notice.event + " " + notice.detail); };
    return export_results(with_key, *desk, target, [](const Document&) {});
  }
  [[nodiscard]] std::string plate_in(std::size_t document) const {
    const json result = json::parse(target.taken.at(document).text);
    return result["plates"].empty() ? "" : result["plates"][0]["text"].get<std::string>();
  }
  [[nodiscard]] std::string why_none(std::size_t document) const { return json::parse(target.taken.at(document).text)["not_readable"]; }
  std::vector<std::string> notices;
};

}  // namespace

TEST_F(PersonalExport, WaitsForAKeyThatIsOnItsWayAndKeepsTheOrder) {
  crossing_with_plate(20260714);  // 1 to 3
  crossing_with_plate(20260715);  // 4 to 6
  crossing_of(p2);
  to_hq(p1);
  to_hq(p2);
  ASSERT_TRUE(personal());
  EXPECT_EQ(target.ids(), std::vector<std::string>{id(p2, 2)}) << "another post does not wait";
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_TRUE(notices[0].starts_with("waits P1/")) << notices[0];
  EXPECT_NE(notices[0].find("record 2 "), std::string::npos) << notices[0];
  give(20260715);  // the newest is asked for first
  ASSERT_TRUE(personal());
  EXPECT_EQ(target.taken.size(), 1u) << "nothing of this journal overtakes what waits";
  give(20260714);
  ASSERT_TRUE(personal());
  EXPECT_EQ(target.ids(), (std::vector<std::string>{id(p2, 2), id(p1, 3), id(p1, 6)}));
  EXPECT_EQ(plate_in(1), "BG1");
  EXPECT_EQ(plate_in(2), "BG1");
  EXPECT_TRUE(aside().empty());
}

TEST_F(PersonalExport, GoesOnWithoutWhatIsErasedOrWithheld) {
  crossing_with_plate(20260714);
  crossing_with_plate(20260715);
  to_hq(p1);
  group({{Leaf::day_keys, encode(DayKeys{{}, {{{20260714, 1}, true, "destroyed"}, {{20260715, 1}, false, "hq_reads_personal is false"}}})}});
  ASSERT_TRUE(personal());
  ASSERT_EQ(target.ids(), (std::vector<std::string>{id(p1, 3), id(p1, 6)}));
  EXPECT_EQ(plate_in(0), "");
  EXPECT_NE(why_none(0).find("destroyed"), std::string::npos) << why_none(0);
  EXPECT_NE(why_none(1).find("hq_reads_personal"), std::string::npos) << why_none(1);
}

TEST_F(PersonalExport, OfAJournalThatHasEndedNoKeyIsOnItsWay) {
  crossing_with_plate(20260714);
  to_hq(p1);
  ASSERT_TRUE(personal());
  EXPECT_TRUE(target.taken.empty());
  greet(SigningPost("P1", 7));
  ASSERT_TRUE(personal());
  ASSERT_EQ(target.ids(), std::vector<std::string>{id(p1, 3)});
  EXPECT_NE(why_none(0), "");
}

TEST_F(PersonalExport, WithoutPersonalFieldsNothingWaits) {
  crossing_with_plate(20260714);
  to_hq(p1);
  ASSERT_TRUE(go());
  ASSERT_EQ(target.ids(), std::vector<std::string>{id(p1, 3)});
  EXPECT_NE(why_none(0).find("without personal fields"), std::string::npos) << why_none(0);
}

TEST(HttpTarget, IsOnThisMachineAlone) {
  for (const char* far : {"http://bus.example:8080/in", "http://10.0.0.1/in", "http://127.0.0.1.example/in", "http://[2001:db8::1]/in"}) {
    const auto target = http_target(far, 1s);
    ASSERT_FALSE(target) << far;
    EXPECT_NE(target.error().what.find("http://127.0.0.1:PORT"), std::string::npos) << target.error().what;
  }
  for (const char* near : {"http://localhost:8080/in", "http://127.1.2.3/in", "http://[::1]:8080/in"}) EXPECT_TRUE(http_target(near, 1s)) << near;
}

TEST_F(ExportTest, OverHttpWhatTheBusDoesNotTakeIsTriedAgainAndOnlyItsOwnRefusalSetsADocumentAside) {
  for (const char* each : {"L1-1", "L1-2", "L1-3"}) {
    p1.journal.in_crossing(each);
    crossing();
  }
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
  for (const int status : {401, 403, 404, 405, 415}) {  // of the address, the credentials or the format: nothing is set aside
    bus.answers = {status};
    const auto stopped = go();
    ASSERT_FALSE(stopped) << status;
    EXPECT_EQ(stopped.error().code, ErrorCode::invalid) << status;
    EXPECT_NE(stopped.error().what.find(std::to_string(status)), std::string::npos) << stopped.error().what;
  }
  EXPECT_TRUE(desk->all_set_aside("", "", 0, 10).empty());
  bus.answers = {422, 409};
  const auto done = go();
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(done->set_aside, 1u);
  server.stopAll(true);
  pool.joinAll();
  ASSERT_EQ(bus.got.size(), 9u);
  const std::string journal = "P1/" + hex(ByteView{p1.epoch()});
  for (const auto& [index, sequence] : {std::pair{0, "/3"}, {1, "/6"}, {2, "/6"}, {7, "/6"}, {8, "/9"}}) EXPECT_EQ(bus.got[static_cast<std::size_t>(index)].key, journal + sequence);
  EXPECT_EQ(bus.got[0].type, "application/json");
  EXPECT_EQ(bus.got[1].body, bus.got[2].body) << "the same document again";
  EXPECT_EQ(json::parse(bus.got[8].body)["id"], journal + "/9");
  EXPECT_FALSE(http_target("https://bus.example/in", 1s));
  EXPECT_FALSE(http_target("nonsense", 1s));
}
