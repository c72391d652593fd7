// A post with quotas on a disk in memory: the store's parts as StoreThread joins them, without its thread.
#pragma once

#include "edge/store/blob_room.hpp"
#include "edge/store/journal_reader.hpp"
#include "tests/unit/store/crash_disk.hpp"
#include "tests/unit/store/post_fixture.hpp"

namespace rampa::tests {

/// A picture in a temporary database, fed from the journal; like SQLite's after a cut it is built anew at each start.
class TestDoor : public store::PictureDoor {
 public:
  TestDoor(CrashDisk& disk, const store::Settings& settings, store::Core& core)
      : picture_(std::move(*store::Picture::open(""))), source_(borrowed(disk), {settings.directory}), core_(core) {}
  store::Picture* picture() override { return picture_.get(); }
  store::Picture* caught_up() override {
    std::vector<store::Pictured> slice;
    for (std::uint64_t next = picture_->applied() + 1; next <= core_.journal().last_sequence(); ++next) {
      auto read = source_.by_sequence(next);
      EXPECT_TRUE(read) << read.error().what;
      if (!read) return nullptr;
      slice.push_back({read->record.entry, read->record.hash, read->place.segment, read->place.offset, read->place.length, {}});
    }
    const auto applied = picture_->apply(slice);
    EXPECT_TRUE(applied) << applied.error().what;
    return picture_.get();
  }
  void offer(std::vector<store::Written>) override {}
  void failed(const Error& error) override { ADD_FAILURE() << error.what; }

 private:
  std::unique_ptr<store::Picture> picture_;
  store::RecordSource source_;
  store::Core& core_;
};

/// One run of the post.
struct RoomPost {
  RoomPost(CrashDisk& on, const store::Settings& settings, VirtualClock& clock, std::uint64_t seed) : disk(on) {
    auto opened_core = store::Core::open(disk, settings, clock, counting_entropy(seed));
    if (!opened_core) return;
    core = std::move(*opened_core);
    door = std::make_unique<TestDoor>(disk, settings, *core);
    room = std::make_unique<store::BlobRoom>(disk, settings, *core, *door);
    core->set_admission([this](const std::vector<Record>& records) { return room->admit(records); });
  }
  Result<std::vector<std::uint64_t>> put(std::vector<Record> records) {
    std::vector<Promise> ignored;
    auto answer = persist(*core, std::move(records), ignored);
    room->committed(core->take_written());
    return answer;
  }
  void make_room() {
    for (int i = 0; i < 1000 && room->work(false); ++i) {}
  }
  CrashDisk& disk;
  std::unique_ptr<store::Core> core;
  std::unique_ptr<TestDoor> door;
  std::unique_ptr<store::BlobRoom> room;
};

/// Bytes of blob files by class, as they lie there, in whole blocks.
inline std::array<std::uint64_t, 2> on_disk(CrashDisk& disk, const std::string& directory, std::set<std::string>* addresses = nullptr) {
  std::array<std::uint64_t, 2> sum{};
  const std::string blobs = directory + "/blobs";
  for (unsigned d = 0; d < 256; ++d) {
    static constexpr char digits[] = "0123456789abcdef";
    const std::string path = blobs + "/" + digits[d / 16] + digits[d % 16];
    if (!disk.exists(path)) continue;
    auto names = disk.list(path);
    if (!names) continue;
    for (const std::string& name : *names) {
      if (name.size() != 64) continue;
      const std::uint64_t size = disk.content(path + "/" + name)->size();
      sum[static_cast<std::size_t>(store::class_of_size(size))] += store::room_of(size);
      if (addresses) addresses->insert(name);
    }
  }
  return sum;
}

}  // namespace rampa::tests
