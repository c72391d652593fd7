#include "drivers/plate_camera/hikvision_anpr.hpp"

#include <atomic>
#include <utility>

#include "drivers/condition/condition.hpp"
#include "drivers/plate_camera/hikvision_event.hpp"
#include "drivers/plate_camera/options.hpp"
#include "drivers/plate_camera/plate_text.hpp"
#include "drivers/plate_camera/push_port.hpp"
#include "drivers/plate_camera/read_gate.hpp"

namespace rampa::drivers::plate_camera {
namespace {

using device::ConditionLevel;

constexpr Duration durable_timeout = 3s;  // the camera waits about 5 s for an answer; the disk gets most of it
constexpr Duration poll_period = 500ms;

class HikvisionAnpr final : public device::Driver {
 public:
  HikvisionAnpr(const icd::Product& product, const device::Settings& settings, Transports& transports, const Clock& clock,
                const GateLimits& gate, Duration silence_max, std::string camera_address)
      : device_(settings.id),
        position_(position_of(settings)),
        countries_(product.parameters),
        clock_(clock),
        silence_max_(silence_max),
        backoff_(product.timing.backoff_max),
        gate_(gate),
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
    const auto heard = port_.heard();
    if (now.mono - heard.value_or(*started_) > silence_max_) {
      condition_.tell(ConditionLevel::suspect, "silent", "nothing heard for " + std::to_string(to_ms(silence_max_)) + " ms; check cable, power and the camera's alarm host setting", now, out);
    } else if (!heard) {
      condition_.tell(ConditionLevel::connecting, "not_heard_yet", "the camera has not posted anything yet", now, out);
    } else if (clock_off_.load(std::memory_order_relaxed)) {
      condition_.tell(ConditionLevel::suspect, "event_time_off", "the last event's time is far from now; an old event was posted, or a clock is wrong (check NTP on both)", now, out);
    } else if (garbled_.load(std::memory_order_relaxed)) {
      condition_.tell(ConditionLevel::suspect, "garbled", "the last post could not be read; check the camera's firmware and alarm host setting", now, out);
    } else {
      condition_.tell(ConditionLevel::ready, "", "", now, out);
    }
    return poll_period;
  }

  device::CommandReport execute(const device::Command& command, device::Permit, device::EventSink&) override {
    return {command.id, device::Outcome::refused, "a camera that posts its reads takes no commands"};
  }

 private:
  /// Thread: a listener's.
  int take(const PushedRequest& request, device::EventSink& out) {
    const Stamp now = clock_.now();
    auto post = parse_hikvision_post(request.content_type, request.body);
    if (!post) {
      garbled_.store(true, std::memory_order_relaxed);
      return 400;  // the same bytes would fail again: no 503
    }
    garbled_.store(false, std::memory_order_relaxed);
    if (!post->event.is_read()) {  // heartbeats and events that say nothing about plates
      if (post->event.time && post->event.is_heartbeat()) gate_.camera_clock(*post->event.time, now.mono);
      return 200;
    }

    const std::string id = post->event.id;
    const auto standing = gate_.begin(id, now.mono);
    if (standing == ReadGate::Standing::duplicate) return 200;
    if (standing == ReadGate::Standing::in_flight) return 503;
    device::DeviceEvent event = make_event(std::move(*post), standing, now);
    // Whatever happens in the sink, the gate is settled: a read that is for ever "in flight" would never be taken again.
    bool durable = false;
    try {
      durable = out.publish_durably(std::move(event), durable_timeout).has_value();
    } catch (...) {
      durable = false;
    }
    gate_.settle(id, durable);
    return durable ? 200 : 503;
  }

  device::DeviceEvent make_event(HikvisionPost post, ReadGate::Standing standing, Stamp now) {
    HikvisionEvent& sent = post.event;
    device::PlateRead read;
    read.text = plate_text(sent.plate);
    if (!read.text.empty()) {
      read.confidence_percent = sent.confidence_percent;
      read.char_confidence_percent = std::move(sent.char_confidence_percent);
    }
    const auto country = countries_.find("country." + sent.country);
    if (country != countries_.end()) read.country = country->second;
    read.position = position_;
    if (sent.direction == "forward") read.heading = heading_of(true, position_);
    if (sent.direction == "reverse") read.heading = heading_of(false, position_);
    read.read_id = sent.id;
    read.captured = sent.time;
    read.reader = "camera";

    auto [quality, reason] = gate_.judge(standing, sent.time, now);
    clock_off_.store(standing == ReadGate::Standing::fresh && quality != device::Quality::good, std::memory_order_relaxed);
    if (quality == device::Quality::good && post.damaged_picture) {
      quality = device::Quality::suspect;
      reason = "damaged_picture: a picture of this event is no JPEG";
    }
    return {{device_, now, sent.time, quality, std::move(reason)}, std::move(read), std::move(post.pictures)};
  }

  const DeviceId device_;
  const device::PlatePosition position_;
  const std::map<std::string, std::string> countries_;  ///< ICD parameters "country.<as sent>" -> alpha-3
  const Clock& clock_;
  const Duration silence_max_, backoff_;
  ReadGate gate_;
  Condition condition_;
  std::optional<MonoTime> started_;
  std::atomic<bool> clock_off_{false}, garbled_{false};
  PushPort port_;  // last: its destructor waits for take(), which uses all of the above
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_hikvision_anpr(const icd::Product& product, const device::Settings& settings,
                                                            Transports& transports, const Clock& clock) {
  if (settings.address.scheme != "push")
    return fail(ErrorCode::invalid, "device " + settings.id.text + ": address is " + settings.address.scheme + "://; this camera posts to us, write push://THIS-MACHINE:PORT/path");
  GateLimits gate;
  auto silence = duration_option(product, settings, "silence_ms");
  if (!silence) return tl::unexpected(silence.error());
  auto age = duration_option(product, settings, "event_age_ms");
  if (!age) return tl::unexpected(age.error());
  auto repost = duration_option(product, settings, "repost_window_ms");
  if (!repost) return tl::unexpected(repost.error());
  gate.event_age_max = *age;
  gate.repost_window = *repost;
  const auto camera = settings.options.find("camera_address");
  return std::make_unique<HikvisionAnpr>(product, settings, transports, clock, gate, *silence,
                                         camera == settings.options.end() ? std::string{} : camera->second);
}

}  // namespace rampa::drivers::plate_camera
