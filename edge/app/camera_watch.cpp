#include "edge/app/camera_watch.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "edge/api/durable_file.hpp"

namespace rampa::app {
namespace {

using vision::ImageFault;

/// A picture that stands still, or of another place, proves nothing about who stands there. In all other cases the reads themselves
/// say how sure they are: a camera that works is not to close the lane because its glass wants wiping.
device::ConditionLevel level_of(ImageFault fault) {
  return fault == ImageFault::frozen_picture || fault == ImageFault::view_moved ? device::ConditionLevel::suspect : device::ConditionLevel::ready;
}

bool content(const device::DeviceCondition& driver) { return driver.level == device::ConditionLevel::ready && driver.fault.empty(); }

device::DeviceCondition condition_of(ImageFault fault, const DeviceId& camera) {
  return {level_of(fault), std::string(word_of(fault)), remedy_of(fault, camera.text)};
}

constexpr Duration kept_apart = std::chrono::hours(24);  // references change slowly

}  // namespace

std::string CameraWatch::reference_file(const std::string& directory, const DeviceId& camera) { return directory + "/" + camera.text + ".json"; }

CameraWatch::Camera& CameraWatch::camera(const DeviceId& device) {
  std::lock_guard lock(mutex_);
  return cameras_[device];
}

void CameraWatch::take(device::DeviceEvent condition) {
  const DeviceId device = condition.from.device;
  Camera& camera = this->camera(device);
  std::lock_guard lock(camera.telling);
  camera.from_driver = std::get<device::DeviceCondition>(condition.body);
  if (content(camera.from_driver)) condition.body = condition_of(camera.fault, device);
  tell_(std::move(condition));
}

void CameraWatch::look(const device::DeviceEvent& frame) {
  const auto picture = std::find_if(frame.attachments.begin(), frame.attachments.end(), [](const Attachment& a) { return a.name == "frame"; });
  if (picture == frame.attachments.end() || !picture->bytes) return;
  const DeviceId& device = frame.from.device;
  Camera& camera = this->camera(device);
  std::unique_lock looking(camera.looking, std::try_to_lock);
  if (!looking) return;  // another thread looks at one of the same second
  const MonoTime at = frame.from.received.mono;
  if (camera.looked && at - *camera.looked < vision::CameraHealth::looks_apart) return;
  camera.looked = at;
  begin(device, camera, at);
  const auto measures = vision::measure_picture(*picture->bytes);
  if (!measures) return;  // the reader counts what is no picture
  const ImageFault fault = camera.health.look(*measures, at);
  keep(device, camera, at);

  std::lock_guard telling(camera.telling);
  if (camera.fault == fault) return;
  camera.fault = fault;
  if (!content(camera.from_driver)) return;
  tell_({{device, frame.from.received, std::nullopt, device::Quality::good, ""}, condition_of(fault, device), {}});
}

void CameraWatch::begin(const DeviceId& device, Camera& camera, MonoTime at) {
  const std::string file = reference_file(directory_, device);
  std::error_code trouble;
  if (camera.kept && !std::filesystem::exists(file, trouble) && !trouble) {
    spdlog::info("device={} its view was confirmed: it is learned anew", device.text);
    camera.health = {};
    camera.kept.reset();
  }
  if (std::exchange(camera.begun, true)) return;
  const auto text = api::read_file(file);
  if (text && !*text) return;  // a new camera
  auto reference = text ? vision::CameraReference::from_text(**text) : tl::unexpected(text.error());
  if (!reference) return spdlog::error("device={} {}: {}; its view is learned anew", device.text, file, reference.error().what);
  camera.health = vision::CameraHealth(std::move(*reference));
  camera.kept = at;
}

void CameraWatch::keep(const DeviceId& device, Camera& camera, MonoTime at) {
  const auto& reference = camera.health.reference();
  if (!reference || (camera.kept && at - *camera.kept < kept_apart)) return;
  std::error_code trouble;
  std::filesystem::create_directories(directory_, trouble);
  const auto written = api::replace_file(reference_file(directory_, device), reference->as_text());
  if (written) camera.kept = at;
  else spdlog::error("device={} the reference of its view is not kept: {}", device.text, written.error().what);
}

}  // namespace rampa::app
