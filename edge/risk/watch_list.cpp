// Matching: which listed texts a vehicle resembles, and which of them an officer sees.
#include "edge/risk/watch_list.hpp"

#include <algorithm>
#include <cmath>

#include "edge/risk/container_code.hpp"
#include "edge/risk/plate_grammar.hpp"
#include "edge/risk/plate_text.hpp"

namespace rampa::risk {
namespace {

constexpr std::array<std::string_view, 4> kinds{"plates", "containers", "operators", "documents"};
constexpr std::array<std::string_view, 4> rules{"any", "firm", "independent", "never"};
constexpr std::array<std::string_view, 6> agreements{"country", "grammar", "reading", "second_plate", "carrier", "check_digit"};

/// The camera was unsure where the two differ. In a run of equal characters nobody can say which one is missing.
bool unsure_there(const std::string& read, const std::string& listed, const std::vector<int>& confidence) {
  if (confidence.size() != read.size()) return false;
  std::size_t first = 0;
  while (first < read.size() && first < listed.size() && folded(read[first]) == folded(listed[first])) ++first;
  std::size_t begin = first, end = std::min(first + 1, read.size());
  if (read.size() != listed.size()) {
    const char c = folded(read.size() > listed.size() ? read[std::min(first, read.size() - 1)] : listed[std::min(first, listed.size() - 1)]);
    while (begin > 0 && folded(read[begin - 1]) == c) --begin;
    if (read.size() < listed.size() && begin == first && begin > 0) --begin;  // left out: its neighbours tell
  }
  return std::any_of(confidence.begin() + static_cast<std::ptrdiff_t>(begin), confidence.begin() + static_cast<std::ptrdiff_t>(end),
                     [](int percent) { return percent < confidence_low_percent; });
}

bool alike(const std::string& text, const std::string& normal) {
  const auto other = normal_plate(text);
  return other && folded(std::string_view(*other)) == folded(std::string_view(normal));
}

}  // namespace

std::string_view name_of(WatchKind kind) { return kinds[static_cast<std::size_t>(kind)]; }
std::optional<WatchKind> watch_kind(std::string_view name) {
  const auto found = std::find(kinds.begin(), kinds.end(), name);
  if (found == kinds.end()) return std::nullopt;
  return static_cast<WatchKind>(found - kinds.begin());
}
std::string_view name_of(PossibleRule rule) { return rules[static_cast<std::size_t>(rule)]; }

unsigned sufficient(PossibleRule rule) {
  constexpr unsigned independent = agreement::second_plate | agreement::carrier | agreement::check_digit;
  switch (rule) {
    case PossibleRule::any: return independent | agreement::reading | agreement::grammar | agreement::country;
    case PossibleRule::firm: return independent | agreement::reading | agreement::grammar;
    case PossibleRule::independent: return independent;
    case PossibleRule::never: return 0;
  }
  return 0;
}

std::vector<std::string> names_of_agreements(unsigned set) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < agreements.size(); ++i)
    if (set >> i & 1) names.emplace_back(agreements[i]);
  return names;
}

Result<std::string> normal_text(WatchKind kind, std::string_view utf8) {
  return kind == WatchKind::operators || kind == WatchKind::documents ? normal_number(utf8) : normal_plate(utf8);
}

std::string hashed_text(const WatchListHead& head, std::string_view normal) {
  return std::string(name_of(head.kind)) + "\n" + head.name + "\n" + std::string(normal);
}

const WatchAttributes& WatchList::attributes(std::uint32_t entry) const {
  static const WatchAttributes none;
  return attribute_of_.empty() ? none : attributes_[attribute_of_[entry]];
}

std::size_t WatchList::bytes() const {
  std::size_t texts = 0;
  for (const auto& a : attributes_)
    texts += sizeof a + a.country.capacity() + a.second_plate.capacity() + a.carrier.capacity() + a.note.capacity();
  return index_.bytes() + hashes_.capacity() * sizeof(KeyedHash) + attribute_of_.capacity() * sizeof(std::uint32_t) + texts;
}

void WatchList::match_hashed(const std::string& normal, std::vector<WatchMatch>& found) const {
  const KeyedHash hash = hasher_(hashed_text(head_, normal));
  const auto at = std::lower_bound(hashes_.begin(), hashes_.end(), hash);
  if (at == hashes_.end() || *at != hash) return;
  WatchMatch match;
  match.read = normal;
  match.likeness = Likeness::equal;
  match.shown = true;
  match.attributes = attributes(static_cast<std::uint32_t>(at - hashes_.begin()));
  found.push_back(std::move(match));
}

void WatchList::match_fuzzy(const std::string& normal, const WatchQuestion::Read& read, const WatchQuestion& question,
                            std::vector<WatchMatch>& found) const {
  std::vector<PlateIndex::Found> alike_ones;
  index_.find(std::string_view(normal), alike_ones);
  std::sort(alike_ones.begin(), alike_ones.end());
  for (const auto& one : alike_ones) {
    WatchMatch match;
    match.read = normal;
    match.listed = index_.text(one.entry);
    match.likeness = one.likeness;
    match.attributes = attributes(one.entry);
    if (one.likeness != Likeness::possible) {
      match.shown = true;
      found.push_back(std::move(match));
      continue;
    }
    const auto& a = match.attributes;
    unsigned can = agreement::reading;  // what this entry could agree in at all
    if (head_.kind == WatchKind::containers) {
      can |= agreement::check_digit;
      if (!is_container_code(normal) && is_container_code(match.listed)) match.agrees |= agreement::check_digit;
    } else if (!a.country.empty()) {
      can |= agreement::country;
      // Two countries that are known and differ are two vehicles, as far as the country tells anything.
      const bool other_country = !read.country.empty() && read.country != a.country;
      if (read.country == a.country) match.agrees |= agreement::country;
      const auto fits_read = fits_grammar(a.country, normal), fits_listed = fits_grammar(a.country, match.listed);
      if (fits_listed && *fits_listed) {
        can |= agreement::grammar;
        if (!other_country && fits_read && !*fits_read) match.agrees |= agreement::grammar;
      }
    }
    if (unsure_there(normal, match.listed, read.confidence_percent)) match.agrees |= agreement::reading;
    if (!a.second_plate.empty()) {
      can |= agreement::second_plate;
      for (const auto& other : question.plates)
        if (&other != &read && alike(other.text, a.second_plate)) match.agrees |= agreement::second_plate;
    }
    if (!a.carrier.empty()) {
      can |= agreement::carrier;
      for (const auto& carrier : question.carriers)
        if (const auto other = normal_number(carrier); other && *other == a.carrier) match.agrees |= agreement::carrier;
    }
    match.shown = (match.agrees & sufficient(rule_)) != 0;
    if (!match.shown) match.needs = can & sufficient(rule_);
    found.push_back(std::move(match));
  }
}

std::vector<WatchMatch> WatchList::match(const WatchQuestion& question) const {
  std::vector<WatchMatch> found;
  if (!can_match() || (head_.valid_before && question.now >= *head_.valid_before)) return found;
  const auto one = [&](const WatchQuestion::Read& read) {
    const auto normal = normal_text(head_.kind, read.text);
    if (!normal) return;
    if (head_.hashed()) match_hashed(*normal, found);
    else match_fuzzy(*normal, read, question, found);
  };
  const auto all = [&](const std::vector<std::string>& texts) {
    for (const auto& text : texts) one({text, "", {}});
  };
  switch (head_.kind) {
    case WatchKind::plates: for (const auto& read : question.plates) one(read); break;
    case WatchKind::containers: all(question.containers); break;
    case WatchKind::operators: all(question.operators); break;
    case WatchKind::documents: all(question.documents); break;
  }
  std::stable_sort(found.begin(), found.end(), [](const WatchMatch& a, const WatchMatch& b) {
    return a.likeness != b.likeness ? a.likeness > b.likeness : a.shown > b.shown;
  });
  return found;
}

std::vector<std::string> WatchList::shown_names(const WatchQuestion& question) const {
  std::vector<std::string> names;
  for (const auto& one : match(question)) {
    if (!one.shown) continue;
    if (one.likeness != Likeness::possible) return {head_.name};  // the strongest come first
    auto name = head_.name + " (possible: " + one.listed + ")";
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

WatchHits WatchList::hits(const WatchQuestion& question) const {
  WatchHits hits;
  hits.names = shown_names(question);
  if (hits.names.empty()) return hits;
  if (head_.severity == SelectivityChannel::red && hits.names.front() == head_.name) hits.red.push_back(head_.name);
  for (const auto& [language, text] : head_.instruction) hits.instructions.push_back(head_.name + "\n" + language + "\n" + text);
  return hits;
}

void WatchHits::add(WatchHits&& other) {
  const auto join = [](std::vector<std::string>& all, std::vector<std::string>& more) {
    for (auto& one : more)
      if (const auto place = std::lower_bound(all.begin(), all.end(), one); place == all.end() || *place != one) all.insert(place, std::move(one));
  };
  join(names, other.names);
  join(red, other.red);
  join(instructions, other.instructions);
}

}  // namespace rampa::risk
