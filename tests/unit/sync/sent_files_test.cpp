// Pictures that people at HQ send to a post: what no post could show is not sent, and a scan's letter says its size in pixels.
#include <fstream>

#include "sync/hq/sent_files.hpp"
#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;
using namespace rampa::tests;

namespace {

class SentPictures : public HqTest {
 protected:
  SentPictures() {
    letter.container = "CSQU3054383";
    letter.note = "Empty then.";
    letter.by = "M. Petrovic";
  }
  /// HQ holds it as the only blob of a record.
  void held(const Bytes& blob, const char* kind, const std::string& open) {
    p1.journal.in_crossing("L1-7-12");
    p1.journal.append(kind, open, {blob});
    const Stream stream = store::stream_of_kind(kind);
    const std::uint64_t number = p1.sequences(stream).size();
    group({{leaf_of(stream), p1.frame(stream, number, number)}});
    group({{Leaf::slice, encode(BlobSlice{sha256(blob), 0, blob.size(), blob})}});
    ASSERT_TRUE(shelf->holds(sha256(blob)));
  }
  std::string file(const std::string& name, const Bytes& bytes) const {
    const std::string path = place.directory + "/" + name;
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path;
  }
  ReferenceImageLetter letter;
  const Bytes jpeg{0xff, 0xd8, 0xff, 0xe0, 1, 2, 3};
};

TEST_F(SentPictures, AFileGoesAmongHqsBlobs) {
  const auto sent = shelve_reference(place, file("seen.jpg", jpeg), letter);
  ASSERT_TRUE(sent) << sent.error().what;
  EXPECT_EQ(sent->sha256, hex(sha256(jpeg)));
  EXPECT_EQ(read_checked(*shelf, sha256(jpeg)), jpeg);
  const auto read = decode_reference_image(as_bytes(sent->body));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->name, "seen.jpg");
  EXPECT_EQ(read->media_type, jpeg_type);
  EXPECT_EQ(read->size_bytes, jpeg.size());
  EXPECT_EQ(read->container, "CSQU3054383");
  EXPECT_EQ(checked_letter("reference_image", as_bytes(sent->body)).has_value(), true);
  const Bytes text{'<', 's', 'v', 'g', '>'};
  EXPECT_NE(shelve_reference(place, file("drawing.svg", text), letter).error().what.find("is neither JPEG nor PNG"), std::string::npos);
  letter.container.clear();
  EXPECT_FALSE(shelve_reference(place, file("other.jpg", Bytes{0xff, 0xd8, 0xff, 9}), letter)) << "for nothing";
  EXPECT_FALSE(shelf->holds(sha256(Bytes{0xff, 0xd8, 0xff, 9})));
  EXPECT_FALSE(shelf->holds(sha256(text)));
}

TEST_F(SentPictures, AScanThatHqHoldsGoesWithItsSizeAndWhatIsNoPictureDoesNot) {
  greet();
  const Bytes scan{1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0}, other{9, 9, 9, 9, 9};
  held(scan, "capture", R"({"kind":"capture","role":"scanner","body":{"kind":"scan","scan_id":"S1","width_px":3,"height_px":2}})");
  held(other, "capture", R"({"kind":"capture","role":"scale","body":{"kind":"weighing"}})");
  held(jpeg, "capture", R"({"kind":"capture","role":"plate_front","body":{"kind":"plate"}})");
  const auto sent = held_reference(place, hex(sha256(scan)), letter);
  ASSERT_TRUE(sent) << sent.error().what;
  const auto read = decode_reference_image(as_bytes(sent->body));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->media_type, scan_type);
  EXPECT_EQ(read->width_px, 3u);
  EXPECT_EQ(read->height_px, 2u);
  EXPECT_EQ(read->name, "scan0 of L1-7-12 at P1");
  const auto picture = held_reference(place, hex(sha256(jpeg)), letter);
  ASSERT_TRUE(picture) << picture.error().what;
  EXPECT_EQ(decode_reference_image(as_bytes(picture->body))->media_type, jpeg_type);
  EXPECT_NE(held_reference(place, hex(sha256(other)), letter).error().what.find("names it as a scan"), std::string::npos);
  EXPECT_EQ(held_reference(place, std::string(64, '0'), letter).error().code, ErrorCode::not_found);
  EXPECT_EQ(held_reference(place, "abc", letter).error().code, ErrorCode::invalid);
}

}  // namespace
