// The decision in numbers: who matched, who selects, which channel. Every rule here is in PROFILES.md.
#include <algorithm>
#include <numeric>
#include <optional>

#include "edge/risk/compiled_set.hpp"
#include "edge/risk/hashing_internal.hpp"
#include "edge/risk/plate_text.hpp"
#include "firmware-interfaces/split_mix.hpp"

namespace rampa::risk {

namespace {

/// Is the channel's share of the recent crossings above its cap? Where none are known it is not: a post that has just begun declines nothing.
bool over_cap(const CompiledSet& set, const Circumstances& c, SelectivityChannel channel) {
  const auto cap = set.head.policy.cap_of_10000[static_cast<int>(channel)];
  if (cap >= 10000) return false;
  return std::uint64_t{c.recent_of_channel[static_cast<int>(channel)]} * 10000 > std::uint64_t{cap} * c.recent;
}

class Deciding {
 public:
  Deciding(const CompiledSet& set, const FactSheet& sheet, const Circumstances& circumstances, Decision& decision)
      : set_(set), sheet_(sheet), c_(circumstances), d_(decision) {
    d_.channel = SelectivityChannel::green;
    d_.random = d_.stale = d_.score_selected = false;
    d_.random_drawn = 10000;
    d_.score = 0;
    d_.outcomes.clear();
    const Fact& aeo = sheet.facts[set.aeo_field];
    authorised_ = aeo.state == Fact::State::good && aeo.number != 0;
    if (std::any_of(sheet.facts.begin(), sheet.facts.end(), [](const Fact& fact) { return fact.several; })) {
      for_all_.emplace(sheet);
      for_all_->for_all = true;
    }
    for (std::size_t i = 0; i < set.green_lists.size() && green_ < 0; ++i) {
      const auto& g = set.green_lists[i];
      if (c_.now.ms >= g.valid_from && c_.now.ms < g.valid_before && holds_for_all(g.root)) green_ = static_cast<int>(i);
    }
  }

  [[nodiscard]] bool in_force(const ProfileHead& head) const { return (c_.now.ms >= head.valid_from) & (c_.now.ms < head.valid_before); }

  void look_at(std::uint32_t profile, std::size_t first_item) {
    const ProfileHead& head = set_.heads[profile];
    const Truth truth = set_.program.evaluate(head.root, sheet_, first_item);
    if (truth == Truth::no) return;
    if (head.weekly != 0 && !in_weekly(set_.weeklies[head.weekly], minute_of_week(c_.now, c_.utc_offset_min))) return;
    ProfileOutcome outcome;
    outcome.profile = profile;
    outcome.undetermined = truth == Truth::undetermined;
    d_.outcomes.push_back(outcome);
  }

  void finish() {
    auto& all = d_.outcomes;
    if (all.size() > 1) {
      std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.profile < b.profile; });
      all.erase(std::unique(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.profile == b.profile; }), all.end());
    }
    for (auto& outcome : all) select(outcome);
    // A weight below zero may lower what profiles beside it make, and never what security profiles do.
    if (c_.security_score_unreduced) d_.score = std::max(d_.score, security_score_);
    const SetPolicy& p = set_.head.policy;
    const auto by_score = d_.score >= p.score_red ? SelectivityChannel::red : d_.score >= p.score_yellow ? SelectivityChannel::yellow : SelectivityChannel::green;
    if (by_score > d_.channel) {
      d_.channel = by_score;
      d_.score_selected = true;
    }
    // Weights that missing facts leave open count as far as documents: what might have reached a threshold is not greener for it.
    if (const auto open = open_weight_ + open_weight_in_full_; open > 0 && d_.score + open >= std::min(p.score_yellow, p.score_red)) raise(SelectivityChannel::yellow);
    if (open_weight_in_full_ > 0 && d_.score + open_weight_in_full_ >= p.score_red) raise(SelectivityChannel::red);
    if (p.random_of_10000 > 0 && d_.channel <= SelectivityChannel::blue) {
      d_.random_drawn = static_cast<std::uint16_t>(draw(p.draw_secret, c_.draw_key, draw_name("")));
      if (d_.random_drawn < p.random_of_10000) {
        d_.random = true;
        raise(p.random_channel);
      }
    }
    if (p.stale_after_hours != INT64_MAX && c_.now.ms - set_.head.issued.ms > p.stale_after_hours * 3600 * 1000) {
      d_.stale = true;
      raise(p.stale_floor);
    }
  }

 private:
  /// What makes greener has to hold for each of the lorry's declarations.
  [[nodiscard]] bool holds_for_all(std::uint32_t root) const { return set_.program.evaluate(root, for_all_ ? *for_all_ : sheet_) == Truth::yes; }
  void raise(SelectivityChannel channel) { d_.channel = std::max(d_.channel, channel); }

  void select(ProfileOutcome& o) {
    const ProfileHead& head = set_.heads[o.profile];
    o.shadow = head.shadow;
    std::uint32_t share = head.sample_of_10000;
    const bool as_authorised = authorised_ && head.aeo_of_10000 < 10000 && !head.security;
    if (as_authorised) share = share * head.aeo_of_10000 / 10000;
    const bool greened = green_ >= 0 && !head.security;
    const std::uint32_t green_share = greened ? share * set_.green_lists[static_cast<std::size_t>(green_)].residual_of_10000 / 10000 : share;
    if (green_share < 10000) {
      // One draw per profile and movement, whatever it is compared with.
      o.drawn = static_cast<std::uint16_t>(draw(set_.head.policy.draw_secret, c_.draw_key, head.draw_name));
      if (o.drawn >= head.sample_of_10000) o.declined = Declined::not_drawn;
      else if (o.drawn >= share) o.declined = Declined::operator_authorised;
      else if (o.drawn >= green_share) {
        o.declined = Declined::green_list;
        o.green_list = static_cast<std::uint8_t>(green_);
      }
    }
    if (o.shadow || o.declined != Declined::no) return;
    if (o.undetermined) {
      (head.open_in_full && c_.security_weight_open_in_full ? open_weight_in_full_ : open_weight_) += std::max(head.weight, 0);
      // Who withholds the fact that a security profile asks for gains nothing by it.
      return raise(head.open_in_full && c_.security_open_in_full ? head.channel : std::min(head.channel, SelectivityChannel::yellow));
    }
    if (head.weight >= 0 || !for_all_ || holds_for_all(head.root)) d_.score += head.weight;
    if (head.security) security_score_ += std::max(head.weight, 0);
    if (!head.security && over_cap(set_, c_, head.channel)) {
      o.declined = Declined::cap;
      return raise(SelectivityChannel::blue);  // nobody has the time to control it now; it is audited afterwards
    }
    raise(head.channel);
  }

  const CompiledSet& set_;
  const FactSheet& sheet_;
  const Circumstances& c_;
  Decision& d_;
  std::optional<FactSheet> for_all_;  ///< a copy, which only a lorry with declarations that differ needs
  bool authorised_ = false;
  int green_ = -1;
  std::int64_t security_score_ = 0;  ///< of security profiles alone
  std::int64_t open_weight_ = 0, open_weight_in_full_ = 0;  ///< of undetermined profiles; in full: of security profiles, which count as if they held
};

}  // namespace

void decide(const CompiledSet& set, const FactSheet& sheet, const Circumstances& circumstances, Decision& decision) {
  Deciding deciding(set, sheet, circumstances, decision);
  set.index.candidates(set.program, sheet, decision.scratch);
  auto& found = decision.scratch.found;
  for (const auto& one : found) set.prefetch_head(one.profile);
  auto* kept = found.data();
  for (const auto& one : found) {
    const ProfileHead& head = set.heads[one.profile];
    const bool in_force = deciding.in_force(head);
    if (in_force) set.program.prefetch_nodes(head.root);
    *kept = one;
    kept += in_force;
  }
  found.erase(found.begin() + (kept - found.data()), found.end());
  for (const auto& [profile, item] : found) set.program.prefetch_values(set.heads[profile].root);
  for (const auto& [profile, item] : found) deciding.look_at(profile, item);
  deciding.finish();
}

void decide_by_scan(const CompiledSet& set, const FactSheet& sheet, const Circumstances& circumstances, Decision& decision) {
  Deciding deciding(set, sheet, circumstances, decision);
  for (std::uint32_t profile = 0; profile < set.heads.size(); ++profile)
    if (deciding.in_force(set.heads[profile])) deciding.look_at(profile, 0);
  deciding.finish();
}

std::uint16_t minute_of_week(WallTime now, std::int32_t utc_offset_min) {
  constexpr std::int64_t week = 7 * 1440;
  std::int64_t minutes = now.ms / 60000 - (now.ms % 60000 < 0 ? 1 : 0) + utc_offset_min;
  minutes += 3 * 1440;  // 1970-01-01 was a Thursday
  return static_cast<std::uint16_t>((minutes % week + week) % week);
}

std::uint64_t draw_name(std::string_view id) {
  std::uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return hash;
}

// Without a secret of the set: SplitMix64 over the two, as sets of format 1 had it. With one: SipHash-2-4.
std::uint32_t draw(const std::uint64_t secret[2], std::uint64_t key, std::uint64_t name) {
  if (secret[0] != 0 || secret[1] != 0) {
    const std::uint64_t message[2] = {key, name};
    return static_cast<std::uint32_t>(siphash(secret, message, sizeof message) % 10000);
  }
  return static_cast<std::uint32_t>(split_mix((key ^ name) + SplitMix64::step) % 10000);
}

std::optional<std::uint64_t> movement_draw_key(const ProfileSet& set, const Movement& movement, const DrawSecret& own) {
  const auto* compiled = dynamic_cast<const CompiledSet*>(&set);
  if (!compiled || movement.front_plate.empty()) return std::nullopt;
  const auto& of_set = compiled->head.policy.draw_secret;
  const bool set_has_one = of_set[0] != 0 || of_set[1] != 0;
  if (!set_has_one && own == DrawSecret{}) return std::nullopt;
  constexpr std::int64_t day_ms = 86'400'000;
  const auto day = movement.begun.ms / day_ms - (movement.begun.ms % day_ms < 0 ? 1 : 0);
  const std::string text = movement.direction + "|" + alike_plate(movement.front_plate) + "|" + std::to_string(day) + "|" + std::to_string(movement.released_that_day);
  return siphash(set_has_one ? of_set : own.data(), text.data(), text.size());
}

}  // namespace rampa::risk
