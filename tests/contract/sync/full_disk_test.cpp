// HQ's folder on a disk that is really full: every write behind the last free block fails with ENOSPC, in the ledger, its write-ahead
// log and among the blobs. The disk is a small tmpfs in a mount namespace of this process.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>

#include "tests/contract/sync/sync_fixture.hpp"

using namespace rampa;
using namespace rampa::tests;
using nlohmann::json;

namespace {

class FullDisk : public SyncContract {
 protected:
  void SetUp() override {
    SyncContract::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    std::string name = (std::filesystem::temp_directory_path() / "rampa-log-XXXXXX").string();
    log_ = ::mkdtemp(name.data());
    // Of this thread and all that it starts; nobody else sees the disk.
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("rampa-test", directory.c_str(), "tmpfs", 0, "size=24m") != 0) {
      const int why = errno;
      ASSERT_TRUE(why == EPERM || why == EACCES || why == ENOSYS) << std::strerror(why);
      GTEST_SKIP() << "a small disk may not be mounted here (" << std::strerror(why) << "): run as root with CAP_SYS_ADMIN";
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (HasFailure()) std::cerr << "rampa-hq:\n" << hq.log();
    hq.kill();
    if (mounted_) ::umount2(directory.c_str(), MNT_DETACH);
    SyncContract::TearDown();
    if (!log_.empty()) std::filesystem::remove_all(log_);
  }
  void serve() {
    hq = Child({program("rampa-hq"), "--directory", directory, "--json", "serve", "--broker", broker->url(), "--ca", broker->file("ca.pem"), "--cert", broker->file("hq.pem"),
                "--key", broker->file("hq.key")},
               log_ + "/hq.log");
  }
  [[nodiscard]] std::size_t told(const std::string& what) const {
    std::size_t times = 0;
    const std::string log = hq.log();
    for (auto at = log.find(what); at != std::string::npos; at = log.find(what, at + 1)) ++times;
    return times;
  }
  /// What HQ's log says from there on: people must see what is wrong, and where.
  void expect_clear(std::size_t from) const {
    const std::string said = hq.log().substr(from);
    EXPECT_TRUE(said.find("disk is full") != std::string::npos || said.find("No space left") != std::string::npos) << said;
    EXPECT_NE(said.find(directory + "/"), std::string::npos) << said;
  }
  [[nodiscard]] std::string ballast() const { return directory + "/ballast"; }
  /// Somebody else's file takes all that is free, but for so much.
  void fill(std::uint64_t left) {
    const int file = ::open(ballast().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_GE(file, 0);
    const Bytes zeros(4096);
    std::uint64_t size = 0;
    while (::write(file, zeros.data(), zeros.size()) == static_cast<ssize_t>(zeros.size())) size += zeros.size();
    EXPECT_EQ(errno, ENOSPC);
    ASSERT_EQ(::ftruncate(file, static_cast<off_t>(size - std::min(size, left))), 0);
    ::close(file);
  }
  void give_room() { std::filesystem::remove(ballast()); }

  Bytes noise(std::size_t bytes) {
    Bytes out(bytes);
    for (auto& byte : out) byte = static_cast<std::uint8_t>(random_());
    return out;
  }

 private:
  std::mt19937_64 random_{20261123};
  std::string log_;
  bool mounted_ = false;
};

constexpr const char* complaint = "storing failed, nothing is acknowledged";

}  // namespace

TEST_F(FullDisk, NothingIsAcknowledgedBeforeItIsStoredAndHqGoesOnWhenRoomIsBack) {
  serve();
  Post post(*broker, "P1", journal);
  post.append(100);
  post.append_blobs({noise(300'000)});
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  for (const std::uint64_t left : {std::uint64_t{0}, std::uint64_t{40} << 10, std::uint64_t{600} << 10}) {
    fill(left);
    const std::size_t before = told(complaint);
    ASSERT_TRUE(eventually([&] {
      post.append(500);
      post.append_blobs({noise(200'000)});
      return told(complaint) > before;
    })) << "the disk never was full";
    expect_clear(hq.log().rfind(complaint));
    EXPECT_TRUE(hq.running());
    EXPECT_LT(post.status().cursor, journal.last());
    give_room();
    ASSERT_TRUE(post.drained()) << "with " << left << " bytes left: " << post.status().trouble;
    ASSERT_TRUE(eventually([&] { return report(sync::hq::report_posts(place()))[0]["blobs_missing"] == 0; }));
    expect_all_at_hq("P1");
  }
  EXPECT_TRUE(alarms().empty()) << alarms() << "\na full disk is nobody's message: none is dropped or set aside";
}

TEST_F(FullDisk, WhatWasAcknowledgedIsThereThoughHqIsKilledOnTheFullDisk) {
  serve();
  Post post(*broker, "P1", journal);
  post.append(100);
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  for (int round = 0; round < 3; ++round) {
    fill(static_cast<std::uint64_t>(round) * 200'000);
    const std::size_t before = told(complaint);
    ASSERT_TRUE(eventually([&] {
      post.append(500);
      post.append_blobs({noise(100'000)});
      return told(complaint) > before;
    }));
    hq.kill();
    const std::uint64_t acknowledged = post.status().cursor;
    // Started again while there is still no room: it waits or ends with a word, and damages nothing.
    const std::size_t ready = told("\"ready\""), ends = hq.log().size();
    serve();
    ASSERT_TRUE(eventually([&] { return told("\"ready\"") > ready || !hq.running(); }));
    if (!hq.running()) {
      expect_clear(ends);
    }
    hq.kill();
    give_room();
    const json held = report(sync::hq::report_posts(place()));
    ASSERT_EQ(held.size(), 1u);
    EXPECT_GE(held[0]["cursor"].get<std::uint64_t>(), acknowledged) << "acknowledged before it was stored";
    serve();
    ASSERT_TRUE(post.drained()) << post.status().trouble;
    ASSERT_TRUE(eventually([&] { return report(sync::hq::report_posts(place()))[0]["blobs_missing"] == 0; }));
    expect_all_at_hq("P1");
  }
  EXPECT_TRUE(alarms().empty()) << alarms();
}
