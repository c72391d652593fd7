#include "hil/bench/sim_stream.hpp"

#include <algorithm>

namespace rampa::hil {

Result<void> SimStream::connect(Duration timeout) {
  if (connected_) return {};
  if (has("cut")) {
    clock_.spend(std::min<Duration>(timeout, 5ms));
    return fail(ErrorCode::no_reply, "simulated line is cut");
  }
  clock_.spend(500us);
  connected_ = true;
  model_.opened(++connection_);
  return {};
}

void SimStream::close() {
  if (!connected_) return;
  connected_ = false;
  model_.closed(connection_);
  coming_.clear();
  ready_.clear();
}

void SimStream::collect() {
  model_.advance(clock_.mono());
  for (auto& out : model_.take_output()) {
    if (out.connection >= 0 && out.connection != connection_) continue;
    if (!connected_ || has("silent") || has("half_open")) continue;
    if (has("noise")) {
      const int count = static_cast<int>(faults_["noise"]);
      for (int i = 0; i < (count > 0 ? count : 3); ++i) out.bytes.insert(out.bytes.begin(), static_cast<std::uint8_t>(0xA5 ^ i));
    }
    coming_.emplace(out.not_before, std::move(out.bytes));
  }
  while (!coming_.empty() && coming_.begin()->first <= clock_.mono()) {
    auto& bytes = coming_.begin()->second;
    ready_.insert(ready_.end(), bytes.begin(), bytes.end());
    coming_.erase(coming_.begin());
  }
}

Result<Bytes> SimStream::read_some(std::size_t max, Duration timeout) {
  if (!connected_) return fail(ErrorCode::disconnected, "simulated line is not connected");
  const MonoTime until = clock_.mono() + timeout;
  collect();
  // What the model has for later arrives within the time-out, or the time-out passes. Models make spontaneous output
  // while they are moved, so the wait is taken in steps.
  while (ready_.empty() && clock_.mono() < until) {
    MonoTime next = std::min(until, clock_.mono() + 10ms);
    if (!coming_.empty()) next = std::min(next, std::max(coming_.begin()->first, clock_.mono() + 1us));
    clock_.spend(next - clock_.mono());
    collect();
  }
  if (ready_.empty()) return fail(ErrorCode::timeout, "nothing arrived");
  const auto count = static_cast<std::ptrdiff_t>(std::min(max, ready_.size()));
  Bytes out(ready_.begin(), ready_.begin() + count);
  ready_.erase(ready_.begin(), ready_.begin() + count);
  return out;
}

Result<void> SimStream::write(ByteView bytes, Duration) {
  if (!connected_) return fail(ErrorCode::disconnected, "simulated line is not connected");
  collect();
  if (!has("half_open")) model_.received(connection_, bytes);
  clock_.spend(100us);
  return {};
}

bool SimStream::fault(std::string_view name, double value, bool on) {
  const auto known = faults();
  if (std::find(known.begin(), known.end(), name) == known.end()) return false;
  if (name == "reset") {
    if (on) close();
    return true;
  }
  if (on) faults_[std::string(name)] = value;
  else if (auto it = faults_.find(name); it != faults_.end()) faults_.erase(it);
  if (on && name == "cut") close();
  return true;
}

}  // namespace rampa::hil
