#include "drivers/plate_camera/hikvision_event.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/golden.hpp"

namespace rampa::drivers::plate_camera {
namespace {

Result<HikvisionPost> golden_post(const std::string& name) {
  return parse_hikvision_post(tests::golden_line("cameras/" + name + ".type"), as_bytes(tests::golden("cameras/" + name + ".body")));
}

TEST(HikvisionEvent, DeepinView) {
  auto post = golden_post("hikvision-deepinview");
  ASSERT_TRUE(post) << post.error().what;
  const auto& e = post->event;
  EXPECT_TRUE(e.is_read());
  EXPECT_EQ(e.plate, "SM 123-AB");
  EXPECT_EQ(e.country, "27");
  EXPECT_EQ(e.direction, "forward");
  EXPECT_EQ(e.confidence_percent, 93);
  EXPECT_EQ(e.char_confidence_percent, (std::vector<int>{99, 99, 99, 61, 97, 98, 99}));
  EXPECT_EQ(e.id, "602cf998-1dd2-11b2-a842-be6ebc977415");
  EXPECT_EQ(e.time->ms, 1780301730000);
  ASSERT_EQ(post->pictures.size(), 2u);
  EXPECT_EQ(post->pictures[0].name, "plate.jpg");
  EXPECT_EQ(post->pictures[1].name, "scene.jpg");
  EXPECT_FALSE(post->damaged_picture);
}

TEST(HikvisionEvent, ItcWithPrefixNameOfCountryAndNoUuid) {
  auto post = golden_post("hikvision-itc");
  ASSERT_TRUE(post) << post.error().what;
  EXPECT_EQ(post->event.plate, "GKW5KE2");
  EXPECT_EQ(post->event.country, "Poland");
  EXPECT_EQ(post->event.time->ms, 1780301731250);
  EXPECT_EQ(post->event.id, "2026-06-01T08:15:31.250+00:00/1/GKW5KE2");
  EXPECT_TRUE(post->pictures.empty());
  EXPECT_FALSE(post->damaged_picture) << "an empty picture is no damage";
}

TEST(HikvisionEvent, HeartbeatIsNoRead) {
  auto post = golden_post("hikvision-heartbeat");
  ASSERT_TRUE(post) << post.error().what;
  EXPECT_FALSE(post->event.is_read());
}

TEST(HikvisionEvent, RefusesHostileXml) {
  EXPECT_FALSE(parse_hikvision_xml(""));
  EXPECT_FALSE(parse_hikvision_xml("<EventNotificationAlert><eventType>ANPR</eventType>"));
  EXPECT_FALSE(parse_hikvision_xml("<Other/>"));
  EXPECT_FALSE(parse_hikvision_xml("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><EventNotificationAlert><eventType>&x;</eventType></EventNotificationAlert>"));
  EXPECT_FALSE(parse_hikvision_xml("<EventNotificationAlert><eventType>ANPR</eventType><eventState>active</eventState></EventNotificationAlert>"));
  std::string deep = "<EventNotificationAlert><eventType>x</eventType>";
  for (int i = 0; i < 15000; ++i) deep += "<a>";
  for (int i = 0; i < 15000; ++i) deep += "</a>";
  EXPECT_FALSE(parse_hikvision_xml(deep + "</EventNotificationAlert>"));
  EXPECT_FALSE(parse_hikvision_xml("<EventNotificationAlert><eventType>x</eventType>" + std::string(200'000, ' ') + "</EventNotificationAlert>"));
}

TEST(HikvisionEvent, OutOfRangeConfidencesAreNone) {
  auto e = parse_hikvision_xml("<EventNotificationAlert><eventType>ANPR</eventType><eventState>active</eventState><ANPR><licensePlate>A</licensePlate>"
                               "<confidenceLevel>101</confidenceLevel><plateCharBelieve>99,x</plateCharBelieve></ANPR></EventNotificationAlert>");
  ASSERT_TRUE(e);
  EXPECT_EQ(e->confidence_percent, 0);
  EXPECT_TRUE(e->char_confidence_percent.empty());
}

TEST(HikvisionEvent, DamagedPictureIsSaidAndLeftOut) {
  std::string body = tests::golden("cameras/hikvision-deepinview.body");
  body[body.find("\xFF\xD8\xFF")] = 'x';
  auto post = parse_hikvision_post(tests::golden_line("cameras/hikvision-deepinview.type"), as_bytes(body));
  ASSERT_TRUE(post);
  EXPECT_TRUE(post->damaged_picture);
  EXPECT_EQ(post->pictures.size(), 1u);
}

TEST(HikvisionEvent, RandomDamageNeverCrashesAndTruncationIsNeverARead) {
  const std::string type = tests::golden_line("cameras/hikvision-itc.type");
  const std::string whole = tests::golden("cameras/hikvision-itc.body");
  std::mt19937 random(4);
  for (int round = 0; round < 20000; ++round) {
    std::string text = whole;
    if (round % 2 == 0) {
      text.resize(random() % (text.size() - 4));
      ASSERT_FALSE(parse_hikvision_post(type, as_bytes(text)));
    } else {
      for (int i = 0; i < 4; ++i) text[random() % text.size()] = static_cast<char>(random());
      auto post = parse_hikvision_post(type, as_bytes(text));
      if (post) { EXPECT_LE(post->event.confidence_percent, 100); }
    }
  }
}

}  // namespace
}  // namespace rampa::drivers::plate_camera
