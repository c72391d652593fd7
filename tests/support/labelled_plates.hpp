// The labelled pictures of the shared data (plates/), and how what a reader says of them is counted: the same for the accuracy floors and the bench.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firmware-interfaces/bytes.hpp"

namespace rampa::vision::plates {
class FrameReader;
}

namespace rampa::tests {

struct Box {
  double x = 0, y = 0, width = 0, height = 0;
};

struct LabelledPlate {
  Box box;
  std::string text;  ///< empty: there, but not legible
};

struct LabelledPicture {
  std::string file;
  std::vector<LabelledPlate> plates;
};

struct PictureSet {
  std::string name;
  std::vector<LabelledPicture> pictures;
  bool one_plate = false;  ///< one plate each: the reader's first read counts, wherever it is, and every other certified text is wrong
  bool framed = false;     ///< crops cut to the plate: shown in the middle of a grey frame, because a reader of frames looks for whole plates
};

/// `data`: shared_data(). Throws where a label file is missing.
[[nodiscard]] PictureSet eu(const std::string& data);
[[nodiscard]] PictureSet romania(const std::string& data);   ///< the 74 labelled frames, one label corrected; a plate's read is the one at its place
[[nodiscard]] PictureSet negatives(const std::string& data);
[[nodiscard]] PictureSet two_line(const std::string& data);  ///< those that carry their text in the name (as written there, checked by nobody else)

struct LabelledFrame {
  std::string file;
  std::int64_t at_ms = 0;
};
struct LabelledPassage {
  std::string text;
  std::vector<LabelledFrame> frames;  ///< one a second, all that the data has; other plates are in them as well
};
/// romania_passages.csv. Throws where it or a picture is missing; the current folder is the tree's.
[[nodiscard]] std::vector<LabelledPassage> romania_passages(const std::string& data);

/// As a coded picture: the file itself, or framed.
[[nodiscard]] Bytes coded(const PictureSet& set, const LabelledPicture& picture);

/// One read, best first. Without a box it is taken to be at any plate whose text it has.
struct Seen {
  std::string text;
  bool certified = false;
  std::optional<Box> box;
};
using Look = std::function<std::vector<Seen>(ByteView coded)>;

/// Our reader as a Look. Throws where it fails.
[[nodiscard]] Look look_with(vision::plates::FrameReader& reader);

struct Tally {
  int pictures = 0;
  int plates = 0;           ///< legible ones
  int detected = 0;         ///< of them, with a read at their place
  int exact = 0;
  int certified_right = 0;
  int certified_wrong = 0;
  int certified_unlabelled = 0;  ///< certified where no text is labelled: in the negatives wrong, in romania judged by nobody
  int reads = 0;            ///< all that were reported
  std::vector<std::string> misread;  ///< "file: truth, read"
};
[[nodiscard]] Tally count(const PictureSet& set, const Look& look);

/// Wilson's interval of a share, 95 %.
[[nodiscard]] std::pair<double, double> wilson(int hits, int of);

}  // namespace rampa::tests
