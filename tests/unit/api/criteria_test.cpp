// Officers get the instruction, never the criterion: no request of the interface tells which facts a profile asks for, which profiles
// are in shadow, or which declined. Shift leaders get no more.
#include "edge/api/views.hpp"
#include "edge/risk/catalogue.hpp"
#include "tests/unit/api/post_fixture.hpp"

namespace rampa::tests {
namespace {

AssessmentMade telling_all() {
  AssessmentMade made;
  Assessment& a = made.assessment;
  a.channel = SelectivityChannel::yellow;
  a.hits = {{"P-0", SelectivityChannel::yellow, "Ask for the invoice.", 1},
            {"P-1", SelectivityChannel::yellow, "Check the seals.", 3, {{"en", "Check the seals."}, {"sr-Latn", "Proverite plombe."}},
             {{"documents", "", "", "", ""}, {"physical", "the seals", "bay 2", "lamp", "photograph of each"}}},
            {"P-4", SelectivityChannel::yellow, "Look.", 1, {{"en", "Look."}}, {{"physical", "the seals", "bay 2", "lamp", "photograph of each"}, {"physical", "", "bay 3", "", ""}}}};
  a.declined = {"P-DECLINED: not drawn"};
  a.shadow = {"P-SHADOW"};
  a.undetermined = {"S-123456789012: facts missing", "P-2: evidence.axle_kg_max missing", "P-2: evidence.gross_kg missing", "P-3: declaration.incoterm missing",
                    "and 40 further profiles"};
  a.reasons = {"on watch list: old (possible)", "on watch list: stolen", "profiles undetermined: facts are missing"};
  a.controls = {"documents", "physical"};
  a.profile_set = "2026-05";
  a.draw_key = 987654321987;
  a.draws = {4711};
  a.facts["declaration.count"] = std::int64_t{1};
  a.facts["vehicle.watch_lists"] = std::vector<std::string>{"old (possible: BG123AA)", "older (possible: X)", "stolen"};
  a.facts["vehicle.watch_lists_red"] = std::vector<std::string>{"stolen"};
  a.facts["vehicle.watch_list_instructions"] = std::vector<std::string>{"old\nen\nCompare.", "stolen\nde\nHalten.\nPolizei.", "stolen\nen\nHold."};
  for (const auto& name : risk::catalogue())
    if (!a.facts.contains(name) && risk::type_of(name) == risk::FieldType::text) a.facts[name] = std::string("FACT-VALUE");
  return made;
}

class Criteria : public ServedPost {
 protected:
  Criteria() {
    staff();
    lorry_waits();
    post.record(LaneId{"L1"}, CrossingId{"L1-7-12"}, telling_all());
    post.change(LaneId{"L1"}, [](lane::State& s) { s.assessed = telling_all(); });
  }
};

TEST_F(Criteria, AreInNoAnswerToOfficersOrShiftLeaders) {
  for (const char* badge : {"1001", "1002"}) {
    Client who = signed_in(badge);
    for (const char* path : {"/api/v1/lanes", "/api/v1/lanes/L1", "/api/v1/crossings", "/api/v1/crossings/L1-7-12", "/api/v1/status", "/api/v1/profiles"}) {
      const auto body = who.get(path).body;
      for (const auto& field : risk::catalogue()) EXPECT_EQ(body.find(field), std::string::npos) << field << " in " << path << " for " << badge;
      for (const char* secret : {"P-2", "P-3", "P-SHADOW", "P-DECLINED", "S-123", "FACT-VALUE", "987654321987", "4711"})
        EXPECT_EQ(body.find(secret), std::string::npos) << secret << " in " << path << " for " << badge;
    }
  }
}

TEST_F(Criteria, WhatAnOfficerNeedsIsThere) {
  Client ana = signed_in("1001");
  for (const char* path : {"/api/v1/lanes/L1", "/api/v1/crossings/L1-7-12"}) {
    const auto body = ana.get(path).body;
    EXPECT_NE(body.find(R"("instruction":"Check the seals.","instructions":{"en":"Check the seals.","sr-Latn":"Proverite plombe."})"), std::string::npos) << body;
    EXPECT_NE(body.find(R"("checklist":[{"control":"documents","what":null,"where":null,"with":null,"evidence":null,"profiles":[]},)"
                        R"({"control":"physical","what":"the seals","where":"bay 2","with":"lamp","evidence":"photograph of each","profiles":["P-1","P-4"]},)"
                        R"({"control":"physical","what":null,"where":"bay 3","with":null,"evidence":null,"profiles":["P-4"]}])"), std::string::npos) << body;
    EXPECT_NE(body.find(R"("watch_lists":[{"list":"old","severity":"yellow","instruction":{"en":"Compare."}},)"
                        R"({"list":"stolen","severity":"red","instruction":{"de":"Halten.\u000aPolizei.","en":"Hold."}}])"), std::string::npos) << body;
    EXPECT_NE(body.find(R"x("reasons":["on watch list: old (possible: BG123AA)","on watch list: stolen","profiles undetermined: facts are missing"])x"), std::string::npos)
        << "what a reason leaves to the encrypted facts is shown from them: " << body;
    EXPECT_NE(body.find(R"("checks_open":43)"), std::string::npos) << body;
    EXPECT_NE(body.find(R"("undetermined":["declaration_particulars","scale"])"), std::string::npos) << body;
  }
}

TEST(OpenChecks, SayTheDocumentOrTheDevice) {
  const auto missing = [](const char* line, Fields facts) {
    Assessment a;
    a.undetermined = {line};
    a.facts = std::move(facts);
    const auto open = api::open_checks(a);
    EXPECT_EQ(open.count, 1u);
    return open.missing.size() == 1 ? open.missing[0] : std::to_string(open.missing.size()) + " sources";
  };
  const Fields none{{"declaration.count", std::int64_t{0}}}, one{{"declaration.count", std::int64_t{1}}};
  EXPECT_EQ(missing("P: declaration.incoterm missing", none), "declaration");
  EXPECT_EQ(missing("P: declaration.incoterm missing", one), "declaration_particulars");
  EXPECT_EQ(missing("P: goods.origin missing", none), "declaration");
  EXPECT_EQ(missing("P: goods missing", one), "goods");
  EXPECT_EQ(missing("P: declaration.tractor_matches missing", one), "plate_front");
  EXPECT_EQ(missing("P: evidence.mass_deviation_percent missing", one), "scale");
  EXPECT_EQ(missing("A: B: vehicle.trailer missing", one), "plate_rear");
  EXPECT_EQ(missing("P: evidence.gamma_sigma missing", one), "portal");
  EXPECT_EQ(missing("S-123456789012: facts missing", one), "0 sources");
  // Every field of the catalogue has one, and none is named after a field.
  for (const auto& field : risk::catalogue()) {
    const auto source = missing(("P: " + field + " missing").c_str(), one);
    EXPECT_EQ(source.find('.'), std::string::npos) << field;
    EXPECT_NE(source, "0 sources") << field;
  }
}

}  // namespace
}  // namespace rampa::tests
