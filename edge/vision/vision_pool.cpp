#include "edge/vision/vision_pool.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace rampa::vision {

Result<std::unique_ptr<VisionPool>> VisionPool::start(const MakeReader& make_reader, std::size_t threads, std::size_t queue_max, Take take, See see) {
  std::vector<std::unique_ptr<PlateReader>> readers;
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    auto reader = make_reader();
    if (!reader) return tl::unexpected(reader.error());
    readers.push_back(std::move(*reader));
  }
  return std::unique_ptr<VisionPool>(new VisionPool(std::move(readers), std::max<std::size_t>(queue_max, 1), std::move(take), std::move(see)));
}

VisionPool::VisionPool(std::vector<std::unique_ptr<PlateReader>> readers, std::size_t queue_max, Take take, See see)
    : readers_(std::move(readers)), queue_max_(queue_max), take_(std::move(take)), see_(std::move(see)) {
  for (auto& reader : readers_) threads_.emplace_back([this, &reader] { work(*reader); });
}

VisionPool::~VisionPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void VisionPool::add(device::DeviceEvent frame) {
  if (!std::holds_alternative<device::CameraFrame>(frame.body)) return;
  {
    std::lock_guard lock(mutex_);
    ++counters_.frames;
    if (waiting_.size() == queue_max_) {
      waiting_.pop_front();
      ++counters_.dropped;
    }
    waiting_.push_back(std::move(frame));
  }
  ready_.notify_one();
}

PoolCounters VisionPool::counters() const {
  std::lock_guard lock(mutex_);
  return counters_;
}

void VisionPool::wait_idle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return waiting_.empty() && in_work_ == 0; });
}

void VisionPool::work(PlateReader& reader) {
  std::unique_lock lock(mutex_);
  for (;;) {
    ready_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const device::DeviceEvent frame = std::move(waiting_.front());
    waiting_.pop_front();
    ++in_work_;
    lock.unlock();
    if (see_) see_(frame);
    auto seen = look_at(reader, frame);
    const bool found = seen && *seen;
    if (found) take_(std::move(**seen));
    lock.lock();
    ++(!seen ? counters_.undecodable : found ? counters_.reads : counters_.without);
    if (--in_work_ == 0 && waiting_.empty()) idle_.notify_all();
  }
}

Result<std::optional<device::DeviceEvent>> look_at(PlateReader& reader, const device::DeviceEvent& frame) {
  const auto& camera_frame = std::get<device::CameraFrame>(frame.body);
  const auto picture = std::find_if(frame.attachments.begin(), frame.attachments.end(), [](const Attachment& a) { return a.name == "frame"; });
  if (picture == frame.attachments.end() || !picture->bytes) return fail(ErrorCode::invalid, "frame without picture");
  Result<std::vector<device::PlateRead>> reads;
  try {
    reads = reader.read(*picture->bytes);
  } catch (const std::exception& e) {
    return fail(ErrorCode::invalid, std::string("the reader failed: ") + e.what());
  }
  if (!reads) return tl::unexpected(reads.error());
  if (reads->empty()) return std::nullopt;
  device::PlateRead read = std::move(reads->front());
  read.position = camera_frame.position;
  // The frame's stamp makes the id unique over restarts: a frame number alone begins again.
  read.read_id = frame.from.device.text + "-" + std::to_string(frame.from.received.wall.ms) + "-" + std::to_string(camera_frame.number);
  return device::DeviceEvent{frame.from, std::move(read), {{"scene.jpg", picture->media_type, picture->bytes}}};
}

}  // namespace rampa::vision
