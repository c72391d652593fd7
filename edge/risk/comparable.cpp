#include "edge/risk/comparable.hpp"

#include <algorithm>
#include <map>

#include "edge/crossing/declaration.hpp"
#include "edge/risk/container_code.hpp"
#include "edge/risk/plate_text.hpp"

namespace rampa::risk {

namespace {

using Form = std::string (*)(const std::string&);

std::string operator_number(const std::string& declared) {
  auto number = normal_number(declared);  // as watch lists have them
  return number ? *number : std::string{};
}

std::string upper_without_blanks(const std::string& declared) {
  std::string text;
  for (const char c : declared)
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') text += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

/// Two letters, as ISO 3166-1 alpha-2 has them. Those that stand for "not known" (AA, QM to QZ, XX, ZZ) say nothing.
std::string country(const std::string& declared) {
  auto code = upper_without_blanks(declared);
  const auto letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  const bool is_code = code.size() == 2 && letter(code[0]) && letter(code[1]);
  const bool says_nothing = code == "AA" || code == "XX" || code == "ZZ" || (is_code && code[0] == 'Q' && code[1] >= 'M');
  return is_code && !says_nothing ? code : std::string{};
}

std::string container(const std::string& declared) { return normalise_container_code(declared); }
std::string goods_code(const std::string& declared) { return commodity_code(declared); }

/// As cameras read it; what no plate can be stays as it was written.
std::string plate(const std::string& declared) {
  auto read = normal_plate(declared);
  return read ? *read : declared;
}

Form form_of(std::string_view field) {
  static const std::map<std::string_view, Form> forms{
      {"declaration.consignor", operator_number},      {"declaration.consignee", operator_number},       {"declaration.declarant", operator_number},
      {"declaration.carrier", operator_number},        {"declaration.office", upper_without_blanks},     {"declaration.procedure", upper_without_blanks},
      {"declaration.mode", upper_without_blanks},      {"declaration.preference", upper_without_blanks}, {"declaration.incoterm", upper_without_blanks},
      {"declaration.dispatch_country", country},       {"declaration.destination_country", country},     {"declaration.driver_country", country},
      {"declaration.route", country},                  {"declaration.container", container},             {"declaration.tractor", plate},
      {"declaration.trailer", plate},                  {"goods.origin", country},                        {"goods.hs_code", goods_code},
      {"vehicle.plate", plate},                        {"vehicle.trailer", plate},                       {"vehicle.plates", plate}};
  const auto found = forms.find(field);
  return found == forms.end() ? nullptr : found->second;
}

bool plain(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The value's other form, or empty. What is written as it is compared, as nearly all values are, is seen at a glance.
std::string other_form(Form form, const std::string& value) {
  if (std::all_of(value.begin(), value.end(), plain)) return {};
  if (form == goods_code && std::any_of(value.begin(), value.end(), letter)) return {};  // half a code would ask for more
  auto compared = form(value);
  return compared == value ? std::string{} : compared;
}

}  // namespace

std::optional<std::string> as_compared(std::string_view field, const std::string& text) {
  const auto form = form_of(field);
  return form ? std::optional(form(text)) : std::nullopt;
}

bool add_compared_values(Condition& c, const NamedLists& lists) {
  bool added = false;
  for (auto& part : c.parts) added = add_compared_values(part, lists) || added;
  if (c.kind != Condition::Kind::test || (c.texts.empty() && c.list.empty())) return added;
  const auto form = form_of(c.field);
  if (!form) return added;
  const auto named = c.list.empty() ? lists.end() : lists.find(c.list);
  const auto& written = c.list.empty() ? c.texts : named == lists.end() ? c.texts : named->second;
  std::vector<std::string> others;
  for (const auto& value : written)
    if (auto other = other_form(form, value); !other.empty()) others.push_back(std::move(other));
  if (others.empty()) return added;
  others.insert(others.end(), written.begin(), written.end());
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  if (c.op == Operator::prefix)  // none of them begins with another, as in every canonical test
    others.erase(std::unique(others.begin(), others.end(), [](const auto& kept, const auto& text) { return text.starts_with(kept); }), others.end());
  c.texts = std::move(others);
  c.list.clear();
  if (c.op == Operator::eq && c.texts.size() > 1) c.op = Operator::in;
  return true;
}

}  // namespace rampa::risk
