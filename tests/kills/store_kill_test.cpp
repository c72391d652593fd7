// A process that writes is killed at random moments, again and again on the same directory. Nothing that it had acknowledged
// may be missing, the chain must hold, and it must be up again soon.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>

#include "edge/runtime/system_clock.hpp"
#include "edge/store/store.hpp"

namespace rampa::tests {
namespace {

int rounds() {
  const char* wanted = std::getenv("RAMPA_KILLS");  // the long run asks for 200
  return wanted ? std::atoi(wanted) : 10;
}

struct Losses {
  int acknowledged = 0;
  int lost = 0;
  std::string broken;  ///< verify's finding or why it did not open
};

class Kills : public testing::Test {
 protected:
  Kills() {
    std::string name = (std::filesystem::temp_directory_path() / "rampa-kills-XXXXXX").string();
    scratch = ::mkdtemp(name.data());
    directory = scratch + "/store";
  }
  ~Kills() override { std::filesystem::remove_all(scratch); }

  /// Starts the writer, with the losing disk under it where `shim` is not empty.
  pid_t start(const std::string& writer, bool recover, int& output) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      if (!shim.empty()) {
        ::setenv("LD_PRELOAD", shim.c_str(), 1);
        ::setenv("RAMPA_LOSING_DIR", directory.c_str(), 1);
        ::setenv("RAMPA_LOSING_MODE", mode.c_str(), 1);
        ::setenv("RAMPA_LOSING_SEED", std::to_string(seed).c_str(), 1);
      }
      ::execl(writer.c_str(), writer.c_str(), directory.c_str(), recover ? "recover" : nullptr, nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    output = ends[0];
    return child;
  }

  /// Reads acknowledgements until there are `count` more lines or `limit_ms` passed without one, then kills.
  void write_and_kill(const std::string& writer, int count, Losses& losses) {
    int output = -1;
    const pid_t child = start(writer, false, output);
    std::string text;
    int lines = 0;
    bool up = false;
    const Stamp begun = clock.now();
    const auto take = [&] {
      char buffer[4096];
      const ssize_t n = ::read(output, buffer, sizeof buffer);
      if (n <= 0) return false;
      text.append(buffer, static_cast<std::size_t>(n));
      for (std::size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
        const std::string line = text.substr(0, end);
        if (line == "open") {
          up = true;
          slowest_start = std::max(slowest_start, clock.mono() - begun.mono);
        } else if (const auto space = line.find(' '); line.rfind("refused", 0) != 0 && space != std::string::npos) {
          promised[std::stoull(line)] = line.substr(space + 1);
          ++lines;
        } else {
          losses.broken = line;
        }
      }
      return true;
    };
    pollfd ready{output, POLLIN, 0};
    while (lines < count && ::poll(&ready, 1, 10'000) > 0 && take()) {}
    ::kill(child, SIGKILL);
    while (take()) {}  // what it had said before it died
    ::close(output);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!up) losses.broken = "did not start";
    else if (!WIFSIGNALED(status)) losses.broken = "ended by itself";
    losses.acknowledged = static_cast<int>(promised.size());
  }

  void recover(const std::string& writer) {
    if (shim.empty()) return;
    int output = -1;
    const pid_t child = start(writer, true, output);
    ::close(output);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }

  void check(Losses& losses) {
    // verify() needs nobody to have opened the store for writing since: it sees exactly what the kill left.
    auto journal = store::open_journal(directory);
    if (!journal) {
      losses.broken = journal.error().what;
      return;
    }
    std::map<std::uint64_t, std::string> found;
    for (std::uint64_t next = 1;;) {
      auto raws = (*journal)->read(next, 500);
      if (!raws) losses.broken = raws.error().what;
      if (!raws || raws->empty()) break;
      for (const auto& raw : *raws) found[raw.sequence] = raw.hash;
      next = raws->back().sequence + 1;
    }
    for (const auto& [sequence, crossing] : promised) losses.lost += !found.contains(sequence);
    // What was there after an earlier round must be there unchanged.
    for (const auto& [sequence, hash] : seen)
      if (found.contains(sequence) && found[sequence] != hash && promised.contains(sequence)) losses.broken = "record " + std::to_string(sequence) + " changed";
    seen = std::move(found);
    auto report = store::verify(directory, {});
    if (!report) losses.broken = report.error().what;
    else if (!report->first_broken.empty()) losses.broken = report->first_broken;
  }

  Losses run(const std::string& writer, int count) {
    Losses losses;
    std::mt19937_64 draw(20260714);
    for (int round = 0; round < count && losses.broken.empty() && losses.lost == 0; ++round) {
      seed = draw();
      write_and_kill(writer, static_cast<int>(draw() % 400), losses);
      if (!losses.broken.empty()) break;
      recover(writer);
      check(losses);
    }
    return losses;
  }

  runtime::SystemClock clock;
  std::string scratch, directory, shim, mode = "lose";
  std::uint64_t seed = 1;
  std::map<std::uint64_t, std::string> promised, seen;
  Duration slowest_start{};
};

TEST_F(Kills, ProcessKilled) {
  const Losses losses = run(RAMPA_STORE_WRITER, rounds());
  EXPECT_EQ(losses.lost, 0);
  EXPECT_EQ(losses.broken, "");
  EXPECT_GT(losses.acknowledged, 50 * rounds());
  EXPECT_LE(to_ms(slowest_start), 2000);
  std::printf("%d kills, %d records acknowledged, %d lost, slowest start %lld ms\n", rounds(), losses.acknowledged, losses.lost,
              static_cast<long long>(to_ms(slowest_start)));
}

#ifdef RAMPA_LOSING_DISK
TEST_F(Kills, DiskLosesWhatWasNotSynced) {
  shim = RAMPA_LOSING_DISK;
  const int cuts = std::max(5, rounds() / 2);
  const Losses losses = run(RAMPA_STORE_WRITER, cuts);
  EXPECT_EQ(losses.lost, 0);
  EXPECT_EQ(losses.broken, "");
  EXPECT_GT(losses.acknowledged, 50 * cuts);
}

TEST_F(Kills, DiskTearsWhatWasNotSynced) {
  shim = RAMPA_LOSING_DISK;
  mode = "tear";
  const int cuts = std::max(5, rounds() / 2);
  const Losses losses = run(RAMPA_STORE_WRITER, cuts);
  EXPECT_EQ(losses.lost, 0);
  EXPECT_EQ(losses.broken, "");
  EXPECT_GT(losses.acknowledged, 50 * cuts);
}

// The rig itself: with the protection taken out it must find losses, else it proves nothing.
TEST_F(Kills, WithoutFdatasyncTheLosingDiskShowsIt) {
  shim = RAMPA_LOSING_DISK;
  const Losses losses = run(RAMPA_STORE_WRITER_no_fdatasync, 10);
  EXPECT_TRUE(losses.lost > 0 || !losses.broken.empty());
}
TEST_F(Kills, WithoutDirectorySyncTheLosingDiskShowsIt) {
  shim = RAMPA_LOSING_DISK;
  const Losses losses = run(RAMPA_STORE_WRITER_no_dir_fsync, 10);
  EXPECT_TRUE(losses.lost > 0 || !losses.broken.empty());
}
TEST_F(Kills, WithAnswersBeforeTheSyncTheLosingDiskShowsIt) {
  shim = RAMPA_LOSING_DISK;
  const Losses losses = run(RAMPA_STORE_WRITER_ack_before_sync, 20);
  EXPECT_TRUE(losses.lost > 0 || !losses.broken.empty());
}
#endif

}  // namespace
}  // namespace rampa::tests
