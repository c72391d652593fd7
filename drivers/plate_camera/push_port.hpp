// A driver's place at the listener: takes its path, hands what is posted there to the driver, remembers when the camera
// was last heard. The callback runs on a listener thread and gets the sink of the driver's host, because the camera may
// be told "received" only after the event is durable.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "drivers/transport/transport.hpp"
#include "firmware-interfaces/device/events.hpp"

namespace rampa::drivers::plate_camera {

class PushPort {
 public:
  /// Returns the HTTP status. Thread: a listener's; must be done when the driver goes.
  using Take = std::function<int(const PushedRequest&, device::EventSink&)>;

  /// `peer`: the only address that may post here; empty: any on the network the listener is bound to.
  PushPort(Transports& transports, device::Address address, std::string peer, const Clock& clock, Take take)
      : transports_(transports), address_(std::move(address)), peer_(std::move(peer)), clock_(clock), take_(std::move(take)) {}
  PushPort(const PushPort&) = delete;
  PushPort& operator=(const PushPort&) = delete;
  /// Waits for a callback that runs.
  ~PushPort() {
    if (listener_) listener_->off_path(path());
  }

  /// Takes the path at the listener once. `out` must outlive this object. Thread: host.
  Result<void> open(device::EventSink& out) {
    if (listener_) return {};
    auto listener = transports_.push(address_);
    if (!listener) return tl::unexpected(listener.error());
    listener_ = *listener;
    listener_->on_path(path(), [this, &out](const PushedRequest& request) {
      if (!peer_.empty() && request.peer != peer_) {
        strangers_.fetch_add(1, std::memory_order_relaxed);
        return 403;
      }
      heard_ns_.store(clock_.mono().ns, std::memory_order_relaxed);
      return take_(request, out);
    });
    return {};
  }

  [[nodiscard]] std::optional<MonoTime> heard() const {
    const auto ns = heard_ns_.load(std::memory_order_relaxed);
    return ns == never ? std::nullopt : std::optional(MonoTime{ns});
  }
  /// Requests that came from another address than the camera's.
  [[nodiscard]] std::uint64_t strangers() const { return strangers_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::int64_t never = -1;
  [[nodiscard]] std::string path() const { return address_.path.empty() ? "/" : address_.path; }

  Transports& transports_;
  const device::Address address_;
  const std::string peer_;
  const Clock& clock_;
  const Take take_;
  std::shared_ptr<PushListener> listener_;
  std::atomic<std::int64_t> heard_ns_{never};
  std::atomic<std::uint64_t> strangers_{0};
};

}  // namespace rampa::drivers::plate_camera
