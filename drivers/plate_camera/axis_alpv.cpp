#include "drivers/plate_camera/axis_alpv.hpp"

#include <atomic>
#include <mutex>
#include <utility>

#include "drivers/plate_camera/axis_event.hpp"
#include "drivers/condition/condition.hpp"
#include "drivers/plate_camera/car_reads.hpp"
#include "drivers/plate_camera/json_frames.hpp"
#include "drivers/plate_camera/options.hpp"
#include "drivers/plate_camera/plate_text.hpp"
#include "drivers/plate_camera/push_port.hpp"
#include "drivers/plate_camera/read_gate.hpp"

namespace rampa::drivers::plate_camera {
namespace {

using device::ConditionLevel;

constexpr std::size_t frame_bytes_max = 4 * 1024 * 1024;
constexpr Duration durable_timeout = 3s;
constexpr Duration poll_period = 50ms;

struct AxisLimits {
  GateLimits gate;
  Duration silence_max{}, settle{};
};

/// What both ways of delivery share: cars in, one event per car out.
class AxisCars {
 public:
  AxisCars(const device::Settings& settings, const Clock& clock, const AxisLimits& limits)
      : device_(settings.id), position_(position_of(settings)), clock_(clock), gate_(limits.gate), cars_(limits.settle) {}

  /// True: the car is complete. Thread: any.
  bool add(AxisEvent event) {
    std::lock_guard lock(mutex_);
    return cars_.add(std::move(event), clock_.now());
  }

  /// Publishes every complete read durably. False: one could not be made durable; it is tried again at the next call.
  /// Thread: any; one at a time delivers.
  bool deliver(device::EventSink& out) {
    std::unique_lock delivering(deliver_mutex_);
    std::vector<CarRead> due;
    {
      std::lock_guard lock(mutex_);
      due = cars_.due(clock_.mono());
    }
    bool all = true;
    for (auto& read : due) {
      const std::string id = read.id;
      const auto now = clock_.now();
      const auto standing = gate_.begin(id, now.mono);
      bool done = standing == ReadGate::Standing::duplicate;
      if (standing == ReadGate::Standing::fresh || standing == ReadGate::Standing::replayed) {
        try {
          done = out.publish_durably(make_event(std::move(read), standing, now), durable_timeout).has_value();
        } catch (...) {
          done = false;
        }
        gate_.settle(id, done);
      }
      if (done) {
        std::lock_guard lock(mutex_);
        cars_.delivered(id, now.mono);
      }
      all &= done;
    }
    return all;
  }

  [[nodiscard]] bool clock_off() const { return clock_off_.load(std::memory_order_relaxed); }

 private:
  device::DeviceEvent make_event(CarRead car, ReadGate::Standing standing, Stamp now) {
    AxisEvent& best = car.best;
    device::PlateRead read;
    read.text = plate_text(best.plate);
    if (!read.text.empty()) read.confidence_percent = best.confidence_percent;
    if (best.country.size() == 3) read.country = best.country;
    read.position = position_;
    if (best.direction == "in") read.heading = heading_of(true, position_);
    if (best.direction == "out") read.heading = heading_of(false, position_);
    read.read_id = car.id;
    read.captured = best.captured ? best.captured : car.first_captured;
    read.reader = "camera";
    // Judged by when its bytes came, not by when it was given out: a read that waited for the disk is not an old event.
    Stamp received = car.first_seen;
    auto [quality, reason] = gate_.judge(standing, car.first_captured, received);
    clock_off_.store(standing == ReadGate::Standing::fresh && quality != device::Quality::good, std::memory_order_relaxed);
    if (quality == device::Quality::good && car.only_lost) {
      quality = device::Quality::suspect;
      reason = "only_lost: only the end of this car's sight was heard, so another vehicle may stand there now";
    }
    if (quality == device::Quality::good && now.mono - received.mono > 30s) {
      quality = device::Quality::suspect;
      reason = "late: the read waited longer than 30 s for the disk";
    }
    return {{device_, received, read.captured, quality, std::move(reason)}, std::move(read), std::move(best.pictures)};
  }

  const DeviceId device_;
  const device::PlatePosition position_;
  const Clock& clock_;
  ReadGate gate_;
  std::mutex deliver_mutex_;
  std::mutex mutex_;  ///< guards cars_
  CarReads cars_;
  std::atomic<bool> clock_off_{false};
};

device::CommandReport no_commands(const device::Command& command) {
  return {command.id, device::Outcome::refused, "a camera that pushes its reads takes no commands"};
}

void set_heard_condition(Condition& condition, bool silent, bool clock_off, bool undelivered, Duration silence_max, Stamp now, device::EventSink& out) {
  if (silent) {
    condition.tell(ConditionLevel::suspect, "silent", "nothing heard for " + std::to_string(to_ms(silence_max)) + " ms; check cable, power and the push profile with its heartbeat", now, out);
  } else if (undelivered) {
    condition.tell(ConditionLevel::suspect, "not_durable", "a read could not be made durable; look at the disk", now, out);
  } else if (clock_off) {
    condition.tell(ConditionLevel::suspect, "event_time_off", "the last event's time is far from now; an old event was sent, or a clock is wrong (check NTP on both)", now, out);
  } else {
    condition.tell(ConditionLevel::ready, "", "", now, out);
  }
}

/// Camera -> bridge -> our TCP connection.
class AxisStream final : public device::Driver {
 public:
  AxisStream(const icd::Product& product, const device::Settings& settings, std::shared_ptr<ByteStream> stream, const Clock& clock, const AxisLimits& limits)
      : timing_(product.timing), clock_(clock), silence_max_(limits.silence_max), stream_(std::move(stream)), cars_(settings, clock, limits), condition_(settings.id), frames_(frame_bytes_max) {}

  Duration poll(device::EventSink& out) override {
    if (!stream_->connected()) {
      frames_.reset();
      if (auto connected = stream_->connect(timing_.reply_timeout); !connected) {
        condition_.tell(ConditionLevel::connecting, "no_connection", connected.error().what, clock_.now(), out);
        cars_.deliver(out);  // what was seen before the line went is still evidence
        return timing_.backoff_max;
      }
      heard_ = clock_.mono();
    }
    for (int reads = 0; reads < reads_per_poll_max; ++reads) {
      auto bytes = stream_->read_some(64 * 1024, reads == 0 ? read_wait : Duration{0});
      if (!bytes) {
        if (bytes.error().code == ErrorCode::timeout) break;
        stream_->close();
        frames_.reset();
        condition_.tell(ConditionLevel::connecting, "no_connection", bytes.error().what, clock_.now(), out);
        cars_.deliver(out);
        return timing_.backoff_min;
      }
      frames_.feed(*bytes);
      take_frames();
    }
    const bool delivered = cars_.deliver(out);
    const Stamp now = clock_.now();
    if (now.mono - heard_ > silence_max_) {
      // A half-open connection looks just like this. It is opened anew, and stays silent until something is heard.
      silent_ = true;
      stream_->close();
    }
    set_heard_condition(condition_, silent_, cars_.clock_off(), !delivered, silence_max_, now, out);
    return poll_period;
  }

  device::CommandReport execute(const device::Command& command, device::Permit, device::EventSink&) override { return no_commands(command); }

 private:
  static constexpr int reads_per_poll_max = 64;
  static constexpr Duration read_wait = 20ms;

  void take_frames() {
    while (auto frame = frames_.next()) {
      auto event = parse_axis_event(*frame);
      if (!event) continue;  // garbage does not count as a sign of life
      heard_ = clock_.mono();
      silent_ = false;
      if (event->is_car) cars_.add(std::move(*event));
    }
  }

  const icd::Timing timing_;
  const Clock& clock_;
  const Duration silence_max_;
  std::shared_ptr<ByteStream> stream_;
  AxisCars cars_;
  Condition condition_;
  JsonFrames frames_;
  MonoTime heard_;
  bool silent_ = false;
};

/// Camera -> our listener.
class AxisPush final : public device::Driver {
 public:
  AxisPush(const icd::Product& product, const device::Settings& settings, Transports& transports, const Clock& clock, const AxisLimits& limits, std::string camera_address)
      : clock_(clock),
        silence_max_(limits.silence_max),
        backoff_(product.timing.backoff_max),
        cars_(settings, clock, limits),
        condition_(settings.id),
        port_(transports, settings.address, std::move(camera_address), clock,
              [this](const PushedRequest& request, device::EventSink& out) { return take(request, out); }) {}

  Duration poll(device::EventSink& out) override {
    const Stamp now = clock_.now();
    if (!started_) started_ = now.mono;
    if (auto opened = port_.open(out); !opened) {
      condition_.tell(ConditionLevel::connecting, "no_listener", opened.error().what, now, out);
      return backoff_;
    }
    const bool delivered = cars_.deliver(out);
    const auto heard = port_.heard();
    const bool silent = now.mono - heard.value_or(*started_) > silence_max_;
    if (!heard && !silent) {
      condition_.tell(ConditionLevel::connecting, "not_heard_yet", "the camera has not posted anything yet", now, out);
    } else {
      set_heard_condition(condition_, silent, cars_.clock_off(), !delivered, silence_max_, now, out);
    }
    return poll_period;
  }

  device::CommandReport execute(const device::Command& command, device::Permit, device::EventSink&) override { return no_commands(command); }

 private:
  int take(const PushedRequest& request, device::EventSink& out) {
    if (request.body.size() > frame_bytes_max) return 413;
    auto event = parse_axis_event(as_text(request.body));
    if (!event) return 400;
    if (!event->is_car || !cars_.add(std::move(*event))) return 200;
    return cars_.deliver(out) ? 200 : 503;
  }

  const Clock& clock_;
  const Duration silence_max_, backoff_;
  AxisCars cars_;
  Condition condition_;
  std::optional<MonoTime> started_;
  PushPort port_;  // last: its destructor waits for take()
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_axis_alpv(const icd::Product& product, const device::Settings& settings,
                                                       Transports& transports, const Clock& clock) {
  AxisLimits limits;
  const auto read = [&](const char* key, Duration& into) -> Result<void> {
    auto value = duration_option(product, settings, key);
    if (!value) return tl::unexpected(value.error());
    into = *value;
    return {};
  };
  if (auto r = read("silence_ms", limits.silence_max); !r) return tl::unexpected(r.error());
  if (auto r = read("settle_ms", limits.settle); !r) return tl::unexpected(r.error());
  if (auto r = read("event_age_ms", limits.gate.event_age_max); !r) return tl::unexpected(r.error());
  if (auto r = read("repost_window_ms", limits.gate.repost_window); !r) return tl::unexpected(r.error());

  if (settings.address.scheme == "push") {
    const auto camera = settings.options.find("camera_address");
    return std::make_unique<AxisPush>(product, settings, transports, clock, limits, camera == settings.options.end() ? std::string{} : camera->second);
  }
  if (settings.address.scheme != "tcp")
    return fail(ErrorCode::invalid, "device " + settings.id.text + ": address is " + settings.address.scheme + "://; write push://THIS-MACHINE:PORT/path or tcp://HOST:PORT");
  auto stream = transports.stream(settings.address);
  if (!stream) return tl::unexpected(stream.error());
  return std::make_unique<AxisStream>(product, settings, std::move(*stream), clock, limits);
}

}  // namespace rampa::drivers::plate_camera
