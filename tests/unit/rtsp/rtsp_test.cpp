// RTSP's text, the packets between it, passwords and the RTP clock. The whole client talks to a real server in tests/contract/cameras.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "drivers/transport/video/rtsp_password.hpp"
#include "drivers/transport/video/rtsp_wire.hpp"
#include "tests/unit/config/temporary_file.hpp"

namespace rampa::drivers::rtsp {
namespace {

constexpr std::string_view answer = "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://10.0.0.8:554/a/\r\nContent-Length: 4\r\n\r\nv=0\n";

TEST(RtspWire, RepliesAndPacketsInAnyPieces) {
  const std::string text = std::string(answer) + std::string("$\0\0\3abc$\1\0\0", 11) + "RTSP/1.0 401 No\r\nWWW-Authenticate: Basic\r\n\r\n";
  for (std::size_t piece : {1u, 2u, 7u, 1000u}) {
    Wire wire;
    std::vector<std::string> got;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      wire.feed(as_bytes(std::string_view(text).substr(at, piece)));
      for (;;) {
        auto next = wire.next();
        ASSERT_TRUE(next) << next.error().what;
        if (!*next) break;
        if (const auto* reply = std::get_if<Reply>(&**next)) got.push_back(std::to_string(reply->status) + reply->body + reply->header("www-authenticate"));
        else got.push_back(std::to_string(std::get<Packet>(**next).channel) + std::string(as_text(std::get<Packet>(**next).bytes)));
      }
    }
    EXPECT_EQ(got, (std::vector<std::string>{"200v=0\n", "0abc", "1", "401Basic"}));
  }
}

TEST(RtspWire, RefusesWhatItCannotBound) {
  for (const std::string& text : {std::string("HTTP/1.1 200 OK\r\n\r\n"), "RTSP/1.0 200 OK\r\n" + std::string(20'000, 'x'), std::string("RTSP/1.0 200 OK\r\nContent-Length: 70000\r\n\r\n"),
                                  std::string("RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n"), std::string("RTSP/1.0 2x0 OK\r\n\r\n"), std::string("\0\0\0", 3)}) {
    Wire wire;
    wire.feed(as_bytes(text));
    EXPECT_FALSE(wire.next()) << text.substr(0, 60);
  }
}

TEST(RtspWire, ChangedBytesNeverCrash) {
  std::mt19937 random(3);
  const std::string good = std::string(answer) + std::string("$\0\0\3abc", 7) + std::string(answer);
  for (int round = 0; round < 5000; ++round) {
    std::string text = good;
    for (int n = 0; n < 3; ++n) text[random() % text.size()] = static_cast<char>(random());
    Wire wire;
    wire.feed(as_bytes(text));
    for (int n = 0; n < 10; ++n) {
      auto next = wire.next();
      if (!next || !*next) break;
      if (const auto* reply = std::get_if<Reply>(&**next)) (void)h264_track(reply->body, "rtsp://x");
    }
  }
}

constexpr std::string_view sdp =
    "v=0\r\na=control:*\r\nm=audio 0 RTP/AVP 8\r\na=control:trackID=2\r\nm=video 0 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
    "a=fmtp:97 packetization-mode=1;sprop-parameter-sets=Z0IAKeKQFoe,aM48gA==;profile-level-id=420029\r\na=control:trackID=1\r\n";

TEST(Sdp, TheVideoOfACamera) {
  auto track = h264_track(sdp, "rtsp://10.0.0.8:554/a/");
  ASSERT_TRUE(track) << track.error().what;
  EXPECT_EQ(track->control, "rtsp://10.0.0.8:554/a/trackID=1");
  EXPECT_EQ(track->play, "rtsp://10.0.0.8:554/a/");
  EXPECT_EQ(track->payload_type, 97);
  EXPECT_EQ(track->parameter_sets, "Z0IAKeKQFoe,aM48gA==");
  EXPECT_EQ(h264_track("m=video 0 RTP/AVP 96\na=control:rtsp://10.0.0.8/b\na=rtpmap:96 h264/90000\n", "rtsp://c/d")->control, "rtsp://10.0.0.8/b");
  EXPECT_EQ(h264_track("m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:t\n", "rtsp://c/d")->control, "rtsp://c/d/t");
}

TEST(Sdp, SaysWhatTheCameraSendsInstead) {
  auto h265 = h264_track("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n", "rtsp://c/d");
  ASSERT_FALSE(h265);
  EXPECT_NE(h265.error().what.find("H265"), std::string::npos);
  EXPECT_FALSE(h264_track("m=audio 0 RTP/AVP 8\r\na=rtpmap:96 H264/90000\r\n", "rtsp://c/d"));
  EXPECT_FALSE(h264_track("", ""));
}

std::string answer_to(const std::vector<std::string>& headers, const std::string& user, const std::string& password, const std::string& method, const std::string& uri,
                      const std::string& cnonce = {}) {
  Credentials credentials(user, password);
  const auto taken = credentials.take(headers);
  return taken ? credentials.answer(method, uri, cnonce) : "refused: " + taken.error().what;
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// RFC 2617 section 3.5; the SHA-256 value is Python's hashlib's.
TEST(RtspPassword, DigestWithoutQopAndBasic) {
  const std::string challenge = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
  const std::string said = answer_to({challenge}, "Mufasa", "Circle Of Life", "GET", "/dir/index.html");
  EXPECT_TRUE(says(said, "response=\"670fd8c2df070c60b045671b8b24ff02\"")) << said;
  EXPECT_TRUE(says(said, "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"")) << said;
  EXPECT_TRUE(says(answer_to({challenge + ", algorithm=SHA-256"}, "Mufasa", "Circle Of Life", "GET", "/dir/index.html"),
                   "response=\"e71f89d8267982ee1cd4dfb3637698eaf2f55848fe056aee7be175262aab5d2a\""));
  EXPECT_EQ(answer_to({"Basic realm=\"x\""}, "Aladdin", "open sesame", "PLAY", "/"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

// RFC 7616 section 3.9.1.
TEST(RtspPassword, DigestWithQop) {
  const std::string challenge = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
                                "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", algorithm=";
  const auto answered = [&](const std::string& algorithm) {
    return answer_to({challenge + algorithm}, "Mufasa", "Circle of Life", "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
  };
  EXPECT_TRUE(says(answered("MD5"), "response=\"8ca523f5e9506fed4657c9700eebdbec\"")) << answered("MD5");
  EXPECT_TRUE(says(answered("SHA-256"), "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"")) << answered("SHA-256");
  EXPECT_TRUE(says(answered("md5"), "response=\"8ca523f5e9506fed4657c9700eebdbec\"")) << "in small letters";
}

TEST(RtspPassword, EachUseOfANonceIsCounted) {
  Credentials credentials("a", "b");
  EXPECT_EQ(credentials.answer("DESCRIBE", "/"), "") << "nobody asked for a password";
  const auto take = [&](const std::string& nonce) { ASSERT_TRUE(credentials.take({"Digest realm=\"x\", nonce=\"" + nonce + "\", qop=\"auth\""})); };
  take("one");
  const std::string first = credentials.answer("DESCRIBE", "/"), second = credentials.answer("SETUP", "/");
  EXPECT_TRUE(says(first, "nc=00000001,")) << first;
  EXPECT_TRUE(says(second, "nc=00000002,")) << second;
  const auto cnonce = [](const std::string& text) { return text.substr(text.find("cnonce="), 25); };
  EXPECT_NE(cnonce(first), cnonce(second));
  take("one");
  EXPECT_TRUE(says(credentials.answer("PLAY", "/"), "nc=00000003,")) << "the same nonce again";
  for (int n = 0; n < 7; ++n) (void)credentials.answer("OPTIONS", "/");
  EXPECT_TRUE(says(credentials.answer("OPTIONS", "/"), "nc=0000000b,")) << "hexadecimal";
  take("two");
  EXPECT_TRUE(says(credentials.answer("PLAY", "/"), "nc=00000001,"));
  credentials.forget();
  EXPECT_EQ(credentials.answer("PLAY", "/"), "");
}

TEST(RtspPassword, IsNeverInClearWhereDigestIsOffered) {
  const std::string basic = "Basic realm=\"x, Digest y\"", digest = "Digest realm=\"x\", nonce=\"n\"";
  for (const std::vector<std::string>& headers : std::vector<std::vector<std::string>>{
           {basic, digest}, {digest, basic}, {basic + ", " + digest}, {digest + "," + basic}, {"BASIC realm=x, DIGEST Realm = \"x\" , NONCE=n"}, {"basic", "digest nonce=\"n\",realm=\"x\""},
           {basic, "Digest algorithm=MD4", digest}}) {
    const std::string said = answer_to(headers, "a", "b", "PLAY", "/");
    EXPECT_TRUE(said.starts_with("Digest username=\"a\", realm=\"x\", nonce=\"n\"")) << headers[0] << ": " << said;
  }
  EXPECT_TRUE(answer_to({"basic realm=\"Digest\""}, "a", "b", "PLAY", "/").starts_with("Basic ")) << "that is its realm alone";
  const std::string integrity = "Digest realm=\"x\", nonce=\"n\", qop=\"auth-int\"";
  for (const auto& headers : {std::vector<std::string>{integrity}, {basic, integrity}, {integrity + ", " + basic}})
    EXPECT_TRUE(says(answer_to(headers, "a", "b", "PLAY", "/"), "refused: offers Digest with qop auth-int alone")) << answer_to(headers, "a", "b", "PLAY", "/");
  EXPECT_TRUE(says(answer_to({digest + ", algorithm=MD4", basic}, "a", "b", "PLAY", "/"), "refused: offers Digest by MD4"));
  EXPECT_TRUE(says(answer_to({"Negotiate YWJj=="}, "a", "b", "PLAY", "/"), "refused: wants a kind of password"));
  EXPECT_TRUE(says(answer_to({}, "a", "b", "PLAY", "/"), "refused: wants a kind of password"));
}

TEST(RtspPassword, ChangedChallengesNeverCrash) {
  std::mt19937 random(4);
  const std::string good = "Basic realm=\"a\\\"b\", Digest realm = \"x\", nonce=n, qop=\"auth,auth-int\", algorithm=MD5";
  for (int round = 0; round < 5000; ++round) {
    std::string text = good.substr(0, 1 + random() % good.size());
    for (int n = 0; n < 3; ++n) text[random() % text.size()] = "\"\\=, \tx"[random() % 7];
    (void)answer_to({text}, "a", "b", "PLAY", "/");
  }
}

TEST(RtspPassword, IsTheFirstLineOfItsFile) {
  tests::TemporaryFolder folder;
  EXPECT_EQ(*password_in(folder.write("unix", "secret\nand more\n")), "secret");
  EXPECT_EQ(*password_in(folder.write("windows", "secret\r\n")), "secret");
  EXPECT_EQ(*password_in(folder.write("bare", " a b")), " a b");
  for (const auto& file : {folder.path() + "/none", folder.path(), folder.write("empty", ""), folder.write("blank", "\r\nsecret\n"), folder.write("long", std::string(257, 'x'))}) {
    const auto read = password_in(std::filesystem::relative(file).string());
    ASSERT_FALSE(read) << file;
    EXPECT_EQ(read.error().code, ErrorCode::invalid);
    EXPECT_NE(read.error().what.find(file), std::string::npos) << read.error().what;
    EXPECT_NE(read.error().what.find("write the password"), std::string::npos) << read.error().what;
  }
}

TEST(RtpTimes, ALateBurstIsSeenToBeOld) {
  RtpTimes times;
  MonoTime now{1'000'000'000};
  std::uint32_t timestamp = 0xFFFFFF00;  // turns over
  const auto frame = [&](Duration delay) {
    timestamp += 3600;
    now = now + 40ms;
    return now + delay - times.sent(timestamp, now + delay);
  };
  EXPECT_EQ(frame(30ms), 0ms) << "nothing better is known yet";
  EXPECT_LE(frame(5ms), 1ms);
  EXPECT_NEAR(static_cast<double>(frame(25ms).count()), 20e6, 1e6);
  const MonoTime held = now;
  for (int n = 0; n < 50; ++n) {  // two seconds' frames come at once
    timestamp += 3600;
    const Duration age = held + 2s - times.sent(timestamp, held + 2s);
    EXPECT_NEAR(static_cast<double>(age.count()), (2000 - 40.0 * (n + 1)) * 1e6, 7e6) << n;
  }
  now = held + 2s;
  EXPECT_LE(frame(5ms), 7ms);
}

TEST(RtpTimes, ASlowCrystalIsNoDelayAndANewClockBeginsAnew) {
  RtpTimes times;
  MonoTime now{5'000'000'000};
  double ticks = 0;
  Duration most{};
  for (int n = 0; n < 25 * 3600; ++n) {  // an hour, 200 ppm slow
    now = now + 40ms;
    ticks += 3600 * (1 - 200e-6);
    most = std::max(most, now - times.sent(static_cast<std::uint32_t>(static_cast<std::uint64_t>(ticks)), now));
  }
  EXPECT_LE(most, 1ms);
  EXPECT_EQ(now - times.sent(static_cast<std::uint32_t>(static_cast<std::uint64_t>(ticks) + 90'000 * 600), now), 0ms);
}

TEST(Rtcp, GoodbyeAfterAReport) {
  const Bytes report{0x80, 200, 0, 1, 0, 0, 0, 1}, bye{0x81, 203, 0, 1, 0, 0, 0, 1};
  Bytes both = report;
  both.insert(both.end(), bye.begin(), bye.end());
  EXPECT_FALSE(says_goodbye(report));
  EXPECT_TRUE(says_goodbye(both));
  EXPECT_FALSE(says_goodbye(ByteView(both).first(9)));
  EXPECT_FALSE(says_goodbye(Bytes{0x80, 200, 0xFF, 0xFF}));
}

TEST(RtpHead, ReadsOrRefuses) {
  const Bytes packet{0x80, 0xE0, 0, 1, 0, 0, 0x0E, 0x10, 0, 0, 0, 1};
  ASSERT_TRUE(rtp_head(packet));
  EXPECT_EQ(rtp_head(packet)->payload_type, 96);
  EXPECT_EQ(rtp_head(packet)->timestamp, 3600u);
  EXPECT_FALSE(rtp_head(ByteView(packet).first(11)));
  EXPECT_FALSE(rtp_head(Bytes(12, 0)));
}

}  // namespace
}  // namespace rampa::drivers::rtsp
