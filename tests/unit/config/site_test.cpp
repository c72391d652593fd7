// The site reader: all findings at once, each with line, key and remedy.
#include "config/site.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/unit/config/temporary_file.hpp"

using namespace rampa;

namespace {

const char* const kIcds = "firmware-interfaces/icd";

const std::string kGood = R"(
[post]
id = "P"
directory = "store"
profiles = "profiles.json"

[[lane]]
id = "L1"
kind = "cargo"
presence_timeout = "none"
required_evidence = ["scale"]

[[lane.device]]
role = "io"
icd = "moxa-iologik-e1214"
address = "modbus+tcp://127.0.0.1:15110?unit=1"
[lane.device.points]
loop_entry = "DI0"
loop_boom = { channel = "DI1", inverted = true }
loop_exit = "DI2"
photocell = "DI3"
boom_open = "DI4"
boom_closed = "DI5"
boom_raise = "relay0"
boom_lower = "relay1"
[lane.device.options]
commissioned_by = "J. Example"
commissioned_on = 2026-05-04

[[lane.device]]
role = "scale"
icd = "rinstrum-c500"
address = "modbus+tcp://127.0.0.1:15120?unit=1"
[lane.device.options]
grams_per_count = 1000
)";

config::SiteCheck read_text(const std::string& text) {
  tests::TemporaryFolder folder;
  folder.write("profiles.json", "{}");
  return config::read_site(folder.write("site.toml", text), kIcds);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

int line_of(const std::string& text, const std::string& what) {
  const auto at = text.rfind(what);
  return at == std::string::npos ? -1 : 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
}

std::string all(const config::SiteCheck& check) {
  std::string out;
  for (const auto& f : check.findings)
    out += std::to_string(f.line) + " " + f.key + ": " + f.cause + " -> " + f.remedy + "\n";
  return out;
}

}  // namespace

TEST(Site, AGoodFileHasNoFindings) {
  const auto check = read_text(kGood);
  ASSERT_TRUE(check.findings.empty()) << all(check);
  const auto& site = check.site;
  ASSERT_EQ(site.lanes.size(), 1u);
  ASSERT_EQ(site.devices.size(), 2u);
  EXPECT_EQ(site.lanes[0].roles, (std::vector<std::string>{"io", "scale"}));
  EXPECT_EQ(site.lanes[0].inputs.size(), 6u);  // the wired inputs, not the outputs
  EXPECT_EQ(site.devices[0].id.text, "L1-io");
  EXPECT_EQ(site.devices[0].lane.text, "L1");
  const auto& wiring = site.devices[0].wiring;
  const auto boom = std::find_if(wiring.begin(), wiring.end(), [](const auto& w) { return w.point == "loop_boom"; });
  ASSERT_NE(boom, wiring.end());
  EXPECT_TRUE(boom->inverted);
  EXPECT_EQ(boom->channel, "DI1");
  EXPECT_EQ(site.devices[0].options.at("commissioned_on"), "2026-05-04");
  EXPECT_EQ(site.devices[1].options.at("grams_per_count"), "1000");
  EXPECT_TRUE(site.products.contains("rinstrum-c500"));
  EXPECT_TRUE(std::filesystem::path(site.directory).is_absolute());
}

struct Mistake {
  const char* name;
  const char* from;
  const char* to;
  const char* key;       ///< of the expected finding
  const char* cause;     ///< part of it
  const char* remedy;    ///< part of it
  const char* at = nullptr;  ///< text on the expected line; nullptr: `to`
};

class OneMistake : public testing::TestWithParam<Mistake> {};

TEST_P(OneMistake, GivesOneFindingAtItsPlace) {
  const Mistake& m = GetParam();
  const std::string text = replaced(kGood, m.from, m.to);
  const auto check = read_text(text);
  ASSERT_EQ(check.findings.size(), 1u) << all(check);
  const auto& f = check.findings[0];
  EXPECT_EQ(f.key, m.key);
  EXPECT_NE(f.cause.find(m.cause), std::string::npos) << all(check);
  EXPECT_NE(f.remedy.find(m.remedy), std::string::npos) << all(check);
  EXPECT_EQ(f.line, line_of(text, m.at ? m.at : m.to)) << all(check);
}

INSTANTIATE_TEST_SUITE_P(
    All, OneMistake,
    testing::Values(
        Mistake{"unknown_key", "directory = ", "dir = \"x\"\ndirectory = ", "post.dir", "unknown key", "remove"},
        Mistake{"nearest_key", "required_evidence", "requird_evidence", "lane[0].requird_evidence", "unknown key", "required_evidence"},
        Mistake{"random_share", "directory = ", "random_percent_min = 101\ndirectory = ", "post.random_percent_min", "is no share", "0 to 100"},
        Mistake{"missing_key", "id = \"P\"\n", "", "post.id", "missing", "add", "[post]"},
        Mistake{"post_name", "id = \"P\"", "id = \"a/b #\"", "post.id", "cannot stand", "A-Z"},
        Mistake{"post_is_hq", "id = \"P\"", "id = \"hq\"", "post.id", "headquarters", "another"},
        Mistake{"plates_country", "[[lane]]", "[plates]\ncertified_countries = [\"SRB\", \"mk\"]\n[[lane]]", "plates.certified_countries", "\"mk\" is no country", "SRB", "certified_countries"},
        Mistake{"lane_name", "id = \"L1\"", "id = \"../x\"", "lane[0].id", "cannot stand", "A-Z"},
        Mistake{"no_profiles", "profiles.json", "profile.json", "post.profiles", "no file", "path"},
        Mistake{"presence_timeout", "presence_timeout = \"none\"", "presence_timeout = \"4min\"", "lane[0].presence_timeout", "free the boom", "none"},
        Mistake{"kind", "kind = \"cargo\"", "kind = \"carg\"", "lane[0].kind", "not known", "did you mean \"cargo\""},
        Mistake{"evidence", "[\"scale\"]", "[\"portal\"]", "lane[0].required_evidence", "no evidence", "scale"},
        Mistake{"icd", "moxa-iologik-e1214", "moxa-iologik-e1212", "lane[0].device[0].icd", "there is no ICD", "moxa-iologik-e1214"},
        Mistake{"scheme", "modbus+tcp://127.0.0.1:15120?unit=1", "serial:///dev/ttyS0?baud=9600", "lane[0].device[1].address", "not reached by serial", "modbus_tcp"},
        Mistake{"address", "127.0.0.1:15120", "127.0.0.1:151200", "lane[0].device[1].address", "port", "SITE.md"},
        Mistake{"same_address", "15120", "15110", "lane[0].device[1].address", "already that of device L1-io", "one device", "modbus+tcp://127.0.0.1:15110"},
        Mistake{"channel", "loop_exit = \"DI2\"", "loop_exit = \"DI9\"", "lane[0].device[0].points.loop_exit", "no channel \"DI9\"", "DI0"},
        Mistake{"channel_twice", "loop_exit = \"DI2\"", "loop_exit = \"DI3\"", "lane[0].device[0].points.photocell", "already carries", "one point", "photocell"},
        Mistake{"output_on_input", "boom_raise = \"relay0\"", "boom_raise = \"relay0\"\nbeacon = \"watchdog\"", "lane[0].device[0].points.beacon", "no channel", "watchdog_alarm", "beacon"},
        Mistake{"input_on_output", "photocell = \"DI3\"", "photocell = \"relay3\"", "lane[0].device[0].points.photocell", "is an output", "input channel"},
        Mistake{"point", "boom_lower = ", "light_grean = \"relay5\"\nboom_lower = ", "lane[0].device[0].points.light_grean", "no point", "light_green"},
        Mistake{"points_missing", "loop_boom = { channel = \"DI1\", inverted = true }\n", "", "lane[0]", "loop_boom", "add", "[[lane]]"},
        Mistake{"feedback", "boom_open = \"DI4\"\n", "", "lane[0]", "boom_open", "add", "[[lane]]"},
        Mistake{"option_missing", "grams_per_count = 1000\n", "", "lane[0].device[1].options", "grams_per_count", "add", "[lane.device.options]"},
        Mistake{"option_unknown", "grams_per_count = 1000", "grams_per_count = 1000\ngram_per_count = 1", "lane[0].device[1].options.gram_per_count", "no option", "grams_per_count", "gram_per_count = 1"},
        Mistake{"option_range", "grams_per_count = 1000", "grams_per_count = 0", "lane[0].device[1].options.grams_per_count", "not a valid", "1 to 1000000"},
        Mistake{"option_date", "2026-05-04", "\"May\"", "lane[0].device[0].options.commissioned_on", "no date", "YYYY-MM-DD"},
        Mistake{"not_commissioned", "commissioned_by = \"J. Example\"\n", "", "lane[0].device[0].options", "commissioned_by", "add", "[lane.device.options]\ncommissioned_on"}),
    [](const auto& mistake) { return std::string(mistake.param.name); });

TEST(Site, AProductsClassFitsItsRole) {
  const auto text = all(read_text(replaced(kGood, "role = \"scale\"", "role = \"portal\"")));
  EXPECT_NE(text.find("\"rinstrum-c500\" is a scale and can't be the lane's portal"), std::string::npos) << text;
}

TEST(Site, PagesOnTheNetworkAndALineWithoutTlsAreFound) {
  const std::string http = "\n[http]\nlisten = \"0.0.0.0\"\nbehind_proxy = true\n", sync = "\n[sync]\nbrokers = [\"mqtt://hq.example:1883\"]\n";
  const auto check = read_text(kGood + http + sync);
  const auto text = all(check);
  EXPECT_NE(text.find("not fit to face a network bare"), std::string::npos) << text;
  EXPECT_NE(text.find("is not encrypted"), std::string::npos) << text;
  EXPECT_TRUE(check.site.http.behind_proxy);
}

TEST(Site, SyntaxErrorNamesItsLine) {
  const auto check = read_text("[post]\nid = \n");
  ASSERT_EQ(check.findings.size(), 1u);
  EXPECT_EQ(check.findings[0].line, 2);
}

TEST(Site, AllFindingsComeAtOnceInTheFilesOrder) {
  std::string text = replaced(kGood, "kind = \"cargo\"", "kind = \"truck\"");
  text = replaced(text, "DI4", "DI44");
  text = replaced(text, "grams_per_count = 1000", "grams_per_count = -1");
  text = replaced(text, "id = \"P\"", "id = 7");
  const auto check = read_text(text);
  EXPECT_EQ(check.findings.size(), 4u) << all(check);
  EXPECT_TRUE(std::is_sorted(check.findings.begin(), check.findings.end(),
                             [](const auto& a, const auto& b) { return a.line < b.line; }));
}

TEST(Site, IdsAndPushPathsAreUnique) {
  const std::string camera = R"(
[[lane.device]]
role = "plate_front"
id = "L1-scale"
icd = "rinstrum-c500"
address = "push://127.0.0.1:8080/x"
[lane.device.options]
grams_per_count = 1000
[[lane.device]]
role = "plate_rear"
icd = "rinstrum-c500"
address = "push://127.0.0.1:8080/x"
[lane.device.options]
grams_per_count = 1000
)";
  const auto text = all(read_text(kGood + camera));
  EXPECT_NE(text.find("already used at line"), std::string::npos) << text;
  EXPECT_NE(text.find("already posts to this port and path"), std::string::npos) << text;
  EXPECT_NE(text.find("officers' HTTP port"), std::string::npos) << text;
}

class ExampleSite : public testing::TestWithParam<const char*> {};
TEST_P(ExampleSite, IsAccepted) {
  const auto check = config::read_site(GetParam(), kIcds);
  EXPECT_TRUE(check.findings.empty()) << all(check);
  EXPECT_FALSE(check.site.devices.empty());
}
INSTANTIATE_TEST_SUITE_P(All, ExampleSite,
                         testing::Values("config/sites/one-lane.toml", "config/sites/four-lanes.toml", "config/sites/nii-lane.toml"));

TEST(SiteReader, HqsPicturesHaveTheirBounds) {
  const auto usual = read_text(kGood);
  EXPECT_EQ(usual.site.store.reference_images_mib, 1000u);
  EXPECT_EQ(usual.site.store.reference_images_days, 30);
  const auto with = [](const char* keys) { return read_text(kGood + "\n[store]\n" + keys); };
  const auto own = with("reference_images_mib = 0\nreference_images_days = 7\n");
  EXPECT_EQ(all(own), all(usual));
  EXPECT_EQ(own.site.store.reference_images_mib, 0u);
  EXPECT_EQ(own.site.store.reference_images_days, 7);
  EXPECT_NE(all(with("reference_images_days = 0\n")).find("reference_images_days"), std::string::npos);
  EXPECT_NE(all(with("reference_images_mib = -1\n")).find("reference_images_mib"), std::string::npos);
}

TEST(SiteReader, OnePortHasOneProtocolAndOneFormat) {
  const auto with_scales = [](const std::string& first, const std::string& second) {
    std::string text = kGood.substr(0, kGood.rfind("[[lane.device]]"));
    for (const auto& [role, address] : {std::pair{"scale", first}, {"io_2", second}})
      text += "[[lane.device]]\nrole = \"" + std::string(role) + "\"\nicd = \"" +
              (std::string(role) == "scale" ? "rinstrum-c500" : "nii-il-1") + "\"\naddress = \"" + address + "\"\n";
    return all(read_text(text));
  };
  EXPECT_NE(with_scales("serial:///dev/ttyS0", "modbus+rtu:///dev/ttyS0?unit=2").find("one port has one protocol"), std::string::npos);
  EXPECT_NE(with_scales("modbus+rtu:///dev/ttyS0?unit=1&parity=E", "modbus+rtu:///dev/ttyS0?unit=2").find("give all devices of a line the same"), std::string::npos);
  EXPECT_EQ(with_scales("modbus+rtu:///dev/ttyS0?unit=1", "modbus+rtu:///dev/ttyS0?unit=2&format=8N1").find("of a line"), std::string::npos);
}

TEST(SiteReader, AFileAmongTheOptionsStartsAtTheSiteFile) {
  const auto named = [](const std::string& file) {
    tests::TemporaryFolder folder;
    folder.write("profiles.json", "{}");
    const auto check = config::read_site(folder.write("site.toml", kGood + "[[lane.device]]\nrole = \"plate_front\"\nicd = \"video-camera\"\naddress = \"rtsp://127.0.0.1:15130/a\"\n"
                                                                   "[lane.device.options]\nuser = \"lane\"\npassword_file = \"" + file + "\"\n"), kIcds);
    EXPECT_TRUE(check.findings.empty()) << all(check);
    const std::string read = check.site.devices.back().options.at("password_file");
    return read.starts_with(folder.path()) ? read.substr(folder.path().size()) : read;
  };
  EXPECT_EQ(named("plate_front.password"), "/plate_front.password");
  EXPECT_EQ(named("secrets/../a"), "/a");
  EXPECT_EQ(named("/run/secret"), "/run/secret");
}

TEST(SiteReader, AnAddressAmongTheOptionsIsAnAddress) {
  const std::string nii = replaced(kGood, "kind = \"cargo\"", "kind = \"nii\"") +
                          "[[lane.device]]\nrole = \"scanner\"\nicd = \"nii-il-1\"\naddress = \"modbus+tcp://127.0.0.1:15150?unit=1\"\n"
                          "[lane.device.options]\nstream_address = \"tcp://127.0.0.1:15151\"\n";
  EXPECT_EQ(all(read_text(nii)).find("stream_address"), std::string::npos) << all(read_text(nii));
  EXPECT_NE(all(read_text(replaced(nii, "tcp://127.0.0.1:15151", "127.0.0.1:15151"))).find("options.stream_address"), std::string::npos);
}
