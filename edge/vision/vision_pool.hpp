// k threads that read plates from camera frames. Bounded: when all are busy and the queue is full, the oldest waiting
// frame is dropped and counted, because a newer one of the same lorry is worth more.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "edge/vision/plate_reader.hpp"
#include "firmware-interfaces/device/events.hpp"

namespace rampa::vision {

struct PoolCounters {
  std::uint64_t frames = 0;      ///< handed in
  std::uint64_t dropped = 0;     ///< never looked at
  std::uint64_t reads = 0;       ///< frames with a plate
  std::uint64_t without = 0;     ///< frames in which none was found
  std::uint64_t undecodable = 0; ///< no pictures, or the reader failed
};

/// What a reader makes of an event with a CameraFrame and its attachment "frame": an event with the best PlateRead, same
/// device, the frame's own stamp and quality (a read is as old as its picture), the frame as attachment "scene.jpg"; nothing
/// where no plate was found. Errors: invalid (no picture in it, or the reader failed).
[[nodiscard]] Result<std::optional<device::DeviceEvent>> look_at(PlateReader& reader, const device::DeviceEvent& frame);

class VisionPool {
 public:
  using MakeReader = std::function<Result<std::unique_ptr<PlateReader>>()>;
  /// Gets what look_at() makes of each frame with a plate. Thread: one of the pool's; must not throw.
  using Take = std::function<void(device::DeviceEvent)>;
  /// Gets each frame that is looked at, before it is read. Thread: one of the pool's, several at once; must not throw.
  using See = std::function<void(const device::DeviceEvent&)>;

  /// Makes one reader per thread. Errors: those of `make_reader`.
  [[nodiscard]] static Result<std::unique_ptr<VisionPool>> start(const MakeReader& make_reader, std::size_t threads, std::size_t queue_max, Take take,
                                                                 See see = nullptr);
  ~VisionPool();  ///< finishes the frames in work, forgets the waiting ones
  VisionPool(const VisionPool&) = delete;
  VisionPool& operator=(const VisionPool&) = delete;

  /// An event with a CameraFrame and its attachment "frame"; others are ignored. Never blocks. Thread: any.
  void add(device::DeviceEvent frame);
  [[nodiscard]] PoolCounters counters() const;
  /// Waits until nothing waits and nothing is in work. For tests and benches.
  void wait_idle();

 private:
  VisionPool(std::vector<std::unique_ptr<PlateReader>> readers, std::size_t queue_max, Take take, See see);
  void work(PlateReader& reader);

  std::vector<std::unique_ptr<PlateReader>> readers_;
  const std::size_t queue_max_;
  const Take take_;
  const See see_;
  mutable std::mutex mutex_;
  std::condition_variable ready_, idle_;
  std::deque<device::DeviceEvent> waiting_;
  std::size_t in_work_ = 0;
  PoolCounters counters_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rampa::vision
