#include "edge/vision/camera_votes.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

namespace rampa::vision {
namespace {

constexpr std::size_t frames_max = 12;  // of a camera; each holds its picture

int percent(double confidence) { return std::clamp(static_cast<int>(std::floor(confidence * 100)), 0, 100); }

}  // namespace

Result<std::optional<SeenFrame>> look_at(PlateReader& reader, const device::DeviceEvent& frame) {
  const auto& camera_frame = std::get<device::CameraFrame>(frame.body);
  const auto picture = std::find_if(frame.attachments.begin(), frame.attachments.end(), [](const Attachment& a) { return a.name == "frame"; });
  if (picture == frame.attachments.end() || !picture->bytes) return fail(ErrorCode::invalid, "frame without picture");
  Result<std::vector<PlateSeen>> reads;
  try {
    reads = reader.read(*picture->bytes);
  } catch (const std::exception& e) {
    return fail(ErrorCode::invalid, std::string("the reader failed: ") + e.what());
  }
  if (!reads) return tl::unexpected(reads.error());
  if (reads->empty()) return std::nullopt;
  auto [read, sighting] = std::move(reads->front());
  read.position = camera_frame.position;
  // The frame's stamp makes the id unique over restarts: a frame number alone begins again.
  read.read_id = frame.from.device.text + "-" + std::to_string(frame.from.received.wall.ms) + "-" + std::to_string(camera_frame.number);
  sighting.at_ms = frame.from.received.mono.ns / 1'000'000;
  return SeenFrame{{frame.from, std::move(read), {{"scene.jpg", picture->media_type, picture->bytes}}}, std::move(sighting)};
}

device::DeviceEvent CameraVotes::count(SeenFrame frame) {
  if (frame.event.from.quality != device::Quality::good) return std::move(frame.event);
  auto& frames = frames_[frame.event.from.device];
  const std::int64_t now_ms = frame.sighting.at_ms;
  std::erase_if(frames, [&](const SeenFrame& old) { return now_ms - old.sighting.at_ms > plates::PassageBounds{}.unseen_ms_max * 2; });
  if (frames.size() == frames_max) frames.erase(frames.begin());
  frames.push_back(frame);

  std::vector<plates::Sighting> sightings;
  for (const SeenFrame& f : frames) sightings.push_back(f.sighting);
  for (const plates::Passage& passage : plates::passages_of(sightings)) {
    const auto& of = passage.sightings;
    if (of.size() < 2 || std::find(of.begin(), of.end(), frames.size() - 1) == of.end()) continue;
    device::DeviceEvent told = frames[passage.best].event;
    auto& read = std::get<device::PlateRead>(told.body);
    read.text = passage.text;
    read.confidence_percent = percent(passage.confidence);
    read.char_confidence_percent.clear();
    for (const double confidence : passage.character_confidence) read.char_confidence_percent.push_back(percent(confidence));
    // The certificate of a frame before is not handed on: it was told when it came, and who knows that the same vehicle still stands there.
    read.uncertified = !(passage.certified && frame.sighting.certified);
    read.read_id = std::get<device::PlateRead>(frame.event.body).read_id;
    return told;
  }
  return std::move(frame.event);
}

}  // namespace rampa::vision
