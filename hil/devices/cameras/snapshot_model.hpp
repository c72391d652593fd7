// A simulated plain camera: every GET of its path gives a fresh JPEG of what stands before it, drawn, or from a folder of
// photographs (lorry N shows photograph N).
#pragma once

#include <set>
#include <string>

#include "hil/devices/cameras/camera_eye.hpp"
#include "hil/devices/model.hpp"

namespace rampa::hil {

struct SnapshotSettings {
  std::string path = "/snapshot.jpg";
  bool rear = false;
  std::vector<std::string> photographs;  ///< files; empty: drawn pictures
};

/// Faults until switched off: "silent" (503, as a camera that starts), "frozen" (the last picture again and again), "garbage"
/// (rubbish that says image/jpeg), "huge" (20 MB), "no_plate" (covered), "misread" (draws another character; value: which).
class SnapshotModel : public PictureModel {
 public:
  SnapshotModel(const LaneWorld& world, SnapshotSettings settings, std::uint64_t seed)
      : settings_(std::move(settings)), eye_(world, settings_.rear, seed), random_(seed, "snapshot", 0) {}
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override { return {"silent", "frozen", "garbage", "huge", "no_plate", "misread"}; }
  void advance(MonoTime now) override { (void)now; }
  int get(const std::string& path, std::string& media_type, Bytes& body) override;

 private:
  [[nodiscard]] Bytes picture();

  const SnapshotSettings settings_;
  CameraEye eye_;
  SubStream random_;
  std::set<std::string, std::less<>> faults_;
  Bytes last_;
};

}  // namespace rampa::hil
