#include "drivers/transport/trace.hpp"

namespace rampa::drivers {

void Trace::keep(std::size_t frames_max) {
  const std::lock_guard lock(mutex_);
  frames_max_.store(frames_max, std::memory_order_relaxed);
  while (frames_.size() > frames_max) frames_.pop_front();
}

void Trace::add(Direction direction, int unit, ByteView bytes) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto frames_max = frames_max_.load(std::memory_order_relaxed);
  if (frames_max == 0) return;  // switched off meanwhile
  if (frames_.size() >= frames_max) frames_.pop_front();
  frames_.push_back({now, direction, unit, Bytes(bytes.begin(), bytes.end())});
}

std::vector<TracedFrame> Trace::frames(int unit) const {
  const std::lock_guard lock(mutex_);
  std::vector<TracedFrame> wanted;
  for (const auto& frame : frames_)
    if (unit < 0 || frame.unit == unit) wanted.push_back(frame);
  return wanted;
}

std::shared_ptr<Trace> Traces::of(const std::string& cable) {
  const std::lock_guard lock(mutex_);
  auto& trace = traces_[cable];
  if (!trace) trace = std::make_shared<Trace>(clock_);
  return trace;
}

std::vector<std::string> Traces::cables() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, trace] : traces_) names.push_back(name);
  return names;
}

}  // namespace rampa::drivers
