// Up to 16 million plates, and for one read all those that equal it, that equal it once confusable characters are folded,
// or that are one edit (a character replaced, inserted or left out) away from it after folding. Nothing is missed and
// nothing is found by chance: every candidate is compared. Pure; immutable once built; shared between threads.
//
// How: a plate is 5 bits per character in one word. Two texts within one edit share a text that arises by leaving out at
// most one character of each, so a plate is filed under itself and all its texts with one character less ("deletion
// neighbourhood", as SymSpell does), and a read asks with its own. Files are lines of one cache line each with 16 places:
// plate's number and, in the bits that the number leaves, part of the text's hash. A full line overflows into the next one,
// and a bit says so. So a read costs 8 to 10 lines, all prefetched at once, and then the few plates whose hash agrees.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-interfaces/result.hpp"

namespace rampa::risk {

/// A normal text (plate_text.hpp) of up to 12 characters, in order of the folded text.
struct PlateKey {
  std::uint64_t folded = 0;   ///< 5 bits per character, first character lowest; 1 to 28, then nothing
  std::uint32_t variant = 0;  ///< 2 bits per character: which of the confusable ones it is
  auto operator<=>(const PlateKey&) const = default;
  bool operator==(const PlateKey&) const = default;
};
constexpr std::size_t plate_length_max = 12;

/// Nothing: it is empty, longer than that, or has another character than A-Z and 0-9.
[[nodiscard]] std::optional<PlateKey> packed(std::string_view normal);
[[nodiscard]] std::string unpacked(const PlateKey& key);
/// As packed() makes them: no gap, no unknown symbol, no variant that its symbol does not have.
[[nodiscard]] bool is_packed(const PlateKey& key);

/// How a listed text resembles the read, ascending.
enum class Likeness : std::uint8_t { possible, alert, equal };
[[nodiscard]] constexpr std::string_view name_of(Likeness likeness) {
  return likeness == Likeness::equal ? "equal" : likeness == Likeness::alert ? "alert" : "possible";
}

class PlateIndex {
 public:
  struct Found {
    std::uint32_t entry = 0;  ///< number in the order given to build()
    Likeness likeness = Likeness::possible;
    auto operator<=>(const Found&) const = default;
  };

  PlateIndex() = default;
  /// `keys` ascending, each once. `progress` hears now and then how many are done. Errors: invalid (order; more than 16
  /// million).
  [[nodiscard]] static Result<PlateIndex> build(std::vector<PlateKey> keys, const std::function<void(std::size_t done)>& progress = {});

  /// All of them, each once, in no order; `found` is emptied first (and kept by the caller, so that no lookup allocates).
  void find(const PlateKey& read, std::vector<Found>& found) const;
  /// The same for a normal text of any length (13 characters may be a listed 12 with one too many).
  void find(std::string_view normal, std::vector<Found>& found) const;
  /// Only equal and alert.
  void find_alike(const PlateKey& read, std::vector<Found>& found) const;

  [[nodiscard]] std::size_t size() const { return plates_.size(); }
  [[nodiscard]] PlateKey key(std::uint32_t entry) const { return {plates_[entry].folded(), plates_[entry].variant}; }
  [[nodiscard]] std::string text(std::uint32_t entry) const { return unpacked(key(entry)); }
  /// Of everything that the index keeps in memory.
  [[nodiscard]] std::size_t bytes() const;

 private:
  static constexpr std::size_t places = 16;
  struct alignas(64) Line {
    std::array<std::uint32_t, places> place{};  ///< hash's part above, number + 1 below; 0: empty
  };
  /// A key in 12 bytes, side by side: a candidate costs one line of memory.
  struct Plate {
    std::uint32_t low = 0, high = 0, variant = 0;
    [[nodiscard]] std::uint64_t folded() const { return std::uint64_t{high} << 32 | low; }
  };
  struct Way {
    std::uint32_t line = 0;
    std::uint32_t mark = 0;  ///< the hash's part, in place
    bool operator==(const Way&) const = default;
  };
  [[nodiscard]] Way way(std::uint64_t text) const;
  [[nodiscard]] bool overflows(std::uint32_t line) const { return (overflow_[line / 64] >> (line % 64)) & 1; }
  [[nodiscard]] std::uint32_t after(std::uint32_t line) const { return line + 1 == lines_.size() ? 0 : line + 1; }
  void put(const Way& to, std::uint32_t entry, std::vector<std::uint8_t>& used);
  void take(std::uint32_t entry, std::uint64_t by, const PlateKey& read, std::vector<Found>& found) const;

  std::vector<Line> lines_;
  std::vector<std::uint64_t> overflow_;  ///< a bit per line: something went on to the next
  std::vector<Plate> plates_;
  std::uint32_t number_mask_ = 0;  ///< bits of a place that hold the number + 1
};

/// After folding: equal or one edit apart. For tests and for whoever has few.
[[nodiscard]] bool within_one_edit(std::uint64_t folded_a, std::uint64_t folded_b);

}  // namespace rampa::risk
