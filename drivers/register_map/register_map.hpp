// A product's registers as points with values: reads what the ICD lists in as few requests as it allows, combines words
// itself (libmodbus' float helpers are not each other's inverse), and judges every value. Holds no register numbers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/register_map/heartbeat.hpp"
#include "drivers/register_map/read_plan.hpp"
#include "drivers/transport/transport.hpp"
#include "firmware-interfaces/device/quality.hpp"
#include "firmware-interfaces/icd/product.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::drivers {

/// A point as it was last read.
struct PointReading {
  std::int64_t raw = 0;   ///< words combined, sign applied, not scaled; bits 0 or 1; f32 rounded
  double value = 0;       ///< in the point's unit
  std::string text;       ///< of text points, without trailing blanks and zeros
  Stamp received;         ///< when its reply arrived
  device::Quality quality = device::Quality::bad;  ///< by its own validity range; age and heartbeat: see judge()
  std::string reason;
};

/// Thread: the host thread of the cable. Product, bus and clock outlive it.
class RegisterMap {
 public:
  /// `word_order`: what the site says where the device can be set either way; absent: as in the ICD.
  RegisterMap(const icd::Product& product, int unit, ModbusBus& bus, const Clock& clock,
              std::optional<icd::WordOrder> word_order = std::nullopt);

  /// Reads every polled point that is due. All or nothing: on an error no reading counts as read in this cycle.
  /// Errors: as ModbusBus.
  Result<void> poll();
  /// Reads the points that are read once per connection. The next poll() reads all that is polled, however rarely.
  Result<void> read_connect_points();
  /// Reads one point now (a read-back after a write).
  Result<PointReading> read(const icd::Point& point);
  /// Writes a point. Errors: as ModbusBus::write_*; refused where the ICD says it can't be written.
  Result<void> write(const icd::Point& point, std::int64_t raw);

  /// The last reading of a point; nullptr if it was never read. Never to be published again: see fresh().
  [[nodiscard]] const PointReading* find(std::string_view point) const;
  /// The reading, if it was read in the last poll; nullptr otherwise.
  [[nodiscard]] const PointReading* fresh(std::string_view point) const;
  /// A status word's symbol ("motion"), if the point was read in the last poll and has it.
  [[nodiscard]] std::optional<bool> flag(std::string_view point, std::string_view symbol) const;

  /// Judgement over the whole map at `now`: worst of the fresh readings, their ages and the heartbeats.
  struct Judgement {
    device::Quality quality = device::Quality::good;
    std::string fault;   ///< short stable word, empty when good: out_of_range, too_old, frozen_heartbeat, heartbeat_unproven
    std::string detail;
  };
  [[nodiscard]] Judgement judge(MonoTime now) const;
  /// True once after a heartbeat counter fell back: the device has restarted since the last poll.
  [[nodiscard]] bool take_restarted();

  /// When the first reply of the last poll arrived: the stamp of everything read in it.
  [[nodiscard]] Stamp received() const { return received_; }
  /// The reply PDUs of the last poll as they came (function, byte count, bytes), one after the other. Transaction ids
  /// and checksums belong to the cable and are not in it.
  [[nodiscard]] const Bytes& raw_frame() const { return raw_frame_; }
  [[nodiscard]] const icd::Product& product() const { return product_; }

 private:
  struct Slot {
    PointReading reading;
    std::uint64_t poll = 0;  ///< number of the poll that read it last
    bool read = false;
  };
  struct Planned {
    ReadRequest request;
    std::vector<Slot*> slots;           ///< of its points, in their order
    std::vector<PointReading> arrived;  ///< of its points; kept in `slots` when the whole poll has succeeded
    std::optional<MonoTime> last;       ///< start of the poll that read it last
  };
  struct Beating {
    std::string name;
    Slot* slot;
    double range;  ///< of the counter
    Heartbeat heartbeat;
  };
  [[nodiscard]] std::vector<Planned> plan(bool polled);
  Result<void> run(const ReadRequest& request, std::vector<PointReading>& into);
  void keep(Planned& planned, std::uint64_t poll);
  [[nodiscard]] PointReading decode(const icd::Point& point, const std::vector<std::uint16_t>& words, std::size_t at) const;
  void judge_range(const icd::Point& point, PointReading& reading) const;

  const icd::Product& product_;
  int unit_;
  ModbusBus& bus_;
  const Clock& clock_;
  std::optional<icd::WordOrder> word_order_;
  std::map<std::string, Slot, std::less<>> slots_;  ///< every point that is read; Planned and Beating point into it
  std::vector<Planned> polled_, once_;
  std::vector<Beating> beatings_;
  std::uint64_t polls_ = 0, good_poll_ = 0;  ///< counted; the last one if it succeeded, else 0
  Stamp received_;
  Bytes raw_frame_;
};

}  // namespace rampa::drivers
