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

  /// The lane as it was after its last change. Thread: any.
  [[nodiscard]] std::shared_ptr<const runtime::LaneView> view(const LaneId& lane) const;
  [[nodiscard]] std::vector<LaneId> lanes() const;

  /// From within Ports only (the core thread itself).
  [[nodiscard]] const runtime::Reactor& reactor() const { return *reactor_; }
  void mark_changed(const LaneId& lane) { changed_lanes_.insert(lane); }

  /// When the thread last came round: it vouched for every snapshot then.
  [[nodiscard]] MonoTime last_round() const { return {last_round_.load(std::memory_order_relaxed)}; }
  [[nodiscard]] std::uint64_t beats() const { return beats_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t telemetry_dropped() const { return mailbox_.dropped(); }

 private:
  void loop();
  void publish_snapshots();

  const Clock& clock_;
  runtime::Mailbox<runtime::ReactorEvent> mailbox_;
  std::unique_ptr<runtime::Reactor> reactor_;
  std::function<void(const LaneId&)> changed_;
  std::set<LaneId> changed_lanes_;  ///< core thread only
  mutable std::mutex views_mutex_;
  std::map<LaneId, std::shared_ptr<const runtime::LaneView>> views_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> beats_{0};
  std::atomic<std::int64_t> last_round_{0};
  std::thread thread_;
};

}  // namespace rampa::app
