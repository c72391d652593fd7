// Is a camera's picture as good as it was? Pure: measures of pictures in, the present fault out. What holds and what does not: README.md.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/vision/image_health/picture_measures.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::vision {

/// In the order in which they are told where several hold.
enum class ImageFault { none, frozen_picture, night_light_failed, too_dark, overexposed, turned_away, view_moved, out_of_focus, lens_dirty };
inline constexpr std::size_t image_fault_count = 9;

/// The word of the device's condition: "lens_dirty"; empty for none.
[[nodiscard]] std::string_view word_of(ImageFault fault);
/// What to do, for whoever stands there at night: "clean the lens of camera L1-front". Empty for none.
[[nodiscard]] std::string remedy_of(ImageFault fault, const std::string& camera);

/// How the camera's picture is when all is well. Learned over the first good scenes, its activity over some more; kept over restarts.
struct CameraReference {
  double edge_px = 0;           ///< blur of its edges
  double structured_cells = 0;  ///< cells that show something, in the mean
  std::vector<float> edges;     ///< mean edge map (edge_count): what always stands there is strong in it
  std::vector<float> activity;  ///< by cell: how much its edges change from a scene to the next (vehicles pass there), in the mean
  int activity_scenes = 0;      ///< so many scenes that mean is of
  bool landmarks = false;       ///< enough stands still in the picture to know the view by
  bool operator==(const CameraReference&) const = default;

  [[nodiscard]] std::string as_text() const;
  /// Errors: invalid.
  [[nodiscard]] static Result<CameraReference> from_text(std::string_view text);
};

/// One camera. Its evidence are scenes, not pictures: what is said of lens and view rests on pictures that show something else than
/// the one before, so that a lorry standing before the camera for an hour is one scene; of light and darkness, where nothing can be seen
/// to change, also on those after a pause, or ten minutes later. One headlight or one lorry is never a fault, and each fault goes by
/// itself once the scenes are good again. Thread: one at a time.
class CameraHealth {
 public:
  static constexpr std::size_t scenes_learned = 24;  ///< good ones, until there is a reference
  static constexpr int activity_learned = 120;       ///< until it is known where vehicles pass, cells that only some of them reach too
  static constexpr Duration looks_apart = 1s;        ///< pictures nearer to the one before are not worth measuring

  CameraHealth() = default;
  explicit CameraHealth(CameraReference reference) : reference_(std::move(reference)), activity_(reference_->activity) {}

  /// A picture taken at `at`, and the fault that holds now. One older than the one before changes nothing.
  ImageFault look(const PictureMeasures& picture, MonoTime at);
  [[nodiscard]] ImageFault fault() const;
  [[nodiscard]] const std::optional<CameraReference>& reference() const { return reference_; }

 private:
  struct Light {
    bool dark = false, lightless = false, white = false;
  };
  struct Scene {
    double edge_px = 0;
    int structured_cells = 0;
    std::vector<std::uint8_t> edges;
    std::array<float, cell_count> activity{};  ///< against the scene before; all 0 in the first
  };

  void note_frozen(const PictureMeasures& picture);
  void judge_light();
  void judge_focus();
  [[nodiscard]] bool judge_view(MonoTime at);
  void judge_dirt(MonoTime at);
  void learn();
  void follow();
  bool& holds(ImageFault fault) { return holds_[static_cast<std::size_t>(fault)]; }

  std::optional<CameraReference> reference_;
  std::deque<Light> lights_;
  std::deque<Scene> scenes_;  ///< that could be seen
  std::vector<float> activity_;  ///< as the reference's, of about the last `activity_scenes_`; there once there is a reference
  int activity_scenes_ = 0;
  std::array<bool, image_fault_count> holds_{};
  std::array<std::uint64_t, cell_count> content_{};  ///< of the picture before
  int same_pictures_ = 0;
  std::optional<MonoTime> looked_, lit_;  ///< the last picture, and the last one that counted for the light
  std::optional<MonoTime> lost_since_;    ///< nothing of the reference's landmarks is seen, nor near where it was
  std::optional<MonoTime> dirty_since_;   ///< it looks like dirt
};

}  // namespace rampa::vision
