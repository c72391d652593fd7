#include "edge/vision/plates/ctc.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rampa::vision::plates {
namespace {

constexpr float nothing = -std::numeric_limits<float>::infinity();
constexpr float negligible = -9.2f;      // e^-9.2 = 1e-4: signs less likely than that at a place are not followed,
constexpr std::size_t followed_max = 6;  // nor more than so many: where none is clear, the seventh helps nobody

float add(float a, float b) {
  if (a < b) std::swap(a, b);
  return b == nothing ? a : a + std::log1p(std::exp(b - a));
}

struct Prefix {
  Signs signs;
  std::vector<std::size_t> steps;
  float ends_blank = nothing, ends_sign = nothing;
  [[nodiscard]] float total() const { return add(ends_blank, ends_sign); }
};

}  // namespace

Rows Rows::from_logits(std::span<const float> logits, std::span<const Sign> class_of) {
  Rows out;
  const std::size_t classes_in = class_of.size() + 1;
  const std::size_t steps = logits.size() / classes_in;
  out.log_p_.assign(steps * classes, -40.f);
  for (std::size_t t = 0; t < steps; ++t) {
    const auto row = logits.subspan(t * classes_in, classes_in);
    const float top = *std::max_element(row.begin(), row.end());
    float sum = 0;
    for (const float x : row) sum += std::exp(x - top);
    const float norm = top + std::log(sum);
    out.log_p_[t * classes] = row[0] - norm;
    for (std::size_t c = 1; c < classes_in; ++c) out.log_p_[t * classes + 1 + class_of[c - 1]] = row[c] - norm;
  }
  return out;
}

std::vector<Hypothesis> likeliest(const Rows& rows, std::size_t width) {
  std::vector<Prefix> beam(1), next;
  beam[0].ends_blank = 0;
  Signs followed;
  const auto in_next = [&](const Signs& begin, std::optional<Sign> then) -> Prefix& {
    for (Prefix& p : next) {
      if (p.signs.size() != begin.size() + (then ? 1 : 0)) continue;
      if (std::equal(begin.begin(), begin.end(), p.signs.begin()) && (!then || p.signs.back() == *then)) return p;
    }
    next.emplace_back();
    next.back().signs = begin;
    if (then) next.back().signs.push_back(*then);
    return next.back();
  };
  for (std::size_t t = 0; t < rows.steps(); ++t) {
    next.clear();
    followed.clear();
    for (Sign s = 0; s < signs_count; ++s)
      if (rows.sign(t, s) >= negligible) followed.push_back(s);
    if (followed.size() > followed_max) {
      std::partial_sort(followed.begin(), followed.begin() + followed_max, followed.end(), [&](Sign a, Sign b) { return rows.sign(t, a) > rows.sign(t, b); });
      followed.resize(followed_max);
    }
    for (const Prefix& p : beam) {
      const float total = p.total();
      Prefix& same = in_next(p.signs, std::nullopt);
      if (same.steps.empty()) same.steps = p.steps;
      same.ends_blank = add(same.ends_blank, total + rows.blank(t));
      if (!p.signs.empty()) {  // the same character goes on
        const Sign last = p.signs.back();
        same.ends_sign = add(same.ends_sign, p.ends_sign + rows.sign(t, last));
        if (rows.sign(t, last) > rows.sign(same.steps.back(), last)) same.steps.back() = t;
      }
      for (const Sign s : followed) {
        const float log_p = rows.sign(t, s);
        // A double letter needs a blank between its two.
        const float from = !p.signs.empty() && p.signs.back() == s ? p.ends_blank : total;
        if (from == nothing) continue;
        Prefix& longer = in_next(p.signs, s);
        if (longer.steps.size() != longer.signs.size() || rows.sign(t, s) > rows.sign(longer.steps.back(), s)) {
          longer.steps = p.steps;
          longer.steps.push_back(t);
        }
        longer.ends_sign = add(longer.ends_sign, from + log_p);
      }
    }
    const std::size_t kept = std::min(width, next.size());
    std::partial_sort(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(kept), next.end(), [](const Prefix& a, const Prefix& b) { return a.total() > b.total(); });
    next.resize(kept);
    beam.swap(next);
  }
  std::vector<Hypothesis> out;
  out.reserve(beam.size());
  for (Prefix& p : beam) out.push_back({std::move(p.signs), std::move(p.steps), p.total()});
  return out;
}

Seen seen_at(const Rows& rows, const Hypothesis& hypothesis) {
  Seen out(hypothesis.signs.size());
  for (std::size_t i = 0; i < out.size(); ++i)
    for (Sign s = 0; s < signs_count; ++s) out[i][s] = rows.sign(hypothesis.steps[i], s);
  return out;
}

}  // namespace rampa::vision::plates
