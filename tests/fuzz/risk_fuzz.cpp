// Differential fuzz: the compiled, indexed set against the plain evaluator, which shares no code with it.
//   risk_fuzz FIRST_SEED LAST_SEED      one world of 240 profiles and 60 questions per seed; resume with the next seed
// Exit 0: no difference. A difference prints its seed, the condition and the facts.
#include <cstdio>
#include <cstdlib>

#include "edge/risk/compiled_set.hpp"
#include "tests/fuzz/risk_worlds.hpp"

namespace {

using namespace rampa;

bool same(const risk::Decision& a, const risk::Decision& b) {
  if (a.channel != b.channel || a.score != b.score || a.random != b.random || a.stale != b.stale || a.outcomes.size() != b.outcomes.size()) return false;
  for (std::size_t i = 0; i < a.outcomes.size(); ++i) {
    const auto &x = a.outcomes[i], &y = b.outcomes[i];
    if (x.profile != y.profile || x.declined != y.declined || x.undetermined != y.undetermined || x.drawn != y.drawn || x.green_list != y.green_list) return false;
  }
  return true;
}

struct Totals { std::uint64_t pairs = 0, seen[3] = {0, 0, 0}, outside = 0, filed = 0, profiles = 0; };

bool one_world(std::uint64_t seed, Totals& totals) {
  fuzz::RiskWorld world(seed);
  std::vector<fuzz::FuzzProfile> profiles;
  const auto json = world.set_json(240, profiles);
  std::vector<Fields> traffic;
  for (std::size_t n = world.chance(50) ? 80 : 0; n > 0; --n) traffic.push_back(world.facts());
  const auto compiled = risk::compile(json, "", traffic);
  if (!compiled) {
    std::printf("seed %llu: the set does not compile: %s\n", static_cast<unsigned long long>(seed), compiled.error().what.c_str());
    return false;
  }
  const auto& set = dynamic_cast<const risk::CompiledSet&>(**compiled);
  totals.profiles += set.size();
  totals.filed += set.size() - set.index.always();
  risk::Decision by_index, by_scan;
  for (int q = 0; q < 60; ++q) {
    const Fields facts = world.facts();
    const auto sheet = risk::fact_sheet(facts);
    risk::Circumstances c;
    static constexpr int offsets[] = {0, 60, 120, 345, -210, -720, 840};
    c.now = WallTime{fuzz::first_day_ms + static_cast<std::int64_t>(world.upto(static_cast<std::size_t>(fuzz::days * fuzz::day_ms)))};
    c.utc_offset_min = offsets[world.upto(7)];
    c.draw_key = world.upto(1000);
    c.recent = 10;
    c.recent_of_channel[3] = static_cast<std::uint32_t>(world.upto(10));
    risk::decide(set, sheet, c, by_index);
    risk::decide_by_scan(set, sheet, c, by_scan);
    std::size_t next = 0;
    for (std::size_t p = 0; p < profiles.size(); ++p) {
      std::vector<std::string> missing;
      std::vector<std::string_view> again;
      const bool applies = profiles[p].terms.apply(c.now.ms, c.utc_offset_min);
      const auto plain = applies ? risk::evaluate(profiles[p].whole, facts, world.lists(), missing) : risk::Truth::no;
      totals.outside += !applies;
      const bool there = next < by_index.outcomes.size() && by_index.outcomes[next].profile == p;
      const auto got = !there ? risk::Truth::no : by_index.outcomes[next].undetermined ? risk::Truth::undetermined : risk::Truth::yes;
      if (there) ++next;
      if (got == risk::Truth::undetermined) again = set.program.missing(set.heads[p].root, sheet);
      ++totals.seen[static_cast<int>(plain)];
      if (plain == got && std::equal(missing.begin(), missing.end(), again.begin(), again.end())) continue;
      std::printf("seed %llu question %d profile %zu: plain says %d, the index %d\n%s\n", static_cast<unsigned long long>(seed), q, p, static_cast<int>(plain),
                  static_cast<int>(got), risk::to_json(profiles[p].whole).c_str());
      return false;
    }
    totals.pairs += profiles.size();
    if (!same(by_index, by_scan)) {
      std::printf("seed %llu question %d: index and scan decide differently\n", static_cast<unsigned long long>(seed), q);
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: risk_fuzz FIRST_SEED LAST_SEED\n");
    return 2;
  }
  const auto first = std::strtoull(argv[1], nullptr, 10), last = std::strtoull(argv[2], nullptr, 10);
  Totals totals;
  for (auto seed = first; seed <= last; ++seed) {
    if (!one_world(seed, totals)) return 1;
    if ((seed - first) % 100 == 99) std::fprintf(stderr, "\rseed %llu, %.1f million pairs ", static_cast<unsigned long long>(seed), static_cast<double>(totals.pairs) / 1e6);
  }
  std::printf("seeds %llu to %llu: %llu pairs of declaration and profile, 0 differences (%llu no, of them %llu outside of validity or week; %llu undetermined, %llu yes; %llu of %llu profiles filed in the index)\n",
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(last), static_cast<unsigned long long>(totals.pairs),
              static_cast<unsigned long long>(totals.seen[0]), static_cast<unsigned long long>(totals.outside), static_cast<unsigned long long>(totals.seen[1]), static_cast<unsigned long long>(totals.seen[2]),
              static_cast<unsigned long long>(totals.filed), static_cast<unsigned long long>(totals.profiles));
  return totals.seen[1] > 0 && totals.seen[2] > 0 && totals.outside > 0 ? 0 : 1;
}
