// Inside edge/risk only: conditions of a whole set, laid out flat in a few arrays, and their evaluation over a FactSheet.
// Negations are pushed down to the tests (which keeps Kleene's three values), so a node only ever says all, any or a test.
#pragma once

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "edge/risk/block.hpp"
#include "edge/risk/fact_sheet.hpp"
#include "edge/risk/profile.hpp"

namespace rampa::risk {

struct Node {
  enum class Kind : std::uint8_t { always, never, all, any, any_item, all_item, texts, prefixes, named, named_prefixes, numbers, ge, le, range, flag, exists };
  Kind kind = Kind::always;
  FieldId field = 0;
  bool negated = false;      ///< tests: the opposite, where it is determined
  bool of_list = false;      ///< tests: of a field that is a list
  std::uint32_t count = 0;   ///< tests: values
  std::uint32_t data = 0;    ///< tests: first value in Program::text_refs or Program::numbers; named: the list; flag, exists: 0 or 1
  std::uint32_t end = 0;     ///< the node after this one and all that is below it
};

class Program {
 public:
  /// Appends a condition; its root's place. Names of lists that there are not are an error of the reader's.
  std::uint32_t add(const Condition& condition, const NamedLists& lists);
  /// After the last add(): conditions can be read.
  void finish();
  [[nodiscard]] std::size_t packed_bytes() const { return nodes_.packed_bytes() + text_refs_.packed_bytes() + numbers_.packed_bytes() + arena_.packed_bytes(); }
  void pack(Block& block);

  /// What an evaluation will look at, asked for in two steps and for all candidates at once: the nodes, then their values.
  void prefetch_nodes(std::uint32_t root) const {
    __builtin_prefetch(&nodes_[root]);
    __builtin_prefetch(&nodes_[root] + 4);  // the line after: most conditions are four nodes or more
  }
  void prefetch_values(std::uint32_t root) const {
    const auto end = std::min(nodes_[root].end, root + 6);
    for (auto at = root; at < end; ++at) {
      const Node& n = nodes_[at];
      if (n.kind == Node::Kind::texts || n.kind == Node::Kind::prefixes) {
        __builtin_prefetch(&text_refs_[n.data]);
        __builtin_prefetch(&text_refs_[n.data + std::min<std::uint32_t>(n.count, 15) - 1]);
      } else if (n.kind >= Node::Kind::numbers && n.kind <= Node::Kind::range) __builtin_prefetch(&numbers_[n.data]);
    }
  }

  /// `first_item`: the goods item that is looked at first; any is right, one that holds spares the others.
  [[nodiscard]] Truth evaluate(std::uint32_t root, const FactSheet& sheet, std::size_t first_item = 0) const { return of(root, sheet, nullptr, first_item); }
  /// Names of the missing facts that an undetermined outcome hangs on, ascending; "goods" where there are none.
  [[nodiscard]] std::vector<std::string_view> missing(std::uint32_t root, const FactSheet& sheet) const;

  [[nodiscard]] const Node& node(std::uint32_t at) const { return nodes_[at]; }
  [[nodiscard]] std::string_view text(const Node& n, std::uint32_t i) const { return at(text_refs_[n.data + i].place); }
  [[nodiscard]] std::int64_t number(const Node& n, std::uint32_t i) const { return numbers_[n.data + i]; }
  /// Is the text in the named list (or does it begin with one of its values)? Lists are ascending; for prefixes, prefix-free.
  [[nodiscard]] bool in_named(const Node& n, std::string_view text) const;
  [[nodiscard]] std::size_t named_size(const Node& n) const { return lists_[n.data].size(); }
  [[nodiscard]] std::string_view named_text(const Node& n, std::size_t i) const { return at(lists_[n.data][i]); }
  [[nodiscard]] std::size_t bytes() const;  ///< outside of the block

  /// Interned text: the same text has the same place.
  std::uint32_t keep(std::string_view text);
  /// A text that is known to be nowhere else.
  std::uint32_t append_text(std::string_view text);
  [[nodiscard]] std::string_view at(std::uint32_t place) const {
    return text_at(arena_.data() + place);
  }

 private:
  static std::string_view text_at(const unsigned char* p) { return {reinterpret_cast<const char*>(p + 2), static_cast<std::size_t>(p[0] | p[1] << 8)}; }
  using Item = std::array<Fact, goods_fields_max>;
  using FieldSet = std::bitset<fields_max + 1>;
  static constexpr std::size_t all_goods = fields_max;  ///< in a FieldSet: no goods are known, or not all
  std::uint32_t keep(std::string_view text, std::uint64_t hash);
  void append(const Condition& c, bool negated, const NamedLists& lists);
  void append_test(const Condition& c, bool negated, const NamedLists& lists);
  std::uint32_t named(const std::string& list, bool prefixes, const NamedLists& lists);
  [[nodiscard]] Truth of(std::uint32_t at, const FactSheet& sheet, const Item* item, std::size_t first_item) const;
  [[nodiscard]] Truth test(const Node& n, const FactSheet& sheet, const Item* item) const;
  /// Of a fact that is not wholly there.
  [[nodiscard]] Truth test_several(const Node& n, const Fact& fact, const FactSheet& sheet) const;
  [[nodiscard]] Truth test_in_part(const Node& n, const Fact& fact, const FactSheet& sheet) const;
  [[nodiscard]] bool holds(const Node& n, const Fact& fact, const FactSheet& sheet) const;
  [[nodiscard]] bool fits(const Node& n, std::string_view text) const;
  [[nodiscard]] bool fits_any(const Node& n, std::string_view text) const { return n.kind == Node::Kind::named || n.kind == Node::Kind::named_prefixes ? in_named(n, text) : fits(n, text); }
  /// Has the test a value that begins with this text and is longer?
  [[nodiscard]] bool goes_on(const Node& n, std::string_view text) const;
  Truth collect(std::uint32_t at, const FactSheet& sheet, const Item* item, FieldSet& missing) const;

  PackedArray<Node> nodes_;
  /// A value of a test: `check` tells nearly always without a look at the text itself, which lies in no cache.
  struct TextRef {
    std::uint32_t place : 31;
    std::uint32_t whole : 1;  ///< the check is the value itself: up to four bytes, none of them zero
    std::uint32_t check;      ///< first four bytes of what is whole or a prefix, otherwise 32 bits of the hash
  };
  static_assert(sizeof(TextRef) == 8);
  PackedArray<TextRef> text_refs_;
  PackedArray<std::int64_t> numbers_;
  PackedArray<unsigned char> arena_;
  std::vector<std::vector<std::uint32_t>> lists_;
  std::map<std::string, std::uint32_t> list_places_;  // "p:NAME" and "i:NAME"
  /// Open addressing. The hash beside the place spares nearly every look into the arena, which is in no cache while a set is read.
  struct Interned { std::uint32_t after, hash; };  // after: the text's place + 1, 0 for none
  std::vector<Interned> interned_;                 // given back by finish()
  std::size_t interned_count_ = 0;
  std::size_t longest_code_ = 0;                   // of all that tests ask of goods codes
};

}  // namespace rampa::risk
