#include "drivers/plate_camera/multipart.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/golden.hpp"

namespace rampa::drivers::plate_camera {
namespace {

const std::string type = "multipart/form-data; boundary=b";

TEST(Multipart, CutsWhatCurlAndUrllibSend) {
  const std::string curl = tests::golden("cameras/hikvision-deepinview.body");
  auto parts = parse_multipart(tests::golden_line("cameras/hikvision-deepinview.type"), as_bytes(curl));
  ASSERT_TRUE(parts) << parts.error().what;
  ASSERT_EQ(parts->size(), 3u);
  EXPECT_EQ((*parts)[0].name, "anpr.xml");
  EXPECT_EQ((*parts)[0].media_type, "text/xml");
  EXPECT_EQ((*parts)[1].name, "licensePlatePicture.jpg");
  EXPECT_EQ((*parts)[2].media_type, "image/jpeg");
  EXPECT_EQ((*parts)[2].bytes[0], 0xFF);
  EXPECT_EQ((*parts)[2].bytes.back(), 0xD9);

  const std::string urllib = tests::golden("cameras/hikvision-itc.body");
  auto empty = parse_multipart(tests::golden_line("cameras/hikvision-itc.type"), as_bytes(urllib));
  ASSERT_TRUE(empty) << empty.error().what;
  ASSERT_EQ(empty->size(), 2u);
  EXPECT_TRUE((*empty)[1].bytes.empty());
}

TEST(Multipart, EmptyPartWithoutLineEndBeforeTheBoundary) {
  auto parts = parse_multipart(type, as_bytes("--b\r\nContent-Length: 0\r\n\r\n--b--\r\n"));
  ASSERT_TRUE(parts) << parts.error().what;
  EXPECT_TRUE(parts->at(0).bytes.empty());
}

TEST(Multipart, RefusesWithTheReason) {
  const auto why = [](const std::string& content_type, const std::string& body) {
    auto parts = parse_multipart(content_type, as_bytes(body));
    return parts ? std::string("taken") : parts.error().what;
  };
  EXPECT_EQ(why("text/plain", ""), "content type is not multipart");
  EXPECT_NE(why("multipart/form-data", ""), "taken");
  EXPECT_NE(why("multipart/form-data; boundary=" + std::string(71, 'b'), ""), "taken");
  EXPECT_NE(why(type, "x--b--"), "taken");
  EXPECT_NE(why(type, "--b\r\n\r\n\r\nhalf"), "taken");
  EXPECT_NE(why(type, "--b\r\nContent-Length: 5\r\n\r\nhello, world\r\n--b--"), "taken") << "length disagrees";
  EXPECT_NE(why(type, "--b\r\nContent-Length: 50\r\n\r\nhello\r\n--b--"), "taken");
  EXPECT_NE(why(type, "--b\r\nContent-Length: -5\r\n\r\nhello\r\n--b--"), "taken");
  EXPECT_NE(why(type, "--b\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--b--"), "taken");
  EXPECT_NE(why(type, "--b\r\nX: " + std::string(5000, 'x') + "\r\n\r\nhello\r\n--b--"), "taken");
  std::string many;
  for (int i = 0; i < 17; ++i) many += "--b\r\n\r\n\r\n\r\n";
  EXPECT_NE(why(type, many + "--b--"), "taken");
}

TEST(Multipart, EveryTruncationIsRefused) {
  const std::string content_type = tests::golden_line("cameras/hikvision-deepinview.type");
  const std::string whole = tests::golden("cameras/hikvision-deepinview.body");
  const std::size_t end = whole.rfind("--");  // of the closing delimiter
  for (std::size_t length = 0; length <= end; ++length)
    ASSERT_FALSE(parse_multipart(content_type, as_bytes(std::string_view(whole).substr(0, length)))) << length;
}

TEST(Multipart, RandomDamageNeverCrashes) {
  const std::string content_type = tests::golden_line("cameras/hikvision-itc.type");
  const std::string whole = tests::golden("cameras/hikvision-itc.body");
  std::mt19937 random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string text = whole;
    for (int i = 0; i < 3; ++i) text[random() % text.size()] = static_cast<char>(random());
    auto parts = parse_multipart(content_type, as_bytes(text));
    if (!parts) continue;
    std::size_t sum = 0;
    for (const auto& p : *parts) sum += p.bytes.size();
    EXPECT_LE(sum, text.size());
  }
}

}  // namespace
}  // namespace rampa::drivers::plate_camera
