// The recogniser's net: a line of text, level and 128 x 32, to rows of logits and a country. Inside edge/vision only.
#pragma once

#include <array>
#include <opencv2/dnn.hpp>
#include <string>
#include <vector>

#include "edge/vision/plates/ctc.hpp"
#include "edge/vision/plates/heat_map.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::vision::plates {

/// What `plates.json` beside the net says of it.
struct RecogniserNotes {
  std::vector<Sign> class_of;           ///< class i + 1 is this sign
  std::vector<std::string> countries;   ///< of the country head; what is no code of two letters is "unknown"
};

/// Errors: not_found, invalid (with the place).
[[nodiscard]] Result<RecogniserNotes> read_notes(const std::string& file);

struct LineAnswer {
  Rows rows;
  CountryBelief country;
};

/// The crop of a line: its corners come to lie a little inside, as in training. `grey`: the frame.
[[nodiscard]] cv::Mat rectified(const cv::Mat& grey, const Corners& line);

/// The two lines of a two-line plate, split at half its height.
[[nodiscard]] std::array<Corners, 2> halves(const Corners& plate);

class Recogniser {
 public:
  /// Errors: not_found, invalid (no net of this kind, or the notes do not fit it).
  [[nodiscard]] static Result<Recogniser> load(const std::string& net_file, const std::string& notes_file);

  /// `crop`: what rectified() made.
  [[nodiscard]] LineAnswer read(const cv::Mat& crop);

 private:
  Recogniser(cv::dnn::Net net, RecogniserNotes notes) : net_(std::move(net)), notes_(std::move(notes)) {}
  cv::dnn::Net net_;
  RecogniserNotes notes_;
  cv::Mat blob_;
};

}  // namespace rampa::vision::plates
