// A small appliance for the kill runs: writes crossings as fast as the store takes them and says on standard output what was
// acknowledged, one line each: "SEQUENCE CROSSING". Runs until it is killed. With `recover` it only opens and closes, so
// that the losing disk can take back what was lost.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <string>

#include "edge/runtime/system_clock.hpp"
#include "edge/store/store.hpp"

namespace {

using namespace rampa;

SharedBytes picture(int number) {
  Bytes bytes(static_cast<std::size_t>(500 + number % 7 * 40'000));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + static_cast<std::size_t>(number));
  return std::make_shared<const Bytes>(std::move(bytes));
}

void say(const std::string& line) {
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(3);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: store_writer DIRECTORY [recover]\n");
    return 2;
  }
  runtime::SystemClock clock;
  if (argc == 3) return 0;
  store::Settings settings;
  settings.directory = argv[1];
  settings.post = {"RS-TEST"};
  settings.segment_bytes_max = 128 * 1024;
  settings.reserve_bytes = 0;
  settings.reserve_file_bytes = 0;
  auto store = store::open(settings, clock);
  if (!store) {
    std::fprintf(stderr, "store_writer: %s\n", store.error().what.c_str());
    return 1;
  }
  say("open\n");
  std::counting_semaphore<> room(24);
  const std::string boot = std::to_string((*store)->status().boot_number);
  for (int i = 1;; ++i) {
    const CrossingId id{"L1-" + boot + "-" + std::to_string(i)};
    const auto tell = [&room, id](Result<std::vector<std::uint64_t>> answer) {
      if (answer)
        for (std::uint64_t sequence : *answer) say(std::to_string(sequence) + " " + id.text + "\n");
      else
        say("refused " + id.text + " " + answer.error().what + "\n");
      room.release();
    };
    device::PlateRead read;
    read.text = "BG" + std::to_string(i);
    std::vector<Attachment> attachments;
    if (i % 3 == 0) attachments.push_back({"plate.jpg", "image/jpeg", picture(i)});
    if (i % 10 == 0) {
      const std::string key = "scan-" + std::to_string(i);
      for (int strip = 0; strip < 4; ++strip) (*store)->append_blob(key, picture(i + strip));
      attachments.push_back({"scan", "application/octet-stream", nullptr, key});
    }
    room.acquire();
    (*store)->persist({Record{{"L1"}, id, clock.now(), CrossingOpened{"cargo", "entry"}, {}}}, tell);
    room.acquire();
    (*store)->persist({Record{{"L1"}, id, clock.now(), CaptureTaken{"plate_front", {}, read}, std::move(attachments)}}, tell);
    VerdictGiven verdict;
    verdict.verdict = Verdict::release;
    room.acquire();
    (*store)->persist({Record{{"L1"}, id, clock.now(), verdict, {}}, Record{{"L1"}, id, clock.now(), CrossingClosed{"released", ""}, {}}}, tell);
  }
}
