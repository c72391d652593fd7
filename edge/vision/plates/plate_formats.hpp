// How the plates of each country are made up (formats.json), to tell which a text fits and to weigh what was seen. Pure.
//
// A format is a prior, never a coercion: it settles O or 0, I or 1, B or 8 where the picture leaves it open, and yields where the
// picture is clear. What fits no format comes out as it stands.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/vision/plates/alphabet.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::vision::plates {

/// How far a series may be believed. `uncertain`: parts of it are guesses.
enum class Trust { well_known, from_memory, uncertain };

struct Series {
  std::string name, kind, pattern;
  Trust trust = Trust::uncertain;
  int lines = 1;
};

struct Country {
  std::string code, name;
  std::vector<Series> series;
};

/// Log-probability of a series before anything is seen, 0 the best, and of "no format fits".
[[nodiscard]] double prior_of(const Series& series);
inline constexpr double prior_no_format = -3.5;

/// A series that a text fits. The country and the series live as long as the PlateFormats.
struct Fit {
  const Country* country = nullptr;
  const Series* series = nullptr;
  std::string region;  ///< its code as printed; empty where the series names none
};

/// What was seen at one place of a text: log-probability of each sign there.
using SeenSign = std::array<float, signs_count>;
using Seen = std::vector<SeenSign>;

/// What the picture (band, face, emblem) says of the country. Codes that are not in it count as `other`.
struct CountryBelief {
  std::vector<std::pair<std::string, double>> log_p;
  double other = 0;  ///< log-probability; 0 and no entries: nothing is known
  std::string hint;  ///< the site's own: a country that is likelier here than others; empty: none
};

/// One explanation of what was seen.
struct Explained {
  Signs signs;
  double seen = 0;   ///< log-probability of these signs by the picture alone
  double prior = 0;  ///< of the format and the country, 0 the best
  Fit fit;           ///< without a country: no format
  std::vector<SignSet> allowed;  ///< what the format has at each place; empty without a format
  [[nodiscard]] double score() const { return seen + prior; }
};

class PlateFormats {
 public:
  /// Errors: invalid, with the place ("countries[3] HR, series[2] standard, pattern: ...").
  [[nodiscard]] static Result<PlateFormats> parse(std::string_view json);
  /// Errors: not_found, and those of parse() with the file's name.
  [[nodiscard]] static Result<PlateFormats> load(const std::string& file);

  /// All series that a text fits, region code and all; `country` narrows it down. The text may be as printed or in its normal form.
  [[nodiscard]] std::vector<Fit> fits(std::string_view text, std::string_view country = {}) const;

  /// Explanations of what was seen, best first, each text once (with its best series): the best text of each format, and what was seen as it stands.
  [[nodiscard]] std::vector<Explained> explain(const Seen& seen, const CountryBelief& belief, std::size_t max = 8) const;

  [[nodiscard]] const std::vector<Country>& countries() const { return *countries_; }

 private:
  struct Regions {
    std::vector<Signs> codes;
  };
  /// One length of one series: what may stand at each place. A region's places are all signs here and are checked by their set.
  struct Shape {
    std::uint16_t country = 0, series = 0;
    std::vector<SignSet> places;
    int region_set = -1;  ///< of regions_; -1: no region
    std::size_t region_at = 0, region_length = 0;
  };
  friend class FormatsReader;

  // Behind pointers, so that a Fit stays good when the object is moved.
  std::shared_ptr<const std::vector<Country>> countries_;
  std::vector<Regions> regions_;
  std::vector<std::vector<Shape>> shapes_;  ///< by length
};

/// A region code or serial of a country whose script shares its letters with Latin only in shape, in that script (BG, MK, UA in Cyrillic, GR in
/// Greek), and for Serbia the area code's Cyrillic twin beneath the emblem. Empty where the country's plates have none.
[[nodiscard]] std::string twin(std::string_view country, const Signs& signs);

}  // namespace rampa::vision::plates
