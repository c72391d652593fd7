// The false-alert rate of a list: what it would show of vehicles that are not on it. Synthetic reads in the list's own
// mix of plates, which is the worst case: plates like the listed ones are the ones that resemble them.
#include <algorithm>
#include <bit>

#include "edge/risk/container_code.hpp"
#include "edge/risk/plate_text.hpp"
#include "edge/risk/watch_list.hpp"
#include "firmware-interfaces/split_mix.hpp"

namespace rampa::risk {
namespace {

constexpr std::size_t columns_from = 1000;  ///< with so many plates of one shape its columns say how plates are issued
constexpr int tries_max = 50;
constexpr int unsure_of_100 = 5;            ///< characters that the camera is unsure of

bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }

/// Length and which characters are letters.
std::uint32_t shape_of(const std::string& text) {
  std::uint32_t shape = static_cast<std::uint32_t>(text.size()) << 12;
  for (std::size_t i = 0; i < text.size(); ++i) shape |= static_cast<std::uint32_t>(is_letter(text[i])) << i;
  return shape;
}

/// Entries by shape.
class Shapes {
 public:
  explicit Shapes(const PlateIndex& index) : index_(index), begin_((plate_length_max + 1) * 4096 + 1) {
    for (std::uint32_t i = 0; i < index.size(); ++i) ++begin_[shape_of(index.text(i)) + 1];
    for (std::size_t s = 1; s < begin_.size(); ++s) begin_[s] += begin_[s - 1];
    entries_.resize(index.size());
    auto at = begin_;
    for (std::uint32_t i = 0; i < index.size(); ++i) entries_[at[shape_of(index.text(i))]++] = i;
  }
  /// A plate like this entry's: its area code, and every other character as it stands in some plate of that shape; with
  /// few such plates, any letter for a letter and any digit for a digit.
  std::string like(std::uint32_t entry, bool container, SplitMix64& draws) const {
    std::string text = index_.text(entry);
    const std::uint32_t shape = shape_of(text);
    const std::size_t first = begin_[shape], count = begin_[shape + 1] - first;
    std::size_t area = 0;
    while (area < (container ? 4u : 2u) && area < text.size() && is_letter(text[area])) ++area;
    for (std::size_t i = area; i < text.size(); ++i) {
      if (count >= columns_from) text[i] = index_.text(entries_[first + draws.below(count)])[i];
      else if (is_letter(text[i])) text[i] = static_cast<char>('A' + draws.below(26));
      else text[i] = static_cast<char>('0' + draws.below(10));
    }
    if (container)
      if (const auto digit = container_check_digit(text); digit && text.size() == 11) text[10] = static_cast<char>('0' + *digit);
    return text;
  }

 private:
  const PlateIndex& index_;
  std::vector<std::uint32_t> begin_;
  std::vector<std::uint32_t> entries_;
};

}  // namespace

FalseAlerts measure_false_alerts(const WatchList& list, std::uint64_t reads, std::uint64_t seed) {
  FalseAlerts counts;
  counts.seed = seed;
  const auto& index = list.index();
  if (index.size() == 0) return counts;
  const Shapes shapes(index);
  const bool containers = list.head().kind == WatchKind::containers;
  SplitMix64 draws(seed);
  std::vector<PlateIndex::Found> found;
  for (std::uint64_t i = 0; i < reads; ++i) {
    WatchQuestion::Read read;
    bool unlisted = false;
    for (int tries = 0; tries < tries_max && !unlisted; ++tries) {
      const auto entry = static_cast<std::uint32_t>(draws.below(index.size()));
      read.text = shapes.like(entry, containers, draws);
      read.country = list.attributes(entry).country;
      index.find(std::string_view(read.text), found);
      unlisted = std::none_of(found.begin(), found.end(), [](const auto& one) { return one.likeness == Likeness::equal; });
    }
    if (!unlisted) continue;  // a list that holds nearly all there is
    ++counts.reads;
    if (found.empty()) continue;
    for (std::size_t c = 0; c < read.text.size(); ++c) read.confidence_percent.push_back(draws.below(100) < unsure_of_100 ? 50 : 95);
    WatchQuestion question;
    const unsigned firm = sufficient(PossibleRule::firm), independent = sufficient(PossibleRule::independent);
    if (containers) question.containers = {read.text};
    else question.plates = {read};
    bool alert = false, possible = false;
    unsigned agrees = 0;
    for (const auto& match : list.match(question)) {
      if (match.likeness == Likeness::alert) alert = true;
      if (match.likeness != Likeness::possible) continue;
      possible = true;
      agrees |= match.agrees;
    }
    counts.fold_only += alert;
    counts.edit_one += possible;
    counts.any += agrees != 0;
    counts.firm += (agrees & firm) != 0;
    counts.independent += (agrees & independent) != 0;
  }
  return counts;
}

PossibleRule rule_for(const FalseAlerts& measured, std::uint32_t max_ppm) {
  const auto within = [&](std::uint64_t shown) { return wilson95(shown, measured.reads).high * 1e6 <= max_ppm; };
  if (measured.reads == 0) return PossibleRule::independent;  // nothing measured: the strictest that shows anything
  if (within(measured.any)) return PossibleRule::any;
  if (within(measured.firm)) return PossibleRule::firm;
  return within(measured.independent) ? PossibleRule::independent : PossibleRule::never;
}

}  // namespace rampa::risk
