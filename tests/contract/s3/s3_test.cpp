// What an image store promises, over files and over a service that speaks S3 (npm s3rver behind a check of signatures by
// npm aws4, neither of which shares code with our client); and what becomes of blobs while that service is away.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "edge/runtime/system_clock.hpp"
#include "sync/hq/s3_shelf.hpp"
#include "tests/contract/sync/broker.hpp"
#include "tests/support/shared_data.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;

namespace {

const std::string peer = "tests/contract/s3/peer";

template <class Seen>
bool eventually(Seen seen) {
  for (int i = 0; i < 6000; ++i) {
    if (seen()) return true;
    ::poll(nullptr, 0, 5);
  }
  return false;
}

class Stores : public ::testing::TestWithParam<bool> {
 protected:
  Stores() {
    std::string name = (std::filesystem::temp_directory_path() / "rampa-s3-XXXXXX").string();
    directory = ::mkdtemp(name.data());
  }
  ~Stores() override {
    images.reset();
    service.kill();
    std::filesystem::remove_all(directory);
  }
  void SetUp() override {
    if (!GetParam()) {
      images = std::make_unique<BlobShelf>(directory);
      return;
    }
    if (std::system(("command -v node >/dev/null && test -d " + peer + "/node_modules/s3rver").c_str()) != 0) {
      const std::string why = "s3rver is not there, by lock file (./dev deps)";
      if (tests::in_ci()) FAIL() << why;
      GTEST_SKIP() << why;
    }
    ASSERT_TRUE(start_service());
    images = shelf("S3RVER");
  }
  bool start_service() {
    const std::string log = directory + "/service.log";
    std::filesystem::remove(log);
    service = tests::Child({"node", peer + "/serve.mjs", std::to_string(port), directory + "/service"}, log);
    return eventually([&] {
      const std::string said = service.log();
      if (said.find("port ") == std::string::npos || said.find('\n') == std::string::npos) return false;
      port = std::stoi(said.substr(said.find("port ") + 5));
      return true;
    });
  }
  std::unique_ptr<ImageStore> shelf(const std::string& secret, const std::string& bucket = "rampa", const std::string& prefix = "border posts/") {
    S3Settings settings;
    settings.tls = false;
    settings.host = "127.0.0.1";
    settings.port = static_cast<std::uint16_t>(port);
    settings.bucket = bucket;
    settings.prefix = prefix;
    settings.credentials = {"S3RVER", secret, "us-east-1"};
    settings.part_bytes = 1u << 20;
    settings.away_pause = 20ms;
    return std::make_unique<S3Shelf>(directory, settings, clock);
  }
  Bytes noise(std::size_t size) {
    Bytes bytes(size + 8);
    for (std::size_t at = 0; at < size; at += 8) {
      const std::uint64_t word = random();
      std::memcpy(bytes.data() + at, &word, 8);
    }
    bytes.resize(size);
    return bytes;
  }
  void write(const std::string& post, const Bytes& bytes) {
    const Sha256 sha = sha256(bytes);
    for (std::size_t at = 0; at < bytes.size(); at += 100'000)
      ASSERT_TRUE(images->write(post, sha, at, ByteView(bytes).subspan(at, std::min<std::size_t>(100'000, bytes.size() - at))));
  }
  /// As HQ does: again while it is busy.
  Result<void> finish(const std::string& post, const Sha256& sha) {
    Result<void> done;
    const bool over = eventually([&] { return (done = images->finish(post, sha)) || done.error().code != ErrorCode::busy; });
    return over ? done : fail(ErrorCode::timeout, "busy for ever: " + done.error().what);
  }

  std::string directory;
  runtime::SystemClock clock;
  tests::Child service;
  int port = 0;
  std::unique_ptr<ImageStore> images;
  std::mt19937_64 random{4};
};

INSTANTIATE_TEST_SUITE_P(Images, Stores, ::testing::Values(false, true), [](const auto& over) { return over.param ? "S3" : "Files"; });

/// What only a service can do: be away, refuse, be half done.
class Service : public Stores {};
INSTANTIATE_TEST_SUITE_P(Images, Service, ::testing::Values(true), [](const auto&) { return "S3"; });

}  // namespace

TEST_P(Stores, WhatIsFinishedIsThereWholeAndInPieces) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{131'072}, std::size_t{700'001}, (std::size_t{5} << 20) / 2}) {
    const Bytes bytes = noise(size);
    const Sha256 sha = sha256(bytes);
    EXPECT_FALSE(images->holds(sha));
    write("P1", bytes);
    EXPECT_FALSE(images->holds(sha)) << "it is not finished";
    const auto done = finish("P1", sha);
    ASSERT_TRUE(done) << size << ": " << done.error().what;
    EXPECT_TRUE(images->holds(sha));
    EXPECT_EQ(images->size(sha), size);
    const auto whole = read_checked(*images, sha);
    ASSERT_TRUE(whole) << whole.error().what;
    EXPECT_EQ(*whole, bytes);
    EXPECT_FALSE(images->read_unfinished("P1", sha, 0, 1)) << "nothing of it is left over";
    if (size < 1000) continue;
    EXPECT_EQ(images->read(sha, 500, 400).value(), Bytes(bytes.begin() + 500, bytes.begin() + 900));
    EXPECT_EQ(images->read(sha, size - 10, 400).value(), Bytes(bytes.end() - 10, bytes.end()));
    EXPECT_TRUE(images->read(sha, size, 10).value().empty());
  }
}

TEST_P(Stores, WhatIsNotThereIsNotFound) {
  const Sha256 sha = sha256(Bytes{1});
  EXPECT_FALSE(images->holds(sha));
  EXPECT_EQ(images->size(sha).error().code, ErrorCode::not_found);
  EXPECT_EQ(images->read(sha, 0, 10).error().code, ErrorCode::not_found);
  EXPECT_EQ(images->set_aside(sha).error().code, ErrorCode::not_found);
  EXPECT_EQ(images->read_unfinished("P1", sha, 0, 10).error().code, ErrorCode::not_found);
}

TEST_P(Stores, WhatIsUnfinishedBelongsToItsPost) {
  const Bytes bytes = noise(3000), other = noise(3000);
  const Sha256 sha = sha256(bytes);
  write("P1", bytes);
  ASSERT_TRUE(images->write("P2", sha, 0, other));
  EXPECT_EQ(images->read_unfinished("P1", sha, 0, 3000).value(), bytes);
  EXPECT_EQ(images->read_unfinished("P2", sha, 0, 3000).value(), other);
  images->discard("P2", sha);
  EXPECT_FALSE(images->read_unfinished("P2", sha, 0, 10));
  ASSERT_TRUE(finish("P1", sha));
  write("P3", bytes);
  ASSERT_TRUE(finish("P3", sha)) << "the same content once more";
  EXPECT_EQ(read_checked(*images, sha).value(), bytes);
}

TEST_P(Stores, WhatIsSetAsideIsNotThereAnyMore) {
  const Bytes bytes = noise(3000);
  const Sha256 sha = sha256(bytes);
  write("P1", bytes);
  ASSERT_TRUE(finish("P1", sha));
  const auto moved = images->set_aside(sha);
  ASSERT_TRUE(moved) << moved.error().what;
  EXPECT_FALSE(images->holds(sha));
  EXPECT_EQ(images->set_aside(sha).error().code, ErrorCode::not_found);
  write("P1", bytes);
  ASSERT_TRUE(finish("P1", sha)) << "it comes again";
  EXPECT_EQ(read_checked(*images, sha).value(), bytes);
}

TEST_P(Service, WhileTheServiceIsAwayWholeBlobsWaitAndNobodyElse) {
  const Bytes bytes = noise(5u << 19);
  const Sha256 sha = sha256(bytes);
  write("P1", bytes);
  service.kill();
  ASSERT_TRUE(eventually([&] { return images->finish("P1", sha).error().what.find("127.0.0.1") != std::string::npos; }));
  EXPECT_EQ(images->finish("P1", sha).error().code, ErrorCode::busy);
  EXPECT_NE(images->size(sha).error().code, ErrorCode::not_found) << "nobody knows";
  EXPECT_EQ(images->finish_now("P1", sha).error().code, ErrorCode::disconnected);
  EXPECT_EQ(images->read_unfinished("P1", sha, 2'000'000, 100).value(), Bytes(bytes.begin() + 2'000'000, bytes.begin() + 2'000'100));
  ASSERT_TRUE(start_service());
  const auto done = finish("P1", sha);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_TRUE(check(*images, sha));
}

TEST_P(Service, AfterAKillDuringAnUploadItIsPutAgain) {
  const Bytes bytes = noise(5u << 19);
  const Sha256 sha = sha256(bytes);
  write("P1", bytes);
  (void)images->finish("P1", sha);
  images.reset();  // ends between two parts
  images = shelf("S3RVER");
  const auto done = finish("P1", sha);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_TRUE(check(*images, sha));
}

TEST_P(Service, WhatIsDroppedWhileItIsBeingPutHarmsNothingThatComesAnew) {
  const Bytes bytes = noise(3000), other = noise(3000);
  const Sha256 sha = sha256(bytes), next = sha256(other);
  write("P1", bytes);
  service.pause();
  ASSERT_EQ(images->finish("P1", sha).error().code, ErrorCode::busy);
  ::poll(nullptr, 0, 200);  // the request is under way
  images->discard("P1", sha);
  EXPECT_FALSE(images->read_unfinished("P1", sha, 0, 10));
  ASSERT_TRUE(images->write("P1", sha, 0, ByteView(bytes).first(2000)));  // a new record names it
  service.resume();
  write("P2", other);
  ASSERT_TRUE(finish("P2", next)) << "put one after the other: the first one is over";
  ASSERT_TRUE(images->write("P1", sha, 2000, ByteView(bytes).subspan(2000)));
  const auto unfinished = images->read_unfinished("P1", sha, 0, 3000);
  ASSERT_TRUE(unfinished) << unfinished.error().what;
  EXPECT_EQ(*unfinished, bytes);
  ASSERT_TRUE(finish("P1", sha));
  EXPECT_TRUE(check(*images, sha));
  EXPECT_TRUE(std::filesystem::is_empty(directory + "/partial")) << "nothing of either is left over";
}

TEST_P(Service, WithAWrongSecretNothingIsTaken) {
  images = shelf("another one");
  const Bytes bytes = noise(10);
  const Sha256 sha = sha256(bytes);
  write("P1", bytes);
  const auto refused = images->finish_now("P1", sha);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("403"), std::string::npos) << refused.error().what;
  images = shelf("S3RVER");
  EXPECT_FALSE(images->holds(sha));
}

TEST_P(Service, AWrongBucketOrPrefixIsFoundOutBeforeAnythingIsCalledLost) {
  const Bytes bytes = noise(1000);
  const Sha256 sha = sha256(bytes), never = sha256(noise(10));
  EXPECT_EQ(shelf("S3RVER", "ramqa")->confirm({}, true).error().code, ErrorCode::invalid) << "there is no such bucket";
  EXPECT_NE(shelf("another one")->confirm({}, true).error().what.find("403"), std::string::npos);
  ASSERT_TRUE(images->confirm({}, true)) << "the first start";
  write("P1", bytes);
  ASSERT_TRUE(finish("P1", sha));
  EXPECT_TRUE(images->confirm({never}, true)) << "the mark is there: what is missing is missing";
  for (const auto& [bucket, prefix] : {std::pair{"rampa", "border post/"}, {"rampa", ""}, {"ramqa", "border posts/"}}) {
    const auto wrong = shelf("S3RVER", bucket, prefix)->confirm({never, sha}, true);
    ASSERT_FALSE(wrong) << bucket << ' ' << prefix;
    EXPECT_EQ(wrong.error().code, ErrorCode::invalid);
    EXPECT_NE(wrong.error().what.find("--images"), std::string::npos) << wrong.error().what;
  }
  // Blobs that were copied there from files have no mark.
  std::filesystem::remove_all(directory + "/service/rampa");
  service.kill();
  ASSERT_TRUE(start_service());
  images = shelf("S3RVER");
  write("P1", bytes);
  ASSERT_TRUE(finish("P1", sha));
  EXPECT_TRUE(images->confirm({never, sha}, false)) << "a command only looks";
  EXPECT_FALSE(images->confirm({never}, false));
  EXPECT_TRUE(images->confirm({never, sha}, true));
  EXPECT_TRUE(images->confirm({never}, false));
}

TEST_P(Service, WhileNobodyKnowsWhetherItIsTheRightPlaceNothingIsLostThereNorPutThere) {
  const Bytes bytes = noise(1000);
  const Sha256 sha = sha256(bytes);
  service.kill();
  images = shelf("S3RVER", "rampa", "elsewhere/");
  EXPECT_TRUE(images->confirm({sha}, true)) << "HQ starts while the service is away";
  EXPECT_EQ(images->size(sha).error().code, ErrorCode::disconnected);
  ASSERT_TRUE(start_service());
  ASSERT_TRUE(eventually([&] { return images->size(sha).error().what.find("--images") != std::string::npos; })) << images->size(sha).error().what;
  EXPECT_EQ(images->size(sha).error().code, ErrorCode::disconnected) << "not lost";
  write("P1", bytes);
  EXPECT_FALSE(images->finish_now("P1", sha));
}

TEST_P(Service, ItsOwnTroubleAtTheStartIsNoWrongPlace) {
  const Bytes bytes = noise(1000);
  const Sha256 sha = sha256(bytes);
  write("P1", bytes);
  ASSERT_TRUE(finish("P1", sha));
  service.kill();
  const std::string log = directory + "/trouble.log";
  std::filesystem::remove(log);
  tests::Child trouble({"node", "-e", "require('http').createServer((q, r) => { r.statusCode = 503; r.end(); }).listen(" + std::to_string(port) +
                                          ", '127.0.0.1', () => console.log('listens'))"}, log);
  ASSERT_TRUE(eventually([&] { return trouble.log().find("listens") != std::string::npos; })) << trouble.log();
  images = shelf("S3RVER");
  EXPECT_TRUE(images->confirm({sha}, true)) << "HQ starts";
  EXPECT_EQ(images->size(sha).error().code, ErrorCode::disconnected) << "not lost";
  trouble.kill();
  ASSERT_TRUE(start_service());
  EXPECT_TRUE(eventually([&] { return images->size(sha).has_value(); })) << "asked again";
}

TEST_P(Service, ASlowServiceTakesAQuarterOfTheOwnersTimeAndOneThatIsAwayNone) {
  const Sha256 sha = sha256(Bytes{1});
  EXPECT_TRUE(images->has_time());
  service.pause();
  const MonoTime begun = clock.mono();
  EXPECT_EQ(images->size(sha).error().code, ErrorCode::timeout);
  const Duration took = clock.mono() - begun;
  EXPECT_GE(took, 1s);
  const MonoTime asked = clock.mono();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(images->size(sha).error().code, ErrorCode::disconnected);
  EXPECT_LT(clock.mono() - asked, 1s) << "it is away: not asked";
  EXPECT_TRUE(images->has_time()) << "to be told so";
  service.resume();
  ASSERT_TRUE(eventually([&] { return images->size(sha).error().code == ErrorCode::not_found; })) << "the thread has seen that it is back";
  EXPECT_FALSE(images->has_time()) << "two seconds were used up";
}

// The examples of "Signature Calculations for the Authorization Header" in the service's own documentation.
TEST(S3Signature, IsThatOfTheDocumentation) {
  const S3Credentials credentials{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"};
  const WallTime at{1'369'353'600'000};
  ASSERT_EQ(amz_date(at), "20130524T000000Z");
  S3Request get{"GET", "/test.txt", {}, {{"host", "examplebucket.s3.amazonaws.com"}, {"range", "bytes=0-9"}, {"x-amz-date", amz_date(at)}}, sha256(ByteView{})};
  get.headers["x-amz-content-sha256"] = hex(get.payload);
  EXPECT_EQ(authorization(credentials, get, at),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  S3Request list{"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {{"host", "examplebucket.s3.amazonaws.com"}, {"x-amz-date", amz_date(at)}}, sha256(ByteView{})};
  list.headers["x-amz-content-sha256"] = hex(list.payload);
  EXPECT_NE(authorization(credentials, list, at).find("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"), std::string::npos);
  EXPECT_EQ(uri_encoded("a b/\xc3\xa4$", true), "a%20b/%C3%A4%24");
  EXPECT_EQ(uri_encoded("a/b", false), "a%2Fb");
}

TEST(S3Settings, AreReadAndWhatIsWrongIsSaid) {
  const std::string file = (std::filesystem::temp_directory_path() / ("rampa-s3-credentials-" + std::to_string(::getpid()))).string();
  const auto with = [&](const std::string& text, unsigned mode = 0600) {
    std::ofstream(file) << text;
    ::chmod(file.c_str(), mode);
  };
  with("# HQ's account\naccess_key = AK\nsecret_key = s=1\nregion = eu-1\n");
  const auto whole = read_s3_settings("s3://images.example:9000/rampa/hq", file);
  ASSERT_TRUE(whole) << whole.error().what;
  EXPECT_TRUE(whole->tls);
  EXPECT_EQ(whole->host, "images.example");
  EXPECT_EQ(whole->port, 9000);
  EXPECT_EQ(whole->bucket, "rampa");
  EXPECT_EQ(whole->prefix, "hq/");
  EXPECT_EQ(whole->credentials.secret_key, "s=1");
  EXPECT_EQ(whole->credentials.region, "eu-1");
  EXPECT_FALSE(read_s3_settings("s3+http://images.example/rampa", file)->tls);
  for (const char* url : {"https://images.example/rampa", "s3://images.example", "s3:///rampa", "s3://images.example:x/rampa"}) EXPECT_FALSE(read_s3_settings(url, file)) << url;
  EXPECT_FALSE(read_s3_settings("s3://images.example/rampa", ""));
  EXPECT_FALSE(read_s3_settings("s3://images.example/rampa", file + "-not-there"));
  with("access_key = AK\n");
  EXPECT_FALSE(read_s3_settings("s3://images.example/rampa", file));
  with("access_key = AK\nsecret_key = s\npassword = p\n");
  EXPECT_NE(read_s3_settings("s3://images.example/rampa", file).error().what.find(":3:"), std::string::npos);
  with("access_key = AK\nsecret_key = s\n", 0644);
  EXPECT_NE(read_s3_settings("s3://images.example/rampa", file).error().what.find("chmod 600"), std::string::npos);
  std::filesystem::remove(file);
}
