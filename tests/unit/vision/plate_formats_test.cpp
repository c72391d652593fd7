// The formats' file: that it is whole, what fits it, and that it weighs without coercing.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "edge/vision/plates/plate_formats.hpp"

namespace rampa::vision::plates {
namespace {

const std::string file = "edge/vision/plates/formats.json";

const PlateFormats& formats() {
  static const auto loaded = PlateFormats::load(file);
  if (!loaded) throw std::runtime_error(loaded.error().what);
  return *loaded;
}

std::set<std::string> countries_of(const std::string& text, bool certain_only = true) {
  std::set<std::string> out;
  for (const Fit& fit : formats().fits(text))
    if (!certain_only || (fit.series->trust != Trust::uncertain && fit.series->kind != "personal")) out.insert(fit.country->code);
  return out;
}

std::string region_of(const std::string& text, const std::string& country) {
  for (const Fit& fit : formats().fits(text, country))
    if (fit.series->kind == "standard") return fit.region;
  return "-";
}

/// What was seen: each character with the given probability, its rival with the rest.
Seen seen(const std::string& text, const std::map<std::size_t, std::pair<std::string, double>>& rivals = {}) {
  const auto signs = signs_of(text);
  Seen out(signs->size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].fill(std::log(1e-5f));
    out[i][(*signs)[i]] = std::log(0.999f);
    if (const auto rival = rivals.find(i); rival != rivals.end()) {
      out[i][(*signs)[i]] = static_cast<float>(std::log(1 - rival->second.second));
      out[i][*sign_of(rival->second.first)] = static_cast<float>(std::log(rival->second.second));
    }
  }
  return out;
}

TEST(PlateFormats, AllTwentyCountriesAreThere) {
  std::set<std::string> codes;
  for (const Country& c : formats().countries()) {
    codes.insert(c.code);
    EXPECT_FALSE(c.series.empty()) << c.code;
  }
  EXPECT_EQ(codes, (std::set<std::string>{"RS", "ME", "BA", "MK", "XK", "AL", "HR", "SI", "BG", "RO", "HU", "GR", "TR", "SK", "CZ", "PL", "DE", "AT", "IT", "UA"}));
}

TEST(PlateFormats, PlatesOfEachCountryFit) {
  const std::pair<const char*, const char*> plates[]{
      {"RS", "BG 1742-KV"}, {"RS", "ČA 003-ŽŠ"}, {"RS", "AB-123 NS"}, {"ME", "PG AB123"}, {"BA", "A12-K-345"}, {"BA", "123-J-456"}, {"MK", "SK 2345-MG"}, {"XK", "01 234-AB"},
      {"AL", "AA 123BB"}, {"AL", "TR 1234A"}, {"HR", "ZG 1234-AB"}, {"HR", "ŠI 123-A"}, {"SI", "LJ AB-123"}, {"SI", "KP 12-3CD"}, {"BG", "CB 1234AB"}, {"BG", "A 1234BB"},
      {"RO", "B 123ABC"}, {"RO", "CJ 12ABC"}, {"RO", "TM 012345"}, {"HU", "ABC-123"}, {"HU", "AA BC-123"}, {"GR", "YHB-1234"}, {"TR", "34 ABC 123"}, {"TR", "06 A 1234"},
      {"SK", "BL 123AB"}, {"SK", "AA 123BB"}, {"CZ", "1A2 3456"}, {"CZ", "2AB 1234"}, {"CZ", "EL 001AA"}, {"PL", "WA 12345"}, {"PL", "WPI 2A34"}, {"PL", "KR 1AC23"},
      {"DE", "M-AB 1234"}, {"DE", "TÜ-X 1"}, {"DE", "B-AB 123E"}, {"AT", "W 12345A"}, {"AT", "GU 123AB"}, {"IT", "AB 123CD"}, {"IT", "XA 123CD"}, {"UA", "AA 1234BB"}, {"UA", "KA 0001XX"}};
  for (const auto& [country, text] : plates) EXPECT_TRUE(countries_of(text).contains(country)) << country << " " << text;
}

TEST(PlateFormats, WhatACountryCannotHaveIssuedDoesNotFitIt) {
  EXPECT_FALSE(countries_of("QQ 123-AB").contains("RS"));    // no such area
  EXPECT_FALSE(countries_of("82 AB 123").contains("TR"));    // provinces end with 81
  EXPECT_FALSE(countries_of("B12-K-345").contains("BA"));    // letters outside the shared seven
  EXPECT_FALSE(countries_of("CB 1234AD").contains("BG"));    // D is no lookalike
  EXPECT_FALSE(countries_of("AA 123IO").contains("IT"));
  EXPECT_FALSE(countries_of("M-AB 0123").contains("DE"));    // no leading zero
  EXPECT_FALSE(countries_of("GAP-AB 1234").contains("DE"));  // nine characters
  EXPECT_FALSE(countries_of("WA 1234O").contains("PL"));     // no O in a Polish serial
  EXPECT_TRUE(countries_of("").empty());
  EXPECT_TRUE(countries_of("C00D").empty());
  EXPECT_TRUE(countries_of("ABC ЖЖ1").empty());
}

TEST(PlateFormats, RegionsArePrintedWithTheirMarks) {
  EXPECT_EQ(region_of("CA003ZS", "RS"), "ČA");  // what cameras send
  EXPECT_EQ(region_of("ČA003ŽŠ", "RS"), "ČA");
  EXPECT_EQ(region_of("TUX1", "DE"), "TÜ");
  EXPECT_EQ(region_of("BG1742KV", "RS"), "BG");
  EXPECT_EQ(region_of("34ABC123", "TR"), "34");
  EXPECT_EQ(region_of("ČG1742KV", "RS"), "-");  // a mark that was read has to be there
}

TEST(PlateFormats, EveryPatternsOwnTextFitsItsSeries) {
  // Drawn from the file itself, by a reader written for that alone.
  const auto root = nlohmann::json::parse(std::ifstream(file));
  rc::check([&] {
    const auto& country = root["countries"][*rc::gen::inRange<std::size_t>(0, root["countries"].size())];
    const auto& series = country["series"][*rc::gen::inRange<std::size_t>(0, country["series"].size())];
    const std::string pattern = series["pattern"];
    const auto letters = signs_of(series.value("letters", "A"));
    const auto& regions = series.contains("regions") ? country["region_sets"][series["regions"].get<std::string>()] : country["regions"];
    std::string text;
    bool in_number = false;
    for (std::size_t i = 0; i < pattern.size();) {
      const char c = pattern[i++];
      if (c == '\'') {
        const auto end = pattern.find('\'', i);
        text += pattern.substr(i, end - i);
        i = end + 1;
        in_number = false;
        continue;
      }
      if (c != 'R' && c != '#' && c != 'L' && c != 'X') {
        text += c;
        if (c != '|') in_number = false;
        continue;
      }
      std::size_t least = 1, most = 1;
      for (; c == 'R' && i < pattern.size() && pattern[i] == 'R'; ++i) least = ++most;
      if (i < pattern.size() && pattern[i] == '{') {
        least = static_cast<std::size_t>(pattern[i + 1] - '0');
        most = static_cast<std::size_t>(pattern[i + 3] - '0');
        i += 5;
      }
      if (c == 'R') {
        std::vector<std::string> fitting;
        for (const auto& [code, name] : regions.items())
          if (const auto n = signs_of(code)->size(); n >= least && n <= most) fitting.push_back(code);
        text += *rc::gen::elementOf(fitting);
        in_number = false;
        continue;
      }
      const std::size_t n = *rc::gen::inRange(least, most + 1);
      for (std::size_t k = 0; k < n; ++k) {
        const bool digit = c == '#' || (c == 'X' && *rc::gen::arbitrary<bool>());
        const bool no_zero = c == '#' && !in_number && k == 0 && !series.value("leading_zero", true);
        text += digit ? std::string(1, static_cast<char>('0' + *rc::gen::inRange(no_zero ? 1 : 0, 10))) : std::string(alphabet[*rc::gen::elementOf(*letters)]);
      }
      in_number = c == '#';
    }
    const auto length = signs_of(text)->size();
    RC_PRE(length >= series.value("length_min", std::size_t{0}) && length <= series.value("length_max", std::size_t{12}));
    const auto fits = formats().fits(text, country["code"].get<std::string>());
    RC_ASSERT(std::any_of(fits.begin(), fits.end(), [&](const Fit& f) { return f.series->name == series["name"].get<std::string>(); }));
    // And so does its normal form.
    const auto plainly = formats().fits(normal(*signs_of(text)), country["code"].get<std::string>());
    RC_ASSERT(std::any_of(plainly.begin(), plainly.end(), [&](const Fit& f) { return f.series->name == series["name"].get<std::string>(); }));
  });
}

TEST(PlateFormats, SettlesWhatThePictureLeavesOpen) {
  // An O was seen a little clearer than a 0, in the number; an 8 a little clearer than a B, in the area code.
  const auto best = formats().explain(seen("8G17O2KV", {{0, {"B", .45}}, {4, {"0", .45}}}), {{{"RS", std::log(.9)}}, std::log(.02), ""}).front();
  EXPECT_EQ(printed(best.signs), "BG1702KV");
  ASSERT_TRUE(best.fit.country);
  EXPECT_EQ(best.fit.country->code, "RS");
  EXPECT_EQ(best.fit.region, "BG");
  EXPECT_EQ(best.allowed[4], digits);
}

TEST(PlateFormats, YieldsWhereThePictureIsClear) {
  // The same text, clearly seen: an unknown plate comes out as it stands.
  const auto clear = formats().explain(seen("8G17O2KV"), {{{"RS", std::log(.9)}}, std::log(.02), ""});
  EXPECT_EQ(printed(clear.front().signs), "8G17O2KV");
  EXPECT_FALSE(clear.front().fit.country);
}

TEST(PlateFormats, AClearTextIsNeverCoerced) {
  // Any text at all, each character 49 times likelier than any one other, in a picture that is sure of a country which the site expects too: it
  // stays. (A format is worth a factor of 33.)
  rc::check([] {
    const auto n = *rc::gen::inRange<std::size_t>(1, 14);
    Signs signs;
    Seen all(n);
    for (std::size_t i = 0; i < n; ++i) {
      signs.push_back(static_cast<Sign>(*rc::gen::inRange<int>(0, signs_count)));
      all[i].fill(std::log(0.02f));
      all[i][signs[i]] = std::log(0.98f);
    }
    const std::string country = formats().countries()[*rc::gen::inRange<std::size_t>(0, formats().countries().size())].code;
    const auto best = formats().explain(all, {{{country, std::log(.97)}}, std::log(.01), country}).front();
    RC_ASSERT(best.signs == signs);
  });
}

TEST(PlateFormats, TheCountrySeenDecidesBetweenFormats) {
  const auto country_of = [](const std::string& seen_as) {
    return formats().explain(seen("AA123BB"), {{{seen_as, std::log(.9)}}, std::log(.01), ""}).front().fit.country->code;
  };
  EXPECT_EQ(country_of("AL"), "AL");
  EXPECT_EQ(country_of("IT"), "IT");
  EXPECT_EQ(country_of("SK"), "SK");
  const auto hinted = formats().explain(seen("AA123BB"), {{}, 0, "SK"}).front();
  EXPECT_EQ(hinted.fit.country->code, "SK");
}

TEST(PlateFormats, TwinsInTheCountrysScript) {
  EXPECT_EQ(twin("BG", *signs_of("CB1234AH")), "СВ1234АН");
  EXPECT_EQ(twin("GR", *signs_of("YHB1234")), "ΥΗΒ1234");
  EXPECT_EQ(twin("RS", *signs_of("ČA")), "ЧА");
  EXPECT_EQ(twin("BG", *signs_of("CB1234AD")), "");
  EXPECT_EQ(twin("DE", *signs_of("MAB1")), "");
}

TEST(PlateFormats, ErrorsNameThePlace) {
  auto root = nlohmann::json::parse(std::ifstream(file));
  const auto what = [](const nlohmann::json& j) {
    const auto parsed = PlateFormats::parse(j.dump());
    return parsed ? std::string("fine") : parsed.error().what;
  };
  EXPECT_EQ(what(root), "fine");
  const auto with = [&](auto change) {
    auto copy = root;
    change(copy["countries"][0]);
    return what(copy);
  };
  EXPECT_EQ(with([](auto& c) { c["series"][2]["pattern"] = "RR|###-Q"; }),
            "countries[0] RS, series[2] standard, two lines, pattern: \"Q\" means nothing; R, #, L, X, 'text', blank, -, ., · and | do");
  EXPECT_EQ(with([](auto& c) { c["series"][0].erase("trust"); }), "countries[0] RS, series[0] standard, trust: is missing");
  EXPECT_EQ(with([](auto& c) { c["series"][0]["trust"] = "sure"; }), "countries[0] RS, series[0] standard, trust: \"sure\" is none of well known, from memory, uncertain");
  EXPECT_EQ(with([](auto& c) { c["series"][0]["lines"] = 2; }), "countries[0] RS, series[0] standard, pattern: two lines have a | and one has none");
  EXPECT_EQ(with([](auto& c) { c["regions"]["Я"] = "x"; }), "countries[0] RS, regions, \"Я\": must be one to three characters of the reader's alphabet");
  EXPECT_EQ(with([](auto& c) { c["series"][0]["pattern"] = "RRR ###"; }),
            "countries[0] RS, series[0] standard, pattern: no text has a length that is allowed, or no region's code has the pattern's length");
  EXPECT_EQ(with([](auto& c) { c["series"][0]["pattern"] = "RR #{4,2}"; }), "countries[0] RS, series[0] standard, pattern: a count must be {least,most}, 1 to 12");
  EXPECT_EQ(with([](auto& c) { c["series"][1]["name"] = "standard"; }), "countries[0] RS, series[1] standard: this name is there twice");
  EXPECT_EQ(with([](auto& c) { c["series"][0]["regions"] = "1066"; }), "countries[0] RS, series[0] standard, regions: no region_sets has the name \"1066\"");
  EXPECT_TRUE(PlateFormats::parse("{").error().what.starts_with("no JSON: "));
  EXPECT_EQ(PlateFormats::load("nowhere.json").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace rampa::vision::plates
