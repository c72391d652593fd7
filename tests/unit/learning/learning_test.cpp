// The commands over past crossings, with a made-up store of records behind the readers' interface and files in a scratch folder.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>

#include "edge/app/explosive_sets.hpp"
#include "edge/app/learning_results.hpp"
#include "edge/app/learning_simulate.hpp"
#include "edge/app/tools.hpp"
#include "edge/store/digest.hpp"
#include "edge/store/segment_format.hpp"
#include "sync/bundle/signing.hpp"
#include "tests/unit/effectiveness/records.hpp"

using namespace rampa;
using namespace rampa::app;
using Json = nlohmann::json;
using rampa::tests::Journal;

namespace {

class Learning : public testing::Test {
 protected:
  Learning() {
    std::string name = (std::filesystem::temp_directory_path() / "rampa-learning-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Learning() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  std::string read(const std::string& name) {
    std::ifstream in(folder_ + "/" + name);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  std::string folder_;
  std::ostringstream out_, err_;
};

std::string set_of(const std::string& profiles) { return R"({"format":2,"version":"t","issued":"2020-01-01","policy":{"stale_after_hours":1,"cap_percent":{"red":1},"stop_limit":{"profile_percent":50,"set_percent":60,"waived":"a test"}},"profiles":[)" + profiles + "]}"; }
std::string profile(const std::string& id, const std::string& state, const std::string& channel, const std::string& when) {
  return R"({"id":")" + id + R"(","title":"t","state":")" + state + R"(","valid_from":"2030-01-01","channel":")" + channel + R"(","instruction":"look","when":)" + when + "}";
}
const std::string heavy = R"({"field":"evidence.gross_kg","op":"ge","value":90})";

std::string history_of(int rows) {
  std::string lines;
  for (int i = 0; i < rows; ++i)
    lines += R"({"id":"L1-1-)" + std::to_string(i) + R"(","at_ms":1784505600000,"facts":{"evidence.gross_kg":)" + std::to_string(i) + R"(,"vehicle.plate":"BG)" + std::to_string(i % 10) + "\"" +
             (i % 2 ? R"(,"vehicle.country":"SRB")" : "") + "}}\n";
  return lines;
}

/// A post's records without a store.
class Records final : public store::PictureReader {
 public:
  explicit Records(std::vector<StoredRecord> records) : records_(std::move(records)) {}
  Result<std::vector<store::CrossingRow>> crossings(const store::CrossingQuery& query) override {
    std::vector<store::CrossingRow> rows;  // newest first, strictly older than query.before
    bool on = query.before.empty();
    std::vector<std::string> seen;
    for (const auto& r : records_)
      if (!r.crossing.empty() && std::find(seen.begin(), seen.end(), r.crossing.text) == seen.end()) seen.push_back(r.crossing.text);
    for (auto id = seen.rbegin(); id != seen.rend() && rows.size() < query.limit; ++id) {
      if (on) rows.emplace_back().id.text = *id;
      on = on || *id == query.before.text;
    }
    return rows;
  }
  Result<std::vector<StoredRecord>> records_of(const CrossingId& id) override {
    std::vector<StoredRecord> found;
    for (const auto& r : records_)
      if (r.crossing == id) found.push_back(r);
    return found;
  }
  Result<std::vector<Declaration>> declarations_for(const std::vector<std::string>&) override { return fail(ErrorCode::not_found, "none here"); }
  Result<Bytes> blob(const std::string&) override { return fail(ErrorCode::not_found, "none here"); }

 private:
  std::vector<StoredRecord> records_;
};

}  // namespace

TEST_F(Learning, SimulateTreatsDraftsAsActiveAndRefusesExplosiveOnes) {
  SimulateOptions o;
  o.json = true;
  o.set_file = write("set.json", set_of(profile("HEAVY", "draft", "red", heavy) + "," + profile("OLD", "suspended", "red", heavy) + "," +
                                        R"({"id":"OVER","title":"t","state":"active","valid_to":"2025-12-31","channel":"red","instruction":"look","when":"always"},)" + profile("SEEN", "shadow", "blue", heavy)));
  o.history_file = write("history.jsonl", history_of(100));
  o.max_stop_percent = 10;
  o.today = WallTime{1'784'505'600'000};
  EXPECT_EQ(simulate_profiles(o, out_, err_), exit_ok) << err_.str() << out_.str();
  const auto fine = Json::parse(out_.str());
  EXPECT_EQ(fine["crossings"], 100);
  EXPECT_EQ(fine["stopped"], 10);
  EXPECT_EQ(fine["channels"]["red"], 10) << "neither age nor capacity of the set's policy count";
  ASSERT_EQ(fine["profiles"].size(), 2u) << "suspended, and active but over, met nothing: " << fine.dump();
  EXPECT_EQ(fine["profiles"][0]["profile"], "HEAVY");
  EXPECT_EQ(fine["profiles"][0]["state"], "draft");
  EXPECT_EQ(fine["profiles"][0]["examples"], Json({"L1-1-90", "L1-1-91", "L1-1-92"}));
  EXPECT_EQ(fine["profiles"][1]["stops_alone"], 0) << "blue stops nobody";

  o.max_stop_percent = 9.99;
  out_.str("");
  EXPECT_EQ(simulate_profiles(o, out_, err_), exit_found);
  const auto refused = Json::parse(out_.str());
  ASSERT_EQ(refused["refused"].size(), 1u);
  EXPECT_NE(refused["refused"][0].get<std::string>().find("HEAVY: explosive: alone it stops 10.00 %"), std::string::npos) << refused.dump();
}

TEST_F(Learning, SimulateTriesADraftOfAnAreaThatHasEnded) {
  SimulateOptions o;
  o.json = true;
  o.max_stop_percent = 50;
  auto draft = profile("AREA", "draft", "yellow", heavy);
  draft.insert(draft.size() - 1, R"(,"valid_to":"2031-01-01","reason":{"kind":"priority_area","number":"1","ends":"2020-01-01"})");
  o.set_file = write("set.json", set_of(draft));
  o.history_file = write("history.jsonl", history_of(100));
  EXPECT_EQ(simulate_profiles(o, out_, err_), exit_ok) << err_.str();
  EXPECT_EQ(Json::parse(out_.str())["stopped"], 10);
}

TEST_F(Learning, SimulateCountsWhatMissingFactsStopAndSaysWhichFact) {
  SimulateOptions o;
  o.json = true;
  o.max_stop_percent = 5;
  o.set_file = write("set.json", set_of(profile("COUNTRY", "draft", "yellow", R"({"field":"vehicle.country","op":"eq","value":"TUR"})")));
  o.history_file = write("history.jsonl", history_of(100));
  EXPECT_EQ(simulate_profiles(o, out_, err_), exit_found);
  const auto r = Json::parse(out_.str());
  EXPECT_EQ(r["profiles"][0]["selected"], 0);
  EXPECT_EQ(r["profiles"][0]["undetermined"], 50);
  EXPECT_NE(r["refused"][0].get<std::string>().find("vehicle.country"), std::string::npos) << r.dump();
}

TEST_F(Learning, SimulateComparesWithTheBaseline) {
  SimulateOptions o;
  o.json = true;
  o.max_stop_percent = 100;
  o.set_file = write("set.json", set_of(profile("A", "draft", "yellow", R"({"field":"evidence.gross_kg","op":"ge","value":90})")));
  o.baseline_file = write("before.json", set_of(profile("A", "active", "red", R"({"field":"evidence.gross_kg","op":"range","value":[85,94]})")));
  o.history_file = write("history.jsonl", history_of(100));
  EXPECT_EQ(simulate_profiles(o, out_, err_), exit_ok) << err_.str();
  const auto r = Json::parse(out_.str())["baseline"];
  EXPECT_EQ(r["stopped"], 10);
  EXPECT_EQ(r["stopped_only_now"], 5);
  EXPECT_EQ(r["stopped_only_before"], 5);
  EXPECT_EQ(r["examples_only_before"], Json({"L1-1-85", "L1-1-86", "L1-1-87"}));
}

TEST_F(Learning, SimulateNamesFileAndLineOfWhatIsWrong) {
  SimulateOptions o;
  o.set_file = write("set.json", set_of(profile("A", "draft", "yellow", heavy)));
  o.history_file = write("history.jsonl", history_of(2) + "{}\n");
  EXPECT_EQ(simulate_profiles(o, out_, err_), exit_config);
  EXPECT_NE(err_.str().find("history.jsonl:3: "), std::string::npos) << err_.str();
  o.history_file = write("history.jsonl", history_of(2));
  o.set_file = write("set.json", "{\n\"format\":2,\"version\":\"t\",\"profiles\":[\n{\"id\":\"A\",\"title\":\"t\",\"channel\":\"mauve\",\"instruction\":\"x\",\"when\":\"always\"}]}");
  EXPECT_EQ(simulate_profiles(o, out_, err_), exit_config);
  EXPECT_NE(err_.str().find("set.json:3: profiles[0].channel"), std::string::npos) << err_.str();
  o.set_file = folder_ + "/none";
  EXPECT_EQ(simulate_profiles(o, out_, err_), exit_found);
}

// What an author might get past a limit that looks at the stopping profiles one by one.
TEST_F(Learning, SimulateRefusesWhateverStopsEveryLorry) {
  const auto set = [](const std::string& policy, const std::string& profiles) { return R"({"format":2,"version":"e","policy":{)" + policy + R"(},"profiles":[)" + profiles + "]}"; };
  const std::string quiet = profile("Q", "draft", "yellow", R"({"field":"evidence.gross_kg","op":"ge","value":98})");
  std::string together;
  for (int i = 0; i < 25; ++i)
    together += (i ? "," : "") + profile("T" + std::to_string(i), "draft", "red", R"({"field":"evidence.gross_kg","op":"range","value":[)" + std::to_string(4 * i) + "," + std::to_string(4 * i + 3) + "]}");
  const std::string later = R"({"id":"L","title":"t","state":"active","valid_from":"2027-01-01","channel":"red","instruction":"x","when":"always"})";
  const std::string weights = R"({"id":"W","title":"t","channel":"green","weight":200,"state":"draft","when":"always"})";
  const std::string half = R"({"id":"H1","title":"t","channel":"green","weight":60,"when":"always"},{"id":"H2","title":"t","channel":"green","weight":60,"when":"always"})";
  const std::string open_weight = R"({"id":"O","title":"t","channel":"green","weight":60,"when":{"field":"vehicle.country","op":"eq","value":"TUR"}})";
  const struct { std::string json, must; } cases[] = {
      {set(R"("score":{"yellow":50,"red":100})", weights), "W: explosive: alone it stops 100.00 %"},
      {set(R"("score":{"yellow":100})", half), "the whole set stops 100.00 %"},
      {set(R"("score":{"yellow":60})", open_weight), "O: explosive: alone it stops 50.00 %"},
      {set(R"("random_percent":100)", quiet), "raised by the random share: 98"},
      {set("", later), "L: explosive: alone it stops 100.00 %"},
      {set("", together), "the whole set stops 100.00 %"},
      {set(R"("stop_limit":{"profile_percent":1,"set_percent":60})", quiet), "Q: explosive: alone it stops 2.00 %"},
  };
  SimulateOptions o;
  o.json = true;
  o.today = WallTime{1'784'505'600'000};
  o.history_file = write("history.jsonl", history_of(100));
  for (const auto& c : cases) {
    o.set_file = write("set.json", c.json);
    out_.str("");
    EXPECT_EQ(simulate_profiles(o, out_, err_), exit_found) << c.must << err_.str();
    EXPECT_EQ(Json::parse(out_.str())["ok"], false);
    EXPECT_NE(out_.str().find(c.must), std::string::npos) << c.must << "\n" << out_.str();
  }
  o.max_stop_percent = 100;  // whoever runs it cannot raise what the set's policy says
  EXPECT_EQ(simulate_profiles(o, out_, err_), exit_found);
  o.max_stop_percent.reset();
  o.set_file = write("set.json", set("", quiet));
  EXPECT_EQ(simulate_profiles(o, out_, err_), exit_ok);
}

TEST_F(Learning, SimulateDoesNotRefuseWhatIsInForceAlready) {
  SimulateOptions o;
  o.json = true;
  o.history_file = write("history.jsonl", history_of(100));
  const auto set = [](const std::string& old_from, const std::string& fresh) {
    return R"({"format":2,"version":"e","policy":{"stop_limit":{"profile_percent":5,"set_percent":10}},"profiles":[)" +
           profile("OLD", "active", "red", R"({"field":"evidence.gross_kg","op":"ge","value":)" + old_from + "}") + fresh + "]}";
  };
  o.baseline_file = write("before.json", set("80", ""));
  for (const auto& [from, fresh, code] : {std::tuple{"80", std::string(), exit_ok}, {"85", std::string(), exit_ok}, {"79", std::string(), exit_found},
                                          {"85", "," + profile("NEW", "active", "red", R"({"field":"evidence.gross_kg","op":"le","value":4})"), exit_ok},
                                          {"85", "," + profile("NEW", "active", "red", R"({"field":"evidence.gross_kg","op":"le","value":5})"), exit_found},
                                          {"80", "," + profile("NEW", "active", "red", R"({"field":"evidence.gross_kg","op":"le","value":0})"), exit_found}}) {
    o.set_file = write("set.json", set(from, fresh));
    out_.str("");
    EXPECT_EQ(simulate_profiles(o, out_, err_), code) << from << fresh << out_.str();
  }
}

TEST_F(Learning, APostJudgesASetByItsOwnPast) {
  auto past = read_history_file(write("history.jsonl", history_of(100)), {});
  auto few = read_history_file(write("few.jsonl", history_of(99)), {});
  ASSERT_TRUE(past && few);
  const auto table = [](const std::string& policy, const std::string& profiles) {
    auto json = bundle::canonical_set(R"({"format":2,"version":"e","policy":{"draw_secret":"00112233445566778899aabbccddeeff")" + policy + R"(},"profiles":[)" + profiles + "]}");
    return *bundle::ProfileTable::read(bundle::hold(*json));
  };
  std::string secret = profile("CANARY", "active", "red", R"({"field":"vehicle.country","op":"eq","value":"CANARY"})");
  secret.insert(secret.size() - 1, R"(,"secret":true)");
  const auto fine = table("", profile("F", "active", "red", R"({"field":"evidence.gross_kg","op":"ge","value":98})") + "," + profile("D", "draft", "red", "\"always\""));
  const auto bad = table("", secret);
  const auto waived = table(R"(,"stop_limit":{"waived":"tip of 20 November"})", secret);
  auto said = judged(*past, fine, nullptr, {});
  ASSERT_TRUE(said) << said.error().what;
  EXPECT_EQ(*said, "") << "a draft stops nobody";
  said = judged(*past, bad, &fine, {});
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().code, ErrorCode::refused);
  EXPECT_NE(said.error().what.find("alone stops 50.00 %"), std::string::npos) << said.error().what;
  EXPECT_EQ(said.error().what.find("CANARY"), std::string::npos) << "HQ's journal and the post's log get this";
  EXPECT_EQ(said.error().what.find("country"), std::string::npos);
  EXPECT_TRUE(judged(*past, bad, &bad, {})) << "no worse than what is active";
  said = judged(*past, waived, &fine, {});
  ASSERT_TRUE(said) << said.error().what;
  EXPECT_NE(said->find("tip of 20 November"), std::string::npos);
  said = judged(*few, bad, &fine, {});
  ASSERT_TRUE(said);
  EXPECT_NE(said->find("99"), std::string::npos) << "a new post cannot judge, and says so";
}

TEST_F(Learning, AnyNumberOfThreadsGivesTheSame) {
  std::istringstream lines(history_of(40'000));
  risk::HistoryLines reader;
  risk::History history;
  for (std::string line; std::getline(lines, line);) {
    auto row = reader.read(line);
    ASSERT_TRUE(row);
    history.add(row->facts, row->at, row->id);
  }
  auto compiled = risk::compile_for_trial(set_of(profile("A", "draft", "yellow", R"({"field":"vehicle.plate","op":"eq","value":"BG3"})")), risk::Stages::all, {}, {});
  ASSERT_TRUE(compiled);
  const auto& set = *compiled;
  const auto one = tally_all(*set, history, 5, 1, {}), three = tally_all(*set, history, 5, 3, {});
  EXPECT_EQ(one.rows, 40'000u);
  EXPECT_EQ(one.profiles[0].selected, 4000u);
  EXPECT_EQ(one.channel_of, three.channel_of);
  EXPECT_EQ(one.profiles[0].examples, three.profiles[0].examples);
  EXPECT_EQ(one.profiles[0].selected, three.profiles[0].selected);
}

TEST_F(Learning, ReadsOutcomesAndHistoryOfAPost) {
  Journal j;
  j.cross("L1", "1", SelectivityChannel::yellow, {"A"}, "irregularity", 3);
  j.put("", "", AuditNote{"note", "", ""});
  auto made = j.made(SelectivityChannel::green, {});
  made.assessment.facts["vehicle.plate"] = std::string("BG1");
  j.put("L1", "2", made);
  j.put("L1", "2", CrossingClosed{"released", ""});
  auto erased = made;
  erased.assessment.facts.clear();
  j.put("L1", "3", erased);
  j.records.back().erased = true;
  Records reader(j.records);
  EXPECT_FALSE(read_outcomes(PostId{"P"}, folder_, reader, {})) << "which store is it?";
  const std::string key(64, 'a');
  std::filesystem::create_directories(folder_ + "/keys");
  write("keys/device.pub", key + "\n");
  const risk::StoreName name{"P", store::to_hex(store::format::epoch_of(PostId{"P"}, *store::hash_from_hex(key)))};
  auto outcomes = read_outcomes(PostId{"P"}, folder_, reader, {});
  ASSERT_TRUE(outcomes) << outcomes.error().what;
  EXPECT_EQ(outcomes->covered().at(name), (std::vector<risk::Stretch>{{1, j.records.size()}}));
  risk::Outcomes whole;
  for (const auto& record : j.records) whole.fold(name, record);
  EXPECT_EQ(*outcomes, whole);
  auto past = read_history(reader, {});
  ASSERT_TRUE(past);
  EXPECT_EQ(past->erased, 1u);
  ASSERT_EQ(past->history.rows(), 2u);
  EXPECT_EQ(past->history.id(1), "2") << "oldest first";
}

TEST_F(Learning, ResultsMergeFilesOnceAndWriteAPageThatHoldsItsNumbers) {
  Journal j;
  for (int week = 0; week < 3; ++week) {
    for (int i = 0; i < 60; ++i) {
      const auto id = std::to_string(week) + "-" + std::to_string(i);
      j.cross("L1", "g" + id, SelectivityChannel::green, {}, "", 2);
      j.cross("L1", "a" + id, SelectivityChannel::yellow, {"A<b>&\"1\""}, i == 0 ? "irregularity" : "clear", 12);
      if (i < 20) j.cross("L1", "s" + id, SelectivityChannel::red, {"S-0123456789ab"}, i < 5 ? "irregularity" : "nothing_found", 30);
    }
    j.now_ms += 7LL * 86'400'000;
  }
  risk::Outcomes outcomes;
  for (const auto& record : j.records) outcomes.fold({"RS-BATROVCI", std::string(32, 'a')}, record);
  ResultsOptions o;
  o.json = true;
  o.merge = {write("one.json", outcomes.json()), write("same.json", outcomes.json())};
  o.out = folder_ + "/merged.json";
  o.report = folder_ + "/report.html";
  o.floor = {0.06, 50};
  EXPECT_EQ(profile_results(o, out_, err_), exit_ok) << err_.str();
  EXPECT_EQ(read("merged.json"), outcomes.json());
  const auto r = Json::parse(out_.str());
  EXPECT_EQ(r["crossings"], 420);
  EXPECT_EQ(r["profiles"][0]["hits"], 180);
  EXPECT_EQ(r["profiles"][0]["below_floor"], true);
  EXPECT_DOUBLE_EQ(r["profiles"][0]["false_hit_minutes"], 1770);
  EXPECT_EQ(r["profiles"][1]["below_floor"], false);
  const auto page = read("report.html");
  EXPECT_EQ(page.find("A<b>"), std::string::npos) << "a profile's id must not become markup";
  for (const char* must : {"A&lt;b&gt;&amp;&quot;1&quot;", "S-0123456789ab", ">1770.0<", "<title id=\"rates-t\">", "<desc id=\"channels-d\">", "scope=\"row\"", "below the floor", "prefers-color-scheme:dark",
                           "@media print", "RS-BATROVCI (store aaaaaaaa): records 1 to "})
    EXPECT_NE(page.find(must), std::string::npos) << must;
  for (const char* never : {"<script", "http://", "https://", "url(", "src="}) EXPECT_EQ(page.find(never), std::string::npos) << never;
  if (const char* keep = std::getenv("RAMPA_REPORT_COPY")) std::ofstream(keep) << page;
}

TEST_F(Learning, ResultsWithoutAnyCrossingAreAPageToo) {
  const auto page = report_page({}, risk::results({}));
  EXPECT_NE(page.find("No crossing yet"), std::string::npos);
  EXPECT_EQ(day_text(0), "1970-01-01");
  EXPECT_EQ(day_text(20654), "2026-07-20");
}
