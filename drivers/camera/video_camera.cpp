#include "drivers/camera/video_camera.hpp"

#include <algorithm>
#include <utility>

#include "drivers/camera/jpeg_picture.hpp"
#include "drivers/condition/condition.hpp"
#include "drivers/plate_camera/options.hpp"
#include "drivers/plate_camera/plate_text.hpp"
#include "firmware-interfaces/crc32c.hpp"

namespace rampa::drivers::camera {
namespace {

using device::ConditionLevel;
using device::Quality;

constexpr Duration look_wait = 10ms;     // for the next picture, while pictures are wanted
constexpr Duration command_wait = 50ms;  // how late a command may be noticed while none is, and how often the video is taken in

struct VideoTimes {
  Duration frame_period{}, frame_age_max{}, idle_check{}, frozen_after{}, frames_for_max{};
};

class VideoCamera final : public device::Driver {
 public:
  VideoCamera(const icd::Product& product, const device::Settings& settings, std::shared_ptr<VideoSource> video, const Clock& clock, const VideoTimes& times)
      : device_(settings.id),
        position_(plate_camera::position_of(settings)),
        timing_(product.timing),
        video_(std::move(video)),
        clock_(clock),
        times_(times),
        condition_(settings.id),
        backoff_(product.timing) {}

  Duration poll(device::EventSink& out) override {
    const Stamp now = clock_.now();
    const bool wanted = active_until_ && now.mono < *active_until_;
    const Duration again = wanted ? look_wait : command_wait;
    if (now.mono < begin_at_) return std::min(command_wait, begin_at_ - now.mono);
    if (auto running = video_->run(timing_.reply_timeout); !running) return begin_again(running.error(), clock_.now(), out);
    if (!began_) began_ = clock_.mono();
    const MonoTime due = wanted ? next_frame_ : next_check_;
    if (now.mono < due) return std::min(again, due - now.mono);

    auto frame = video_->newest();
    if (!frame) return begin_again(frame.error(), now, out);
    if (!*frame) {
      if (now.mono - std::max(*began_, last_came_) <= timing_.reply_timeout) return again;
      video_->close();
      return begin_again({ErrorCode::timeout, "no picture for " + std::to_string(to_ms(timing_.reply_timeout)) + " ms"}, now, out);
    }
    last_came_ = now.mono;
    if (const Duration age = clock_.mono() - (*frame)->captured; age > times_.frame_age_max) {
      // A picture of the lorry before would be read as this one's. A newer one may be under way.
      if (!late_since_) late_since_ = now.mono;
      if (now.mono - *late_since_ <= timing_.reply_timeout) return again;
      condition_.tell(ConditionLevel::suspect, "late_pictures",
                      "pictures come " + std::to_string(to_ms(age)) + " ms late and are left out; look at the load of line and machine, or choose a smaller picture in the camera", now, out);
      // A camera whose clock was set back looks late until drift_max_ppm has made it good, for hours; a new connection lays the clock anew.
      video_->close();
      return wait_to_begin(now);
    }
    late_since_.reset();
    backoff_.reset();  // not before: a camera that is always late is not asked again and again
    take(**frame, wanted, now, out);
    next_check_ = now.mono + times_.idle_check;
    if (wanted) next_frame_ = now.mono + times_.frame_period;
    return again;
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
  Duration begin_again(const Error& error, Stamp now, device::EventSink& out) {
    if (error.code == ErrorCode::refused || error.code == ErrorCode::invalid) condition_.tell(ConditionLevel::faulted, std::string(name_of(error.code)), error.what, now, out);
    else tell_failure(condition_, error, now, out);
    return wait_to_begin(now);
  }

  Duration wait_to_begin(Stamp now) {
    began_.reset();
    late_since_.reset();
    const Duration wait = backoff_.next();
    begin_at_ = now.mono + wait;
    return std::min(command_wait, wait);
  }

  void take(const VideoFrame& frame, bool wanted, Stamp now, device::EventSink& out) {
    const std::uint32_t sum = crc32c(frame.planes);
    if (!sum_ || *sum_ != sum) changed_ = frame.captured;
    sum_ = sum;
    const bool frozen = frame.captured - changed_ >= times_.frozen_after;
    if (frozen) condition_.tell(ConditionLevel::suspect, "frozen_picture", "the camera gives the same picture again and again; restart it", now, out);
    else condition_.tell(ConditionLevel::ready, "", "", now, out);
    if (!wanted) return;
    auto jpeg = jpeg_of(frame);
    if (!jpeg) return tell_failure(condition_, jpeg.error(), now, out);
    const Duration age = now.mono - frame.captured;
    const Stamp captured{frame.captured, WallTime{now.wall.ms - to_ms(age)}};
    device::Provenance from{device_, captured, std::nullopt, frozen ? Quality::suspect : Quality::good, frozen ? "frozen_picture" : ""};
    out.publish({std::move(from), device::CameraFrame{position_, ++number_}, {{"frame", "image/jpeg", std::make_shared<const Bytes>(std::move(*jpeg))}}});
  }

  const DeviceId device_;
  const device::PlatePosition position_;
  const icd::Timing timing_;
  std::shared_ptr<VideoSource> video_;
  const Clock& clock_;
  const VideoTimes times_;
  Condition condition_;
  Backoff backoff_;
  std::optional<MonoTime> active_until_;
  std::optional<MonoTime> began_;  ///< this run of the video
  MonoTime begin_at_;              ///< not before: the back-off
  MonoTime next_frame_, next_check_;
  MonoTime last_came_;             ///< the last picture
  std::optional<MonoTime> late_since_;  ///< since when every picture was too old
  MonoTime changed_;               ///< the first picture like the last one
  std::optional<std::uint32_t> sum_;
  std::uint64_t number_ = 0;
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_video_camera(const icd::Product& product, const device::Settings& settings, Transports& transports, const Clock& clock) {
  VideoTimes times;
  for (const auto& [name, time] : {std::pair{"frame_period_ms", &times.frame_period}, {"frame_age_max_ms", &times.frame_age_max}, {"idle_check_ms", &times.idle_check},
                                   {"frozen_after_ms", &times.frozen_after}, {"frames_for_ms_max", &times.frames_for_max}}) {
    auto read = plate_camera::duration_option(product, settings, name);
    if (!read) return tl::unexpected(read.error());
    *time = *read;
  }
  const auto text = [&](const char* name) {
    const auto found = settings.options.find(name);
    return found == settings.options.end() ? std::string{} : found->second;
  };
  const VideoAccess access{text("user"), text("password_file")};
  if (access.user.empty() != access.password_file.empty())
    return fail(ErrorCode::invalid, "device " + settings.id.text + ": options user and password_file go together; give both or none");
  auto video = transports.video(settings.address, access);
  if (!video) return fail(video.error().code, "device " + settings.id.text + ": " + video.error().what);
  return std::make_unique<VideoCamera>(product, settings, std::move(*video), clock, times);
}

}  // namespace rampa::drivers::camera
