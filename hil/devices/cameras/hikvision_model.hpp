// A simulated Hikvision ANPR camera (ISAPI, HTTP push), written from the ISAPI guide's and real posts' facts, not from our
// codec: EventNotificationAlert XML and two JPEGs as multipart/form-data, a heartbeat every 10 s.
// Both delivery behaviours that were seen in the field: posts once and forgets, or posts again until it hears 200.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>

#include "hil/devices/cameras/camera_eye.hpp"
#include "hil/devices/model.hpp"

namespace rampa::hil {

struct HikvisionSettings {
  std::string path = "/anpr";
  bool rear = false;
  bool posts_again = true;      ///< until 200; false: fire and forget
  bool pictures = true;
  Duration reading_takes = 150ms;
  Duration repeat_after = 2s;
  Duration heartbeat = 10s;
  int utc_offset_minutes = 120;
};

/// Faults until switched off (value): "silent", "misread" (which character), "no_plate", "low_confidence" (per cent),
/// "duplicate" (every event twice), "garbage" (bodies are rubbish), "huge" (a 20 MB picture), "old_namespace" (names
/// without namespace), "fire_and_forget" (posts once, whatever the answer). Once, at the moment of switching on: "replay" (the last event again, byte for byte).
class HikvisionModel : public PushModel {
 public:
  HikvisionModel(const LaneWorld& world, const HikvisionSettings& settings, std::uint64_t seed, Stamp now)
      : settings_(settings), time_(now), eye_(world, settings.rear, seed), random_(seed, "hikvision", static_cast<std::uint64_t>(now.wall.ms)) {}  // a camera started anew has new event ids

  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override;
  void advance(MonoTime now) override;
  [[nodiscard]] std::vector<Post> take_posts() override;
  void answered(std::uint64_t id, int status) override;

  [[nodiscard]] std::uint64_t events() const { return events_; }      ///< made, repetitions not counted
  [[nodiscard]] std::uint64_t received() const { return received_; }  ///< heard 200 for
  [[nodiscard]] std::uint64_t repeated() const { return repeated_; }

 private:
  Post anpr_post(const Sighting& s, MonoTime now);
  Post heartbeat_post(MonoTime now) const;
  void give(Post post);

  const HikvisionSettings settings_;
  CameraTime time_;
  CameraEye eye_;
  SubStream random_;
  std::set<std::string, std::less<>> faults_;
  std::optional<Sighting> reading_;
  MonoTime now_, heartbeat_due_;
  std::vector<Post> ready_;
  std::map<std::uint64_t, Post> unanswered_;                 ///< given out, no answer yet
  std::deque<std::pair<MonoTime, Post>> again_;              ///< to be posted again then
  std::optional<Post> last_event_;
  std::uint64_t next_id_ = 1, posts_ = 0, events_ = 0, received_ = 0, repeated_ = 0;
};

}  // namespace rampa::hil
