#include "edge/risk/effectiveness.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "edge/risk/risk.hpp"

namespace rampa::risk {

namespace {

/// Keeps the stretches ascending and apart. A journal is read in order, so most calls lengthen the last one.
void add(std::vector<Stretch>& stretches, Stretch s) {
  if (s.first == 0 || s.second < s.first) return;
  if (!stretches.empty() && s.first >= stretches.back().first && s.first <= stretches.back().second + 1) {
    stretches.back().second = std::max(stretches.back().second, s.second);
    return;
  }
  stretches.push_back(s);
  std::sort(stretches.begin(), stretches.end());
  std::vector<Stretch> joined;
  for (const auto& one : stretches) {
    if (!joined.empty() && one.first <= joined.back().second + 1) joined.back().second = std::max(joined.back().second, one.second);
    else joined.push_back(one);
  }
  stretches = std::move(joined);
}

// A sequence stands for one record of a store for ever. Should two files disagree about one, the greater content wins: whichever is read first.
template <class K, class V>
void join(std::map<K, V>& into, const std::map<K, V>& from) {
  for (const auto& [key, value] : from) {
    const auto [place, fresh] = into.try_emplace(key, value);
    if (!fresh) place->second = std::max(place->second, value);
  }
}

void join(CrossingTrace& into, const CrossingTrace& from) {
  into.lane = std::max(into.lane, from.lane);
  if (from.first_assessed.first != 0 && (into.first_assessed.first == 0 || from.first_assessed < into.first_assessed)) into.first_assessed = from.first_assessed;
  into.assessed = std::max(into.assessed, from.assessed);
  into.closed = std::max(into.closed, from.closed);
  join(into.controls, from.controls);
  join(into.overrides, from.overrides);
}

std::vector<Part> parts_of(const Assessment& a, const VersionOf& version_of) {
  std::vector<Part> parts;
  const auto version = [&](std::string_view profile) { return version_of ? version_of(a.profile_set_sha256, profile) : 0u; };
  for (const auto& hit : a.hits) parts.push_back({hit.profile, hit.version != 0 ? hit.version : version(hit.profile), Part::As::hit, {}});
  for (const auto& text : a.declined) {
    auto [profile, reason] = declined_parts(text);
    const auto its_version = version(profile);
    parts.push_back({std::move(profile), its_version, Part::As::declined, std::move(reason)});
  }
  for (const auto& profile : a.shadow) parts.push_back({profile, version(profile), Part::As::shadow, {}});
  std::sort(parts.begin(), parts.end());
  return parts;
}

constexpr std::int64_t day_ms = 86'400'000;

Week week_of(std::int64_t wall_ms) {
  const std::int64_t day = wall_ms / day_ms - (wall_ms % day_ms < 0 ? 1 : 0);
  return day - ((day + 3) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
}

Found of_all(const CrossingTrace& trace) {
  Found best = Found::no_result;
  for (const auto& [sequence, found] : trace.controls) best = std::max(best, found);
  return best;
}

/// From the first assessment to the end. None where the two were not in one boot: an aborted crossing is closed by the next one.
std::optional<std::int64_t> duration_ms(const CrossingTrace& t) {
  if (t.first_assessed.first == 0 || t.closed.outcome == "aborted" || t.closed.mono_ms < t.first_assessed.second) return std::nullopt;
  return t.closed.mono_ms - t.first_assessed.second;
}

bool counts(const CrossingTrace& t) { return t.assessed.sequence != 0 && t.closed.sequence != 0; }

using PostLane = std::pair<std::string, std::string>;

std::map<PostLane, std::int64_t> green_medians(const Outcomes& outcomes) {
  std::map<PostLane, std::vector<std::int64_t>> times;
  for (const auto& [store, crossings] : outcomes.stores())
    for (const auto& [id, t] : crossings) {
      if (!counts(t) || t.assessed.channel != SelectivityChannel::green || !t.controls.empty() || t.closed.outcome != "released") continue;
      if (const auto took = duration_ms(t)) times[{store.post, t.lane}].push_back(*took);
    }
  std::map<PostLane, std::int64_t> medians;
  for (auto& [lane, all] : times) {
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>((all.size() - 1) / 2);
    std::nth_element(all.begin(), middle, all.end());
    medians[lane] = *middle;
  }
  return medians;
}

}  // namespace

Found found_of(std::string_view finding) {
  if (finding == "suspect" || finding == "irregularity") return Found::something;
  if (finding == "clear" || finding == "nothing_found") return Found::nothing;
  return Found::no_result;
}

void Outcomes::cover(const StoreName& store, Stretch stretch) { add(covered_[store], stretch); }

void Outcomes::fold(const StoreName& store, const StoredRecord& record, const VersionOf& version_of) {
  cover(store, {record.sequence, record.sequence});
  if (record.crossing.empty()) return;
  CrossingTrace seen;
  seen.lane = record.lane.text;
  const auto mono_ms = record.at.mono.ns / 1'000'000;
  if (const auto* made = std::get_if<AssessmentMade>(&record.body)) {
    seen.first_assessed = {record.sequence, mono_ms};
    seen.assessed = {record.sequence, made->assessment.channel, parts_of(made->assessment, version_of)};
  } else if (const auto* given = std::get_if<VerdictGiven>(&record.body)) {
    if (!given->overrides) return;
    seen.overrides[record.sequence] = given->verdict;
  } else if (const auto* control = std::get_if<ControlRecorded>(&record.body)) {
    seen.controls[record.sequence] = found_of(control->finding);
  } else if (const auto* closed = std::get_if<CrossingClosed>(&record.body)) {
    seen.closed = {record.sequence, mono_ms, record.at.wall.ms, closed->outcome};
  } else {
    return;
  }
  join(stores_[store][record.crossing.text], seen);
}

void Outcomes::merge(const Outcomes& other) {
  if (&other == this) return;
  for (const auto& [store, crossings] : other.stores_)
    for (const auto& [id, trace] : crossings) join(stores_[store][id], trace);
  for (const auto& [store, stretches] : other.covered_)
    for (const auto& stretch : stretches) add(covered_[store], stretch);
}

std::vector<std::string> Outcomes::notices() const {
  std::vector<std::string> all;
  std::map<std::string, std::vector<std::string>> epochs;  // "" first
  for (const auto& [store, stretches] : covered_) epochs[store.post].push_back(store.epoch);
  for (const auto& [post, of] : epochs) {
    if (of.size() < 2) continue;
    if (of.front().empty())
      all.push_back(post + ": a file of before does not say of which store its crossings are; those that another file or the store has too are counted twice: write it anew from its store");
    if (of.size() > (of.front().empty() ? 2u : 1u))
      all.push_back(post + ": has " + std::to_string(of.size() - (of.front().empty() ? 1 : 0)) + " stores under one name (a disk was replaced, or two posts share a name); each is counted by itself");
  }
  return all;
}

Results results(const Outcomes& outcomes, Floor floor) {
  Results all;
  all.floor = floor;
  std::map<std::pair<std::string, std::uint32_t>, ProfileResult> rows;
  const auto medians = green_medians(outcomes);
  for (const auto& [store, crossings] : outcomes.stores()) {
    for (const auto& [id, t] : crossings) {
      if (!counts(t)) {
        ++all.unfinished;
        continue;
      }
      ++all.crossings;
      const Week week = week_of(t.closed.wall_ms);
      ++all.channels_by_week[week][static_cast<std::size_t>(t.assessed.channel)];
      const Found found = of_all(t);
      std::optional<std::int64_t> lost;
      if (found == Found::nothing)
        if (const auto median = medians.find({store.post, t.lane}); median != medians.end())
          if (const auto took = duration_ms(t)) lost = std::max<std::int64_t>(0, *took - median->second);
      const auto count = [&](auto& into) {
        if (found != Found::no_result) ++into.controls;
        if (found == Found::something) ++into.findings;
        if (found == Found::nothing && !lost) ++into.unpriced;
        into.false_hit_ms += lost.value_or(0);
      };
      count(all);
      for (const auto& part : t.assessed.parts) {
        auto& row = rows[{part.profile, part.version}];
        if (part.as == Part::As::declined) ++row.declined[part.reason];
        if (part.as == Part::As::shadow) ++row.shadow_hits;
        if (part.as != Part::As::declined) ++row.hits_by_week[week];
        if (part.as != Part::As::hit) continue;
        ++row.hits;
        count(row);
        if (found == Found::no_result && !t.controls.empty()) ++row.no_result;
        if (!t.overrides.empty()) ++(t.overrides.rbegin()->second == Verdict::release ? row.overridden_release : row.overridden_hold);
      }
    }
  }
  all.interval = wilson95(all.findings, all.controls);
  for (auto& [key, row] : rows) {
    row.profile = key.first;
    row.version = key.second;
    row.interval = wilson95(row.findings, row.controls);
    row.below_floor = row.controls >= floor.controls && row.interval.high < floor.rate;
    all.profiles.push_back(std::move(row));
  }
  return all;
}

}  // namespace rampa::risk
