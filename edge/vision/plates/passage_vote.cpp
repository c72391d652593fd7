#include "edge/vision/plates/passage_vote.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

namespace rampa::vision::plates {
namespace {

constexpr double certified_votes = 3;
constexpr double width_full_px = 120, width_votes_min = 0.25;  // wider plates are read no better
constexpr double same_place = 0.3;
constexpr std::size_t alike_signs_min = 3;  // so many characters must be the same, not only not known to differ

double votes_of(const Sighting& s) {
  const double width = s.place.right - s.place.left;
  const double by_width = width > 0 ? std::clamp(width / width_full_px, width_votes_min, 1.0) : 1;
  return by_width * (s.certified ? certified_votes : 1);
}

/// Whether one plate may have been read as both: edit distance, "?" being any character.
bool alike(const std::string& a, const std::string& b) {
  struct Cost {
    std::size_t differ = 0, same = 0;
    [[nodiscard]] bool operator<(const Cost& o) const { return differ != o.differ ? differ < o.differ : same > o.same; }
  };
  std::vector<Cost> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = {j, 0};
  for (std::size_t i = 1; i <= a.size(); ++i) {
    Cost diagonal = row[0];
    row[0] = {i, 0};
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool open = a[i - 1] == '?' || b[j - 1] == '?', same = !open && a[i - 1] == b[j - 1];
      const Cost step{diagonal.differ + (open || same ? 0u : 1u), diagonal.same + (same ? 1u : 0u)};
      diagonal = row[j];
      row[j] = std::min({step, Cost{row[j].differ + 1, row[j].same}, Cost{row[j - 1].differ + 1, row[j - 1].same}});
    }
  }
  return row[b.size()].differ <= std::min(a.size(), b.size()) / 3 && row[b.size()].same >= alike_signs_min;
}

bool at_one_place(const Place& a, const Place& b) {
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left), height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return false;
  const auto area = [](const Place& p) { return (p.right - p.left) * (p.bottom - p.top); };
  return width * height > same_place * (area(a) + area(b) - width * height);
}

/// What one passage's sightings, by time, say together.
Passage vote(const std::vector<Sighting>& all, std::vector<std::size_t> of, const PassageBounds& bounds) {
  Passage out;
  // How many characters: what is sure of them all counts most.
  std::map<std::size_t, double> by_length;
  std::map<std::string, double> by_country;
  for (const std::size_t i : of) {
    double weakest = 1;
    for (const Mark& m : all[i].marks) weakest = std::min(weakest, m.confidence);
    by_length[all[i].marks.size()] += votes_of(all[i]) * (0.1 + weakest);
    if (!all[i].country.empty()) by_country[all[i].country] += votes_of(all[i]);
  }
  const auto most = [](const auto& votes) { return std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first; };
  const std::size_t length = most(by_length);
  if (!by_country.empty()) out.country = most(by_country);

  out.confidence = 1;
  for (std::size_t at = 0; at < length; ++at) {
    std::map<char, double> seen;
    double votes = 0;
    for (const std::size_t i : of) {
      if (all[i].marks.size() != length) continue;
      const Mark& m = all[i].marks[at];
      votes += votes_of(all[i]);
      if (m.sign != '?') seen[m.sign] += votes_of(all[i]) * m.confidence;
      if (m.runner_up != '?') seen[m.runner_up] += votes_of(all[i]) * m.runner_up_confidence;
    }
    const char sign = seen.empty() ? '?' : most(seen);
    const double confidence = seen.empty() ? 0 : seen[sign] / votes;
    out.text += confidence < bounds.unsure ? '?' : sign;
    out.character_confidence.push_back(confidence);
    out.confidence = std::min(out.confidence, confidence);
  }

  const auto says = [&](std::size_t i) { return text_of(all[i]) == out.text; };
  const auto is_certified = [&](std::size_t i) { return all[i].certified; };
  out.certified = std::any_of(of.begin(), of.end(), is_certified) && std::all_of(of.begin(), of.end(), [&](std::size_t i) { return !is_certified(i) || says(i); });
  const auto worth = [&](std::size_t i) { return std::tuple(says(i), all[i].certified, votes_of(all[i]), all[i].place.right - all[i].place.left); };
  out.best = *std::max_element(of.begin(), of.end(), [&](std::size_t a, std::size_t b) { return worth(a) < worth(b); });
  out.first_ms = all[of.front()].at_ms;
  out.last_ms = all[of.back()].at_ms;
  out.sightings = std::move(of);
  return out;
}

}  // namespace

std::string text_of(const Sighting& sighting) {
  std::string out;
  for (const Mark& m : sighting.marks) out += m.sign;
  return out;
}

std::vector<Passage> passages_of(const std::vector<Sighting>& sightings, const PassageBounds& bounds) {
  // By time, and within a frame by what they are: whatever order they came in, the same is made of them.
  const auto key = [&](std::size_t i) {
    const Sighting& s = sightings[i];
    std::vector<std::tuple<char, double, char, double>> marks;
    for (const Mark& m : s.marks) marks.emplace_back(m.sign, m.confidence, m.runner_up, m.runner_up_confidence);
    return std::tuple(s.at_ms, s.place.left, s.place.top, s.place.right, s.place.bottom, s.certified, s.country, marks);
  };
  std::vector<std::size_t> sorted(sightings.size());
  std::iota(sorted.begin(), sorted.end(), std::size_t{0});
  std::stable_sort(sorted.begin(), sorted.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });

  std::vector<Passage> out;
  for (const std::size_t i : sorted) {
    const Sighting& s = sightings[i];
    if (s.marks.empty()) continue;
    Passage* same = nullptr;
    int fitness = 0;  // at its place, and says the same; else the first that is alike
    for (Passage& passage : out) {
      const Sighting& last = sightings[passage.sightings.back()];
      if (last.at_ms == s.at_ms || s.at_ms - last.at_ms > bounds.unseen_ms_max) continue;
      const bool near = s.at_ms - last.at_ms <= bounds.same_place_ms && at_one_place(last.place, s.place) && !(last.certified && s.certified);
      if (!near && !alike(passage.text, text_of(s))) continue;
      const int fits = 1 + (near ? 1 : 0) + (passage.text == text_of(s) ? 2 : 0);
      if (fits <= fitness) continue;
      same = &passage;
      fitness = fits;
    }
    std::vector<std::size_t> of = same ? std::move(same->sightings) : std::vector<std::size_t>{};
    of.push_back(i);
    if (same) *same = vote(sightings, std::move(of), bounds);
    else out.push_back(vote(sightings, std::move(of), bounds));
  }
  return out;
}

}  // namespace rampa::vision::plates
