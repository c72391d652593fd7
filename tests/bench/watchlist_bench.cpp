// Watch lists of a million (or ten million) plates: one lookup's time, memory, and what others need for the same answers.
// `watchlist_bench [--entries N] [--reads N] [--passes N] [--no-baselines]`. Every reader of the same reads must give the
// same hash of what it found; the exit code is 1 where one does not.
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "edge/risk/plate_index.hpp"
#include "edge/risk/plate_text.hpp"
#include "edge/risk/watch_list.hpp"
#include "edge/runtime/system_clock.hpp"
#include "firmware-interfaces/split_mix.hpp"

namespace {

using namespace rampa;
using risk::Likeness;
using risk::PlateIndex;
using risk::PlateKey;

runtime::SystemClock clock_;
std::int64_t now_ns() { return clock_.mono().ns; }

/// Shapes of the region's plates, 7 or 8 characters, with area codes that are really few.
std::string plate(SplitMix64& draws) {
  constexpr std::array<const char*, 6> shapes{"rr999AA", "rr9999AA", "A99A999", "rrAA999", "A999AAA", "99AA9999"};
  constexpr std::array<const char*, 24> areas{"BG", "NS", "NI", "SU", "KG", "SA", "PO", "ZG", "ST", "SB", "VU", "CB", "CA", "PB", "AA", "KA", "SK", "BT", "OH", "TE", "CT", "TM", "BV", "IF"};
  std::string text = shapes[draws.below(shapes.size())];
  const char* area = areas[draws.below(areas.size())];
  for (std::size_t i = 0; i < text.size(); ++i)
    text[i] = text[i] == 'r' ? area[i] : text[i] == 'A' ? static_cast<char>('A' + draws.below(26)) : static_cast<char>('0' + draws.below(10));
  return text;
}

std::string confused(std::string text, int times, SplitMix64& draws) {
  for (int done = 0, tries = 0; done < times && tries < 50; ++tries) {
    char& c = text[draws.below(text.size())];
    for (const std::string_view group : {"0ODQ", "1I", "2Z", "5S", "8B", "6G"})
      if (group.find(c) != group.npos) {
        c = group[draws.below(group.size())];
        ++done;
        break;
      }
  }
  return text;
}

/// Half unlisted; the others exact, with one or two confusions, a character replaced, too many or missing.
std::string misread(const std::string& listed, SplitMix64& draws) {
  constexpr std::string_view characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string text = listed;
  const auto any = [&] { return characters[draws.below(characters.size())]; };
  switch (draws.below(5)) {
    case 0: break;
    case 1: text = confused(text, 1 + static_cast<int>(draws.below(2)), draws); break;
    case 2: text[draws.below(text.size())] = any(); break;
    case 3: text.insert(text.begin() + static_cast<std::ptrdiff_t>(draws.below(text.size() + 1)), any()); break;
    default: text.erase(draws.below(text.size()), 1);
  }
  return text;
}

/// Order does not matter: a sum over what each read found.
struct Answers {
  std::uint64_t hash = 0, equal = 0, alert = 0, possible = 0;
  void add(std::size_t read, const PlateKey& listed, Likeness likeness) {
    std::uint64_t h = listed.folded * 0x9e3779b97f4a7c15ull ^ (std::uint64_t{listed.variant} << 20) ^ (read * 0xbf58476d1ce4e5b9ull) ^ (static_cast<std::uint64_t>(likeness) << 60);
    h = (h ^ (h >> 31)) * 0x94d049bb133111ebull;
    hash += h ^ (h >> 29);
    (likeness == Likeness::equal ? equal : likeness == Likeness::alert ? alert : possible) += 1;
  }
};

double at(std::vector<double>& us, double q) {
  std::sort(us.begin(), us.end());
  return us.empty() ? 0 : us[static_cast<std::size_t>(q * static_cast<double>(us.size() - 1))];
}

double resident_mb() {
  std::ifstream in("/proc/self/statm");
  long total = 0, resident = 0;
  in >> total >> resident;
  return static_cast<double>(resident) * 4096 / 1e6;
}

/// `find(key, text, read's number, answers or null)`; percentiles over reads of the minimum over passes, and of all times.
template <class Find>
Answers measure(const char* what, const std::vector<std::string>& reads, std::size_t count, int passes, double build_s, double bytes_per_entry, Find&& find) {
  Answers answers;
  std::vector<double> best(count, 1e18), plain;
  double total = 0;
  for (int pass = 0; pass < passes; ++pass) {
    Answers these;
    for (std::size_t i = 0; i < count; ++i) {
      const auto start = now_ns();
      find(reads[i], i, these);
      const double us = static_cast<double>(now_ns() - start) / 1000;
      best[i] = std::min(best[i], us);
      plain.push_back(us);
      total += us;
    }
    answers = these;
  }
  std::printf("%-36s min-of-%d p50 %9.3f p99 %9.3f us   plain p50 %9.3f p99 %9.3f us   %10.0f/s   build %6.2f s   %6.1f B/plate   reads %6zu   hash %016llx\n", what,
              passes, at(best, 0.5), at(best, 0.99), at(plain, 0.5), at(plain, 0.99), static_cast<double>(count * static_cast<std::size_t>(passes)) / total * 1e6, build_s,
              bytes_per_entry, count, static_cast<unsigned long long>(answers.hash));
  std::fflush(stdout);
  return answers;
}

// Each of these is told a text and adds to the answers what it finds; the index's text is normal already, as a camera's is.

Likeness likeness_of(const PlateKey& listed, const PlateKey& read) {
  return listed == read ? Likeness::equal : listed.folded == read.folded ? Likeness::alert : Likeness::possible;
}

/// Levenshtein's distance is at most one; strings, nothing shared with the index.
bool one_edit(const std::string& x, const std::string& y) {
  const std::string &a = x.size() <= y.size() ? x : y, &b = x.size() <= y.size() ? y : x;
  if (b.size() - a.size() > 1) return false;
  std::size_t i = 0;
  while (i < a.size() && a[i] == b[i]) ++i;
  if (a.size() == b.size()) return i == a.size() || a.compare(i + 1, std::string::npos, b, i + 1, std::string::npos) == 0;
  return a.compare(i, std::string::npos, b, i + 1, std::string::npos) == 0;
}

std::vector<std::string> texts_without_one(const std::string& folded) {
  std::vector<std::string> all{folded};
  for (std::size_t i = 0; i < folded.size(); ++i)
    if (i == 0 || folded[i] != folded[i - 1]) all.push_back(folded.substr(0, i) + folded.substr(i + 1));
  return all;
}

struct Peers {
  const std::vector<PlateKey>& keys;
  std::vector<std::string> folded;
  void add(std::uint32_t entry, const std::string& text, std::size_t number, Answers& answers) const {
    answers.add(number, keys[entry], likeness_of(keys[entry], *risk::packed(text)));
  }
};

Answers symspell(const Peers& peers, const std::vector<std::string>& reads, std::size_t count, int passes) {
  const double before = resident_mb();
  const auto start = now_ns();
  std::unordered_map<std::string, std::vector<std::uint32_t>> deletes;
  for (std::uint32_t i = 0; i < peers.folded.size(); ++i)
    for (auto& text : texts_without_one(peers.folded[i])) deletes[std::move(text)].push_back(i);
  const double build = static_cast<double>(now_ns() - start) / 1e9;
  std::vector<std::uint32_t> candidates;
  return measure("unordered_map of deletes (SymSpell)", reads, count, passes, build, (resident_mb() - before) * 1e6 / static_cast<double>(peers.keys.size()),
                 [&](const std::string& text, std::size_t number, Answers& answers) {
                   candidates.clear();
                   const std::string fold = risk::folded(std::string_view(text));
                   for (const auto& one : texts_without_one(fold))
                     if (const auto found = deletes.find(one); found != deletes.end()) candidates.insert(candidates.end(), found->second.begin(), found->second.end());
                   std::sort(candidates.begin(), candidates.end());
                   candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
                   for (const auto entry : candidates)
                     if (one_edit(peers.folded[entry], fold)) peers.add(entry, text, number, answers);
                 });
}

Answers linear(const Peers& peers, const std::vector<std::string>& reads, std::size_t count) {
  return measure("linear scan of strings", reads, count, 1, 0, 0, [&](const std::string& text, std::size_t number, Answers& answers) {
    const std::string fold = risk::folded(std::string_view(text));
    for (std::uint32_t i = 0; i < peers.folded.size(); ++i)
      if (one_edit(peers.folded[i], fold)) peers.add(i, text, number, answers);
  });
}

Answers sqlite(const Peers& peers, const std::vector<std::string>& reads, std::size_t count) {
  sqlite3* db = nullptr;
  sqlite3_open(":memory:", &db);
  const auto run = [&](const char* sql) {
    if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) std::printf("sqlite: %s\n", sqlite3_errmsg(db));
  };
  const auto start = now_ns();
  run("PRAGMA journal_mode=OFF; CREATE TABLE d (t TEXT, e INTEGER, PRIMARY KEY (t, e)) WITHOUT ROWID; BEGIN");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO d VALUES (?1, ?2)", -1, &insert, nullptr);
  std::vector<std::pair<std::string, std::uint32_t>> rows;
  for (std::uint32_t i = 0; i < peers.folded.size(); ++i)
    for (auto& text : texts_without_one(peers.folded[i])) rows.emplace_back(std::move(text), i);
  std::sort(rows.begin(), rows.end());
  for (const auto& [text, entry] : rows) {
    sqlite3_bind_text(insert, 1, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert, 2, entry);
    sqlite3_step(insert);
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  rows = {};
  run("COMMIT");
  const double build = static_cast<double>(now_ns() - start) / 1e9;
  sqlite3_stmt* select = nullptr;
  sqlite3_prepare_v2(db, "SELECT e FROM d WHERE t = ?1", -1, &select, nullptr);
  std::vector<std::uint32_t> candidates;
  const auto answers = measure("SQLite delete table, in memory", reads, count, 1, build, static_cast<double>(sqlite3_memory_used()) / static_cast<double>(peers.keys.size()),
                               [&](const std::string& text, std::size_t number, Answers& into) {
                                 candidates.clear();
                                 const std::string fold = risk::folded(std::string_view(text));
                                 for (const auto& one : texts_without_one(fold)) {
                                   sqlite3_bind_text(select, 1, one.data(), static_cast<int>(one.size()), SQLITE_STATIC);
                                   while (sqlite3_step(select) == SQLITE_ROW) candidates.push_back(static_cast<std::uint32_t>(sqlite3_column_int64(select, 0)));
                                   sqlite3_reset(select);
                                 }
                                 std::sort(candidates.begin(), candidates.end());
                                 candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
                                 for (const auto entry : candidates)
                                   if (one_edit(peers.folded[entry], fold)) peers.add(entry, text, number, into);
                               });
  sqlite3_finalize(select);
  sqlite3_close(db);
  return answers;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t entries = 1'000'000, count = 20'000;
  int passes = 5;
  bool baselines = true;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--entries" && i + 1 < argc) entries = std::strtoull(argv[++i], nullptr, 10);
    else if (word == "--reads" && i + 1 < argc) count = std::strtoull(argv[++i], nullptr, 10);
    else if (word == "--passes" && i + 1 < argc) passes = std::atoi(argv[++i]);
    else if (word == "--no-baselines") baselines = false;
    else {
      std::fprintf(stderr, "usage: watchlist_bench [--entries N] [--reads N] [--passes N] [--no-baselines]\n");
      return 2;
    }
  }
  SplitMix64 draws(7);
  std::vector<PlateKey> keys;
  keys.reserve(entries + entries / 4);
  while (keys.size() < entries) {
    while (keys.size() < entries) keys.push_back(*risk::packed(plate(draws)));
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  }
  std::vector<std::string> reads;
  while (reads.size() < count) {
    if (reads.size() % 2 == 0) {
      const std::string text = plate(draws);
      if (!std::binary_search(keys.begin(), keys.end(), *risk::packed(text))) reads.push_back(text);
    } else {
      reads.push_back(misread(risk::unpacked(keys[draws.below(keys.size())]), draws));
    }
  }
  double average = 0;
  for (const auto& key : keys) average += static_cast<double>(risk::unpacked(key).size());
  std::printf("%zu plates of %.2f characters on the average, %zu reads, half of them unlisted, seed 7\n", keys.size(), average / static_cast<double>(keys.size()), count);

  const auto start = now_ns();
  auto index = PlateIndex::build(keys);
  const double build = static_cast<double>(now_ns() - start) / 1e9;
  if (!index) {
    std::fprintf(stderr, "watchlist_bench: %s\n", index.error().what.c_str());
    return 1;
  }
  std::vector<PlateIndex::Found> found;
  const auto with_index = [&](const std::string& text, std::size_t number, Answers& answers) {
    index->find(std::string_view(text), found);
    for (const auto& one : found) answers.add(number, index->key(one.entry), one.likeness);
  };
  const double bytes = static_cast<double>(index->bytes()) / static_cast<double>(index->size());
  const Answers ours = measure("folded deletion index", reads, count, passes, build, bytes, with_index);
  std::printf("found: %llu equal, %llu alert, %llu possible\n", static_cast<unsigned long long>(ours.equal), static_cast<unsigned long long>(ours.alert), static_cast<unsigned long long>(ours.possible));

  std::uint64_t alerts = 0, possible = 0;
  for (std::size_t i = 0; i < count; i += 2) {
    index->find(std::string_view(reads[i]), found);
    alerts += std::any_of(found.begin(), found.end(), [](const auto& f) { return f.likeness == Likeness::alert; });
    possible += std::any_of(found.begin(), found.end(), [](const auto& f) { return f.likeness == Likeness::possible; });
  }
  std::printf("of %zu clean unlisted reads: %.3f %% alert, %.2f %% possible\n", count / 2, 100.0 * static_cast<double>(alerts) / static_cast<double>(count / 2),
              100.0 * static_cast<double>(possible) / static_cast<double>(count / 2));

  bool same = true;
  const auto agree = [&](const char* who, const Answers& theirs, std::size_t of) {
    Answers mine;
    for (std::size_t i = 0; i < of; ++i) with_index(reads[i], i, mine);
    const bool equal = mine.hash == theirs.hash && mine.possible == theirs.possible && mine.alert == theirs.alert && mine.equal == theirs.equal;
    std::printf("recall against %s on %zu reads: %s (%llu found)\n", who, of, equal ? "the same" : "DIFFERENT", static_cast<unsigned long long>(theirs.equal + theirs.alert + theirs.possible));
    same = same && equal;
  };
  Peers peers{keys, {}};
  peers.folded.reserve(keys.size());
  for (const auto& key : keys) peers.folded.push_back(risk::folded(std::string_view(risk::unpacked(key))));
  const std::size_t sample = std::min<std::size_t>(count, std::max<std::size_t>(20, 300'000'000 / entries));
  agree("a linear scan", linear(peers, reads, sample), sample);
  if (baselines) {
    agree("SymSpell", symspell(peers, reads, count, std::min(passes, 3)), count);
    agree("SQLite", sqlite(peers, reads, std::min<std::size_t>(count, 5'000)), std::min<std::size_t>(count, 5'000));
  }
  return same ? 0 : 1;
}
