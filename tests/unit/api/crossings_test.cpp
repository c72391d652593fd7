#include "tests/unit/api/post_fixture.hpp"

namespace rampa::tests {
namespace {

class Crossings : public ServedPost {
 protected:
  Crossings() {
    staff();
    for (int i = 1; i <= 5; ++i) {
      const CrossingId id{"L1-7-" + std::to_string(i)};
      post.record(LaneId{"L1"}, id, CrossingOpened{"cargo", "entry"});
      device::PlateRead read;
      read.text = "BG10" + std::to_string(i) + "AA";
      CaptureTaken capture;
      capture.role = "plate_front";
      capture.body = read;
      Bytes jpeg{0xff, 0xd8, 0xff, 0xe0};
      for (int b = 0; b < 1000; ++b) jpeg.push_back(static_cast<std::uint8_t>(b * i));
      picture = sha256_hex(jpeg);
      post.record(LaneId{"L1"}, id, capture, {{"plate.jpg", "image/jpeg", std::make_shared<const Bytes>(jpeg)}});
      bytes = std::string(as_text(jpeg));
    }
  }
  std::string picture, bytes;
};

TEST_F(Crossings, AreListedNewestFirstAndPaged) {
  Client ana = signed_in("1001");
  const auto first = ana.get("/api/v1/crossings?limit=2").body;
  EXPECT_NE(first.find("L1-7-5"), std::string::npos);
  EXPECT_NE(first.find("L1-7-4"), std::string::npos);
  EXPECT_EQ(first.find("L1-7-3"), std::string::npos);
  EXPECT_NE(first.find("\"more\":true"), std::string::npos);
  const auto last = ana.get("/api/v1/crossings?limit=3&before=L1-7-4").body;
  EXPECT_NE(last.find("L1-7-1"), std::string::npos);
  EXPECT_NE(last.find("\"more\":false"), std::string::npos);
  const auto by_plate = ana.get("/api/v1/crossings?plate=bg+103-aa").body;
  EXPECT_NE(by_plate.find("L1-7-3"), std::string::npos);
  EXPECT_EQ(by_plate.find("L1-7-2"), std::string::npos);
  for (const char* wrong : {"limit=0", "limit=201", "limit=x", "limit=1x", "colour=red", "limit=1&limit=2"})
    EXPECT_EQ(ana.get(std::string("/api/v1/crossings?") + wrong).status, 400) << wrong;
}

TEST_F(Crossings, OneHoldsItsRecordsAndDeclarations) {
  Declaration d;
  d.reference = "26RS1";
  d.plate = "BG103AA";
  post.add_declaration(d);
  Client ana = signed_in("1001");
  const auto one = ana.get("/api/v1/crossings/L1-7-3").body;
  EXPECT_NE(one.find("\"kind\":\"crossing_opened\""), std::string::npos);
  EXPECT_NE(one.find("\"text\":\"BG103AA\""), std::string::npos);
  EXPECT_NE(one.find("\"reference\":\"26RS1\""), std::string::npos);
  EXPECT_EQ(problem_of(ana.get("/api/v1/crossings/L1-7-99")), "not-found");
}

TEST_F(Crossings, PicturesOfHqsAreAskedForByPlateAndContainerAndComeLikeItsOwn) {
  Declaration d;
  d.reference = "26RS1";
  d.plate = "BG103AA";
  d.more["container"] = std::vector<std::string>{"CSQU3054383"};
  post.add_declaration(d);
  const Bytes scan{1, 0, 2, 0, 3, 0, 4, 0};
  const std::string sha = sha256_hex(scan);
  post.set_reference_image({sha, 8, "application/x-rampa-scan16", 2, 2, "scan of L1-6-1", "Empty then.", "M. Petrovic", WallTime{7}, "", "CSQU3054383", ""}, scan);
  Client nobody(server->port());
  EXPECT_EQ(nobody.get("/api/v1/crossings/L1-7-3/reference-images").status, 401);
  EXPECT_EQ(nobody.get("/api/v1/reference-images/" + sha).status, 401);
  Client ana = signed_in("1001");
  EXPECT_EQ(ana.get("/api/v1/crossings/L1-7-3/reference-images").body,
            "{\"images\":[{\"sha256\":\"" + sha + R"(","media_type":"application/x-rampa-scan16","size_bytes":8,"width_px":2,"height_px":2,"name":"scan of L1-6-1","note":"Empty then.","by":"M. Petrovic","came_ms":7,"for":{"container":"CSQU3054383"}}]})");
  const auto asked = post.reference_question();
  EXPECT_EQ(asked.crossing.text, "L1-7-3");
  EXPECT_EQ(asked.plates, std::vector<std::string>{"BG103AA"});
  EXPECT_EQ(asked.containers, (std::vector<std::string>{"BG103AA", "CSQU3054383"})) << "what a camera read may be a container's code";
  EXPECT_EQ(problem_of(ana.get("/api/v1/crossings/L1-7-99/reference-images")), "not-found");
  const std::string path = "/api/v1/reference-images/" + sha;
  const auto whole = ana.get(path);
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, std::string(as_text(scan)));
  EXPECT_EQ(whole.headers.at("content-type"), "application/octet-stream");
  const auto part = ana.get(path, {{"Range", "bytes=2-3"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, std::string(as_text(scan)).substr(2, 2));
  EXPECT_EQ(part.headers.at("content-range"), "bytes 2-3/8");
  EXPECT_EQ(ana.get(path, {{"Range", "bytes=8-"}}).status, 416);
  EXPECT_EQ(ana.get(path, {{"If-None-Match", "\"" + sha + "\""}}).status, 304);
  EXPECT_EQ(problem_of(ana.get("/api/v1/reference-images/" + std::string(64, '0'))), "not-found");
}

TEST_F(Crossings, PicturesComeWholeInPartsAndNotAgain) {
  Client ana = signed_in("1001");
  const std::string path = "/api/v1/blobs/" + picture, etag = "\"" + picture + "\"";
  const auto whole = ana.get(path);
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, bytes);
  EXPECT_EQ(whole.headers.at("content-type"), "image/jpeg");
  EXPECT_EQ(whole.headers.at("etag"), etag);
  EXPECT_NE(whole.headers.at("cache-control").find("immutable"), std::string::npos);
  const int read_whole = post.blobs_read_whole;
  const auto part = ana.get(path, {{"Range", "bytes=100-199"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, bytes.substr(100, 100));
  EXPECT_EQ(part.headers.at("content-range"), "bytes 100-199/1004");
  EXPECT_EQ(ana.get(path, {{"Range", "bytes=-4"}}).body, bytes.substr(1000));
  const auto beyond = ana.get(path, {{"Range", "bytes=1004-"}});
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.headers.at("content-range"), "bytes */1004");
  EXPECT_EQ(part.headers.at("content-type"), "image/jpeg");
  EXPECT_EQ(ana.get(path, {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(post.blobs_read_whole, read_whole) << "a part, or what the client has, is no reason to read it all";
  EXPECT_EQ(ana.get(path, {{"Range", "bytes=0-1,5-6"}}).status, 200);
  EXPECT_EQ(ana.get(path, {{"Range", "bytes=0-1"}, {"If-Range", "\"other\""}}).status, 200);
  EXPECT_EQ(ana.get(path, {{"Range", "bytes=0-1"}, {"If-Range", etag}}).status, 206);
  EXPECT_EQ(ana.get(path, {{"If-None-Match", etag}}).status, 304);
  const auto head = ana.request("HEAD", path, "", {});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "1004");
  EXPECT_EQ(head.body, "");
}

TEST_F(Crossings, PicturesNeedASessionAndARealName) {
  Client nobody(server->port());
  EXPECT_EQ(problem_of(nobody.get("/api/v1/blobs/" + picture)), "not-signed-in");
  Client ana = signed_in("1001");
  for (const std::string& name : {std::string("x"), std::string(64, 'g'), std::string(64, 'a'), std::string("..%2f..%2fetc%2fpasswd")})
    EXPECT_EQ(ana.get("/api/v1/blobs/" + name).status, 404) << name;
}

TEST_F(Crossings, WhatIsNoPictureIsNeverShownAsAPage) {
  const std::string html = "<html><script>alert(1)</script>";
  const Bytes page(html.begin(), html.end());
  post.record(LaneId{"L1"}, CrossingId{"L1-7-9"}, CrossingOpened{"cargo", "entry"}, {{"x", "text/html", std::make_shared<const Bytes>(page)}});
  Client ana = signed_in("1001");
  const auto answer = ana.get("/api/v1/blobs/" + sha256_hex(page));
  EXPECT_EQ(answer.headers.at("content-type"), "application/octet-stream");
  EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(answer.headers.at("content-disposition"), "attachment");
}

TEST_F(Crossings, PaperOnesAreEnteredOnceAndMarked) {
  Client ana = signed_in("1001");
  const std::string when = std::to_string(clock.now().wall.ms - 3'600'000);
  const auto enter = [&](const std::string& more, const char* key) {
    return ana.post("/api/v1/paper-crossings", R"({"lane":"L2","plate":"ns 123-xy","verdict":"release","happened_ms":)" + when + more + "}", {{"Idempotency-Key", key}});
  };
  const auto made = enter(R"(,"gross_kg":31000,"note":"power cut")", "p1");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(enter(R"(,"gross_kg":31000,"note":"power cut")", "p1").body, made.body);
  const auto records = post.records();
  const auto* paper = std::get_if<PaperCrossing>(&records.back().body);
  ASSERT_TRUE(paper);
  EXPECT_EQ(paper->plate, "NS123XY");
  EXPECT_EQ(paper->entered_by, "1001");
  EXPECT_EQ(paper->decided_by, "1001");
  EXPECT_NE(ana.get("/api/v1/crossings?plate=NS123XY").body.find("\"paper\":true"), std::string::npos);
  EXPECT_EQ(problem_of(enter(R"(,"decided_by":"1003")", "p2")), "role");
  Client marko = signed_in("1002");
  EXPECT_EQ(marko.post("/api/v1/paper-crossings", R"({"lane":"L2","plate":"NS1","verdict":"hold","decided_by":"1003","happened_ms":)" + when + "}", {{"Idempotency-Key", "p"}}).status, 201);
  const std::string future = std::to_string(clock.now().wall.ms + 3'600'000);
  EXPECT_EQ(ana.post("/api/v1/paper-crossings", R"({"lane":"L2","plate":"NS1","verdict":"hold","happened_ms":)" + future + "}", {{"Idempotency-Key", "p3"}}).status, 422);
  EXPECT_EQ(ana.post("/api/v1/paper-crossings", R"({"lane":"L9","plate":"NS1","verdict":"hold","happened_ms":)" + when + "}", {{"Idempotency-Key", "p4"}}).status, 404);
}

}  // namespace
}  // namespace rampa::tests
