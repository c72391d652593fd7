#include "edge/app/core_thread.hpp"

#include <algorithm>

#include "edge/app/waiter.hpp"

namespace rampa::app {

void CoreThread::start(std::unique_ptr<runtime::Reactor> reactor, std::function<void(const LaneId&)> changed) {
  reactor_ = std::move(reactor);
  changed_ = std::move(changed);
  for (const auto& lane : reactor_->lanes()) changed_lanes_.insert(lane);
  publish_snapshots(clock_.now().mono);
  thread_ = std::thread([this] { loop(); });
}

void CoreThread::stop() {
  stopping_ = true;
  mailbox_.close();
  if (thread_.joinable()) thread_.join();
}

void CoreThread::loop() {
  while (!stopping_) {
    const Stamp before = clock_.now();
    const Duration wait = std::clamp<Duration>(reactor_->next_wake() - before.mono, 0ns, 100ms);
    auto event = mailbox_.take(wait);
    const Stamp now = clock_.now();
    if (event) reactor_->handle(std::move(*event), now);
    reactor_->advance(now);
    if (!changed_lanes_.empty()) publish_snapshots(now.mono);
    if (now.mono >= next_renewal_) {
      next_renewal_ = now.mono + renewal_period;
      for (const auto& lane : reactor_->lanes()) renew(lane, now.mono);
    }
    beats_.fetch_add(1, std::memory_order_relaxed);
    last_round_.store(now.mono.ns, std::memory_order_relaxed);
  }
}

void CoreThread::renew(const LaneId& lane, MonoTime now) {
  auto view = std::make_shared<const Snapshot>(Snapshot{reactor_->view(lane), now});
  std::lock_guard lock(views_mutex_);
  views_[lane] = std::move(view);
}

void CoreThread::publish_snapshots(MonoTime now) {
  const std::set<LaneId> lanes = std::exchange(changed_lanes_, {});
  for (const auto& lane : lanes) {
    renew(lane, now);
    if (changed_) changed_(lane);
  }
}

void CoreThread::publish(device::DeviceEvent event) {
  const bool telemetry =
      std::holds_alternative<device::PointImage>(event.body) || std::holds_alternative<device::WeighReading>(event.body);
  if (telemetry)
    mailbox_.put_telemetry(std::move(event));
  else
    mailbox_.put_evidence(std::move(event));
}

Result<void> CoreThread::publish_durably(device::DeviceEvent event, Duration timeout) {
  Waiter<Result<void>> waiter;
  mailbox_.put_evidence(runtime::DurableEvent{std::move(event), [waiter](Result<void> result) { waiter.give(std::move(result)); }});
  if (auto result = waiter.wait(timeout)) return *result;
  return fail(ErrorCode::timeout, "the record was not durable in time");
}

std::shared_ptr<const CoreThread::Snapshot> CoreThread::view(const LaneId& lane) const {
  std::lock_guard lock(views_mutex_);
  auto found = views_.find(lane);
  return found == views_.end() ? nullptr : found->second;
}

std::vector<LaneId> CoreThread::lanes() const {
  std::lock_guard lock(views_mutex_);
  std::vector<LaneId> ids;
  for (const auto& [id, view] : views_) ids.push_back(id);
  return ids;
}

}  // namespace rampa::app
