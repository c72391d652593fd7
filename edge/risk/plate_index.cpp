#include "edge/risk/plate_index.hpp"

#include <algorithm>
#include <bit>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace rampa::risk {
namespace {

constexpr int bits = 5;
constexpr double load = 0.75;  // of 16 places per line on the average: one line in ten overflows
constexpr std::size_t size_max = 16'000'000;

// The 28 symbols in order, each with the characters that it stands for. 1 is the first: 0 ends a text.
constexpr std::array<std::string_view, 28> symbols{"0ODQ", "1I", "2Z", "3", "4", "5S", "6G", "7", "8B", "9", "A", "C", "E", "F",
                                                   "H", "J", "K", "L", "M", "N", "P", "R", "T", "U", "V", "W", "X", "Y"};
struct Symbol {
  std::uint8_t number = 0, variant = 0;
};
constexpr std::array<Symbol, 256> symbol_of = [] {
  std::array<Symbol, 256> table{};
  for (std::size_t i = 0; i < symbols.size(); ++i)
    for (std::size_t v = 0; v < symbols[i].size(); ++v)
      table[static_cast<unsigned char>(symbols[i][v])] = {static_cast<std::uint8_t>(i + 1), static_cast<std::uint8_t>(v)};
  return table;
}();

constexpr int length_of(std::uint64_t text) { return (64 - std::countl_zero(text) + bits - 1) / bits; }
constexpr std::uint64_t without(std::uint64_t text, int at) {
  const std::uint64_t below = (std::uint64_t{1} << (bits * at)) - 1;
  return (text & below) | ((text >> bits) & ~below);
}

/// The text and all that have one character less; each once (of equal neighbours one is left out). At most 13.
struct Neighbourhood {
  std::array<std::uint64_t, plate_length_max + 1> text;
  int size = 0;
  explicit Neighbourhood(std::uint64_t of) {
    text[static_cast<std::size_t>(size++)] = of;
    const int length = length_of(of);
    std::uint64_t before = 0;
    for (int i = 0; i < length; ++i) {
      const std::uint64_t symbol = (of >> (bits * i)) & 31;
      if (symbol != before) text[static_cast<std::size_t>(size++)] = without(of, i);
      before = symbol;
    }
  }
};

/// Bit i: the mark of place i is this one.
inline unsigned places_with(const std::uint32_t* place, std::uint32_t mark, std::uint32_t mask) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(mark)), of = _mm_set1_epi32(static_cast<int>(mask));
  const auto four = [&](int at) {
    return _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(reinterpret_cast<const __m128i*>(place + at)), of), wanted);
  };
  const __m128i low = _mm_packs_epi32(four(0), four(4)), high = _mm_packs_epi32(four(8), four(12));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
#else
  unsigned found = 0;
  for (unsigned i = 0; i < 16; ++i) found |= static_cast<unsigned>((place[i] & mask) == mark) << i;
  return found;
#endif
}

}  // namespace

std::optional<PlateKey> packed(std::string_view normal) {
  if (normal.empty() || normal.size() > plate_length_max) return std::nullopt;
  PlateKey key;
  for (std::size_t i = 0; i < normal.size(); ++i) {
    const Symbol s = symbol_of[static_cast<unsigned char>(normal[i])];
    if (s.number == 0) return std::nullopt;
    key.folded |= std::uint64_t{s.number} << (bits * i);
    key.variant |= std::uint32_t{s.variant} << (2 * i);
  }
  return key;
}

std::string unpacked(const PlateKey& key) {
  std::string text;
  for (int i = 0; i < length_of(key.folded); ++i) {
    const auto symbol = (key.folded >> (bits * i)) & 31;
    text.push_back(symbols[symbol - 1][(key.variant >> (2 * i)) & 3]);
  }
  return text;
}

bool is_packed(const PlateKey& key) {
  if (key.folded == 0 || key.folded >> (bits * plate_length_max) != 0) return false;
  const int length = length_of(key.folded);
  if (key.variant >> (2 * length) != 0) return false;
  for (int i = 0; i < length; ++i) {
    const auto symbol = (key.folded >> (bits * i)) & 31;
    if (symbol == 0 || symbol > symbols.size() || ((key.variant >> (2 * i)) & 3) >= symbols[symbol - 1].size()) return false;
  }
  return true;
}

bool within_one_edit(std::uint64_t a, std::uint64_t b) {
  if (a == b) return true;
  const int first = std::countr_zero(a ^ b) / bits, last = (63 - std::countl_zero(a ^ b)) / bits;
  const int length_a = length_of(a), length_b = length_of(b);
  if (length_a == length_b) return first == last;
  if (length_a == length_b + 1) return without(a, first) == b;
  if (length_b == length_a + 1) return without(b, first) == a;
  return false;
}

// MurmurHash3's finaliser (Appleby): every bit of the text reaches the line's number (above) and the mark (below).
PlateIndex::Way PlateIndex::way(std::uint64_t text) const {
  std::uint64_t h = text;
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdull;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ull;
  h ^= h >> 33;
  return {static_cast<std::uint32_t>(((h >> 32) * lines_.size()) >> 32), static_cast<std::uint32_t>(h) & ~number_mask_};
}

void PlateIndex::put(const Way& to, std::uint32_t entry, std::vector<std::uint8_t>& used) {
  std::uint32_t line = to.line;
  while (used[line] == places) {
    overflow_[line / 64] |= std::uint64_t{1} << (line % 64);
    line = after(line);
  }
  lines_[line].place[used[line]++] = to.mark | (entry + 1);
}

Result<PlateIndex> PlateIndex::build(std::vector<PlateKey> keys, const std::function<void(std::size_t)>& progress) {
  if (keys.size() > size_max)
    return fail(ErrorCode::invalid, std::to_string(keys.size()) + " plates; at most " + std::to_string(size_max) + " go into one list: split it");
  PlateIndex index;
  index.plates_.reserve(keys.size());
  std::size_t texts = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i > 0 && !(keys[i - 1] < keys[i])) return fail(ErrorCode::invalid, "plates are not in order at number " + std::to_string(i));
    index.plates_.push_back({static_cast<std::uint32_t>(keys[i].folded), static_cast<std::uint32_t>(keys[i].folded >> 32), keys[i].variant});
    // Those that fold to the same text stand side by side: the first one is filed for all.
    if (i == 0 || keys[i - 1].folded != keys[i].folded) texts += static_cast<std::size_t>(Neighbourhood(keys[i].folded).size);
  }
  keys = {};
  if (index.plates_.empty()) return index;
  const std::size_t lines = static_cast<std::size_t>(static_cast<double>(texts) / (places * load)) + 2;
  index.lines_.resize(lines);
  index.overflow_.resize(lines / 64 + 1);
  index.number_mask_ = (std::uint32_t{1} << std::bit_width(index.plates_.size())) - 1;
  std::vector<std::uint8_t> used(lines);

  // Lines lie anywhere in memory: those of a few plates ahead are fetched already.
  constexpr std::size_t ahead = 8;
  const auto fetch = [&](std::size_t entry) {
    const Neighbourhood near(index.plates_[entry].folded());
    for (int k = 0; k < near.size; ++k) {
      const auto line = index.way(near.text[static_cast<std::size_t>(k)]).line;
      __builtin_prefetch(&index.lines_[line], 1);
      __builtin_prefetch(&used[line], 1);
    }
  };
  for (std::size_t i = 0; i < index.plates_.size(); ++i) {
    if (i + ahead < index.plates_.size()) fetch(i + ahead);
    if (progress && i % 65536 == 0) progress(i);
    if (i > 0 && index.plates_[i - 1].folded() == index.plates_[i].folded()) continue;
    const Neighbourhood near(index.plates_[i].folded());
    std::array<Way, plate_length_max + 1> ways;
    for (int k = 0; k < near.size; ++k) {
      const Way to = ways[static_cast<std::size_t>(k)] = index.way(near.text[static_cast<std::size_t>(k)]);
      // Two texts of one plate with the same hash: filed once, or it would be found twice.
      if (std::find(ways.begin(), ways.begin() + k, to) == ways.begin() + k) index.put(to, static_cast<std::uint32_t>(i), used);
    }
  }
  return index;
}

/// `entry`: the first of those with its folded text, found by the text `by` that the read leaves.
//
// Two texts that are one edit apart share exactly one text of their neighbourhoods: the longer one without its extra
// character, or both without the differing one (leaving out another of the same run gives the same text). Equal ones share
// all of them; there the whole text counts. So each entry is taken once, with no list of those taken, and one that only the
// hash brought here is not taken at all.
void PlateIndex::take(std::uint32_t entry, std::uint64_t by, const PlateKey& read, std::vector<Found>& found) const {
  const std::uint64_t text = plates_[entry].folded();
  const bool same = text == read.folded;
  if (same) {
    if (by != text) return;
  } else {
    const int longer = length_of(text) - length_of(read.folded);
    const int first = std::countr_zero(text ^ read.folded) / bits;
    const bool replaced = longer == 0 && without(text, first) == by && without(read.folded, first) == by;
    const bool left_out = longer == 1 && read.folded == by && without(text, first) == by;
    const bool inserted = longer == -1 && text == by && without(read.folded, first) == by;
    if (!replaced && !left_out && !inserted) return;
  }
  for (; entry < plates_.size() && plates_[entry].folded() == text; ++entry)
    found.push_back({entry, !same ? Likeness::possible : plates_[entry].variant == read.variant ? Likeness::equal : Likeness::alert});
}

void PlateIndex::find(const PlateKey& read, std::vector<Found>& found) const {
  found.clear();
  if (plates_.empty() || read.folded == 0) return;
  const Neighbourhood near(read.folded);
  std::array<Way, plate_length_max + 1> ways;
  for (int k = 0; k < near.size; ++k) {
    Way& to = ways[static_cast<std::size_t>(k)] = way(near.text[static_cast<std::size_t>(k)]);
    __builtin_prefetch(&lines_[to.line]);
    if (overflows(to.line)) __builtin_prefetch(&lines_[after(to.line)]);
  }
  struct Candidate {
    std::uint32_t entry;
    int by;
  };
  std::array<Candidate, 64> candidates;
  std::size_t count = 0;
  const auto compare = [&] {
    for (std::size_t i = 0; i < count; ++i) take(candidates[i].entry, near.text[static_cast<std::size_t>(candidates[i].by)], read, found);
    count = 0;
  };
  for (int k = 0; k < near.size; ++k) {
    const Way to = ways[static_cast<std::size_t>(k)];
    for (std::uint32_t line = to.line;; line = after(line)) {
      for (unsigned with = places_with(lines_[line].place.data(), to.mark, ~number_mask_); with != 0; with &= with - 1) {
        const std::uint32_t number = lines_[line].place[static_cast<std::size_t>(std::countr_zero(with))] & number_mask_;
        if (number == 0) continue;  // an empty place looks like mark 0
        if (count == candidates.size()) compare();
        __builtin_prefetch(&plates_[number - 1]);
        candidates[count++] = {number - 1, k};
      }
      if (!overflows(line)) break;
    }
  }
  compare();
}

void PlateIndex::find_alike(const PlateKey& read, std::vector<Found>& found) const {
  found.clear();
  if (plates_.empty() || read.folded == 0) return;
  const Way to = way(read.folded);
  for (std::uint32_t line = to.line;; line = after(line)) {
    for (unsigned with = places_with(lines_[line].place.data(), to.mark, ~number_mask_); with != 0; with &= with - 1) {
      const std::uint32_t number = lines_[line].place[static_cast<std::size_t>(std::countr_zero(with))] & number_mask_;
      if (number != 0 && plates_[number - 1].folded() == read.folded) return take(number - 1, read.folded, read, found);
    }
    if (!overflows(line)) break;
  }
}

void PlateIndex::find(std::string_view normal, std::vector<Found>& found) const {
  found.clear();
  if (const auto key = packed(normal)) return find(*key, found);
  if (normal.size() != plate_length_max + 1) return;
  std::vector<Found> some;
  for (std::size_t i = 0; i < normal.size(); ++i) {
    const auto key = packed(std::string(normal.substr(0, i)) + std::string(normal.substr(i + 1)));
    if (!key) return;
    find_alike(*key, some);
    for (const auto& one : some) found.push_back({one.entry, Likeness::possible});
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
}

std::size_t PlateIndex::bytes() const {
  return lines_.capacity() * sizeof(Line) + overflow_.capacity() * sizeof(std::uint64_t) + plates_.capacity() * sizeof(Plate);
}

}  // namespace rampa::risk
