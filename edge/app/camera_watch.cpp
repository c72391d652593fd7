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
/// say how sure they are: a camera that works is not to send every vehicle to the officer because its glass wants wiping or its mount gave a little.
device::ConditionLevel level_of(ImageFault fault) {
  return fault == ImageFault::frozen_picture || fault == ImageFault::turned_away ? device::ConditionLevel::suspect : device::ConditionLevel::ready;
}

bool content(const device::DeviceCondition& driver) { return driver.level == device::ConditionLevel::ready && driver.fault.empty(); }

device::DeviceCondition present(const device::DeviceCondition& driver, ImageFault fault, const DeviceId& camera) {
  if (fault == ImageFault::none || !content(driver)) return driver;
  return {level_of(fault), std::string(word_of(fault)), remedy_of(fault, camera.text)};
}

constexpr Duration kept_apart = std::chrono::hours(24);     // references change slowly
constexpr Duration tried_apart = std::chrono::minutes(10);  // where it can't be written

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
  condition.body = present(camera.from_driver, camera.fault, device);
  tell_(std::move(condition));
}

void CameraWatch::look(const device::DeviceEvent& frame) noexcept {
  try {
    measure(frame);
  } catch (const std::exception& e) {  // the pool's thread reads plates: a picture that can't be measured must not end it
    if (!failed_.exchange(true)) spdlog::error("device={} its picture can't be measured: {}; said once", frame.from.device.text, e.what());
  }
}

void CameraWatch::measure(const device::DeviceEvent& frame) {
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
  tell_({{device, frame.from.received, std::nullopt, device::Quality::good, ""}, present(camera.from_driver, fault, device), {}});
}

void CameraWatch::begin(const DeviceId& device, Camera& camera, MonoTime at) {
  const std::string file = reference_file(directory_, device);
  std::error_code trouble;
  if (camera.kept && !std::filesystem::exists(file, trouble) && !trouble) {
    spdlog::info("device={} its view was confirmed: it is learned anew", device.text);
    camera.health = {};
    camera.kept = false;
    camera.tried.reset();
  }
  if (std::exchange(camera.begun, true)) return;
  const auto text = api::read_file(file);
  if (text && !*text) return;  // a new camera
  auto reference = text ? vision::CameraReference::from_text(**text) : tl::unexpected(text.error());
  if (!reference) return spdlog::error("device={} {}: {}; its view is learned anew", device.text, file, reference.error().what);
  camera.health = vision::CameraHealth(std::move(*reference));
  camera.kept = true;
  camera.tried = at;
}

void CameraWatch::keep(const DeviceId& device, Camera& camera, MonoTime at) {
  const auto& reference = camera.health.reference();
  if (!reference || (camera.tried && at - *camera.tried < (camera.unwritable ? tried_apart : kept_apart))) return;
  camera.tried = at;
  std::error_code trouble;
  std::filesystem::create_directories(directory_, trouble);
  const auto written = api::replace_file(reference_file(directory_, device), reference->as_text());
  if (written) camera.kept = true;
  else if (!camera.unwritable) spdlog::error("device={} the reference of its view is not kept: {}; tried again every 10 minutes", device.text, written.error().what);
  camera.unwritable = !written;
}

}  // namespace rampa::app
