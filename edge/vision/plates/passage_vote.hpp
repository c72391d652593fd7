// Many frames of one vehicle, one event: which reads show the same plate, and what it says by the vote of all of them. Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rampa::vision::plates {

/// One character of a read, of A-Z and 0-9.
struct Mark {
  char sign = '?';
  double confidence = 0;       ///< 0..1; of '?' nothing is known but that there is a character
  char runner_up = '?';        ///< '?' where the reader names none
  double runner_up_confidence = 0;
  bool operator==(const Mark&) const = default;
};

struct Place {
  double left = 0, top = 0, right = 0, bottom = 0;  ///< px; all 0: not known
  bool operator==(const Place&) const = default;
};

/// What one frame's read of one plate says.
struct Sighting {
  std::int64_t at_ms = 0;  ///< of the frame, from any epoch; two of the same frame are two plates
  std::vector<Mark> marks;
  bool certified = false;
  std::string country;     ///< as the reader says it; empty: not known
  Place place;
};

[[nodiscard]] std::string text_of(const Sighting& sighting);

struct PassageBounds {
  std::int64_t unseen_ms_max = 4000;  ///< a plate that was not seen for longer, and is seen again, is another passage
  std::int64_t same_place_ms = 800;   ///< no vehicle takes another's place within that: there even an unlike text is of the same plate
  double unsure = 0.45;               ///< a character below that is "?"
};

struct Passage {
  std::string text;            ///< A-Z, 0-9 and ?
  double confidence = 0;       ///< of the weakest character, 0..1
  std::vector<double> character_confidence;
  std::string country;         ///< that of the most votes; empty: not known
  /// A frame's own read of this very text was certified, and no certified read says otherwise. The vote withholds, it certifies nothing by itself.
  bool certified = false;
  std::vector<std::size_t> sightings;  ///< of it, as numbers of what was handed in, by time
  std::size_t best = 0;        ///< the one among them whose picture is kept: says the text, best of those that do
  std::int64_t first_ms = 0, last_ms = 0;
};

/// One per plate that passed, in the order in which they were first seen. The order of `sightings` does not matter.
///
/// Reads are of one plate that are close in time and whose texts are alike (at most a third of the characters differ, "?" differs from none), or that
/// show the same place of the picture at almost the same time. Two plates in one frame are two. Two vehicles close behind each other whose plates differ
/// in so few characters are taken for one; where both were certified, the contradiction leaves the passage uncertified.
///
/// Each character is settled by the mean of what the frames say at its place, not by the product: a frame counts once, however sure it is, so that an
/// early wrong read is outvoted by the later ones. Frames vote as much as their plate is wide, certified ones three times.
[[nodiscard]] std::vector<Passage> passages_of(const std::vector<Sighting>& sightings, const PassageBounds& bounds = {});

}  // namespace rampa::vision::plates
