// The published schemas describe what is really sent: every payload that the codec writes validates, and damaged ones do not.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sync/day_keys.hpp"
#include "sync/letters.hpp"
#include "sync/payloads.hpp"
#include "tests/support/shared_data.hpp"

using namespace rampa;
using namespace rampa::sync;

namespace {

class Schemas : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("python3 -c 'import jsonschema' >/dev/null 2>&1") == 0) return;
    if (tests::in_ci()) FAIL() << "python3-jsonschema is missing";
    GTEST_SKIP() << "python3-jsonschema is missing (apt-get install python3-jsonschema)";
  }
  static bool valid(const char* schema, const Bytes& payload) {
    const std::string file = (std::filesystem::temp_directory_path() / ("rampa-payload-" + std::to_string(::getpid()) + ".json")).string();
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(payload.data()), static_cast<std::streamsize>(payload.size()));
    const std::string command = std::string("python3 -c 'import json,sys,jsonschema\n"
                                            "s=json.load(open(sys.argv[1])); jsonschema.Draft202012Validator.check_schema(s)\n"
                                            "jsonschema.Draft202012Validator(s).validate(json.load(open(sys.argv[2])))' sync/schema/") +
                                schema + ".schema.json " + file + " 2>/dev/null";
    const bool fine = std::system(command.c_str()) == 0;
    std::filesystem::remove(file);
    return fine;
  }
};

}  // namespace

TEST_F(Schemas, DescribeWhatTheCodecWrites) {
  const std::string sha(64, 'a');
  Hello hello;
  hello.id = "1";
  hello.key = sha;
  EXPECT_TRUE(valid("hello", encode(hello)));
  hello.last_hash = sha;
  hello.ends = {4, 5};
  hello.last_sequence = 9;
  hello.sent = {MonoTime{5}, WallTime{6}};
  hello.desks = {{"", 3}, {std::string(32, 'd'), 4}};
  EXPECT_TRUE(valid("hello", encode(hello)));
  Ack ack;
  ack.key = sha;
  EXPECT_TRUE(valid("ack", encode(ack)));
  ack.hash = sha;
  ack.streams[1] = {7, {{9, 12}}};
  ack.quarantined = {{3, "CRC", Stream::verdicts}};
  ack.refused = {{Stream::events, 8, "signature"}};
  ack.held = 5ms;
  EXPECT_TRUE(valid("ack", encode(ack)));
  ack.lost = {{Stream::events, {3, 4}, ""}};
  EXPECT_TRUE(valid("ack", encode(ack)));
  EXPECT_TRUE(valid("lost", encode(Lost{{{Stream::verdicts, {1, 9}, "damaged"}}})));
  EXPECT_TRUE(valid("want", encode(Want{{{sha, 10, false, {{0, 0}}, 5, true, false}}, {sha}})));
  EXPECT_TRUE(valid("unavailable", encode(Unavailable{sha, "gone"})));
  EXPECT_TRUE(valid("fetch", encode(Fetch{sha, 10, 1 << 20})));
  EXPECT_TRUE(valid("day_keys_wanted", encode(DayKeysWanted{{{20260714, 1}}})));
  const auto sealed = seal_day_key(public_key_of({1, 2, 3}), {});
  ASSERT_TRUE(sealed) << sealed.error().what;
  EXPECT_TRUE(valid("day_keys", encode(DayKeys{{{{20260714, 1}, *sealed}}, {{{20260713, 2}, true, "destroyed"}}})));
  EXPECT_TRUE(valid("letters", encode(Letters{{{1, "watch_list", "{}"}}})));
  EXPECT_TRUE(valid("letters", encode(Letters{{{1, "watch_list", "{}"}}, std::string(32, 'd')})));
  EXPECT_TRUE(valid("receipt", encode(Receipt{3, {{2, "no"}}, {{3, "done"}}})));
  EXPECT_TRUE(valid("watch_list", encode(WatchListLetter{"stolen", {"A1"}, {}})));
  EXPECT_TRUE(valid("watch_list", encode(WatchListLetter{"operators-1", {}, WatchListLetter::File{sha, 9}})));
  EXPECT_TRUE(valid("command", encode(CommandLetter{"say_status", "", "M. Petrovic"})));
  EXPECT_TRUE(valid("referral_answer", encode(ReferralAnswerLetter{CrossingId{"L1-7-12"}, "hold", "", "M. Petrovic"})));
  ReferenceImageLetter picture;
  picture.name = "scan of L1-7-12";
  picture.sha256 = sha;
  picture.size_bytes = 200;
  picture.media_type = scan_type;
  picture.width_px = 10;
  picture.height_px = 10;
  picture.container = "CSQU3054383";
  picture.by = "M. Petrovic";
  EXPECT_TRUE(valid("reference_image", encode(picture)));
  picture.media_type = jpeg_type;
  picture.plate = "BG123AA";
  EXPECT_FALSE(valid("reference_image", encode(picture))) << "for one thing";
  picture.container.clear();
  EXPECT_TRUE(valid("reference_image", encode(picture)));
  EXPECT_TRUE(valid("code_list", encode(CodeListLetter{"offices", 7, {{"RS11011", {{"en", "Batrovci"}}}}})));
  Declaration d;
  d.reference = "M1";
  d.goods.push_back({"870323", "DE", 1, 2, "cars"});
  d.goods.push_back({"870323", "DE", {}, {}, ""});
  d.more = {{"sealed", true}, {"countries", std::vector<std::string>{"HR"}}};
  EXPECT_TRUE(valid("declarations", encode(DeclarationsLetter{{d}})));
}

TEST_F(Schemas, RefuseWhatTheCodecRefuses) {
  const auto text = [](std::string_view json) { return Bytes(json.begin(), json.end()); };
  EXPECT_FALSE(valid("receipt", text(R"({"v":2,"through":-1,"refused":[]})")));
  EXPECT_FALSE(valid("unavailable", text(R"({"v":2,"sha256":"xy","reason":""})")));
  EXPECT_FALSE(valid("watch_list", text(R"({"v":2,"name":"stolen"})")));
  EXPECT_FALSE(valid("watch_list", text(R"j({"v":2,"name":"a (b)","plates":[]})j")));
  EXPECT_FALSE(valid("watch_list", text(R"({"v":2,"name":"a","plates":[],"size_bytes":3,"sha256":")" + std::string(64, 'a') + R"("})")));
  EXPECT_FALSE(valid("unavailable", text(R"({"v":1,"sha256":")" + std::string(64, 'a') + R"(","reason":""})")));
}
