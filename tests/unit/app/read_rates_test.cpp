// Read rates from a real store: counted by camera and day, also when the day's personal fields are gone.
#include "edge/app/read_rates.hpp"

#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

using app::ReadRate;

class ReadRatesTest : public StoreTest {
 protected:
  ReadRatesTest() {
    for (const char* id : {"L1", "L2"}) {
      lane::Config lane;
      lane.id = LaneId{id};
      lane.plate_confidence_min_percent = 60;
      site_.lanes.push_back(lane);
    }
    camera("L1", "plate_front");
    camera("L1", "plate_rear");
    camera("L1", "scale");
    camera("L2", "plate_front");
    start();
  }
  void camera(const std::string& lane, const std::string& role) {
    device::Settings device;
    device.id = DeviceId{lane + "-" + role};
    device.lane = LaneId{lane};
    device.role = role;
    site_.devices.push_back(device);
  }
  /// Confidences of the reads by role; 0: seen and not read.
  void vehicle(const std::string& lane, const std::vector<std::pair<std::string, int>>& reads, device::Quality quality = device::Quality::good) {
    const CrossingId id{lane + "-" + std::to_string(++number_)};
    std::vector<Record> records{opened(id, clock.now())};
    for (const auto& [role, confidence] : reads) {
      Record record = plate_read(id, confidence ? "BG" + std::to_string(1000 + number_) + "AA" : "", clock.now());
      auto& capture = std::get<CaptureTaken>(record.body);
      capture.role = role;
      capture.from.quality = quality;
      std::get<device::PlateRead>(capture.body).confidence_percent = confidence;
      records.push_back(std::move(record));
    }
    records.push_back(closed(id, clock.now()));
    for (auto& record : records) record.lane = LaneId{lane};
    ASSERT_TRUE(put(std::move(records)));
  }
  void fault(const std::string& role, const std::string& word) {
    ASSERT_TRUE(put({Record{{"L1"}, {}, clock.now(), FaultChanged{DeviceId{"L1-" + role}, role, {device::ConditionLevel::ready, word, ""}}, {}}}));
  }
  std::vector<ReadRate> rates(int days) {
    stop();  // as the command finds it: the picture is complete
    auto picture = store::open_picture(settings.directory);
    EXPECT_TRUE(picture) << picture.error().what;
    auto found = app::read_rates(**picture, site_, clock.now().wall, days);
    EXPECT_TRUE(found) << found.error().what;
    picture->reset();
    start();
    return found.value_or(std::vector<ReadRate>{});
  }
  [[nodiscard]] static ReadRate row(const std::string& day, const std::string& lane, const std::string& role, int crossings, int read, int good, std::vector<std::string> faults = {}) {
    return {day, DeviceId{lane + "-" + role}, LaneId{lane}, role, crossings, read, good, std::move(faults)};
  }

  config::Site site_;
  int number_ = 0;
};

TEST_F(ReadRatesTest, AreCountedByCameraAndDay) {
  EXPECT_TRUE(rates(7).empty());
  vehicle("L1", {{"plate_front", 90}, {"plate_front", 40}, {"plate_rear", 50}});  // 2026-07-14, as the clock begins
  vehicle("L1", {{"plate_front", 0}});
  vehicle("L1", {{"plate_front", 90}}, device::Quality::suspect);
  fault("plate_front", "lens_dirty");
  fault("plate_front", "");
  fault("plate_front", "lens_dirty");
  fault("scale", "overload");
  clock.advance(std::chrono::hours(24));
  vehicle("L2", {{"plate_front", 61}});
  PaperCrossing paper;
  ASSERT_TRUE(put({Record{{"L1"}, {"L1-P1"}, clock.now(), paper, {}}}));
  const std::vector<ReadRate> all{row("2026-07-15", "L2", "plate_front", 1, 1, 1), row("2026-07-14", "L1", "plate_front", 3, 2, 1, {"lens_dirty"}),
                                  row("2026-07-14", "L1", "plate_rear", 3, 1, 0)};
  EXPECT_EQ(rates(7), all);
  EXPECT_EQ(rates(1), (std::vector<ReadRate>{all[0]}));
  EXPECT_EQ(all[1].unread(), 1);
}

TEST_F(ReadRatesTest, AreTheSameWhenTheDayIsErased) {
  vehicle("L1", {{"plate_front", 90}, {"plate_rear", 90}});
  vehicle("L1", {{"plate_front", 30}});
  clock.advance(std::chrono::hours(24));
  const auto before = rates(7);
  ASSERT_EQ(before.size(), 2u);
  const auto erased = erase("2026-07-14");
  ASSERT_TRUE(erased) << erased.error().what;
  EXPECT_EQ(rates(7), before);
}

TEST_F(ReadRatesTest, GoBackOverManyPages) {
  for (int i = 0; i < 450; ++i) vehicle("L2", {{"plate_front", i % 3 ? 80 : 0}});
  EXPECT_EQ(rates(3), (std::vector<ReadRate>{row("2026-07-14", "L2", "plate_front", 450, 300, 300)}));
}

}  // namespace
}  // namespace rampa::tests
