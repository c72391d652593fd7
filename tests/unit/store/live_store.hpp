// The whole store with its thread on a real directory, for tests: waits for answers, never for time.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <unistd.h>

#include "edge/store/store.hpp"
#include "tests/unit/store/post_fixture.hpp"

namespace rampa::tests {

/// A virtual clock that the test may move while the store's thread reads it.
class SharedClock : public Clock {
 public:
  [[nodiscard]] Stamp now() const override {
    const std::int64_t ns = ns_;
    return {MonoTime{ns}, WallTime{1'784'000'000'000 + ns / 1'000'000 + wall_ms_}};
  }
  void advance(Duration by) { ns_ += by.count(); }
  void step_wall(std::int64_t ms) { wall_ms_ += ms; }

 private:
  std::atomic<std::int64_t> ns_{1'000'000'000}, wall_ms_{0};
};

/// A directory of its own, gone at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "rampa-store-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class StoreTest : public testing::Test {
 protected:
  StoreTest() { settings.segment_bytes_max = 64 * 1024; }
  ~StoreTest() override { store.reset(); }

  void start() {
    auto opened_store = store::open(settings, clock);
    ASSERT_TRUE(opened_store) << opened_store.error().what;
    store = std::move(*opened_store);
  }
  void stop() { store.reset(); }

  Result<std::vector<std::uint64_t>> put(std::vector<Record> records) {
    std::promise<Result<std::vector<std::uint64_t>>> promise;
    auto answer = promise.get_future();
    store->persist(std::move(records), [&](Result<std::vector<std::uint64_t>> r) { promise.set_value(std::move(r)); });
    return answer.get();
  }
  Result<void> erase(const std::string& date) {
    std::promise<Result<void>> promise;
    auto answer = promise.get_future();
    store->erase_day(date, [&](Result<void> r) { promise.set_value(std::move(r)); });
    return answer.get();
  }
  /// A whole crossing, four records.
  void cross(const std::string& id, const std::string& plate) {
    const CrossingId crossing{id};
    ASSERT_TRUE(put({opened(crossing, clock.now())}));
    ASSERT_TRUE(put({plate_read(crossing, plate, clock.now(), {{"plate.jpg", "image/jpeg", content(2000, static_cast<std::uint8_t>(id.size() + id.back()))}})}));
    ASSERT_TRUE(put({verdict(crossing, Verdict::release, clock.now()), closed(crossing, clock.now())}));
  }
  /// Writes and moves the clock until `seen` says yes.
  template <class Seen>
  bool write_until(Seen seen) {
    for (int i = 0; i < 2000; ++i) {
      if (seen()) return true;
      clock.advance(2s);
      if (!put({Record{{}, {}, clock.now(), AuditNote{"test", "", ""}, {}}})) return false;
    }
    return false;
  }
  std::vector<store::CrossingRow> rows(const store::CrossingQuery& query = {}) {
    auto reader = store->picture_reader();
    auto found = (*reader)->crossings(query);
    return found ? *found : std::vector<store::CrossingRow>{};
  }
  std::string verify_finding() {
    auto report = store::verify(settings.directory, {});
    return report ? report->first_broken : "error: " + report.error().what;
  }
  [[nodiscard]] std::string path(const std::string& inside) const { return settings.directory + "/" + inside; }

  ScratchDirectory scratch;
  SharedClock clock;
  store::Settings settings = small_settings(scratch.path() + "/store");
  std::unique_ptr<store::Store> store;
};

}  // namespace rampa::tests
