#include "edge/vision/image_health/camera_health.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "edge/vision/image_health/edge_maps.hpp"

namespace rampa::vision {
namespace {

// When a picture counts.
constexpr double other_content = 0.2;  // share of the edges that are elsewhere
constexpr Duration pause = 20s, standing = 600s;

constexpr std::size_t light_scenes = 6, focus_scenes = 12, view_scenes = 12, scenes_kept = CameraHealth::scenes_learned;

// Light. Even short exposures in infra-red show a plate, a lamp or a reflector above these.
constexpr double dark_brightest = 60;
constexpr int lightless_cells = 2;             // so few show anything: no light at all; else what there is is too dark
constexpr double white_share_max = 0.5;
constexpr int seen_cells_min = cell_count / 6;

// Focus, as the blur of edges: against the camera's own, and too much for any camera.
constexpr double softer_raise = 1.4, softer_clear = 1.2;
constexpr double blur_px_raise = 2.4, blur_px_clear = 2.0;

// What a night or a snowfall may look like too must last longer than one.
constexpr Duration lasting = std::chrono::hours(18);

// View: how well what stands still matches the reference where it should be, and best anywhere.
constexpr double landmarks_match = 0.6;
constexpr double elsewhere_better = 0.2, elsewhere_match = 0.45, lost_match = 0.15, back_match = 0.5;
constexpr int moved_cells = 2;  // of the edge map: 2 % of the width

// Dirt: cells where vehicles used to pass and nothing moves any more. A few scenes make it suspected; then the mean rests on more and more of
// them, for in few a cell that only some vehicles reach may see none of them by chance.
constexpr int recent_scenes = 12, suspected_scenes = 60;
constexpr double live_share = 0.5;   // of the mean activity: less is a cell where little passes, which is not judged
constexpr double dead_ratio = 0.35;  // against how the other cells did meanwhile
constexpr double dirty_share_raise = 0.04, dirty_share_clear = 0.015, dirty_share_max = 0.5;
constexpr double dim_ratio = 0.8;    // against the reference's cells with something in them: by night not all can be seen

constexpr float follow_share = 0.002f;  // of a scene, in the reference's view: seasons, not the hour

/// The value that `share` of all are below.
double quantile(std::vector<double> values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(values.size()) * share);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// A lens that is out of focus blurs every scene; some scenes are soft by themselves. So the sharper ones speak.
double lens_blur(std::vector<double> blurs) { return quantile(std::move(blurs), 0.25); }

}  // namespace

std::string_view word_of(ImageFault fault) {
  switch (fault) {
    case ImageFault::none: return "";
    case ImageFault::frozen_picture: return "frozen_picture";
    case ImageFault::night_light_failed: return "night_light_failed";
    case ImageFault::too_dark: return "too_dark";
    case ImageFault::overexposed: return "overexposed";
    case ImageFault::turned_away: return "turned_away";
    case ImageFault::view_moved: return "view_moved";
    case ImageFault::out_of_focus: return "out_of_focus";
    case ImageFault::lens_dirty: return "lens_dirty";
  }
  return "";
}

std::string remedy_of(ImageFault fault, const std::string& camera) {
  switch (fault) {
    case ImageFault::none: return "";
    case ImageFault::frozen_picture: return "the picture stands still: restart camera " + camera;
    case ImageFault::night_light_failed: return "no light in the picture: check the night light of camera " + camera;
    case ImageFault::too_dark: return "the picture is too dark: check exposure and night light of camera " + camera;
    case ImageFault::overexposed: return "the picture is white: check exposure of camera " + camera + " and what shines into it";
    case ImageFault::turned_away: return "it shows another place: point camera " + camera + " back; if it shall stay so, rampa confirm-view " + camera;
    case ImageFault::view_moved: return "its view has moved: point camera " + camera + " back; if it shall stay so, rampa confirm-view " + camera;
    case ImageFault::out_of_focus: return "the picture is blurred: wipe the glass of camera " + camera + ", then set its focus";
    case ImageFault::lens_dirty: return "clean the lens of camera " + camera;
  }
  return "";
}

// ---- scenes ----------------------------------------------------------------------------------------------------------

ImageFault CameraHealth::look(const PictureMeasures& picture, MonoTime at) {
  if (looked_ && at < *looked_) return fault();
  note_frozen(picture);
  const bool after_pause = !looked_ || at - *looked_ >= pause;
  looked_ = at;
  if (holds(ImageFault::frozen_picture)) return fault();

  const Light light{picture.brightest < dark_brightest, picture.brightest < dark_brightest && picture.structured_cells <= lightless_cells,
                    picture.white_share > white_share_max};
  const bool seen = !light.dark && !light.white && picture.structured_cells >= seen_cells_min;
  const bool other = scenes_.empty() || edges_elsewhere(picture.edges, scenes_.back().edges) >= other_content;
  if (after_pause || !lit_ || at - *lit_ >= standing || (seen && other)) {
    lit_ = at;
    lights_.push_back(light);
    if (lights_.size() > light_scenes) lights_.pop_front();
    judge_light();
  }
  if (!seen || !other) return fault();  // says nothing new about lens and view

  Scene scene{picture.edge_px, picture.structured_cells, picture.edges, {}};
  if (!scenes_.empty()) scene.activity = cell_activity(picture.edges, scenes_.back().edges);
  scenes_.push_back(std::move(scene));
  if (scenes_.size() > scenes_kept) scenes_.pop_front();
  judge_focus();
  if (!reference_) {
    learn();
    return fault();
  }
  if (!judge_view(at)) return fault();  // nothing is learned from another view, nor while it is not known which it is
  judge_dirt(at);
  follow();
  return fault();
}

ImageFault CameraHealth::fault() const {
  for (std::size_t i = 1; i < image_fault_count; ++i)
    if (holds_[i]) return static_cast<ImageFault>(i);
  return ImageFault::none;
}

// ---- verdicts --------------------------------------------------------------------------------------------------------

// The same pixels, as no sensor gives them twice, in nearly all that shows anything: a clock in the picture may run on.
void CameraHealth::note_frozen(const PictureMeasures& picture) {
  int shown = 0, same = 0;
  for (std::size_t i = 0; i < cell_count; ++i) {
    if (picture.content[i] == 0) continue;
    ++shown;
    same += picture.content[i] == content_[i];
  }
  content_ = picture.content;
  const bool again = shown >= seen_cells_min && same * 10 >= shown * 9;
  same_pictures_ = again ? same_pictures_ + 1 : 0;
  holds(ImageFault::frozen_picture) = same_pictures_ >= 4;
}

void CameraHealth::judge_light() {
  std::size_t dark = 0, lightless = 0, white = 0;
  for (const auto& light : lights_) {
    dark += light.dark;
    lightless += light.lightless;
    white += light.white;
  }
  const auto settle = [&](bool& held, std::size_t count) { held = held ? 2 * count > light_scenes : count == light_scenes; };
  bool& none = holds(ImageFault::night_light_failed);
  bool& little = holds(ImageFault::too_dark);
  bool any = none || little;
  settle(any, dark);
  none = any && 2 * lightless > dark;
  little = any && !none;
  settle(holds(ImageFault::overexposed), white);
}

void CameraHealth::judge_focus() {
  std::vector<double> blurs;
  for (auto it = scenes_.rbegin(); it != scenes_.rend() && blurs.size() < focus_scenes; ++it)
    if (it->edge_px > 0) blurs.push_back(it->edge_px);
  if (blurs.size() < focus_scenes) return;
  const double blur = lens_blur(std::move(blurs));
  bool& held = holds(ImageFault::out_of_focus);
  const bool soft = blur >= (held ? blur_px_clear : blur_px_raise);
  held = soft || (reference_ && blur >= (held ? softer_clear : softer_raise) * reference_->edge_px);
}

// True where the view is known to be the right one, or cannot be known.
bool CameraHealth::judge_view(MonoTime at) {
  if (!reference_->landmarks) return true;
  if (scenes_.size() < view_scenes) return false;
  EdgeMean all, odd, even;
  for (std::size_t i = scenes_.size() - view_scenes; i < scenes_.size(); ++i) {
    all.add(scenes_[i].edges);
    (i % 2 ? odd : even).add(scenes_[i].edges);
  }
  bool& moved = holds(ImageFault::view_moved);
  bool& away = holds(ImageFault::turned_away);
  const double here = match(all.mean(), reference_->edges, {0, 0});
  if (here >= lost_match) lost_since_.reset();
  if (here >= back_match) moved = away = false;
  if (here >= back_match) return true;
  const auto [shift, there] = best_match(all.mean(), reference_->edges);
  const bool shifted = there >= elsewhere_match && there - here >= elsewhere_better && std::max(std::abs(shift.x), std::abs(shift.y)) >= moved_cells;
  if (shifted) {
    moved = true;
    away = false;
    lost_since_.reset();
  } else if (here < lost_match && !lost_since_) {
    lost_since_ = at;
  }
  // For good: something stands still there, and it is nothing of what stood there before.
  if (lost_since_ && at - *lost_since_ >= lasting && match(odd.mean(), even.mean(), {0, 0}) >= landmarks_match) {
    away = true;
    moved = false;
  }
  return false;
}

void CameraHealth::judge_dirt(MonoTime at) {
  const Scene& newest = scenes_.back();
  const bool dim = newest.structured_cells < dim_ratio * reference_->structured_cells;
  if (dim || scenes_.size() < 2 || holds(ImageFault::out_of_focus)) return;  // the first has none before it that its activity were against
  activity_scenes_ = dirty_since_ ? std::min(activity_scenes_ + 1, suspected_scenes) : recent_scenes;
  for (std::size_t i = 0; i < cell_count; ++i) activity_[i] += (newest.activity[i] - activity_[i]) / static_cast<float>(activity_scenes_);
  if (reference_->activity_scenes < activity_learned) return;
  double mean = 0;
  for (const float activity : reference_->activity) mean += activity / cell_count;
  std::vector<double> ratios;  // of the cells where vehicles pass
  for (std::size_t i = 0; i < cell_count; ++i)
    if (reference_->activity[i] >= live_share * mean && mean > 0) ratios.push_back(activity_[i] / reference_->activity[i]);
  if (ratios.size() < cell_count / 8) return;  // hardly anything passes before this camera
  const double usual = quantile(ratios, 0.5);
  const auto dead = std::count_if(ratios.begin(), ratios.end(), [&](double r) { return r < dead_ratio * usual; });
  const double share = static_cast<double>(dead) / static_cast<double>(ratios.size());
  if (share > dirty_share_max) return;  // most of the picture: whatever this is, it is no dirt on it
  if (share < (dirty_since_ ? dirty_share_clear : dirty_share_raise)) dirty_since_.reset();
  else if (!dirty_since_) dirty_since_ = at;
  holds(ImageFault::lens_dirty) = dirty_since_ && activity_scenes_ == suspected_scenes && at - *dirty_since_ >= lasting;
}

// ---- the reference ---------------------------------------------------------------------------------------------------

void CameraHealth::learn() {
  if (scenes_.size() < scenes_learned || holds(ImageFault::out_of_focus)) return;
  CameraReference learned;
  EdgeMean all, odd, even;
  std::vector<double> blurs;
  std::array<double, cell_count> activity{};
  for (std::size_t i = 0; i < scenes_.size(); ++i) {
    all.add(scenes_[i].edges);
    (i % 2 ? odd : even).add(scenes_[i].edges);
    if (scenes_[i].edge_px > 0) blurs.push_back(scenes_[i].edge_px);
    learned.structured_cells += scenes_[i].structured_cells / static_cast<double>(scenes_.size());
    for (std::size_t c = 0; c < cell_count; ++c) activity[c] += scenes_[i].activity[c] / static_cast<double>(scenes_.size());
  }
  if (blurs.size() < focus_scenes) return;
  learned.edge_px = lens_blur(std::move(blurs));
  learned.edges = all.mean();
  learned.landmarks = match(odd.mean(), even.mean(), {0, 0}) >= landmarks_match;
  learned.activity.assign(activity.begin(), activity.end());
  learned.activity_scenes = scenes_learned;
  activity_ = learned.activity;
  reference_ = std::move(learned);
}

// The blur is not followed: a lens that goes slowly must not be learned, nor must falling snow, which is sharper than any vehicle. Nor is
// the activity, once it is known: dirt too comes slowly.
void CameraHealth::follow() {
  if (fault() != ImageFault::none || dirty_since_) return;
  const Scene& newest = scenes_.back();
  for (std::size_t i = 0; i < edge_count; ++i) reference_->edges[i] += follow_share * (static_cast<float>(newest.edges[i]) - reference_->edges[i]);
  if (reference_->activity_scenes == activity_learned || newest.structured_cells < dim_ratio * reference_->structured_cells || scenes_.size() < 2) return;
  ++reference_->activity_scenes;
  for (std::size_t i = 0; i < cell_count; ++i) reference_->activity[i] += (newest.activity[i] - reference_->activity[i]) / static_cast<float>(reference_->activity_scenes);
  activity_ = reference_->activity;
}

std::string CameraReference::as_text() const {
  return nlohmann::json{{"format", 2}, {"edge_px", edge_px}, {"structured_cells", structured_cells}, {"landmarks", landmarks}, {"edges", edges}, {"activity", activity}, {"activity_scenes", activity_scenes}}.dump();
}

Result<CameraReference> CameraReference::from_text(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  CameraReference out;
  try {
    if (json.at("format") != 2) return fail(ErrorCode::invalid, "a camera reference of another version");
    out.edge_px = json.at("edge_px");
    out.structured_cells = json.at("structured_cells");
    out.landmarks = json.at("landmarks");
    out.edges = json.at("edges").get<std::vector<float>>();
    out.activity = json.at("activity").get<std::vector<float>>();
    out.activity_scenes = json.at("activity_scenes");
  } catch (const nlohmann::json::exception& e) {
    return fail(ErrorCode::invalid, std::string("not a camera reference: ") + e.what());
  }
  if (out.edges.size() != edge_count || out.activity.size() != cell_count || !(out.edge_px > 0) || out.activity_scenes < 1 || out.activity_scenes > CameraHealth::activity_learned)
    return fail(ErrorCode::invalid, "not a whole camera reference");
  return out;
}

}  // namespace rampa::vision
