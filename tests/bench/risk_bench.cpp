// The risk engine over the public workload: risk_bench FOLDER [SECTION...]
//   FOLDER holds decls.jsonl, history.jsonl and profiles_N.jsonl (and expected_N.jsonl where there is one).
//   Sections: decide assess cold items memory reload baselines; all if none is named.
// Percentiles are over declarations: of the least time over the passes, and of all plain times beside it.
#include <openssl/sha.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <malloc.h>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "edge/risk/benchmark_format.hpp"
#include "edge/risk/compiled_set.hpp"
#include "edge/risk/explain.hpp"
#include "edge/runtime/large_pages.hpp"
#include "tests/bench/risk_questions.hpp"
#include "tests/bench/risk_sqlite_baseline.hpp"

namespace {

using namespace rampa;
using Clock = std::chrono::steady_clock;

double us(Clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

struct Declaration {
  std::int64_t id = 0;
  risk::Circumstances circumstances;
  Fields facts;
  risk::FactSheet sheet;
};

/// Sheets view into the facts, so the declarations stay where they are.
std::vector<std::unique_ptr<Declaration>> read_declarations(const std::string& path) {
  std::vector<std::unique_ptr<Declaration>> all;
  for (const auto& line : lines_of(path)) {
    auto one = risk::import_benchmark_declaration(line);
    if (!one) std::fprintf(stderr, "%s: %s\n", path.c_str(), one.error().what.c_str()), std::exit(1);
    auto d = std::make_unique<Declaration>();
    d->id = one->id;
    d->facts = std::move(one->facts);
    d->circumstances.now = one->at;
    d->circumstances.draw_key = static_cast<std::uint64_t>(one->id) * 0x9e3779b97f4a7c15ull;
    d->sheet = risk::fact_sheet(d->facts);
    all.push_back(std::move(d));
  }
  return all;
}

struct Percentiles {
  std::vector<double> values;
  double at(double q) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
  }
};

using Set = std::shared_ptr<const risk::CompiledSet>;

Set compiled(const std::string& json, const std::vector<Fields>& traffic) {
  auto set = risk::compile(json, "", traffic, runtime::prefer_large_pages);
  if (!set) std::fprintf(stderr, "%s\n", set.error().what.substr(0, 500).c_str()), std::exit(1);
  return std::dynamic_pointer_cast<const risk::CompiledSet>(*set);
}

/// What it decided, for telling whether two runs decided the same.
std::uint64_t fold(std::uint64_t hash, const risk::Decision& d) {
  const auto in = [&](std::uint64_t v) { hash = (hash ^ v) * 0x100000001b3ull; };
  in(static_cast<std::uint64_t>(d.channel));
  in(static_cast<std::uint64_t>(d.score));
  for (const auto& o : d.outcomes) in(std::uint64_t{o.profile} << 20 | static_cast<std::uint64_t>(o.declined) << 16 | o.drawn);
  return hash;
}

void check_expected(const risk::CompiledSet& set, const std::vector<std::unique_ptr<Declaration>>& declarations, const std::string& path) {
  if (!std::filesystem::exists(path)) return;
  std::size_t wrong = 0, i = 0;
  risk::Decision d;
  for (const auto& line : lines_of(path)) {
    risk::decide(set, declarations[i]->sheet, declarations[i]->circumstances, d);
    std::vector<long> ids;
    for (const auto& o : d.outcomes) ids.push_back(std::atol(std::string(set.id(o.profile)).c_str()));
    std::sort(ids.begin(), ids.end());
    std::string text = "{\"id\":" + std::to_string(declarations[i]->id) + ",\"m\":[";
    for (std::size_t k = 0; k < ids.size(); ++k) text += (k ? "," : "") + std::to_string(ids[k]);
    if (text + "]}" != line) ++wrong;
    ++i;
  }
  std::printf("    expected matches: %zu declarations, %zu differ\n", i, wrong);
  if (wrong) std::exit(1);
}

struct Timed { double p50 = 0, p99 = 0, plain_p50 = 0, plain_p99 = 0, per_s = 0; std::uint64_t hash = 0; };

template <class F>
Timed timed(const std::vector<std::unique_ptr<Declaration>>& declarations, int passes, F&& decide) {
  Percentiles least, plain;
  least.values.assign(declarations.size(), 1e18);
  risk::Decision d;
  Timed t;
  for (int pass = 0; pass < passes; ++pass)
    for (std::size_t i = 0; i < declarations.size(); ++i) {
      const auto start = Clock::now();
      decide(*declarations[i], d);
      const double took = us(Clock::now() - start);
      least.values[i] = std::min(least.values[i], took);
      plain.values.push_back(took);
    }
  const auto start = Clock::now();
  const int rounds = std::max(1, passes / 2);
  for (int pass = 0; pass < rounds; ++pass) {
    std::uint64_t hash = 0;
    for (const auto& one : declarations) {
      decide(*one, d);
      hash = fold(hash, d);
    }
    t.hash = hash;
  }
  t.per_s = static_cast<double>(declarations.size()) * rounds / (us(Clock::now() - start) / 1e6);
  t.p50 = least.at(0.5);
  t.p99 = least.at(0.99);
  t.plain_p50 = plain.at(0.5);
  t.plain_p99 = plain.at(0.99);
  return t;
}

void print(const char* what, const Timed& t) {
  std::printf("  %-34s p50 %9.2f us  p99 %9.2f us   plain p50 %9.2f p99 %9.2f   %9.0f/s   hash %016llx\n", what, t.p50, t.p99, t.plain_p50, t.plain_p99, t.per_s,
              static_cast<unsigned long long>(t.hash));
  std::fflush(stdout);
}

/// Of one call each: least of the passes, and all of them.
template <class F>
std::pair<Percentiles, Percentiles> times(std::size_t count, int passes, F&& call) {
  Percentiles least, plain;
  least.values.assign(count, 1e18);
  for (int pass = 0; pass < passes; ++pass)
    for (std::size_t i = 0; i < count; ++i) {
      const auto start = Clock::now();
      call(i);
      plain.values.push_back(us(Clock::now() - start));
      least.values[i] = std::min(least.values[i], plain.values.back());
    }
  return {std::move(least), std::move(plain)};
}

void print_times(const char* what, std::pair<Percentiles, Percentiles> t) {
  std::printf("  %-34s p50 %9.2f us  p99 %9.2f us   plain p50 %9.2f p99 %9.2f\n", what, t.first.at(0.5), t.first.at(0.99), t.second.at(0.5), t.second.at(0.99));
  std::fflush(stdout);
}

class Bench {
 public:
  Bench(std::string folder, std::set<std::string> sections) : folder_(std::move(folder)), sections_(std::move(sections)) {
    declarations_ = read_declarations(folder_ + "/decls.jsonl");
    for (auto& d : read_declarations(folder_ + "/history.jsonl")) traffic_.push_back(d->facts);
    if (traffic_.size() > 2000) traffic_.resize(2000);
  }

  void size(std::size_t n) {
    const std::string profiles = folder_ + "/profiles_" + std::to_string(n) + ".jsonl";
    if (!std::filesystem::exists(profiles)) return;
    auto json = risk::import_benchmark_profiles(read_file(profiles));
    if (!json) std::fprintf(stderr, "%s: %s\n", profiles.c_str(), json.error().what.c_str()), std::exit(1);
    std::printf("%zu profiles\n", n);
    if (wants("memory")) memory(*json, n);
    const Set set = compiled(*json, traffic_);
    check_expected(*set, declarations_, folder_ + "/expected_" + std::to_string(n) + ".jsonl");
    if (wants("decide")) {
      decide(*set, n);
      const Set untaught = compiled(*json, {});
      print("decide, no traffic to learn from", timed(declarations_, 10, [&](const Declaration& one, risk::Decision& d) { risk::decide(*untaught, one.sheet, one.circumstances, d); }));
    }
    if (wants("assess")) assess(*set, *json);
    if (wants("cold")) cold(*set);
    if (wants("items")) items(*set);
    if (wants("baselines")) baselines(*set, profiles, n);
    if (wants("reload") && n == 10000) reload(*json, set);
  }

 private:
  [[nodiscard]] bool wants(const std::string& section) const { return sections_.empty() || sections_.contains(section); }

  void decide(const risk::CompiledSet& set, std::size_t) {
    const auto t = timed(declarations_, 40, [&](const Declaration& one, risk::Decision& d) { risk::decide(set, one.sheet, one.circumstances, d); });
    print("decide", t);
    {
      const auto facts_too = timed(declarations_, 10, [&](const Declaration& one, risk::Decision& d) { risk::decide(set, risk::fact_sheet(one.facts), one.circumstances, d); });
      print("the same from named facts", facts_too);
    }
    std::size_t found = 0;
    risk::Decision d;
    for (const auto& one : declarations_) {
      risk::decide(set, one->sheet, one->circumstances, d);
      found += d.scratch.found.size();
    }
    std::printf("    %.1f profiles looked at each; %zu shapes of keys, %zu profiles looked at every time\n", static_cast<double>(found) / static_cast<double>(declarations_.size()), set.index.shapes(),
                set.index.always());
  }

  /// All of it, as a post does: facts made from declarations and evidence, decision, hits and reasons in words. Then the same made again
  /// from the stored assessment, and the risk unit's explanation, which looks at every profile of the set's text.
  void assess(const risk::CompiledSet& set, const std::string& json) {
    std::vector<risk::Question> questions;
    for (const auto& line : lines_of(folder_ + "/decls.jsonl")) questions.push_back(bench::question_of(*risk::import_benchmark_declaration(line)));
    std::vector<Assessment> stored(questions.size());
    print_times("assess (facts, decision, words)", times(questions.size(), 10, [&](std::size_t i) { stored[i] = risk::assess(set, questions[i]); }));
    std::size_t hits = 0, differ = 0;
    for (const auto& one : stored) hits += one.hits.size();
    Assessment again;
    print_times("reassess", times(questions.size(), 10, [&](std::size_t i) { again = risk::reassess(set, stored[i], questions[i].now, {}); differ += again != stored[i]; }));
    std::size_t explained = 0;
    const auto start = Clock::now();
    const auto explainer = risk::Explainer::of(json);
    std::printf("  %-34s %.0f ms, once for all explanations of a set\n", "reading the set to explain from it", us(Clock::now() - start) / 1000);
    if (!explainer) std::exit(1);
    const std::size_t some = set.size() > 10'000 ? 20 : 100;
    print_times("explain (looks at every profile)", times(std::min(some, questions.size()), 3, [&](std::size_t i) {
      explained += explainer->explain(stored[i], questions[i].now).find("\"near_misses\":") != std::string::npos;
    }));
    std::printf("    %.1f hits each; %zu made again otherwise; %zu explained\n", static_cast<double>(hits) / static_cast<double>(questions.size()), differ, explained);
    if (differ || explained == 0) std::exit(1);
  }

  void cold(const risk::CompiledSet& set) {
    std::vector<char> dirt(96 << 20);
    Percentiles least, plain;
    least.values.assign(300, 1e18);
    risk::Decision d;
    std::uint64_t sum = 0;
    for (int pass = 0; pass < 4; ++pass)
      for (std::size_t i = 0; i < least.values.size(); ++i) {
        for (std::size_t at = 0; at < dirt.size(); at += 64) sum += static_cast<std::uint64_t>(++dirt[at]);
        const auto& one = *declarations_[i];
        const auto start = Clock::now();
        risk::decide(set, one.sheet, one.circumstances, d);
        const double took = us(Clock::now() - start);
        least.values[i] = std::min(least.values[i], took);
        plain.values.push_back(took);
      }
    std::printf("  %-34s p50 %9.2f us  p99 %9.2f us   plain p50 %9.2f p99 %9.2f   (96 MB walked before each; %llu)\n", "first decision, caches evicted", least.at(0.5), least.at(0.99), plain.at(0.5),
                plain.at(0.99), static_cast<unsigned long long>(sum & 1));
  }

  void items(const risk::CompiledSet& set) {
    std::vector<std::unique_ptr<Declaration>> large;
    for (std::size_t i = 0; i < declarations_.size(); ++i) {
      auto d = std::make_unique<Declaration>();
      d->id = declarations_[i]->id;
      d->facts = declarations_[i]->facts;
      d->circumstances = declarations_[i]->circumstances;
      for (std::size_t k = 1; k < 40; ++k) {
        const auto& other = declarations_[(i * 37 + k * 101) % declarations_.size()]->facts;
        for (const char* field : {"hs_code", "origin"})
          if (const auto at = other.find(std::string("goods.0.") + field); at != other.end()) d->facts["goods." + std::to_string(k) + "." + field] = at->second;
      }
      d->facts["goods.count"] = std::int64_t{40};
      d->sheet = risk::fact_sheet(d->facts);
      large.push_back(std::move(d));
    }
    print("decide, 40 goods items", timed(large, 10, [&](const Declaration& one, risk::Decision& d) { risk::decide(set, one.sheet, one.circumstances, d); }));
  }

  void memory(const std::string& json, std::size_t n) {
    Percentiles build, processor;  // the processor's time says more on a machine that does other things too
    Set set;
    for (int i = 0; i < 3; ++i) {
      set.reset();
      const auto start = Clock::now();
      const std::clock_t used = std::clock();
      unsigned char digest[SHA256_DIGEST_LENGTH];
      ::SHA256(reinterpret_cast<const unsigned char*>(json.data()), json.size(), digest);
      set = compiled(json, traffic_);
      build.values.push_back(us(Clock::now() - start) / 1000);
      processor.values.push_back(static_cast<double>(std::clock() - used) * 1e3 / CLOCKS_PER_SEC);
    }
    set.reset();
    ::malloc_trim(0);
    const auto before = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    set = compiled(json, traffic_);
    const auto after = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    std::printf("  from bytes to serving (SHA-256, parse, index): least %.0f ms of 3 (processor %.0f ms); memory %zu B per profile by its own count, %zu by the allocator's\n", build.at(0), processor.at(0), set->bytes() / n,
                (after - before) / n);
  }

  void baselines(const risk::CompiledSet& set, const std::string& profiles, std::size_t n) {
    const auto index = timed(declarations_, 5, [&](const Declaration& one, risk::Decision& d) { risk::decide(set, one.sheet, one.circumstances, d); });
    const int passes = n <= 1000 ? 5 : 3;
    std::vector<std::unique_ptr<Declaration>> some;
    const std::size_t most = n >= 100000 ? 60 : n >= 10000 ? 300 : declarations_.size();
    for (std::size_t i = 0; i < most; ++i) {
      auto d = std::make_unique<Declaration>(*declarations_[i]);
      d->sheet = risk::fact_sheet(d->facts);
      some.push_back(std::move(d));
    }
    const auto scan = timed(some, passes, [&](const Declaration& one, risk::Decision& d) { risk::decide_by_scan(set, one.sheet, one.circumstances, d); });
    print("linear scan (compiled conditions)", scan);
    std::printf("    the index is %.0f times as fast (p50)\n", scan.p50 / index.p50);
    if (n > 10000) return;
    const auto lines = lines_of(folder_ + "/decls.jsonl");
    bench::SqliteBaseline sqlite(lines_of(profiles));
    Percentiles least;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(most, 200); ++i) {
      double took = 1e18;
      std::size_t count = 0;
      for (int pass = 0; pass < 3; ++pass) {
        const auto start = Clock::now();
        count = sqlite.matches(lines[i], declarations_[i]->circumstances.now.ms / 86'400'000 - 18262);
        took = std::min(took, us(Clock::now() - start));
      }
      least.values.push_back(took);
      risk::Decision d;
      risk::decide(set, declarations_[i]->sheet, declarations_[i]->circumstances, d);
      if (d.outcomes.size() != count) ++wrong;
    }
    std::printf("  %-34s p50 %9.2f us  p99 %9.2f us   (%zu of %zu differ)\n    the index is %.0f times as fast (p50)\n", "SQLite (access table + WHERE)", least.at(0.5), least.at(0.99), wrong,
                least.values.size(), least.at(0.5) / index.p50);
    if (wrong) std::exit(1);
  }

  /// Sets swapped as fast as the other core builds them, at idle priority; every decision must be one of a whole set.
  void reload(const std::string& json, const Set& first) {
    auto other_json = json;
    other_json.replace(other_json.find("\"version\":\"benchmark\""), 21, "\"version\":\"swapped!!\"");
    for (auto at = other_json.find("\"weight\":"); at != std::string::npos; at = other_json.find("\"weight\":", at + 1)) other_json.insert(at + 9, "1");  // 65 -> 165
    const Set second = compiled(other_json, traffic_);
    std::vector<std::uint64_t> expected, expected_other;  // they differ in every score, so a mixture of both is seen
    risk::Decision d;
    for (const auto& one : declarations_) {
      risk::decide(*first, one->sheet, one->circumstances, d);
      expected.push_back(fold(0, d));
      risk::decide(*second, one->sheet, one->circumstances, d);
      expected_other.push_back(fold(0, d));
    }
    const auto run = [&](bool swapping, std::size_t decisions) {
      std::atomic<std::shared_ptr<const risk::CompiledSet>> current(first);
      std::atomic<bool> stop{false};
      std::size_t swaps = 0;
      std::thread builder([&] {
        sched_param none{};
        ::sched_setscheduler(0, SCHED_IDLE, &none);
        while (swapping && !stop) {
          current = compiled(swaps % 2 ? json : other_json, traffic_);
          ++swaps;
        }
      });
      Percentiles times;
      times.values.reserve(decisions);
      std::size_t wrong = 0, stalled = 0;
      for (std::size_t i = 0; i < decisions; ++i) {
        const auto& one = *declarations_[i % declarations_.size()];
        const auto start = Clock::now();
        const auto set = current.load();
        risk::decide(*set, one.sheet, one.circumstances, d);
        const double took = us(Clock::now() - start);
        times.values.push_back(took);
        stalled += took > 50'000;
        wrong += fold(0, d) != (set->version() == "benchmark" ? expected : expected_other)[i % declarations_.size()];
      }
      stop = true;
      builder.join();
      std::printf("  %-34s %zu decisions, %zu swaps: p50 %.2f us, p99 %.2f us, p99.99 %.2f us; %zu wrong, %zu over 50 ms\n", swapping ? "reload without pause" : "no reload", decisions, swaps,
                  times.at(0.5), times.at(0.99), times.at(0.9999), wrong, stalled);
      if (wrong) std::exit(1);
      return times.at(0.99);
    };
    const double still = run(false, 3'000'000), swapped = run(true, 10'000'000);
    std::printf("    p99 with reload is %.2f of that without\n", swapped / still);
  }

  std::string folder_;
  std::set<std::string> sections_;
  std::vector<std::unique_ptr<Declaration>> declarations_;
  std::vector<Fields> traffic_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: risk_bench FOLDER [decide] [assess] [cold] [items] [memory] [reload] [baselines]\n");
    return 2;
  }
  Bench bench(argv[1], {argv + 2, argv + argc});
  for (const std::size_t n : {100u, 1000u, 10000u, 100000u}) bench.size(n);
  return 0;
}
