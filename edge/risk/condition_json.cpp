// A condition's canonical form, JSON, in and out.
#include <algorithm>
#include <array>
#include <utility>

#include "edge/risk/json_internal.hpp"

namespace rampa::risk {

namespace {

constexpr std::size_t text_bytes_max = 4096;
constexpr std::array<std::pair<std::string_view, Operator>, 8> operators{{{"eq", Operator::eq}, {"in", Operator::in}, {"notin", Operator::notin},
    {"prefix", Operator::prefix}, {"ge", Operator::ge}, {"le", Operator::le}, {"range", Operator::range}, {"exists", Operator::exists}}};

std::string_view name_of(Operator op) {
  return std::find_if(operators.begin(), operators.end(), [&](const auto& o) { return o.second == op; })->first;
}

bool takes_many(Operator op) { return op == Operator::in || op == Operator::notin || op == Operator::prefix || op == Operator::range; }

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  const auto distance = [](std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t before = std::exchange(row[0], i);
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t substituted = before + (a[i - 1] == b[j - 1] ? 0 : 1);
        before = row[j];
        row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
      }
    }
    return row[b.size()];
  };
  std::string best;
  std::size_t least = 4;
  for (const auto& name : known)
    if (const auto d = distance(word, name); d < least) { least = d; best = name; }
  return best;
}

std::vector<Finding> check_test(const Condition& t, bool in_item, const std::string& path) {
  std::vector<Finding> found;
  const auto fault = [&](const char* part, std::string cause, std::string remedy) {
    found.push_back({path.empty() ? part : path + "." + part, std::move(cause), std::move(remedy)});
  };
  const auto type = type_of(t.field);
  if (!type) {
    const auto like = nearest(t.field, catalogue());
    fault("field", "\"" + t.field + "\" is not in the catalogue", like.empty() ? "see PROFILES.md" : "did you mean \"" + like + "\"?");
    return found;
  }
  if (is_goods(t.field) && !in_item) fault("field", "goods fields belong to one item", "put the conditions of one item into any_item or all_item");
  if (t.op == Operator::exists) return found;
  const bool textual = *type == FieldType::text || *type == FieldType::list;
  if ((t.op == Operator::ge || t.op == Operator::le || t.op == Operator::range) && *type != FieldType::integer)
    fault("op", "needs a number field, " + t.field + " is none", "use eq, in or prefix");
  else if (t.op == Operator::prefix && !textual)
    fault("op", "prefix needs a text field, " + t.field + " is none", "use eq, in, ge, le or range");
  else if (*type == FieldType::boolean && t.op != Operator::eq)
    fault("op", "does not fit true and false", "use eq");
  else if (!t.list.empty()) {
    if (!textual || !(t.op == Operator::in || t.op == Operator::notin || t.op == Operator::prefix))
      fault("value", "is a named list", "in, notin and prefix of text fields take one");
  } else if (textual && (t.texts.empty() || !t.numbers.empty()))
    fault("value", "does not fit " + t.field, t.numbers.empty() ? "give at least one text" : "give texts: it is no number");
  else if (*type == FieldType::integer && (t.numbers.empty() || !t.texts.empty()))
    fault("value", "does not fit " + t.field, t.texts.empty() ? "give at least one number" : "give whole numbers, not texts");
  else if (*type == FieldType::boolean && (!t.texts.empty() || !t.numbers.empty()))
    fault("value", "is not true or false", t.field + " is a flag");
  else if (t.op == Operator::range && (t.numbers.size() != 2 || t.numbers[0] > t.numbers[1]))
    fault("value", "is not a range", "write [least, greatest]");
  else if (!takes_many(t.op) && t.texts.size() + t.numbers.size() > 1)
    fault("value", "is a list", "give one value, or use in");
  return found;
}

void Reader::parts(Element list, const Path& at, bool in_item, int depth, Condition& c) {
  simdjson::dom::array array;
  if (list.get(array) || array.size() == 0) return fault(at, "is not a list with conditions", "write at least one");
  c.parts.reserve(array.size());
  std::size_t i = 0;
  for (const auto part : array) c.parts.push_back(condition(part, at / i++, in_item, depth + 1));
}

Condition Reader::condition(Element json, const Path& at, bool in_item, int depth) {
  Condition c;
  if (depth > condition_depth_max) {
    fault(at, "is nested too deep", "at most " + std::to_string(condition_depth_max) + " levels");
    return c;
  }
  std::string_view word;
  if (!json.get(word) && word == "always") return c;
  simdjson::dom::object object;
  if (json.get(object)) {
    fault(at, "is not a condition", "write {\"field\": ..., \"op\": ..., \"value\": ...}, all, any, not, any_item or all_item");
    return c;
  }
  if (!object["field"].error()) return test(object, at, in_item);
  if (object.size() != 1) {
    fault(at, "is not one condition", "write exactly one of all, any, not, any_item, all_item, or a field with op and value");
    return c;
  }
  const auto only = *object.begin();
  const Path below = at / only.key;
  if (only.key == "not") {
    c.kind = Condition::Kind::negation;
    c.parts.push_back(condition(only.value, below, in_item, depth + 1));
    return c;
  }
  if (only.key == "all") c.kind = Condition::Kind::all;
  else if (only.key == "any") c.kind = Condition::Kind::any;
  else if (only.key == "any_item") c.kind = Condition::Kind::any_item;
  else if (only.key == "all_item") c.kind = Condition::Kind::all_item;
  else {
    const auto like = nearest(only.key, {"all", "any", "not", "any_item", "all_item", "field"});
    fault(below, "is not known", like.empty() ? "use all, any, not, any_item, all_item or field" : "did you mean \"" + like + "\"?");
    return c;
  }
  const bool items = c.kind == Condition::Kind::any_item || c.kind == Condition::Kind::all_item;
  if (items && in_item) fault(below, "stands inside another one over items", "an item has no items");
  parts(only.value, below, in_item || items, depth, c);
  return c;
}

Condition Reader::test(simdjson::dom::object json, const Path& at, bool in_item) {
  Condition c;
  c.kind = Condition::Kind::test;
  Element value;
  bool has_value = false, negated = false, known = false;
  unsigned seen = 0;
  for (const auto [key, element] : json) {
    std::string_view word;
    const unsigned bit = key == "field" ? 1 : key == "op" ? 2 : key == "value" ? 4 : 0;
    if (bit == 0) {
      const auto like = nearest(key, {"field", "op", "value"});
      fault(at / key, "is not known", like.empty() ? "remove it" : "did you mean \"" + like + "\"?");
      continue;
    }
    if (seen & bit) fault(at / key, "stands twice", "remove one");
    seen |= bit;
    if (bit == 4) {
      value = element;
      has_value = true;
    } else if (element.get(word) || word.empty()) {
      fault(at / key, "is not a text", "give a text that is not empty");
    } else if (bit == 1) {
      c.field = word;
    } else if (word == "ne") {
      negated = known = true;
    } else if (const auto found = std::find_if(operators.begin(), operators.end(), [&](const auto& o) { return o.first == word; }); found != operators.end()) {
      c.op = found->second;
      known = true;
    } else {
      fault(at / key, "\"" + std::string(word) + "\" is not an operator", "use eq, ne, in, notin, prefix, ge, le, range or exists");
    }
  }
  if (!(seen & 2)) fault(at / "op", "is missing", "give an operator");
  if (!type_of(c.field)) {
    if (!c.field.empty()) add(check_test(c, in_item, at.text()));
    else if (!(seen & 1)) fault(at / "field", "is missing", "name a field of the catalogue");
    return c;
  }
  if (!known) return c;
  if (!has_value) fault(at / "value", "is missing", "give the value to compare with");
  else if (const auto before = findings_.size(); operand(value, at, c), findings_.size() == before)
    for (auto& wrong : check_test(c, in_item, {})) findings_.push_back({at.text() + "." + wrong.path, std::move(wrong.cause), std::move(wrong.remedy)});
  if (!negated) return c;
  Condition n;
  n.kind = Condition::Kind::negation;
  n.parts.push_back(std::move(c));
  return n;
}

void Reader::operand(Element value, const Path& at, Condition& c) {
  const Path below = at / "value";
  if (c.op == Operator::exists) {
    if (value.get(c.flag)) fault(below, "is not true or false", "exists takes true (is there) or false (is not)");
    return;
  }
  const auto type = *type_of(c.field);
  const auto one = [&](Element v, const Path& where) {
    std::string_view text;
    std::int64_t number = 0;
    if (!v.get(text)) {
      if (text.size() > text_bytes_max) fault(where, "is too long", "at most " + std::to_string(text_bytes_max) + " bytes");
      else c.texts.emplace_back(text);
    }
    else if (!v.get(number)) c.numbers.push_back(number);
    else fault(where, "does not fit " + c.field, type == FieldType::integer ? "give whole numbers" : "give texts");
  };
  if (type == FieldType::boolean) {
    if (c.op != Operator::eq) fault(at / "op", "does not fit true and false", "use eq or ne");
    else if (value.get(c.flag)) fault(below, "is not true or false", c.field + " is a flag");
    return;
  }
  simdjson::dom::object reference;
  if (!value.get(reference)) {
    std::string_view name;
    if (reference.size() != 1 || reference["list"].get(name) || name.empty()) return fault(below, "is no list's name", "write {\"list\": \"NAME\"}");
    c.list = name;
    return;
  }
  simdjson::dom::array array;
  const bool many = !value.get(array);
  if (many && !takes_many(c.op)) return fault(below, "is a list", "give one value, or use in");
  if (!many && takes_many(c.op) && c.op != Operator::prefix) return fault(below, "is not a list", "write [ ... ]");
  if (!many) return one(value, below);
  if (array.size() == 0) return fault(below, "is empty", "give at least one value");
  (type == FieldType::integer ? c.numbers.reserve(array.size()) : c.texts.reserve(array.size()));
  std::size_t i = 0;
  for (const auto v : array) one(v, below / i++);
}

Condition condition_from_json(std::string_view json, const std::string& path, std::vector<Finding>& findings) {
  simdjson::dom::parser parser;
  Element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root)) {
    findings.push_back({path, std::string("is not JSON: ") + simdjson::error_message(error), "correct the text"});
    return {};
  }
  const std::size_t before = findings.size();
  const Path start{nullptr, path, 0};
  Condition c = Reader(findings).condition(root, start, false, 0);
  return findings.size() == before ? canonical(std::move(c)) : Condition{};
}

std::string to_json(const Condition& c) {
  const auto list = [&](const char* name) {
    std::string text = std::string("{\"") + name + "\":[";
    for (std::size_t i = 0; i < c.parts.size(); ++i) text += (i ? "," : "") + to_json(c.parts[i]);
    return text + "]}";
  };
  switch (c.kind) {
    case Condition::Kind::always: return "\"always\"";
    case Condition::Kind::all: return list("all");
    case Condition::Kind::any: return list("any");
    case Condition::Kind::any_item: return list("any_item");
    case Condition::Kind::all_item: return list("all_item");
    case Condition::Kind::negation: return "{\"not\":" + to_json(c.parts[0]) + "}";
    case Condition::Kind::test: break;
  }
  std::string text = "{\"field\":";
  append_json_string(text, c.field);
  text += ",\"op\":\"" + std::string(name_of(c.op)) + "\",\"value\":";
  if (!c.list.empty()) {
    text += "{\"list\":";
    append_json_string(text, c.list);
    return text + "}}";
  }
  if (c.op == Operator::exists || (c.texts.empty() && c.numbers.empty())) return text + (c.flag ? "true}" : "false}");
  const bool many = takes_many(c.op);
  if (many) text += '[';
  bool first = true;
  for (const auto& t : c.texts) {
    if (!std::exchange(first, false)) text += ',';
    append_json_string(text, t);
  }
  for (const auto n : c.numbers) {
    if (!std::exchange(first, false)) text += ',';
    text += std::to_string(n);
  }
  return text + (many ? "]}" : "}");
}

}  // namespace rampa::risk
