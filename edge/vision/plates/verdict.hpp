// From what several crops of one plate say to one read, and whether it may be certified. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edge/vision/plates/ctc.hpp"
#include "edge/vision/plates/plate_formats.hpp"

namespace rampa::vision::plates {

/// The recogniser's answers for one crop of a plate: one row set a line, and log-probabilities of the countries.
struct CropAnswer {
  std::vector<Rows> lines;
  CountryBelief country;
};

struct ReadCharacter {
  std::string printed;          ///< as printed, UTF-8; what was likeliest also where the text has "?"
  double confidence = 0;        ///< 0..1
  std::string runner_up;        ///< the next likeliest at this place
  double runner_up_confidence = 0;
};

/// What a read must pass to be certified. Measured on the labelled sets and the negatives, see MODEL_CARD.md.
struct Bars {
  double weakest = 0.90;   ///< confidence of the weakest character
  double margin = 2.3;     ///< log-odds to the next text
  double country = 0.80;       ///< probability of the country, by the picture and by what its formats make of the text
  double country_seen = 0.20;  ///< and by the picture alone
  double unsure = 0.45;    ///< a character below that is "?"
  std::size_t crops_min = 2;
};

struct PlateText {
  std::string text;         ///< A-Z, 0-9 and ?
  std::string printed;      ///< with the letters as printed (Č, Ü) and ?
  std::string twin;         ///< in the country's own script where its plates have one, else empty
  double confidence = 0;    ///< of the weakest character and against the next text, 0..1
  double margin = 0;        ///< log-odds to the next text
  std::vector<ReadCharacter> characters;
  std::string country;      ///< ISO 3166-1 alpha-2, or "unknown"
  std::string series, region;  ///< of the format that fits; empty where none does
  bool crops_agree = false;
  bool certified = false;
  std::vector<std::string> doubts;  ///< why it is not certified
};

/// `crops`: at least one, all of the same plate with the same number of lines. `whole`: the plate does not touch the frame's edge.
/// Nothing where no character was seen.
[[nodiscard]] std::optional<PlateText> settle(const PlateFormats& formats, const std::vector<CropAnswer>& crops, bool whole, const Bars& bars = {});

}  // namespace rampa::vision::plates
