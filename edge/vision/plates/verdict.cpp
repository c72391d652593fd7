#include "edge/vision/plates/verdict.hpp"

#include <algorithm>
#include <cmath>

namespace rampa::vision::plates {
namespace {

constexpr std::size_t beam_width = 12;
constexpr std::size_t hypotheses_max = 4;     // a crop's, that formats are tried on
constexpr double hypotheses_within = 5;       // log-probability below the best one
constexpr double outside = -3.5;              // log-weight of a sign that the format does not have at its place
constexpr double not_mentioned = -2;          // what a crop thinks of a text that it did not come up with, below its last one
constexpr double dropped_within = 0.7;        // a longer text that is half as likely: its extra character is shown as "?"
constexpr std::size_t characters_min = 4;
constexpr double hint_bonus = 0.5;            // of the site's own country
// Empty room at the ends of a line, in spacings of its characters. Of 800 crops of whole plates, right reads of Slovak, Czech and Romanian ones,
// 95 of 100 leave at most 1.7 to 2.0 at the right and 2.7 at the left (the band); a character more or less is one spacing. Italy and Albania
// have a band at the right too.
constexpr double room_right_max = 2.2, room_left_max = 2.9, room_of_band = 0.8;

/// A text that a crop, or all of them, may mean.
struct Text {
  Explained explained;
  double score = 0;
};

/// A line's, or two lines' joined.
struct Joined {
  Signs signs;
  Seen seen;
  double log_p = 0;
  double room_left = 0, room_right = 0;  ///< of a single line, in spacings
};

/// Sets the room that a single line leaves at its ends.
void measure_room(Joined& line, const std::vector<std::size_t>& steps, std::size_t steps_count) {
  if (steps.size() < 3) return;
  std::vector<double> gaps;
  for (std::size_t i = 1; i < steps.size(); ++i) gaps.push_back(static_cast<double>(steps[i] - steps[i - 1]));
  std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2), gaps.end());
  const double spacing = std::max(1.0, gaps[gaps.size() / 2]);
  line.room_left = static_cast<double>(steps.front()) / spacing;
  line.room_right = static_cast<double>(steps_count - 1 - steps.back()) / spacing;
}

std::vector<Joined> joined(const CropAnswer& crop) {
  std::vector<Joined> out(1);
  for (const Rows& rows : crop.lines) {
    auto line = likeliest(rows, beam_width);
    std::vector<Joined> longer;
    for (const Joined& before : out)
      for (std::size_t i = 0; i < std::min(line.size(), hypotheses_max); ++i) {
        Joined one = before;
        one.signs.insert(one.signs.end(), line[i].signs.begin(), line[i].signs.end());
        const Seen seen = seen_at(rows, line[i]);
        one.seen.insert(one.seen.end(), seen.begin(), seen.end());
        one.log_p += line[i].log_p;
        if (crop.lines.size() == 1) measure_room(one, line[i].steps, rows.steps());
        longer.push_back(std::move(one));
      }
    std::sort(longer.begin(), longer.end(), [](const Joined& a, const Joined& b) { return a.log_p > b.log_p; });
    if (longer.size() > hypotheses_max) longer.resize(hypotheses_max);
    out = std::move(longer);
  }
  while (!out.empty() && out.back().log_p < out.front().log_p - hypotheses_within) out.pop_back();
  std::erase_if(out, [](const Joined& j) { return j.signs.empty(); });
  return out;
}

/// All that one crop comes up with, best first.
std::vector<Text> texts_of(const PlateFormats& formats, const std::vector<Joined>& hypotheses, const CountryBelief& belief) {
  std::vector<Text> out;
  for (const Joined& h : hypotheses) {
    double seen = 0;
    for (std::size_t i = 0; i < h.signs.size(); ++i) seen += h.seen[i][h.signs[i]];
    for (Explained& e : formats.explain(h.seen, belief, 6)) {
      // The beam summed all ways to write its text; exchanging signs at the same places changes it by what they differ there.
      const double score = h.log_p + e.seen - seen + e.prior;
      const auto same = std::find_if(out.begin(), out.end(), [&](const Text& t) { return t.explained.signs == e.signs; });
      if (same == out.end()) out.push_back({std::move(e), score});
      else if (score > same->score) *same = {std::move(e), score};
    }
  }
  std::sort(out.begin(), out.end(), [](const Text& a, const Text& b) { return a.score > b.score; });
  return out;
}

CountryBelief mean_belief(const std::vector<CropAnswer>& crops) {
  CountryBelief out = crops.front().country;
  for (std::size_t i = 1; i < crops.size(); ++i) {
    for (std::size_t k = 0; k < out.log_p.size(); ++k) out.log_p[k].second += crops[i].country.log_p[k].second;
    out.other += crops[i].country.other;
  }
  const auto n = static_cast<double>(crops.size());
  for (auto& [code, log_p] : out.log_p) log_p /= n;
  out.other /= n;
  return out;
}

/// Whether `longer` is `shorter` with one more character, and where that stands.
std::optional<std::size_t> extra_at(const Signs& longer, const Signs& shorter) {
  if (longer.size() != shorter.size() + 1) return std::nullopt;
  const auto at = static_cast<std::size_t>(std::mismatch(shorter.begin(), shorter.end(), longer.begin()).first - shorter.begin());
  return std::equal(shorter.begin() + static_cast<std::ptrdiff_t>(at), shorter.end(), longer.begin() + static_cast<std::ptrdiff_t>(at) + 1) ? std::optional(at) : std::nullopt;
}

}  // namespace

std::optional<PlateText> settle(const PlateFormats& formats, const std::vector<CropAnswer>& crops, bool whole, const Bars& bars) {
  if (crops.empty()) return std::nullopt;
  const CountryBelief belief = mean_belief(crops);
  std::vector<std::vector<Joined>> hypotheses;
  std::vector<std::vector<Text>> by_crop;
  for (const CropAnswer& crop : crops) {
    auto found = joined(crop);
    if (found.empty()) continue;
    by_crop.push_back(texts_of(formats, found, belief));
    hypotheses.push_back(std::move(found));
  }
  if (by_crop.empty()) return std::nullopt;

  // All crops' texts, each with the mean of what the crops think of it.
  std::vector<Text> texts;
  for (const auto& crop : by_crop)
    for (const Text& text : crop) {
      if (std::any_of(texts.begin(), texts.end(), [&](const Text& t) { return t.explained.signs == text.explained.signs; })) continue;
      Text all = text;
      all.score = 0;
      for (const auto& other : by_crop) {
        const auto same = std::find_if(other.begin(), other.end(), [&](const Text& t) { return t.explained.signs == text.explained.signs; });
        all.score += same == other.end() ? other.back().score + not_mentioned : same->score;
      }
      all.score /= static_cast<double>(by_crop.size());
      texts.push_back(std::move(all));
    }
  std::sort(texts.begin(), texts.end(), [](const Text& a, const Text& b) { return a.score > b.score; });

  PlateText out;
  Text best = texts.front();
  std::optional<std::size_t> dropped;
  if (texts.size() > 1) {
    out.margin = texts[0].score - texts[1].score;
    // A band's edge or a screw makes many an extra character, but seldom one that fits a format where the shorter text does too.
    const bool format_decides = texts[0].explained.fit.country && !texts[1].explained.fit.country;
    dropped = out.margin < dropped_within && !format_decides ? extra_at(texts[1].explained.signs, texts[0].explained.signs) : std::nullopt;
    if (dropped) best = texts[1];
  } else {
    out.margin = 10;
  }

  const Signs& signs = best.explained.signs;
  // The country: what the picture says, weighed by whether the country has a format for the text. What fits nobody's leaves it to the picture.
  const auto fits = formats.fits(printed(signs));
  const auto best_fit = [&](const std::string& code) {
    const Fit* found = nullptr;
    for (const Fit& f : fits)
      if (f.country->code == code && (!found || prior_of(*f.series) > prior_of(*found->series))) found = &f;
    return found;
  };
  double all_countries = std::exp(belief.other + prior_no_format), likeliest_country = 0, country_seen = 0;
  const Fit* fit = nullptr;
  out.country = "unknown";
  for (const auto& [code, log_p] : belief.log_p) {
    const Fit* of_this = best_fit(code);
    const double p = std::exp(log_p + (of_this ? prior_of(*of_this->series) : prior_no_format) + (code == belief.hint ? hint_bonus : 0));
    all_countries += p;
    if (p <= likeliest_country) continue;
    likeliest_country = p;
    country_seen = std::exp(log_p);
    fit = of_this;
    out.country = code;
  }
  const double country_sure = likeliest_country / all_countries;
  if (country_sure < 0.5) out.country = "unknown";
  const bool fits_country = fit && out.country != "unknown";
  if (fits_country) {
    out.series = fit->series->name;
    out.region = fit->region;
    // Serbia and North Macedonia write the area beneath their emblem once more; elsewhere the whole text is what the twin is of.
    const bool area_alone = out.country == "RS" || out.country == "MK";
    out.twin = twin(out.country, area_alone ? signs_of(fit->region).value_or(Signs{}) : signs);
  }
  // A format speaks against a sign only where the picture shows its country too.
  const std::vector<SignSet>* allowed = fits_country && best.explained.fit.country == fit->country ? &best.explained.allowed : nullptr;

  // Probabilities at each place, as the mean over the crops that saw as many places.
  std::vector<std::array<double, signs_count>> seen(signs.size());
  double crops_with = 0;
  bool room = false;
  const double room_more = out.country == "IT" || out.country == "AL" ? room_of_band : 0;
  for (const auto& crop : hypotheses) {
    const auto same = std::find_if(crop.begin(), crop.end(), [&](const Joined& j) { return j.signs.size() == signs.size(); });
    if (same == crop.end()) continue;
    ++crops_with;
    room = room || same->room_left > room_left_max || same->room_right > room_right_max + room_more;
    for (std::size_t i = 0; i < signs.size(); ++i)
      for (Sign s = 0; s < signs_count; ++s) seen[i][s] += std::exp(same->seen[i][s]);
  }
  double weakest = 1;
  for (std::size_t i = 0; i < signs.size(); ++i) {
    ReadCharacter c;
    double others = 0, next = -1, blank = 1;
    Sign runner_up = 0;
    const double own = seen[i][signs[i]] / crops_with;
    blank -= own;
    for (Sign s = 0; s < signs_count; ++s) {
      if (s == signs[i]) continue;
      const double p = seen[i][s] / crops_with;
      blank -= p;
      const bool fits_there = !allowed || ((*allowed)[i] & only(s));
      const double weighed = p * (fits_there ? 1 : std::exp(outside));
      others += weighed;
      if (weighed > next) next = weighed, runner_up = s;
    }
    const double all = own + others + std::max(0.0, blank);
    c.printed = alphabet[signs[i]];
    c.confidence = dropped == i ? 0 : own / all;
    c.runner_up = alphabet[runner_up];
    c.runner_up_confidence = next / all;
    weakest = std::min(weakest, c.confidence);
    const bool unsure = c.confidence < bars.unsure;
    out.printed += unsure ? std::string_view("?") : alphabet[signs[i]];
    out.text += unsure ? std::string_view("?") : alphabet[plain(signs[i])];
    out.characters.push_back(std::move(c));
  }
  out.confidence = std::min(weakest, 1 / (1 + std::exp(-out.margin)));
  if (out.text.find('?') != std::string::npos) out.twin.clear();

  const auto doubt = [&](bool is, const char* why) {
    if (is) out.doubts.emplace_back(why);
  };
  doubt(out.text.find('?') != std::string::npos, "a character is unsure");
  doubt(signs.size() < characters_min, "too few characters");
  doubt(weakest < bars.weakest, "the weakest character is below the bar");
  doubt(out.margin < bars.margin, "another text is almost as likely");
  doubt(by_crop.size() < bars.crops_min, "too few crops");
  out.crops_agree = by_crop.size() == crops.size() && std::all_of(by_crop.begin(), by_crop.end(), [&](const auto& c) { return c.front().explained.signs == signs; });
  doubt(!out.crops_agree, "the crops disagree");
  doubt(fits.empty(), "no format fits");
  doubt(fits_country && (fit->series->trust == Trust::uncertain || fit->series->kind == "personal"), "the format is not certain");
  doubt(!fits.empty() && (!fits_country || country_sure < bars.country || country_seen < bars.country_seen), "country and format disagree");
  doubt(!whole, "the plate touches the frame's edge");
  doubt(room, "an end of the plate has room for another character");
  out.certified = out.doubts.empty();
  return out;
}

}  // namespace rampa::vision::plates
