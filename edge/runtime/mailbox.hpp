// The reactor's bounded mailbox. Telemetry drops its oldest and counts; commands are refused; evidence pushes back.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "firmware-interfaces/time.hpp"

namespace rampa::runtime {

/// Three queues, one lock. Thread: any number of producers, one consumer.
template <class T>
class Mailbox {
 public:
  explicit Mailbox(std::size_t depth_max) : depth_max_(depth_max) {}

  /// Weighings, point images: only the newest matter. Never blocks, never fails.
  void put_telemetry(T item) {
    bool asleep = true;
    {
      std::lock_guard lock(mutex_);
      if (telemetry_.size() >= depth_max_) {
        telemetry_.pop_front();
        ++dropped_;
      }
      telemetry_.push_back(std::move(item));
      asleep = !gathering_;
    }
    if (asleep) ready_.notify_one();
  }

  /// An officer's or a program's request. False: full, tell them "busy".
  [[nodiscard]] bool put_command(T item) {
    {
      std::lock_guard lock(mutex_);
      if (closed_ || firsts_.size() >= depth_max_) return false;
      firsts_.push_back(std::move(item));
    }
    ready_.notify_one();
    return true;
  }

  /// Plate reads, scans, conditions, reports: nothing may be lost, so the producer waits for room.
  void put_evidence(T item) {
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [&] { return closed_ || evidence_.size() < depth_max_; });
      if (closed_) return;
      evidence_.push_back(std::move(item));
    }
    ready_.notify_one();
  }

  /// Answers of the store: bounded by what was asked for, so they are always taken.
  void put_answer(T item) {
    {
      std::lock_guard lock(mutex_);
      firsts_.push_back(std::move(item));
    }
    ready_.notify_one();
  }

  /// Waits at most `wait`. Answers and commands first, then evidence, then telemetry.
  [[nodiscard]] std::optional<T> take(Duration wait) {
    std::unique_lock lock(mutex_);
    // A hundred devices polled at 20 Hz would wake the consumer for every image; after one it lets others gather. What is urgent ends that.
    if (after_telemetry_ && telemetry_.empty()) {
      gathering_ = true;
      ready_.wait_for(lock, std::min(wait, gather), [&] { return closed_ || !firsts_.empty() || !evidence_.empty(); });
      gathering_ = false;
    }
    after_telemetry_ = false;
    ready_.wait_for(lock, wait, [&] { return closed_ || !firsts_.empty() || !evidence_.empty() || !telemetry_.empty(); });
    for (auto* queue : {&firsts_, &evidence_, &telemetry_}) {
      if (queue->empty()) continue;
      T item = std::move(queue->front());
      queue->pop_front();
      if (queue == &evidence_) room_.notify_one();
      after_telemetry_ = queue == &telemetry_;
      return item;
    }
    return std::nullopt;
  }

  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
    room_.notify_all();
  }

  [[nodiscard]] std::uint64_t dropped() const {
    std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  static constexpr Duration gather = std::chrono::milliseconds(2);
  const std::size_t depth_max_;
  mutable std::mutex mutex_;
  std::condition_variable ready_, room_;
  std::deque<T> firsts_, evidence_, telemetry_;
  std::uint64_t dropped_ = 0;
  bool closed_ = false, gathering_ = false, after_telemetry_ = false;
};

}  // namespace rampa::runtime
