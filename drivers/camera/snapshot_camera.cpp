#include "drivers/camera/snapshot_camera.hpp"

#include <algorithm>
#include <utility>

#include "drivers/camera/jpeg_marks.hpp"
#include "drivers/condition/condition.hpp"
#include "drivers/plate_camera/options.hpp"
#include "drivers/plate_camera/plate_text.hpp"

namespace rampa::drivers::camera {
namespace {

using device::ConditionLevel;
using device::Quality;

constexpr std::size_t frame_bytes_max = 8 * 1024 * 1024;
constexpr Duration command_wait = 50ms;  // how late a command may be noticed between frames

struct SnapshotTimes {
  Duration frame_period{}, idle_check{}, frames_for_max{};
};

class SnapshotCamera final : public device::Driver {
 public:
  SnapshotCamera(const icd::Product& product, const device::Settings& settings, std::shared_ptr<HttpClient> http, const Clock& clock, const SnapshotTimes& times)
      : device_(settings.id),
        position_(plate_camera::position_of(settings)),
        path_(settings.address.path.empty() ? "/" : settings.address.path),
        timing_(product.timing),
        http_(std::move(http)),
        clock_(clock),
        times_(times),
        condition_(settings.id) {}

  Duration poll(device::EventSink& out) override {
    const MonoTime now = clock_.mono();
    const bool wanted = active_until_ && now < *active_until_;
    if (!wanted && next_check_ && now < *next_check_) return std::min(command_wait, *next_check_ - now);

    auto reply = http_->get(path_, frame_bytes_max, timing_.reply_timeout);
    const Stamp received = clock_.now();
    next_check_ = received.mono + times_.idle_check;
    if (!reply) {
      last_.reset();
      condition_.tell(ConditionLevel::connecting, std::string(name_of(reply.error().code)), reply.error().what, received, out);
      next_check_ = received.mono + timing_.backoff_max;
      return wanted ? timing_.backoff_min : command_wait;
    }
    if (const std::string wrong = complaint(*reply); !wrong.empty()) {
      last_.reset();
      condition_.tell(ConditionLevel::faulted, "no_picture", wrong, received, out);
      return wanted ? timing_.backoff_min : command_wait;
    }
    auto frame = std::make_shared<const Bytes>(std::move(reply->body));
    const bool frozen = last_ && same_picture(*last_, *frame);
    last_ = frame;
    if (frozen) {
      condition_.tell(ConditionLevel::suspect, "frozen_picture", "the camera gives the same picture again and again; restart it", received, out);
    } else {
      condition_.tell(ConditionLevel::ready, "", "", received, out);
    }
    if (wanted) publish(frame, frozen, received, out);
    const Duration spent = received.mono - now;
    return wanted ? std::max(Duration{1ms}, times_.frame_period - spent) : command_wait;
  }

  device::CommandReport execute(const device::Command& command, device::Permit, device::EventSink&) override {
    const auto* take = std::get_if<device::TakeFrames>(&command.body);
    if (!take) return {command.id, device::Outcome::refused, "a camera takes only TakeFrames"};
    const MonoTime now = clock_.mono();
    if (now > command.not_after) return {command.id, device::Outcome::refused, "the command is too old"};
    // Nothing moves, so no permit is asked for; the time is bounded so that a lost lane can't hold the camera for ever.
    active_until_ = now + std::clamp(take->for_time, Duration{0}, times_.frames_for_max);
    return {command.id, device::Outcome::done, "frames will come"};
  }

 private:
  static std::string complaint(const HttpReply& reply) {
    if (reply.status != 200) return "the camera answers with status " + std::to_string(reply.status) + "; check the path of its address";
    if (!is_whole_jpeg(reply.body)) return "what the camera sends is no whole JPEG; check the path of its address, and of a stream the Content-Length of its pictures";
    return {};
  }

  static bool same_picture(const Bytes& a, const Bytes& b) {
    const ByteView x = picture_bytes(a), y = picture_bytes(b);
    return x.size() == y.size() && std::equal(x.begin(), x.end(), y.begin());
  }

  void publish(const SharedBytes& frame, bool frozen, Stamp received, device::EventSink& out) {
    device::Provenance from{device_, received, std::nullopt, frozen ? Quality::suspect : Quality::good, frozen ? "frozen_picture" : ""};
    out.publish({std::move(from), device::CameraFrame{position_, ++number_}, {{"frame", "image/jpeg", frame}}});
  }

  const DeviceId device_;
  const device::PlatePosition position_;
  const std::string path_;
  const icd::Timing timing_;
  std::shared_ptr<HttpClient> http_;
  const Clock& clock_;
  const SnapshotTimes times_;
  Condition condition_;
  std::optional<MonoTime> active_until_, next_check_;
  SharedBytes last_;
  std::uint64_t number_ = 0;
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_snapshot_camera(const icd::Product& product, const device::Settings& settings,
                                                             Transports& transports, const Clock& clock) {
  if (settings.address.scheme != "http")
    return fail(ErrorCode::invalid, "device " + settings.id.text + ": address is " + settings.address.scheme + "://; write http://HOST:PORT/path of the camera's picture");
  SnapshotTimes times;
  auto period = plate_camera::duration_option(product, settings, "frame_period_ms");
  if (!period) return tl::unexpected(period.error());
  auto check = plate_camera::duration_option(product, settings, "idle_check_ms");
  if (!check) return tl::unexpected(check.error());
  auto longest = plate_camera::duration_option(product, settings, "frames_for_ms_max");
  if (!longest) return tl::unexpected(longest.error());
  times.frame_period = *period;
  times.idle_check = *check;
  times.frames_for_max = *longest;
  auto http = transports.http(settings.address);
  if (!http) return tl::unexpected(http.error());
  return std::make_unique<SnapshotCamera>(product, settings, std::move(*http), clock, times);
}

}  // namespace rampa::drivers::camera
