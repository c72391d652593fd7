// HQ's intake on a real disk: `hq_bench DIRECTORY [RECORDS] [postgresql://...]`. Signed frames of one-KiB records, as a post
// seals them, go through the receiver (signature, unpacking, chain, ledger) in groups with one durable commit each. Prints the
// disk's own fdatasync beside it: without that the figures say nothing. Then opens what it wrote again, as after a restart.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "edge/runtime/system_clock.hpp"
#include "edge/store/segment_format.hpp"
#include "sync/hq/blob_shelf.hpp"
#include "sync/hq/receiver.hpp"

namespace {

using namespace rampa;
using namespace rampa::sync;

runtime::SystemClock clock_;

double seconds_since(MonoTime start) { return static_cast<double>((clock_.mono() - start).count()) / 1e9; }

double cpu_seconds() {
  struct ::rusage used {};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

void disk_itself(const std::string& directory) {
  const std::string path = directory + "/probe";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  const std::string bytes(4096, 'x');
  std::vector<double> ms;
  const MonoTime start = clock_.mono();
  while (seconds_since(start) < 1) {
    const MonoTime one = clock_.mono();
    if (::write(file, bytes.data(), bytes.size()) != 4096 || ::fdatasync(file) != 0) break;
    ms.push_back(seconds_since(one) * 1000);
  }
  ::close(file);
  ::unlink(path.c_str());
  std::sort(ms.begin(), ms.end());
  if (!ms.empty()) std::printf("the disk itself: 4 KiB + fdatasync      p50 %.2f ms   p99 %.2f ms\n", ms[ms.size() / 2], ms[ms.size() * 99 / 100]);
}

struct Source {
  std::vector<Bytes> frames;
  Hello hello;
};

Source make_source(const std::string& name, std::uint64_t records, const Signer& signer, const PublicKey& key) {
  constexpr std::size_t records_per_frame = 110;
  std::mt19937_64 random(1);
  Source source;
  source.hello.id = "bench";
  source.hello.epoch = store::format::epoch_of(PostId{name}, key);
  source.hello.key = hex(ByteView{key});
  store::Hash previous = store::format::genesis(PostId{name}), before{};
  std::vector<Bytes> run;
  const std::string topic = topic_text({PostId{name}, Leaf::events});
  for (std::uint64_t n = 1; n <= records; ++n) {
    store::format::Entry entry;
    entry.sequence = n;
    entry.kind = "capture_taken";
    entry.lane = "L1";
    entry.crossing = "L1-1-" + std::to_string(n / 12);
    entry.at = {MonoTime{static_cast<std::int64_t>(n) * 1'000'000}, WallTime{1'780'000'000'000}};
    entry.open = R"({"kind":"capture_taken","role":"plate_front","note":")";
    while (entry.open.size() < 820) entry.open += std::to_string(random());
    entry.open += "\"}";
    run.push_back(store::format::encode(entry, previous).value());
    std::copy_n(run.back().end() - 36, 32, previous.begin());
    if (run.size() < records_per_frame && n < records) continue;
    const std::vector<ByteView> views(run.begin(), run.end());
    source.frames.push_back(seal(topic, encode(FrameHead{Stream::events, source.hello.epoch, n - run.size() + 1, before}, views), signer));
    before = previous;
    run.clear();
  }
  source.hello.last_sequence = source.hello.ends.events = records;
  source.hello.last_hash = hex(ByteView{previous});
  return source;
}

int failed(const char* doing, const Error& error) {
  std::fprintf(stderr, "hq_bench: %s: %s\n", doing, error.what.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::fprintf(stderr, "usage: hq_bench DIRECTORY [RECORDS] [postgresql://...]   (the directory is made and removed)\n");
    return 2;
  }
  const std::string directory = argv[1], name = "RS-BENCH";
  const std::uint64_t records = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
  std::filesystem::create_directories(directory);
  const std::string database = argc > 3 ? argv[3] : "";
  std::array<std::uint8_t, 32> seed{};
  seed.fill(3);
  const Source source = make_source(name, records, signer_of(seed), public_key_of(seed));
  disk_itself(directory);

  hq::ReceiverSettings settings;
  settings.incarnation = "bench";
  hq::BlobShelf shelf(directory);
  const std::vector<std::size_t> groups = database.empty() ? std::vector<std::size_t>{2, 8, 32} : std::vector<std::size_t>{32};
  hq::Place place{directory, database};
  for (const std::size_t group : groups) {
    place.directory = directory + "/" + std::to_string(group);
    std::filesystem::create_directories(place.directory);
    const auto ledger = hq::open_ledger(place);
    const auto desk = hq::open_desk(place);
    hq::Receiver receiver(*ledger, shelf, *desk, settings);
    const Bytes hello = seal(topic_text({PostId{name}, Leaf::hello}), encode(source.hello), signer_of(seed));
    if (const auto begun = receiver.begin(); !begun) return failed("begin", begun.error());
    if (const auto taken = receiver.take({PostId{name}, Leaf::hello}, hello, clock_.now()); !taken) return failed("hello", taken.error());
    if (const auto done = receiver.commit(clock_); !done) return failed("commit", done.error());
    std::vector<double> commits;
    const MonoTime start = clock_.mono();
    const double cpu = cpu_seconds();
    for (std::size_t at = 0; at < source.frames.size(); at += group) {
      if (const auto begun = receiver.begin(); !begun) return failed("begin", begun.error());
      for (std::size_t i = at; i < std::min(at + group, source.frames.size()); ++i)
        if (const auto taken = receiver.take({PostId{name}, Leaf::events}, source.frames[i], clock_.now()); !taken) return failed("take", taken.error());
      const MonoTime one = clock_.mono();
      if (const auto done = receiver.commit(clock_); !done) return failed("commit", done.error());
      commits.push_back(seconds_since(one) * 1000);
      (void)receiver.take_notices();
    }
    const double wall = seconds_since(start), used = cpu_seconds() - cpu;
    std::sort(commits.begin(), commits.end());
    std::printf("intake, %2zu frames a commit: %8.0f records/s durable (%.1f s wall, %.1f s CPU: %8.0f records per CPU second)   commit p50 %.1f ms   p99 %.1f ms\n",
                group, static_cast<double>(records) / wall, wall, used, static_cast<double>(records) / used, commits[commits.size() / 2],
                commits[commits.size() * 99 / 100]);
  }
  disk_itself(directory);
  const MonoTime start = clock_.mono();
  {
    const auto ledger = hq::open_ledger(place);
    const auto desk = hq::open_desk(place);
    hq::Receiver receiver(*ledger, shelf, *desk, settings);
    if (const auto announced = receiver.announce(clock_); !announced) return failed("announce", announced.error());
    std::printf("start with %llu records: %.1f ms\n", static_cast<unsigned long long>(records), seconds_since(start) * 1000);
  }
  std::filesystem::remove_all(directory);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "hq_bench: %s\n", error.what());
  return 1;
}
