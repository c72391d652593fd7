// What of the journal cannot be read: it holds up nothing that can be, it is told exactly, and a disk that is away is not taken
// for damage.
#include <fstream>
#include <random>
#include <set>

#include "edge/store/journal_reader.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

using store::Stream;

/// The real disk, some of whose files do not answer.
class SickDisk : public store::Disk {
 public:
  std::string unreadable;            ///< opening it, reading it from `from` on for `bytes`, or listing it gives io
  std::uint64_t from = 0, bytes = 0;  ///< 0: it cannot be opened

  Result<std::unique_ptr<store::DiskFile>> open(const std::string& path, store::OpenMode mode) override {
    auto file = real->open(path, mode);
    if (!file || unreadable.empty() || path.find(unreadable) == std::string::npos) return file;
    if (bytes == 0) return fail(ErrorCode::io, "opening " + path + ": Permission denied");
    return std::make_unique<File>(std::move(*file), *this);
  }
  Result<void> rename(const std::string& a, const std::string& b) override { return real->rename(a, b); }
  Result<void> unlink(const std::string& path) override { return real->unlink(path); }
  Result<void> sync_directory(const std::string& path) override { return real->sync_directory(path); }
  Result<std::vector<std::string>> list(const std::string& path) override {
    if (!unreadable.empty() && path.ends_with(unreadable)) return fail(ErrorCode::io, "listing " + path + ": Input/output error");
    return real->list(path);
  }
  Result<void> make_directory(const std::string& path) override { return real->make_directory(path); }
  bool exists(const std::string& path) override { return real->exists(path); }
  Result<std::uint64_t> free_bytes(const std::string& path) override { return real->free_bytes(path); }

 private:
  class File : public store::DiskFile {
   public:
    File(std::unique_ptr<store::DiskFile> file, const SickDisk& disk) : file_(std::move(file)), disk_(disk) {}
    Result<void> write_at(std::uint64_t, ByteView) override { return {}; }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) override {
      if (offset < disk_.from + disk_.bytes && disk_.from < offset + out.size()) return fail(ErrorCode::io, "reading: Input/output error");
      return file_->read_at(offset, out);
    }
    Result<void> sync() override { return {}; }
    Result<void> allocate(std::uint64_t) override { return {}; }
    Result<void> truncate(std::uint64_t) override { return {}; }
    Result<std::uint64_t> size() override { return file_->size(); }

   private:
    std::unique_ptr<store::DiskFile> file_;
    const SickDisk& disk_;
  };
  std::shared_ptr<store::Disk> real = store::real_disk();
};

class Gaps : public StoreTest {
 protected:
  /// A journal of many segments, with verdicts among the events; what it holds is kept.
  void SetUp() override {
    settings.segment_bytes_max = 4096;
    start();
    std::mt19937 random(5);
    for (int i = 0; i < 40; ++i) {
      std::vector<Record> group;
      for (std::size_t n = 1 + random() % 3; n > 0; --n) {
        if (random() % 3 == 0) group.push_back(verdict({"L1-1-1"}, Verdict::release, clock.now()));
        else group.push_back({{}, {}, clock.now(), AuditNote{"test", std::string(random() % 500, 'x'), ""}, {}});
      }
      ASSERT_TRUE(put(std::move(group)));
    }
    auto reader = store->journal_reader();
    all = reader->read(1, 10'000).value();
    ends = reader->ends().value();
    stop();
    const auto listed = store::list_segments(*disk, layout());
    ASSERT_GT(listed->size(), 6u);
    for (const auto& place : *listed) segments.push_back(place.path);
    durable = std::make_shared<store::Durable>();
    durable->set(all.size(), ends.verdicts);
  }
  [[nodiscard]] store::Layout layout() const { return {settings.directory}; }
  std::unique_ptr<store::JournalReader> reader() { return store::make_journal_reader(disk, layout(), durable); }
  static Bytes content_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const std::string& file, const Bytes& bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  /// Every record is given but these sequences, and these are told.
  void expect_lost(const std::set<std::uint64_t>& lost, bool sure = true) {
    for (const Stream stream : store::streams) {
      auto read = reader();
      for (const auto& raw : all) {
        if (raw.stream != stream) continue;
        const auto got = read->read_stream(stream, raw.stream_sequence, 1 + raw.sequence % 5, 100'000);
        if (!lost.contains(raw.sequence)) {
          ASSERT_TRUE(got) << store::name_of(stream) << ' ' << raw.stream_sequence << ": " << got.error().what;
          ASSERT_FALSE(got->empty());
          ASSERT_EQ(got->front().stream_sequence, raw.stream_sequence);
          ASSERT_EQ(got->front().bytes, raw.bytes);
          const auto alone = read->read(raw.sequence, 1);
          ASSERT_TRUE(alone && alone->size() == 1) << "record " << raw.sequence;
          continue;
        }
        ASSERT_FALSE(got) << store::name_of(stream) << ' ' << raw.stream_sequence;
        const auto gap = reader()->gap(stream, raw.stream_sequence);
        ASSERT_TRUE(gap) << gap.error().what;
        ASSERT_TRUE(*gap);
        EXPECT_EQ((*gap)->sure, sure) << (*gap)->cause;
        EXPECT_FALSE((*gap)->cause.empty());
        std::uint64_t first = raw.sequence, last = first;
        while (lost.contains(first - 1)) --first;
        while (lost.contains(last + 1)) ++last;
        ASSERT_EQ((*gap)->first, first) << (*gap)->cause;
        ASSERT_EQ((*gap)->last, last);
        store::StreamEnds before, after;
        for (const auto& each : all) {
          if (each.sequence < first) ++before.of(each.stream);
          if (each.sequence <= last) ++after.of(each.stream);
        }
        ASSERT_EQ((*gap)->before, before);
        ASSERT_EQ((*gap)->after, after);
      }
    }
  }
  [[nodiscard]] std::set<std::uint64_t> of_segment(std::size_t i) const {
    std::set<std::uint64_t> out;
    const std::uint64_t end = i + 1 < segments.size() ? first_of(i + 1) : all.size() + 1;
    for (std::uint64_t s = first_of(i); s < end; ++s) out.insert(s);
    return out;
  }
  [[nodiscard]] std::uint64_t first_of(std::size_t i) const { return *store::format::sequence_of_segment(segments[i].substr(segments[i].rfind('/') + 1)); }

  std::shared_ptr<SickDisk> disk = std::make_shared<SickDisk>();
  std::vector<store::JournalReader::Raw> all;
  store::StreamEnds ends;
  std::vector<std::string> segments;
  std::shared_ptr<store::Durable> durable;
};

TEST_F(Gaps, AnyRecordThatIsDamagedIsLostAloneAndOnlyForItsStream) {
  std::mt19937 random(6);
  for (const auto& raw : all) {
    // The newest one shows that the journal is there: without it nothing is said of any.
    if ((random() % 4 != 0 && raw.sequence != 1) || raw.sequence == all.size()) continue;
    std::size_t segment = 0;
    while (segment + 1 < segments.size() && first_of(segment + 1) <= raw.sequence) ++segment;
    const Bytes good = content_of(segments[segment]);
    Bytes bad = good;
    const auto at = std::search(bad.begin(), bad.end(), raw.bytes.begin(), raw.bytes.end());
    ASSERT_NE(at, bad.end());
    *(at + static_cast<std::ptrdiff_t>(random() % raw.bytes.size())) ^= 0x10;
    write(segments[segment], bad);
    expect_lost({raw.sequence});
    write(segments[segment], good);
    if (HasFailure()) return;
  }
  expect_lost({});
}

TEST_F(Gaps, SegmentsThatAreGoneOrNonsenseAreLostWhole) {
  for (const std::size_t i : {std::size_t{0}, std::size_t{3}, segments.size() - 2}) {
    const Bytes good = content_of(segments[i]);
    std::filesystem::remove(segments[i]);
    expect_lost(of_segment(i));
    write(segments[i], Bytes(good.size(), 0));
    expect_lost(of_segment(i));
    write(segments[i], Bytes(good.size(), 0x5a));
    expect_lost(of_segment(i));
    write(segments[i], {});
    expect_lost(of_segment(i));
    write(segments[i], good);
    if (HasFailure()) return;
  }
  auto both = of_segment(0);
  both.merge(of_segment(1));
  std::filesystem::remove(segments[0]);
  std::filesystem::remove(segments[1]);
  expect_lost(both);
}

TEST_F(Gaps, AHeadThatIsDamagedLosesNoRecord) {
  Bytes bytes = content_of(segments[2]);
  bytes[20] ^= 1;
  write(segments[2], bytes);
  expect_lost({});
}

TEST_F(Gaps, WhatTheDiskDoesNotGiveIsNotSurelyLost) {
  disk->unreadable = segments[3].substr(segments[3].rfind('/'));
  expect_lost(of_segment(3), false);
  disk->from = 0;
  disk->bytes = 4096;
  expect_lost(of_segment(3), false);
  disk->unreadable.clear();
  expect_lost({});
}

TEST_F(Gaps, AJournalThatIsAwayLosesNothing) {
  std::filesystem::remove(segments[3]);
  const auto nothing_is_said = [&](std::unique_ptr<store::JournalReader>& read) {
    for (const Stream stream : store::streams)
      for (const std::uint64_t number : {std::uint64_t{1}, ends.of(stream) / 2, ends.of(stream)}) {
        const auto gap = read->gap(stream, number);
        EXPECT_FALSE(gap) << "said something of " << store::name_of(stream) << ' ' << number;
        EXPECT_FALSE(read->read_stream(stream, number, 1, 1000));
      }
  };
  const std::string folder = layout().journal(), elsewhere = settings.directory + "/away";
  auto read = reader();
  std::filesystem::rename(folder, elsewhere);
  nothing_is_said(read);
  std::filesystem::create_directory(folder);  // the mount's folder shows
  nothing_is_said(read);
  // An older state of it shows: the newest segment is not in it, or not what was written to it last.
  for (std::size_t i = 0; i + 2 < segments.size(); ++i)
    if (i != 3) std::filesystem::copy_file(elsewhere + segments[i].substr(folder.size()), segments[i]);
  EXPECT_FALSE(read->gap(Stream::events, ends.events));
  const auto& lost = all[first_of(3) - 1];
  EXPECT_FALSE(read->gap(lost.stream, lost.stream_sequence)) << "it may well be in the newer state";
  std::filesystem::remove_all(folder);
  std::filesystem::rename(elsewhere, folder);
  disk->unreadable = "/journal";
  nothing_is_said(read);
  disk->unreadable = ".seg";
  nothing_is_said(read);
  disk->unreadable.clear();
  expect_lost(of_segment(3));
}

TEST_F(Gaps, WhatComesBackIsReadAgain) {
  const Bytes good = content_of(segments[3]);
  const std::uint64_t lost = first_of(3);
  const auto& raw = all[lost - 1];
  auto read = reader();
  std::filesystem::remove(segments[3]);
  ASSERT_TRUE(read->gap(raw.stream, raw.stream_sequence)->has_value());
  ASSERT_FALSE(read->read_stream(raw.stream, raw.stream_sequence, 1, 1000));
  write(segments[3], good);
  EXPECT_FALSE(read->gap(raw.stream, raw.stream_sequence)->has_value());
  const auto got = read->read_stream(raw.stream, raw.stream_sequence, 1, 1000);
  ASSERT_TRUE(got && !got->empty());
  EXPECT_EQ(got->front().bytes, raw.bytes);
}

TEST_F(Gaps, WhatComesBackAsAnotherFileIsReadAgainFromEveryPlace) {
  const Bytes good = content_of(segments[3]);
  for (const Stream stream : store::streams) {
    // The last one of this stream in the segment: both places of each stream have the file open when they meet it.
    const auto lost = std::find_if(all.rbegin(), all.rend(), [&](const auto& raw) { return raw.stream == stream && raw.sequence < first_of(4); });
    ASSERT_TRUE(lost != all.rend() && lost->sequence > first_of(3));
    Bytes bad = good;
    std::search(bad.begin(), bad.end(), lost->bytes.begin(), lost->bytes.end())[40] ^= 1;
    write(segments[3], bad);
    auto read = reader();
    ASSERT_TRUE(read->gap(stream, lost->stream_sequence)->has_value());
    for (const std::uint64_t before : {1u, 2u}) ASSERT_TRUE(read->read_stream(stream, lost->stream_sequence - before, before, 100'000));
    for (int place = 0; place < 2; ++place) ASSERT_FALSE(read->read_stream(stream, lost->stream_sequence, 1, 1000));
    write(segments[3] + "-restored", good);
    std::filesystem::rename(segments[3] + "-restored", segments[3]);
    ASSERT_FALSE(read->gap(stream, lost->stream_sequence)->has_value());
    const auto got = read->read_stream(stream, lost->stream_sequence, 1, 1000);
    ASSERT_TRUE(got && !got->empty()) << store::name_of(stream) << ": " << got.error().what;
    EXPECT_EQ(got->front().bytes, lost->bytes);
  }
}

}  // namespace
}  // namespace rampa::tests
