// Looks after the pictures of cameras: what image health finds becomes part of the camera's condition, beside what its driver says.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "edge/vision/image_health/camera_health.hpp"
#include "firmware-interfaces/device/events.hpp"

namespace rampa::app {

class CameraWatch {
 public:
  using Tell = std::function<void(device::DeviceEvent)>;

  /// References are kept in `directory` (made when the first is learned), a file a camera; one that was taken away is learned anew.
  /// `tell` gets what holds now whenever a driver or a picture changed it, in that order for each device. Thread: the driver's or the
  /// pool's; must not call back.
  CameraWatch(std::string directory, Tell tell) : directory_(std::move(directory)), tell_(std::move(tell)) {}

  /// An event with a CameraFrame and its attachment "frame"; at most one a second and camera is measured. Does not throw: what goes wrong is
  /// logged, once. Thread: any.
  void look(const device::DeviceEvent& frame) noexcept;
  /// A DeviceCondition as a driver (of any device) told it. It holds as it is, unless the driver is content and the picture is not. Thread: any.
  void take(device::DeviceEvent condition);

  /// The folder of references in a post's directory, and a camera's file in it.
  [[nodiscard]] static std::string directory_in(const std::string& post_directory) { return post_directory + "/camera-references"; }
  [[nodiscard]] static std::string reference_file(const std::string& directory, const DeviceId& camera);

 private:
  struct Camera {
    std::mutex looking;  ///< one picture at a time: what follows
    vision::CameraHealth health;
    std::optional<MonoTime> looked, tried;  ///< tried: when its reference was read or written last, or was not to be written
    bool begun = false;
    bool kept = false;  ///< its reference lies in its file
    bool unwritable = false;
    std::mutex telling;  ///< so that the condition told last is the one that holds: what follows
    device::DeviceCondition from_driver{device::ConditionLevel::ready, "", ""};
    vision::ImageFault fault = vision::ImageFault::none;
  };
  Camera& camera(const DeviceId& device);
  void measure(const device::DeviceEvent& frame);
  void begin(const DeviceId& device, Camera& camera, MonoTime at);
  void keep(const DeviceId& device, Camera& camera, MonoTime at);

  const std::string directory_;
  const Tell tell_;
  std::atomic<bool> failed_ = false;  ///< and was logged
  std::mutex mutex_;  ///< of the map alone; what is in it stays where it is
  std::map<DeviceId, Camera> cameras_;
};

}  // namespace rampa::app
