// From the recogniser's answer (a row of logits per place along the line) to texts. Pure.
#pragma once

#include <span>
#include <vector>

#include "edge/vision/plates/plate_formats.hpp"

namespace rampa::vision::plates {

/// The recogniser's answer for one crop: `steps` rows of 1 + signs_count log-probabilities, blank first, signs in the order of `alphabet`.
class Rows {
 public:
  static constexpr std::size_t classes = signs_count + 1;
  /// `class_of[i]`: which sign the net's class i + 1 is (its own alphabet may be ordered otherwise); as long as the net has classes but one.
  /// `logits`: steps rows of class_of.size() + 1.
  [[nodiscard]] static Rows from_logits(std::span<const float> logits, std::span<const Sign> class_of);

  [[nodiscard]] std::size_t steps() const { return log_p_.size() / classes; }
  [[nodiscard]] float blank(std::size_t step) const { return log_p_[step * classes]; }
  [[nodiscard]] float sign(std::size_t step, Sign s) const { return log_p_[step * classes + 1 + s]; }

 private:
  std::vector<float> log_p_;
};

/// One text that the rows may mean.
struct Hypothesis {
  Signs signs;
  std::vector<std::size_t> steps;  ///< where each character is clearest
  double log_p = 0;                ///< over all ways to write it
};

/// Prefix beam search (Graves 2006, Hannun 2014): the likeliest texts, best first. `width`: prefixes kept from step to step.
[[nodiscard]] std::vector<Hypothesis> likeliest(const Rows& rows, std::size_t width);

/// What was seen at each place of a hypothesis, and how sure it is that a character stands there.
[[nodiscard]] Seen seen_at(const Rows& rows, const Hypothesis& hypothesis);

}  // namespace rampa::vision::plates
