// The reactor's thread with its mailbox, and the snapshots that other threads may read.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "edge/runtime/mailbox.hpp"
#include "edge/runtime/reactor.hpp"

namespace rampa::app {

class CoreThread : public device::EventSink {
 public:
  CoreThread(const Clock& clock, std::size_t depth_max) : clock_(clock), mailbox_(depth_max) {}
  ~CoreThread() override { stop(); }

  /// `reactor` is touched by this thread alone from here on. `changed` runs on it after a lane's snapshot was renewed.
  void start(std::unique_ptr<runtime::Reactor> reactor, std::function<void(const LaneId&)> changed);
  void stop();

  /// False: the mailbox is full, try again.
  [[nodiscard]] bool command(runtime::ReactorEvent event) { return mailbox_.put_command(std::move(event)); }
  void answer(runtime::ReactorEvent event) { mailbox_.put_answer(std::move(event)); }

  // device::EventSink, called by device hosts and listeners
  void publish(device::DeviceEvent event) override;
  Result<void> publish_durably(device::DeviceEvent event, Duration timeout) override;

  /// A lane's state and when it was copied: after every change that shows, and every `renewal_period` without one, so
  /// that the ages of its inputs can be judged by it. Thread: any.
  struct Snapshot {
    runtime::LaneView view;
    MonoTime taken;
  };
  static constexpr Duration renewal_period = 500ms;
  [[nodiscard]] std::shared_ptr<const Snapshot> view(const LaneId& lane) const;
  [[nodiscard]] std::vector<LaneId> lanes() const;

  /// From within Ports only (the core thread itself).
  [[nodiscard]] const runtime::Reactor& reactor() const { return *reactor_; }
  void mark_changed(const LaneId& lane) { changed_lanes_.insert(lane); }

  /// When the thread last came round.
  [[nodiscard]] MonoTime last_round() const { return {last_round_.load(std::memory_order_relaxed)}; }
  [[nodiscard]] std::uint64_t beats() const { return beats_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t telemetry_dropped() const { return mailbox_.dropped(); }

 private:
  void loop();
  void publish_snapshots(MonoTime now);
  void renew(const LaneId& lane, MonoTime now);

  const Clock& clock_;
  runtime::Mailbox<runtime::ReactorEvent> mailbox_;
  std::unique_ptr<runtime::Reactor> reactor_;
  std::function<void(const LaneId&)> changed_;
  std::set<LaneId> changed_lanes_;  ///< core thread only
  mutable std::mutex views_mutex_;
  std::map<LaneId, std::shared_ptr<const Snapshot>> views_;
  MonoTime next_renewal_;  ///< core thread only
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> beats_{0};
  std::atomic<std::int64_t> last_round_{0};
  std::thread thread_;
};

}  // namespace rampa::app
