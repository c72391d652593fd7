// One answer from another thread, waited for with a limit. Copies share the answer, so it may come after nobody waits.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::app {

/// Thread: give() from any, once; wait() from one other.
template <class T>
class Waiter {
 public:
  void give(T value) const {
    {
      std::lock_guard lock(shared_->mutex);
      shared_->value = std::move(value);
    }
    shared_->ready.notify_all();
  }
  /// Nothing where the time ran out.
  [[nodiscard]] std::optional<T> wait(Duration timeout) const {
    std::unique_lock lock(shared_->mutex);
    shared_->ready.wait_for(lock, timeout, [&] { return shared_->value.has_value(); });
    return shared_->value;
  }
  /// As the answer to records being written, where only success matters.
  [[nodiscard]] std::function<void(const Result<std::vector<std::uint64_t>>&)> for_records() const {
    return [waiter = *this](const Result<std::vector<std::uint64_t>>& result) {
      waiter.give(result ? T{} : T(tl::unexpected(result.error())));
    };
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable ready;
    std::optional<T> value;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace rampa::app
