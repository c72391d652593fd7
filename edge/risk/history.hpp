// Past crossings' facts in columns: for asking of a million of them whether a profile, or a whole set, would have selected. Pure: no
// thread, no file. Filling it is one thread's work; after that any number of threads may ask (const).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "edge/risk/compiled_set.hpp"

namespace rampa::risk {

/// Texts, each once; a text's code is its place. Views stay where they are.
class TextColumn {
 public:
  std::uint32_t code(std::string_view text);
  /// Or size().
  [[nodiscard]] std::uint32_t find(std::string_view text) const;
  [[nodiscard]] std::string_view at(std::uint32_t code) const { return texts_[code]; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(texts_.size()); }
  [[nodiscard]] std::size_t bytes() const;

 private:
  static constexpr std::size_t block_bytes = 1 << 16;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t used_ = block_bytes, held_ = 0;
  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> slots_;  // open addressing, codes + 1
};

/// One field over all rows (goods fields: over all items). What is shorter than the rows is missing from there on.
struct Column {
  std::vector<std::uint64_t> there, good;  ///< bit per row; there and neither good nor incomplete: of another type than the catalogue's
  std::vector<std::uint64_t> incomplete;   ///< lists, bit per row: not good, but the elements are here
  std::vector<std::uint64_t> several;      ///< lists, bit per row: a value of each declaration
  std::vector<std::uint64_t> beginning;    ///< goods codes, bit per item: further digits may not be declared
  std::vector<std::int64_t> numbers;       ///< integers
  std::vector<std::uint64_t> flags;        ///< booleans, bit per row
  std::vector<std::uint32_t> codes;        ///< texts: of the row; lists: of all elements
  std::vector<std::uint32_t> ends;         ///< lists: the row's last element + 1
  TextColumn texts;
  [[nodiscard]] bool used() const { return !there.empty(); }
  [[nodiscard]] bool is_good(std::size_t row) const { return is_set(good, row); }
  [[nodiscard]] bool is_there(std::size_t row) const { return is_set(there, row); }
  [[nodiscard]] bool is_incomplete(std::size_t row) const { return is_set(incomplete, row); }
  [[nodiscard]] static bool is_set(const std::vector<std::uint64_t>& bits, std::size_t row) { return row / 64 < bits.size() && (bits[row / 64] >> row % 64 & 1) != 0; }
};

/// Of a stretch of rows that begins with `first`: bit per row.
struct Answers {
  std::size_t first = 0, rows = 0;
  std::vector<std::uint64_t> yes, no;  ///< neither: undetermined
  [[nodiscard]] Truth at(std::size_t row) const;
  [[nodiscard]] std::size_t count(Truth truth) const;
};

class History;

/// A condition made ready for one History: which dictionary codes fit is worked out once. Immutable; refers to the History.
class Prepared {
 public:
  /// `first` is a multiple of 64; `last` is not included.
  [[nodiscard]] Answers evaluate(std::size_t first, std::size_t last) const;

 private:
  friend class History;
  friend class ColumnEvaluation;
  struct Step {
    Condition::Kind kind = Condition::Kind::always;
    std::vector<Step> parts;
    FieldId field = 0;
    Operator op = Operator::eq;
    bool flag = false;
    std::vector<std::int64_t> numbers;
    std::vector<std::uint64_t> fits;  // bit per dictionary code
    std::vector<std::uint64_t> goes_on;  // likewise, of goods codes: a value begins with it and is longer
  };
  const History* history_ = nullptr;
  Step root_;
};

class History {
 public:
  /// Views in `sheet` are copied. `utc_offset_min` of the post's local time then, for weekly patterns.
  void add(const FactSheet& sheet, WallTime at, std::int32_t utc_offset_min, std::string_view id);
  void add(const Fields& facts, WallTime at, std::string_view id);

  [[nodiscard]] std::size_t rows() const { return at_.size(); }
  [[nodiscard]] std::size_t items() const { return item_row_.size(); }
  [[nodiscard]] std::string_view id(std::size_t row) const { return std::string_view(ids_).substr(row == 0 ? 0 : id_ends_[row - 1], id_ends_[row] - (row == 0 ? 0 : id_ends_[row - 1])); }
  [[nodiscard]] WallTime at(std::size_t row) const { return WallTime{at_[row]}; }
  /// Drawn by the row's id; as if there had been room in every channel.
  [[nodiscard]] Circumstances circumstances(std::size_t row) const;
  /// The row's facts; views stay good as long as the History does. Give the same sheet again and again: nothing is allocated then.
  void sheet(std::size_t row, FactSheet& sheet) const;
  [[nodiscard]] std::size_t bytes() const;

  /// `lists` are those that the condition names; what it names and is not there is empty.
  [[nodiscard]] Prepared prepare(const Condition& condition, const NamedLists& lists) const;

 private:
  friend class ColumnEvaluation;
  [[nodiscard]] Prepared::Step step(const Condition& c, const NamedLists& lists) const;
  [[nodiscard]] const Column& column(FieldId field) const { return field < first_goods_field() ? columns_[field] : goods_[field - first_goods_field()]; }

  std::array<Column, fields_max> columns_;
  std::array<Column, goods_fields_max> goods_;
  std::vector<std::uint32_t> item_ends_;  // by row
  std::vector<std::uint32_t> item_row_;   // by item
  std::vector<std::uint64_t> goods_incomplete_;  // bit per row
  std::vector<std::int64_t> at_;
  std::vector<std::int16_t> utc_offset_;
  std::string ids_;
  std::vector<std::uint64_t> id_ends_;
};

/// What a set does to a stretch of history.
struct ProfileTally {
  std::uint64_t selected = 0;      ///< rows that it alone would have sent to its channel
  std::uint64_t undetermined = 0;  ///< rows that it alone would have sent to yellow (blue; a security profile: its channel) because a fact is missing
  std::uint64_t declined = 0;      ///< matched; not drawn, authorised operator or green list
  std::vector<std::uint32_t> examples;  ///< rows of `selected`, the first ones
};
struct SetTally {
  std::uint64_t rows = 0, channels[4] = {0, 0, 0, 0};
  std::uint64_t random = 0, by_score = 0;  ///< raised by the overall random share, by the score
  std::vector<ProfileTally> profiles;      ///< by place in the set
  std::vector<std::uint8_t> channel_of;    ///< by row of the stretch
  /// Takes in the stretch that follows this one.
  void append(const SetTally& next, std::size_t examples_max);
};
/// Rows first..last-1, decided by the whole set as lanes decide, but that no channel is ever full.
[[nodiscard]] SetTally tally(const CompiledSet& set, const History& history, std::size_t first, std::size_t last, std::size_t examples_max);

}  // namespace rampa::risk
