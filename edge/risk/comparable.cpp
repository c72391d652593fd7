#include "edge/risk/comparable.hpp"

#include <algorithm>
#include <map>

#include "edge/crossing/declaration.hpp"
#include "edge/risk/plate_text.hpp"

namespace rampa::risk {

namespace {

using Form = std::string (*)(const std::string&);

bool plain(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Numbers and codes: letters and digits alone, in upper case, as watch lists have them.
std::string letters_and_digits(const std::string& declared) {
  auto number = normal_number(declared);
  return number ? *number : std::string{};
}

/// Two letters, as ISO 3166-1 alpha-2 has them. Those that stand for "not known" (AA, QM to QZ, XX, ZZ) say nothing.
std::string country(const std::string& declared) {
  auto code = letters_and_digits(declared);
  const auto letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  const bool is_code = code.size() == 2 && letter(code[0]) && letter(code[1]);
  const bool says_nothing = code == "AA" || code == "XX" || code == "ZZ" || (is_code && code[0] == 'Q' && code[1] >= 'M');
  return is_code && !says_nothing ? code : std::string{};
}

std::string goods_code(const std::string& declared) { return commodity_code(declared); }

/// As cameras read it, whatever stands between its signs; what is no UTF-8 stays as it was written, what has no sign at all says nothing.
std::string plate(const std::string& declared) {
  auto read = normal_number(declared);
  if (read) return *read;
  const bool signs = std::any_of(declared.begin(), declared.end(), [](char c) { return plain(c) || letter(c); });
  return signs ? declared : std::string{};
}

Form form_of(std::string_view field) {
  static const std::map<std::string_view, Form> forms{
      {"declaration.consignor", letters_and_digits},      {"declaration.consignee", letters_and_digits},       {"declaration.declarant", letters_and_digits},
      {"declaration.carrier", letters_and_digits},        {"declaration.office", letters_and_digits},     {"declaration.procedure", letters_and_digits},
      {"declaration.mode", letters_and_digits},      {"declaration.preference", letters_and_digits}, {"declaration.incoterm", letters_and_digits},
      {"declaration.dispatch_country", country},       {"declaration.destination_country", country},     {"declaration.driver_country", country},
      {"declaration.route", country},                  {"declaration.container", letters_and_digits},             {"declaration.tractor", plate},
      {"declaration.trailer", plate},                  {"goods.origin", country},                        {"goods.hs_code", goods_code},
      {"vehicle.plate", plate},                        {"vehicle.trailer", plate},                       {"vehicle.plates", plate}};
  const auto found = forms.find(field);
  return found == forms.end() ? nullptr : found->second;
}


/// The value's other form, or empty. What is written as it is compared, as nearly all values are, is seen at a glance.
std::string other_form(Form form, const std::string& value) {
  if (std::all_of(value.begin(), value.end(), plain)) return {};
  if (form == goods_code && std::any_of(value.begin(), value.end(), [](char c) { return letter(c) || static_cast<unsigned char>(c) >= 0x80; })) return {};  // half a code would ask for more
  auto compared = form(value);
  return compared == value ? std::string{} : compared;
}

}  // namespace

std::optional<std::string> as_compared(std::string_view field, const std::string& text) {
  const auto form = form_of(field);
  return form ? std::optional(form(text)) : std::nullopt;
}

namespace {

/// With the values' other forms; empty where they have none.
std::vector<std::string> with_other_forms(Form form, const std::vector<std::string>& written, bool prefix) {
  std::vector<std::string> all;
  for (const auto& value : written)
    if (auto other = other_form(form, value); !other.empty()) all.push_back(std::move(other));
  if (all.empty()) return all;
  all.insert(all.end(), written.begin(), written.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (prefix)  // none of them begins with another, as in every canonical test
    all.erase(std::unique(all.begin(), all.end(), [](const auto& kept, const auto& text) { return text.starts_with(kept); }), all.end());
  return all;
}

}  // namespace

bool ComparedValues::add(Condition& c) {
  bool added = false;
  for (auto& part : c.parts) added = add(part) || added;
  if (c.kind != Condition::Kind::test || (c.texts.empty() && c.list.empty())) return added;
  const auto form = form_of(c.field);
  if (!form) return added;
  if (!c.list.empty()) {
    const auto [place, first] = of_lists_.try_emplace({c.list, c.field}, c.list);
    if (first)
      if (const auto named = lists_.find(c.list); named != lists_.end())
        if (auto all = with_other_forms(form, named->second, false); !all.empty()) {
          auto name = c.list + "\n" + c.field;
          while (lists_.contains(name)) name += '\n';  // a set may call its lists as it likes
          lists_[name] = std::move(all);
          place->second = name;
        }
    added = added || place->second != c.list;
    c.list = place->second;
    return added;
  }
  auto all = with_other_forms(form, c.texts, c.op == Operator::prefix);
  if (all.empty()) return added;
  c.texts = std::move(all);
  if (c.op == Operator::eq && c.texts.size() > 1) c.op = Operator::in;
  return true;
}

}  // namespace rampa::risk
