// A simulated camera with AXIS License Plate Verifier, written from the published event table and field list, not from our
// codec: per car one "new" (direction unknown), one "update" 300 ms later with the direction, one "lost" 10 s after the last
// sight. As a stream of JSON lines, or posting each event by HTTP (never again, whatever the answer).
#pragma once

#include <map>
#include <set>
#include <string>

#include "hil/devices/cameras/camera_eye.hpp"
#include "hil/devices/model.hpp"

namespace rampa::hil {

struct AxisSettings {
  std::string path = "/alpv";  ///< of posts
  bool rear = false;
  bool pictures = true;        ///< in "update", base64
  Duration reading_takes = 104ms;
  Duration update_after = 300ms;
  Duration lost_after = 10s;
  Duration heartbeat = 10s;
};

/// Events as JSON text. Faults as HikvisionModel's, without "huge" and "old_namespace"; "replay": the last car's "new" and
/// "update" once more.
class AxisCamera {
 public:
  AxisCamera(const LaneWorld& world, const AxisSettings& settings, std::uint64_t seed, Stamp now)
      : settings_(settings), time_(now), eye_(world, settings.rear, seed), random_(seed, "axis", 0) {}
  bool fault(std::string_view name, double value, bool on);
  [[nodiscard]] static std::vector<std::string> faults();
  void advance(MonoTime now);
  [[nodiscard]] std::vector<std::string> take_events();
  [[nodiscard]] std::uint64_t cars() const { return cars_; }

 private:
  struct Car {
    Sighting sighting;
    std::uint64_t id = 0;
    int said = 0;  ///< 1 new, 2 update
    std::optional<MonoTime> out_of_view;
  };
  void say(const Car& car, const char* state, MonoTime captured, bool direction_known);

  const AxisSettings settings_;
  CameraTime time_;
  CameraEye eye_;
  SubStream random_;
  std::set<std::string, std::less<>> faults_;
  std::vector<Car> in_work_;
  std::vector<std::string> out_, last_car_;
  MonoTime heartbeat_due_;
  std::uint64_t cars_ = 0, packets_ = 0;
};

/// Over a TCP connection.
class AxisModel : public StreamModel {
 public:
  AxisModel(const LaneWorld& world, const AxisSettings& settings, std::uint64_t seed, Stamp now) : camera_(world, settings, seed, now) {}
  bool fault(std::string_view name, double value, bool on) override { return camera_.fault(name, value, on); }
  [[nodiscard]] std::vector<std::string> faults() const override { return AxisCamera::faults(); }
  void received(int, ByteView) override {}
  void advance(MonoTime now) override {
    now_ = now;
    camera_.advance(now);
  }
  [[nodiscard]] std::vector<Out> take_output() override;
  [[nodiscard]] std::uint64_t cars() const { return camera_.cars(); }

 private:
  AxisCamera camera_;
  MonoTime now_;
};

/// Posting by HTTP.
class AxisPushModel : public PushModel {
 public:
  AxisPushModel(const LaneWorld& world, const AxisSettings& settings, std::uint64_t seed, Stamp now) : path_(settings.path), camera_(world, settings, seed, now) {}
  bool fault(std::string_view name, double value, bool on) override { return camera_.fault(name, value, on); }
  [[nodiscard]] std::vector<std::string> faults() const override { return AxisCamera::faults(); }
  void advance(MonoTime now) override { camera_.advance(now); }
  [[nodiscard]] std::vector<Post> take_posts() override;
  void answered(std::uint64_t, int) override {}

 private:
  const std::string path_;
  AxisCamera camera_;
  std::uint64_t next_id_ = 1;
};

}  // namespace rampa::hil
