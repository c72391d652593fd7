// Past crossings in columns, and the replay of stored decisions, over the public workload: risk_history_bench FOLDER [SECTION...]
//   FOLDER holds decls.jsonl, profiles_10000.jsonl and, if there is one, history.jsonl. Sections: history replay; all if none is named.
//   1,000,000 rows are made of the workload's by exchanging groups of fields between rows, from a fixed seed; plates are all different.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "edge/risk/benchmark_format.hpp"
#include "edge/risk/history.hpp"

namespace {

using namespace rampa;
using Clock = std::chrono::steady_clock;
constexpr std::size_t all_rows = 1'000'000;
constexpr unsigned cores = 2;

double seconds(Clock::time_point since) { return std::chrono::duration<double>(Clock::now() - since).count(); }

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) give_up(path + ": cannot be read");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Past {
  std::vector<risk::BenchmarkDeclaration> rows;  ///< of the workload
  risk::History history;

  explicit Past(const std::string& folder) {
    for (const char* name : {"/history.jsonl", "/decls.jsonl"}) {
      if (name == std::string("/history.jsonl") && !std::ifstream(folder + name)) continue;
      std::istringstream lines(read_file(folder + name));
      for (std::string line; std::getline(lines, line);) {
        auto row = risk::import_benchmark_declaration(line);
        if (!row) give_up(folder + name + ": " + row.error().what);
        rows.push_back(std::move(*row));
      }
    }
    std::vector<risk::FactSheet> sheets;
    for (const auto& row : rows) sheets.push_back(risk::fact_sheet(row.facts));
    std::mt19937_64 random(20261121);
    const auto start = Clock::now();
    risk::FactSheet sheet;
    const auto plate = *risk::field_id("vehicle.plate"), trailer = *risk::field_id("vehicle.trailer");
    for (std::size_t i = 0; i < all_rows; ++i) {
      const auto any = [&] { return static_cast<std::size_t>(random() % sheets.size()); };
      const auto base = any(), parties = any(), amounts = any();
      sheet.clear();
      for (risk::FieldId field = 0; field < risk::first_goods_field(); ++field) {
        const auto& from = sheets[field % 3 == 0 ? parties : field % 7 == 1 ? amounts : base];
        const auto& fact = from.facts[field];
        if (fact.state == risk::Fact::State::good && risk::field_type(field) == risk::FieldType::list) sheet.set_list(field, from.list(fact));
        else sheet.facts[field] = fact;
      }
      const auto number = std::to_string(i);
      const std::string front = "BG" + number + "AA", rear = "AA" + number + "BG";
      if (i % 4 != 0) sheet.set(plate, front), sheet.set(trailer, rear);
      sheet.items = sheets[base].items;
      sheet.goods_known = !sheet.items.empty();
      history.add(sheet, rows[amounts].at, 60, number);
    }
    std::printf("  %zu rows of %zu different ones, made in %.2f s; %.0f MB in columns, %.0f B a row\n", history.rows(), rows.size(), seconds(start), static_cast<double>(history.bytes()) / 1e6,
                static_cast<double>(history.bytes()) / static_cast<double>(history.rows()));
  }
};

std::shared_ptr<const risk::CompiledSet> compiled(const std::string& folder, const std::vector<risk::BenchmarkDeclaration>& rows) {
  auto json = risk::import_benchmark_profiles(read_file(folder + "/profiles_10000.jsonl"));
  if (!json) give_up(json.error().what);
  std::vector<Fields> traffic;
  for (std::size_t i = 0; i < rows.size() && i < 4000; ++i) traffic.push_back(rows[i].facts);
  auto set = risk::compile(*json, "", traffic);
  if (!set) give_up(set.error().what.substr(0, 500));
  return std::dynamic_pointer_cast<const risk::CompiledSet>(*set);
}

/// Runs work(first, last) over all rows in stretches on `threads`; seconds.
template <class F>
double over_rows(unsigned threads, F&& work) {
  constexpr std::size_t stretch = 1 << 14;
  std::atomic<std::size_t> next{0};
  const auto start = Clock::now();
  const auto loop = [&] {
    for (std::size_t i; (i = next++) * stretch < all_rows;) work(i * stretch, std::min((i + 1) * stretch, all_rows));
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(loop);
  loop();
  for (auto& other : others) other.join();
  return seconds(start);
}

void history_section(const Past& past, const std::string& folder, const risk::CompiledSet& set) {
  std::printf("history: one profile over %zu rows, one thread (every 100th of the 10,000; conditions with scope)\n", all_rows);
  auto json = risk::import_benchmark_profiles(read_file(folder + "/profiles_10000.jsonl"));
  std::vector<risk::Condition> conditions;
  risk::SetHead head;
  std::size_t number = 0;
  const auto findings = risk::read_set(*json, head, [&](risk::RiskProfile&& p) {
    if (number++ % 100 == 0) conditions.push_back(risk::with_scope(p));
  });
  if (!findings.empty()) give_up("the workload's set is not read");
  std::vector<double> took;
  std::size_t yes = 0;
  for (const auto& condition : conditions) {
    const auto start = Clock::now();
    const auto answers = past.history.prepare(condition, head.lists).evaluate(0, all_rows);
    yes += answers.count(risk::Truth::yes);
    took.push_back(seconds(start));
  }
  std::sort(took.begin(), took.end());
  std::printf("  %zu profiles: median %.4f s, slowest %.4f s (goal 0.3 s); %zu rows answered yes in all\n", took.size(), took[took.size() / 2], took.back(), yes);
  for (int pass = 0; pass < 3; ++pass) {
    std::atomic<std::uint64_t> selected{0}, stopped{0};
    const double all = over_rows(cores, [&](std::size_t first, std::size_t last) {
      const auto t = risk::tally(set, past.history, first, last, 3);
      std::uint64_t sum = 0;
      for (const auto& p : t.profiles) sum += p.selected;
      selected += sum;
      stopped += t.channels[2] + t.channels[3];
    });
    std::printf("  set of %zu profiles over %zu rows on %u threads: %.3f s (goal 2 s); %llu selections, %llu stopped\n", set.size(), all_rows, cores, all,
                static_cast<unsigned long long>(selected), static_cast<unsigned long long>(stopped));
  }
}

/// Everything decided, by names and not by places in the set: channel, score, flags, and per profile its id, version, what became of it, the draw and
/// the facts that are missing. This is what a stored assessment says, but for its JSON.
void fold(const risk::CompiledSet& set, const risk::FactSheet& sheet, const risk::Decision& d, std::string& bytes) {
  const auto put = [&](std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i);
  };
  const auto text = [&](std::string_view t) {
    put(t.size(), 2);
    bytes += t;
  };
  put(static_cast<std::uint64_t>(d.channel), 1);
  put((d.random ? 1u : 0u) | (d.stale ? 2u : 0u) | (d.score_selected ? 4u : 0u), 1);
  put(d.random_drawn, 2);
  put(static_cast<std::uint64_t>(d.score), 8);
  put(d.outcomes.size(), 2);
  for (const auto& o : d.outcomes) {
    text(set.id(o.profile));
    put(set.texts[o.profile].version, 4);
    put(static_cast<std::uint64_t>(o.declined) | (o.undetermined ? 16u : 0u) | (o.shadow ? 32u : 0u), 1);
    put(o.drawn, 2);
    text(set.instruction_of(o.profile, "en"));
    if (!o.undetermined) continue;
    const auto missing = set.program.missing(set.heads[o.profile].root, sheet);
    put(missing.size(), 2);
    for (const auto& name : missing) text(name);
  }
}

void replay_section(const Past& past, const risk::CompiledSet& set, const risk::CompiledSet& set_again) {
  std::printf("replay: %zu decisions of %zu profiles folded into bytes, derived again from stored facts by a set compiled anew, on %u threads\n", all_rows, set.size(), cores);
  std::vector<std::string> stored(all_rows);
  const auto derive = [&](const risk::CompiledSet& with, std::size_t first, std::size_t last, auto&& use) {
    risk::FactSheet sheet;
    risk::Decision decision;
    std::string bytes;
    for (auto row = first; row < last; ++row) {
      past.history.sheet(row, sheet);
      risk::decide(with, sheet, past.history.circumstances(row), decision);
      bytes.clear();
      fold(with, sheet, decision, bytes);
      use(row, bytes);
    }
  };
  const double first = over_rows(cores, [&](std::size_t from, std::size_t to) { derive(set, from, to, [&](std::size_t row, const std::string& bytes) { stored[row] = bytes; }); });
  std::size_t size = 0;
  for (const auto& one : stored) size += one.size();
  for (int pass = 0; pass < 3; ++pass) {
    std::atomic<std::size_t> different{0};
    const double again = over_rows(cores, [&](std::size_t from, std::size_t to) {
      derive(set_again, from, to, [&](std::size_t row, const std::string& bytes) { different += bytes != stored[row] ? 1 : 0; });
    });
    std::printf("  decided and stored in %.3f s (%.0f MB); derived again and compared in %.3f s (goal 5 s): %zu differ\n", first, static_cast<double>(size) / 1e6, again, different.load());
    if (different != 0) std::exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) give_up("usage: risk_history_bench FOLDER [history] [replay]");
  const std::string folder = argv[1];
  const std::set<std::string> wanted(argv + 2, argv + argc);
  const Past past(folder);
  const auto set = compiled(folder, past.rows);
  if (wanted.empty() || wanted.count("history")) history_section(past, folder, *set);
  if (wanted.empty() || wanted.count("replay")) {
    auto fewer = past.rows;
    fewer.resize(fewer.size() / 2);  // other traffic, another index: the decisions must not change
    replay_section(past, *set, *compiled(folder, fewer));
  }
}
