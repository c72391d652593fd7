// Group commit and blobs of the store on a real disk: `store_bench DIRECTORY [seconds]`. Prints the disk's own fdatasync
// beside the store's figures: without it they say nothing.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <semaphore>
#include <string>
#include <vector>

#include "edge/runtime/system_clock.hpp"
#include "edge/store/store.hpp"

namespace {

using namespace rampa;

runtime::SystemClock clock_;

struct Figures {
  std::vector<double> ms;
  double seconds = 0;
  std::size_t records = 0;
  void print(const char* what) {
    std::sort(ms.begin(), ms.end());
    const auto at = [&](double q) { return ms.empty() ? 0.0 : ms[static_cast<std::size_t>(q * static_cast<double>(ms.size() - 1))]; };
    std::printf("%-46s %8.0f records/s   p50 %6.2f ms   p99 %6.2f ms   worst %6.2f ms\n", what,
                static_cast<double>(records) / seconds, at(0.5), at(0.99), at(1));
    std::fflush(stdout);
  }
};

double since(Stamp start) { return static_cast<double>((clock_.mono() - start.mono).count()) / 1e6; }

void disk_itself(const std::string& directory, double seconds) {
  const std::string path = directory + "/probe";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::posix_fallocate(fd, 0, 1 << 20) != 0) return;
  Figures f;
  const std::string bytes(1024, 'x');
  const Stamp start = clock_.now();
  for (off_t at = 0; since(start) < seconds * 1000; at = (at + 1024) % (1 << 20)) {
    const Stamp one = clock_.now();
    if (::pwrite(fd, bytes.data(), bytes.size(), at) != 1024 || ::fdatasync(fd) != 0) break;
    f.ms.push_back(since(one));
    ++f.records;
  }
  f.seconds = since(start) / 1000;
  ::close(fd);
  ::unlink(path.c_str());
  f.print("the disk itself: 1 KiB + fdatasync");
}

/// `in_flight` persists at a time, each of one verdict, or of one capture with a picture and a raw frame.
void persists(const std::string& directory, const char* what, int in_flight, bool blobs, double seconds) {
  store::Settings settings;
  settings.directory = directory + "/store";
  settings.post = {"RS-BENCH"};
  auto store = store::open(settings, clock_);
  if (!store) {
    std::fprintf(stderr, "store_bench: %s\n", store.error().what.c_str());
    std::exit(1);
  }
  Figures f;
  std::mutex guard;
  std::counting_semaphore<> room(in_flight);
  const Stamp start = clock_.now();
  for (std::uint32_t i = 0; since(start) < seconds * 1000; ++i) {
    room.acquire();
    Record record{{"L1"}, {"L1-1-" + std::to_string(i / 10)}, clock_.now(), VerdictGiven{}, {}};
    if (blobs) {
      record.body = CaptureTaken{"plate_front", {}, device::PlateRead{}};
      Bytes picture(20'000), frame(100);
      for (std::size_t b = 0; b < picture.size(); ++b) picture[b] = static_cast<std::uint8_t>(b * 31 + i);
      for (auto* bytes : {&picture, &frame})
        for (std::size_t b = 0; b < 4; ++b) (*bytes)[b] = static_cast<std::uint8_t>(i >> (8 * b));
      record.attachments = {{"plate.jpg", "image/jpeg", std::make_shared<const Bytes>(std::move(picture))},
                            {"raw-frame", "application/octet-stream", std::make_shared<const Bytes>(std::move(frame))}};
    }
    const Stamp one = clock_.now();
    (*store)->persist({std::move(record)}, [&, one](Result<std::vector<std::uint64_t>> answer) {
      if (!answer) std::fprintf(stderr, "store_bench: %s\n", answer.error().what.c_str());
      {
        std::lock_guard lock(guard);
        f.ms.push_back(since(one));
        ++f.records;
      }
      room.release();
    });
  }
  for (int i = 0; i < in_flight; ++i) room.acquire();
  f.seconds = since(start) / 1000;
  f.print(what);
  std::printf("%-46s %8.2f ms\n", "    its own write + fdatasync of a group, p99", static_cast<double>((*store)->status().fdatasync_p99.count()) / 1e6);
}

/// Fills a journal, ends in an orderly way, and says how long a start takes until the first record is durable.
void starts(const std::string& directory, std::size_t records) {
  store::Settings settings;
  settings.directory = directory + "/store";
  settings.post = {"RS-BENCH"};
  {
    auto store = store::open(settings, clock_);
    if (!store) std::exit(1);
    std::counting_semaphore<> room(8);
    for (std::size_t i = 0; i < records; i += 100) {
      room.acquire();
      std::vector<Record> group(100, Record{{"L1"}, {"L1-1-" + std::to_string(i / 10)}, clock_.now(), VerdictGiven{}, {}});
      (*store)->persist(std::move(group), [&](Result<std::vector<std::uint64_t>> answer) {
        if (!answer) std::fprintf(stderr, "store_bench: %s\n", answer.error().what.c_str());
        room.release();
      });
    }
    for (int i = 0; i < 8; ++i) room.acquire();
    if (!(*store)->wait_for_picture(600s)) std::fprintf(stderr, "store_bench: the picture is behind\n");
  }
  for (int run = 0; run < 5; ++run) {
    const Stamp start = clock_.now();
    auto store = store::open(settings, clock_);
    if (!store) std::exit(1);
    const double open_ms = since(start);
    std::binary_semaphore done(0);
    (*store)->persist({Record{{}, {}, clock_.now(), Booted{}, {}}}, [&](Result<std::vector<std::uint64_t>>) { done.release(); });
    done.acquire();
    std::printf("start with %8llu records   open %7.1f ms   first record durable %7.1f ms\n",
                static_cast<unsigned long long>((*store)->status().last_sequence), open_ms, since(start));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: store_bench DIRECTORY [SECONDS | start [RECORDS]]   (the directory is made and removed)\n");
    return 2;
  }
  const std::string directory = argv[1];
  if (argc > 2 && std::string(argv[2]) == "start") {
    std::filesystem::create_directories(directory);
    starts(directory, argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1'000'000);
    std::filesystem::remove_all(directory);
    return 0;
  }
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  std::filesystem::create_directories(directory);
  disk_itself(directory, seconds);
  persists(directory, "verdicts, 1 in flight", 1, false, seconds);
  persists(directory, "verdicts, 16 in flight", 16, false, seconds);
  persists(directory, "verdicts, 256 in flight", 256, false, seconds);
  persists(directory, "captures with picture and frame, 1 in flight", 1, true, seconds);
  persists(directory, "captures with picture and frame, 16 in flight", 16, true, seconds);
  disk_itself(directory, seconds);
  std::filesystem::remove_all(directory);
  return 0;
}
