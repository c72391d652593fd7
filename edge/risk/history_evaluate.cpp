// One condition over columns: 4096 rows at a time, a bit per row. Kleene's three values are two bits, "yes" and "no": and = (yes & yes,
// no | no), or the other way round, not = swapped. Same meaning as evaluate() in evaluate.cpp.
#include <algorithm>
#include <bit>

#include "edge/risk/history.hpp"

namespace rampa::risk {

namespace {

using Kind = Condition::Kind;
constexpr std::size_t words = 64, block = words * 64;

/// Of one block; bits past its end mean nothing.
struct Bits {
  std::array<std::uint64_t, words> yes, no;
};

std::uint64_t word_at(const std::vector<std::uint64_t>& bits, std::size_t word) { return word < bits.size() ? bits[word] : 0; }
bool bit_at(const std::vector<std::uint64_t>& bits, std::size_t at) { return (bits[at / 64] >> at % 64 & 1) != 0; }

}  // namespace

/// One block of rows, and within it blocks of items.
class ColumnEvaluation {
 public:
  ColumnEvaluation(const History& history, std::size_t first, std::size_t last)
      : h_(history), first_(first), last_(last), item_first_(first == 0 ? 0 : history.item_ends_[first - 1]), item_last_(history.item_ends_[last - 1]) {}

  /// `one` as in evaluate.cpp: below a negation a test asks all declarations.
  void rows(const Prepared::Step& s, Bits& out, bool one = true) const {
    switch (s.kind) {
      case Kind::any_item:
      case Kind::all_item: return over_items(s, out, one);
      case Kind::test:
        if (s.field < first_goods_field()) return test(s, first_, last_, out, one);
        // A goods fact is never there outside of an item.
        return fill(out, s.op == Operator::exists && !s.flag, s.op == Operator::exists && s.flag);
      default: return group(s, out, [&](const auto& part, Bits& of_part) { rows(part, of_part, one != (s.kind == Kind::negation)); });
    }
  }

 private:
  static void fill(Bits& out, bool yes, bool no) {
    out.yes.fill(yes ? ~std::uint64_t{0} : 0);
    out.no.fill(no ? ~std::uint64_t{0} : 0);
  }
  static void join(bool all, const Bits& part, Bits& out) {
    for (std::size_t w = 0; w < words; ++w) {
      out.yes[w] = all ? out.yes[w] & part.yes[w] : out.yes[w] | part.yes[w];
      out.no[w] = all ? out.no[w] | part.no[w] : out.no[w] & part.no[w];
    }
  }

  template <class F>
  static void group(const Prepared::Step& s, Bits& out, F&& of) {
    if (s.kind == Kind::always) return fill(out, true, false);
    if (s.kind == Kind::negation) {
      of(s.parts[0], out);
      return std::swap(out.yes, out.no);
    }
    const bool all = s.kind != Kind::any;
    fill(out, all, !all);
    Bits part;
    for (const auto& p : s.parts) {
      of(p, part);
      join(all, part, out);
      const auto& settled = all ? out.no : out.yes;
      if (std::all_of(settled.begin(), settled.end(), [](auto w) { return w == ~std::uint64_t{0}; })) return;
    }
  }

  /// Items from `from` (a multiple of 64) on.
  void items(const Prepared::Step& s, std::size_t from, Bits& out, bool one) const {
    switch (s.kind) {
      case Kind::test:
        if (s.field >= first_goods_field()) return test(s, from, std::min(from + block, item_last_), out, one);
        [[fallthrough]];
      case Kind::any_item:
      case Kind::all_item: {  // the same for all items of a row
        Bits of_rows;
        rows(s, of_rows, one);
        fill(out, false, false);
        for (auto i = std::max(from, item_first_); i < std::min(from + block, item_last_); ++i) {
          const auto row = h_.item_row_[i] - first_, at = i - from;
          out.yes[at / 64] |= (of_rows.yes[row / 64] >> row % 64 & 1) << at % 64;
          out.no[at / 64] |= (of_rows.no[row / 64] >> row % 64 & 1) << at % 64;
        }
        return;
      }
      default: return group(s, out, [&](const auto& part, Bits& of_part) { items(part, from, of_part, one != (s.kind == Kind::negation)); });
    }
  }

  void over_items(const Prepared::Step& s, Bits& out, bool one) const {
    const bool any = s.kind == Kind::any_item;
    // Rows with an item that settles it, and rows with an item that keeps it from being settled the other way.
    std::array<std::uint64_t, words> settled{}, open{}, some{};
    Bits of_items;
    for (auto from = item_first_ / 64 * 64; from < item_last_; from += block) {
      together(s, from, of_items, one);
      for (auto i = std::max(from, item_first_); i < std::min(from + block, item_last_); ++i) {
        const auto row = h_.item_row_[i] - first_, at = i - from;
        const auto yes = of_items.yes[at / 64] >> at % 64 & 1, no = of_items.no[at / 64] >> at % 64 & 1;
        some[row / 64] |= std::uint64_t{1} << row % 64;
        settled[row / 64] |= (any ? yes : no) << row % 64;
        open[row / 64] |= ((any ? no : yes) ^ 1) << row % 64;
      }
    }
    auto& first = any ? out.yes : out.no;
    auto& second = any ? out.no : out.yes;
    for (std::size_t w = 0; w < words; ++w) {
      first[w] = settled[w];
      second[w] = some[w] & ~open[w] & ~word_at(h_.goods_incomplete_, first_ / 64 + w);
    }
  }
  /// The parts of any_item and all_item hold together.
  void together(const Prepared::Step& s, std::size_t from, Bits& out, bool one) const {
    fill(out, true, false);
    Bits part;
    for (const auto& p : s.parts) {
      items(p, from, part, one);
      join(true, part, out);
    }
  }

  void test(const Prepared::Step& s, std::size_t first, std::size_t last, Bits& out, bool one) const {
    const Column& column = h_.column(s.field);
    const FieldType type = field_type(s.field);
    for (std::size_t w = 0; w < words; ++w) {
      const auto word = first / 64 + w;
      if (s.op == Operator::exists) {
        const auto there = word_at(column.there, word), open = word_at(column.incomplete, word);
        out.yes[w] = (s.flag ? there : ~there) & ~open;
        out.no[w] = (s.flag ? ~there : there) & ~open;
        continue;
      }
      const bool within = first + w * 64 < last;
      const auto good = within ? word_at(column.good, word) : 0, some = good | (within ? word_at(column.incomplete, word) : 0);
      const auto fits = some == 0 ? 0 : matches(s, column, type, word, some) & some;
      const auto open = s.goes_on.empty() ? 0 : of_codes(s.goes_on, column, word) & word_at(column.beginning, word);
      const auto fits_not = good & ~fits & ~open;
      out.yes[w] = s.op == Operator::notin ? fits_not : fits;
      out.no[w] = s.op == Operator::notin ? fits : fits_not;
      if (const auto several = some & word_at(column.several, word); several != 0) of_several(s, column, word, several, one, out.yes[w], out.no[w]);
    }
  }

  /// Rows of lists with a value of each declaration.
  static void of_several(const Prepared::Step& s, const Column& c, std::size_t word, std::uint64_t which, bool one, std::uint64_t& yes, std::uint64_t& no) {
    for (; which != 0; which &= which - 1) {
      const auto bit = which & -which;
      const auto row = word * 64 + static_cast<std::size_t>(std::countr_zero(which));
      bool some = false, all = true;
      for (auto i = row == 0 ? 0 : c.ends[row - 1]; i < c.ends[row]; ++i) {
        const bool is = bit_at(s.fits, c.codes[i]) != (s.op == Operator::notin);
        some = some || is;
        all = all && is;
      }
      yes &= ~bit;
      no &= ~bit;
      if (one ? some : !all) (one ? yes : no) |= bit;
      else if (!c.is_incomplete(row)) (one ? no : yes) |= bit;
    }
  }

  static std::uint64_t of_codes(const std::vector<std::uint64_t>& bits, const Column& c, std::size_t word) {
    const auto base = word * 64;
    std::uint64_t set = 0;
    if (base >= c.codes.size()) return set;
    const auto n = std::min<std::size_t>(64, c.codes.size() - base);
    for (std::size_t i = 0; i < n; ++i) set |= std::uint64_t{bit_at(bits, c.codes[base + i])} << i;
    return set;
  }

  static std::uint64_t matches(const Prepared::Step& s, const Column& c, FieldType type, std::size_t word, std::uint64_t good) {
    const auto base = word * 64;
    std::uint64_t fits = 0;
    switch (type) {
      case FieldType::boolean: return s.flag ? word_at(c.flags, word) : ~word_at(c.flags, word);
      case FieldType::integer: {
        const auto n = std::min<std::size_t>(64, c.numbers.size() - base);
        const auto* numbers = c.numbers.data() + base;
        const auto over = [&](auto&& holds) {
          for (std::size_t i = 0; i < n; ++i) fits |= std::uint64_t{holds(numbers[i])} << i;
        };
        const auto a = s.numbers[0];
        switch (s.op) {
          case Operator::ge: over([a](auto v) { return v >= a; }); break;
          case Operator::le: over([a](auto v) { return v <= a; }); break;
          case Operator::range: over([a, b = s.numbers[1]](auto v) { return v >= a && v <= b; }); break;
          default: over([&](auto v) { return std::find(s.numbers.begin(), s.numbers.end(), v) != s.numbers.end(); });
        }
        return fits;
      }
      case FieldType::text: return of_codes(s.fits, c, word);
      case FieldType::list: break;
    }
    const auto n = std::min<std::size_t>(64, c.ends.size() - base);
    auto from = base == 0 ? 0 : c.ends[base - 1];
    for (std::size_t i = 0; i < n; ++i) {
      const auto to = c.ends[base + i];
      for (; from < to; ++from)
        if (bit_at(s.fits, c.codes[from])) fits |= std::uint64_t{1} << i;
    }
    return fits & good;
  }

  const History& h_;
  std::size_t first_, last_, item_first_, item_last_;
};

Prepared::Step History::step(const Condition& c, const NamedLists& lists) const {
  Prepared::Step s;
  s.kind = c.kind;
  for (const auto& part : c.parts) s.parts.push_back(step(part, lists));
  if (c.kind != Kind::test) return s;
  s.field = *field_id(c.field);
  s.op = c.op;
  s.flag = c.flag;
  s.numbers = c.numbers;
  const auto type = field_type(s.field);
  if (c.op == Operator::exists || type == FieldType::boolean || type == FieldType::integer) return s;
  const TextColumn& texts = column(s.field).texts;
  s.fits.resize(texts.size() / 64 + 1);
  static const std::vector<std::string> none;
  const auto named = c.list.empty() ? lists.end() : lists.find(c.list);
  const auto& values = c.list.empty() ? c.texts : named == lists.end() ? none : named->second;
  if (s.field == goods_code_field()) {
    s.goes_on.resize(texts.size() / 64 + 1);
    for (std::uint32_t code = 0; code < texts.size(); ++code)
      if (std::any_of(values.begin(), values.end(), [&, text = texts.at(code)](const auto& value) { return value.size() > text.size() && value.starts_with(text); }))
        s.goes_on[code / 64] |= std::uint64_t{1} << code % 64;
  }
  const auto mark = [&](std::uint32_t code) { s.fits[code / 64] |= std::uint64_t{1} << code % 64; };
  if (c.op != Operator::prefix) {
    for (const auto& value : values)
      if (const auto code = texts.find(value); code < texts.size()) mark(code);
    return s;
  }
  std::vector<std::string> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string> starts;  // none of them begins with another
  for (auto& value : sorted)
    if (starts.empty() || value.compare(0, starts.back().size(), starts.back()) != 0) starts.push_back(std::move(value));
  for (std::uint32_t code = 0; code < texts.size() && !starts.empty(); ++code) {
    const auto text = texts.at(code);
    const auto after = std::upper_bound(starts.begin(), starts.end(), text);
    if (after != starts.begin() && text.starts_with(*(after - 1))) mark(code);
  }
  return s;
}

Prepared History::prepare(const Condition& condition, const NamedLists& lists) const {
  Prepared prepared;
  prepared.history_ = this;
  prepared.root_ = step(condition, lists);
  return prepared;
}

Answers Prepared::evaluate(std::size_t first, std::size_t last) const {
  Answers answers;
  last = std::min(last, history_->rows());
  if (first % 64 != 0 || first >= last) return answers;
  answers.first = first;
  answers.rows = last - first;
  const auto all_words = (answers.rows + 63) / 64;
  answers.yes.resize(all_words);
  answers.no.resize(all_words);
  Bits bits;
  for (auto from = first; from < last; from += block) {
    const auto to = std::min(from + block, last);
    ColumnEvaluation(*history_, from, to).rows(root_, bits);
    const auto used = (to - from + 63) / 64;
    if ((to - from) % 64 != 0) {
      const auto within = (std::uint64_t{1} << (to - from) % 64) - 1;
      bits.yes[used - 1] &= within;
      bits.no[used - 1] &= within;
    }
    std::copy_n(bits.yes.begin(), used, answers.yes.begin() + static_cast<std::ptrdiff_t>((from - first) / 64));
    std::copy_n(bits.no.begin(), used, answers.no.begin() + static_cast<std::ptrdiff_t>((from - first) / 64));
  }
  return answers;
}

}  // namespace rampa::risk
