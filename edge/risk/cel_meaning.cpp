// From CEL's syntax tree to conditions, with its type errors.
#include "edge/risk/cel_meaning.hpp"

#include <utility>

namespace rampa::risk::cel {
namespace {

using Kind = Expression::Kind;

Meaning negated(Meaning m) {
  if (!m) return m;
  Condition c;
  c.kind = Condition::Kind::negation;
  c.parts.push_back(std::move(*m));
  return c;
}
Condition test(const Operand& field, Operator op) {
  Condition c;
  c.kind = Condition::Kind::test;
  c.field = field.name;
  c.op = op;
  return c;
}

class Reader {
 public:
  explicit Reader(Findings& findings) : findings_(findings) {}

  Meaning read(const Expression& e, const Scope& scope) {
    switch (e.kind) {
      case Kind::bad: return {};
      case Kind::boolean: return e.flag ? Meaning(Condition{}) : negated(Condition{});
      case Kind::negation: return negated(read(e.parts[0], scope));
      case Kind::all: return joined(e, scope, true);
      case Kind::any: return joined(e, scope, false);
      case Kind::relation: return relation(e, scope);
      case Kind::call: return has(e, scope);
      case Kind::method: return method(e, scope);
      default: return bare(e, scope);
    }
  }

 private:
  Meaning wrong(Place at, const std::string& cause, const std::string& remedy) {
    findings_.add(at, cause, remedy);
    return {};
  }

  // One last look with the JSON reader's eyes.
  Meaning sound(Condition c, const Expression& e, const Scope& scope) {
    for (auto& finding : check_test(c, scope.in_item, "")) {
      findings_.add(e.at, finding.cause, finding.remedy);
      return {};
    }
    return c;
  }

  // ---- && and || --------------------------------------------------------------------------------------------------

  static void flatten(const Expression& e, Kind kind, std::vector<const Expression*>& out) {
    for (const auto& part : e.parts) {
      if (part.kind == kind) flatten(part, kind, out);
      else out.push_back(&part);
    }
  }

  Meaning joined(const Expression& e, const Scope& scope, bool all) {
    std::vector<const Expression*> expressions;
    flatten(e, e.kind, expressions);
    Condition c;
    c.kind = all ? Condition::Kind::all : Condition::Kind::any;
    bool bad = false;
    for (std::size_t i = 0; i < expressions.size(); ++i) {
      Meaning part;
      if (all && i + 1 < expressions.size() && range(*expressions[i], *expressions[i + 1], scope, part)) ++i;
      else part = read(*expressions[i], scope);
      bad |= !part;
      if (part) c.parts.push_back(std::move(*part));
    }
    if (bad) return {};
    return c;
  }

  // 5 <= x && x <= 9
  bool range(const Expression& low, const Expression& high, const Scope& scope, Meaning& out) {
    const auto rising = [](const Expression& e) { return e.kind == Kind::relation && (e.text == "<=" || e.text == "<"); };
    if (!rising(low) || !rising(high) || low.parts[0].kind != Kind::integer || high.parts[1].kind != Kind::integer) return false;
    const auto name = dotted(low.parts[1]);
    if (name.empty() || name != dotted(high.parts[0])) return false;
    const auto field = operand(low.parts[1], scope, findings_);
    if (field.kind == Operand::Kind::bad) return true;
    if (field.kind != Operand::Kind::field || field.type != FieldType::integer) return false;
    const auto least = next_to(low.parts[0].number, low.text == "<" ? 1 : 0), greatest = next_to(high.parts[1].number, high.text == "<" ? -1 : 0);
    if (!least || !greatest || *least > *greatest) {
      out = wrong(low.at, "no number lies in this range", "write the least number first: 5 <= " + name + " && " + name + " <= 9");
      return true;
    }
    Condition c = test(field, Operator::range);
    c.numbers = {*least, *greatest};
    out = sound(std::move(c), low, scope);
    return true;
  }

  static std::optional<std::int64_t> next_to(std::int64_t number, int step) {
    if ((step > 0 && number == INT64_MAX) || (step < 0 && number == INT64_MIN)) return std::nullopt;
    return number + step;
  }

  // ---- comparisons ------------------------------------------------------------------------------------------------

  Meaning relation(const Expression& e, const Scope& scope) {
    auto left = operand(e.parts[0], scope, findings_), right = operand(e.parts[1], scope, findings_);
    if (left.kind == Operand::Kind::bad || right.kind == Operand::Kind::bad) return {};
    for (const auto* side : {&left, &right}) {
      if (side->kind == Operand::Kind::element)
        return wrong(e.at, "only ==, in and startsWith ask for one element", "write field.exists(" + side->name + ", " + side->name + " in [\"A\", \"B\"])");
    }
    const bool fields = left.kind == Operand::Kind::field && right.kind == Operand::Kind::field;
    if (fields)
      return wrong(e.at, "two fields are compared", "compare a field with a value; differences have fields of their own, as evidence.mass_deviation_percent");
    if (e.text == "in") return membership(e, left, right, scope);
    if (right.kind == Operand::Kind::field) return compare(e, right, mirrored(e.text), left, scope);
    if (left.kind == Operand::Kind::field) return compare(e, left, e.text, right, scope);
    return wrong(e.at, "two values are compared", "name a field of the catalogue on one side");
  }

  static std::string mirrored(const std::string& op) {
    return op == "<" ? ">" : op == "<=" ? ">=" : op == ">" ? "<" : op == ">=" ? "<=" : op;
  }

  static std::string shown(const Operand& value) {
    if (value.kind == Operand::Kind::integer) return std::to_string(value.value->number);
    if (value.kind == Operand::Kind::text) return "\"" + value.value->text + "\"";
    if (value.kind == Operand::Kind::boolean) return value.value->flag ? "true" : "false";
    return std::string(words_of(value.kind));
  }

  Meaning wrong_type(const Expression& e, const Operand& field, const Operand& value) {
    std::string remedy;
    switch (field.type) {
      case FieldType::integer: {
        const bool digits = value.kind == Operand::Kind::text && !value.value->text.empty() && value.value->text.find_first_not_of("0123456789") == std::string::npos;
        remedy = "compare with " + (digits ? value.value->text : std::string("a number")) + ", not with " + shown(value);
        break;
      }
      case FieldType::text: remedy = "compare with " + (value.kind == Operand::Kind::integer ? "\"" + shown(value) + "\"" : std::string("a text in quotes")) + ", not with " + shown(value); break;
      case FieldType::boolean: remedy = "write " + field.name + " or !" + field.name; break;
      case FieldType::list: remedy = "write " + (value.kind == Operand::Kind::text ? shown(value) : std::string("\"A\"")) + " in " + field.name; break;
    }
    return wrong(e.at, "wrong type: " + field.name + " is " + std::string(words_of(field.type)), remedy);
  }

  Meaning compare(const Expression& e, const Operand& field, const std::string& op, const Operand& value, const Scope& scope) {
    const auto fits = field.type == FieldType::integer   ? Operand::Kind::integer
                      : field.type == FieldType::text    ? Operand::Kind::text
                      : field.type == FieldType::boolean ? Operand::Kind::boolean
                                                         : Operand::Kind::bad;
    if (value.kind == Operand::Kind::named_list || (value.kind == Operand::Kind::list && field.type != FieldType::list))
      return wrong(e.at, "a field is compared with a list", "write " + field.name + " in " + (value.kind == Operand::Kind::list ? "[...]" : "lists." + value.name));
    if (field.type == FieldType::list && value.kind == Operand::Kind::list)
      return wrong(e.at, "wrong type: " + field.name + " is a list of texts", "write " + field.name + ".exists(e, e in [...])");
    if (value.kind != fits) return wrong_type(e, field, value);
    if (op == "==" || op == "!=") {
      Condition c = test(field, Operator::eq);
      if (fits == Operand::Kind::integer) c.numbers = {value.value->number};
      else if (fits == Operand::Kind::text) c.texts = {value.value->text};
      else c.flag = value.value->flag;
      Meaning m = sound(std::move(c), e, scope);
      return op == "==" ? m : negated(std::move(m));
    }
    if (fits != Operand::Kind::integer)
      return wrong(e.at, op + " compares numbers, and " + field.name + " is " + std::string(words_of(field.type)), fits == Operand::Kind::text ? "texts have no order here: use ==, in or startsWith" : "write " + field.name + " or !" + field.name);
    const auto limit = next_to(value.value->number, op == "<" ? -1 : op == ">" ? 1 : 0);
    if (!limit) return wrong(e.at, "no number is " + std::string(op == "<" ? "below " : "above ") + shown(value), "use <= or >=");
    Condition c = test(field, op[0] == '<' ? Operator::le : Operator::ge);
    c.numbers = {*limit};
    return sound(std::move(c), e, scope);
  }

  Meaning membership(const Expression& e, const Operand& left, const Operand& right, const Scope& scope) {
    if (right.kind == Operand::Kind::field) {
      if (right.type != FieldType::list) return wrong(e.at, right.name + " is " + std::string(words_of(right.type)) + ", not a list", "write " + right.name + " == " + shown(left));
      if (left.kind != Operand::Kind::text) return wrong(e.at, "wrong type: " + right.name + " is a list of texts", "write \"A\" in " + right.name + ", not " + shown(left));
      Condition c = test(right, Operator::eq);
      c.texts = {left.value->text};
      return sound(std::move(c), e, scope);
    }
    if (right.kind != Operand::Kind::list && right.kind != Operand::Kind::named_list)
      return wrong(e.at, "after in stands a list", "write in [\"A\", \"B\"], in lists.NAME, or in and a list field");
    if (left.kind != Operand::Kind::field) return wrong(e.at, "two values are compared", "name a field of the catalogue before in");
    if (left.type == FieldType::list) {
      const std::string set = right.kind == Operand::Kind::list ? "[...]" : "lists." + right.name;
      return wrong(e.at, left.name + " is a list itself", "write " + left.name + ".exists(e, e in " + set + ")");
    }
    Condition c = test(left, Operator::in);
    if (!values(e, left, right, c)) return {};
    return sound(std::move(c), e, scope);
  }

  // The list on the right of "in" into the condition.
  bool values(const Expression& e, const Operand& field, const Operand& set, Condition& c) {
    if (set.kind == Operand::Kind::named_list) {
      if (field.type == FieldType::text || field.type == FieldType::list) c.list = set.name;
      else findings_.add(e.at, "named lists hold texts, and " + field.name + " is " + std::string(words_of(field.type)), "write " + field.name + " in [1, 2]");
      return !c.list.empty();
    }
    if (set.value->parts.empty()) {
      findings_.add(set.value->at, "nothing is in an empty list", "put values into it, or leave the condition out");
      return false;
    }
    const bool numbers = field.type == FieldType::integer;
    if (field.type == FieldType::boolean) {
      findings_.add(e.at, field.name + " is true or false", "write " + field.name + " or !" + field.name);
      return false;
    }
    for (const auto& value : set.value->parts) {
      if (value.kind == Kind::bad) return false;
      if (value.kind != (numbers ? Kind::integer : Kind::text)) {
        findings_.add(value.at, "wrong type: " + field.name + (field.type == FieldType::list ? " holds texts" : " is " + std::string(words_of(field.type))), numbers ? "write whole numbers: [1, 2]" : "write texts in quotes: [\"A\", \"B\"]");
        return false;
      }
      if (numbers) c.numbers.push_back(value.number);
      else c.texts.push_back(value.text);
    }
    return true;
  }

  // ---- fields alone, has, startsWith, exists, all -----------------------------------------------------------------

  Meaning bare(const Expression& e, const Scope& scope) {
    const auto field = operand(e, scope, findings_);
    if (field.kind == Operand::Kind::bad) return {};
    if (field.kind != Operand::Kind::field) return wrong(e.at, std::string(words_of(field.kind)) + " is not a condition", "compare a field with it");
    if (field.type != FieldType::boolean)
      return wrong(e.at, field.name + " alone is not a condition: it is " + std::string(words_of(field.type)), "compare it with a value, or write has(" + field.name + ")");
    Condition c = test(field, Operator::eq);
    c.flag = true;
    return sound(std::move(c), e, scope);
  }

  Meaning has(const Expression& e, const Scope& scope) {
    if (e.text != "has") {
      refuse_function(e, findings_);
      return {};
    }
    if (e.parts.size() != 1) return wrong(e.at, "has() takes one field", "write has(declaration.seals)");
    const auto field = operand(e.parts[0], scope, findings_);
    if (field.kind == Operand::Kind::bad) return {};
    if (field.kind != Operand::Kind::field) return wrong(e.parts[0].at, "has() takes a field", "write has(declaration.seals)");
    Condition c = test(field, Operator::exists);
    c.flag = true;
    return sound(std::move(c), e, scope);
  }

  Meaning method(const Expression& e, const Scope& scope) {
    if (e.text == "startsWith") return starts_with(e, scope);
    if (e.text != "exists" && e.text != "all") {
      refuse_function(e, findings_);
      return {};
    }
    const auto& range = e.parts[0];
    if (e.parts.size() != 3 || e.parts[1].kind != Kind::name) return wrong(e.at, e.text + "() takes a variable and a condition", "write goods." + e.text + "(g, g.origin == \"AE\")");
    const auto& variable = e.parts[1].text;
    if (scope.variables.contains(variable) || variable == "goods" || variable == "lists" || !nearest_group(variable).empty())
      return wrong(e.parts[1].at, "the variable " + variable + " is taken", "use another letter");
    if (dotted(range) == "goods" && !scope.variables.contains("goods")) return items(e, scope);
    const auto over = operand(range, scope, findings_);
    if (over.kind == Operand::Kind::bad) return {};
    if (over.kind == Operand::Kind::field && over.type == FieldType::list) {
      if (e.text == "all") return wrong(e.at, "all() is for the goods, not for list fields", "turn it round: !" + over.name + ".exists(e, ...)");
      return element(e.parts[2], over, variable, scope);
    }
    if (over.kind == Operand::Kind::named_list) return listed_prefix(e, scope);
    return wrong(range.at, e.text + "() needs a list", "it goes over goods, list fields and named lists");
  }

  // A group of the catalogue ("vehicle") cannot be a variable's name as well.
  static std::string nearest_group(const std::string& name) {
    for (const auto& known : catalogue()) {
      if (known.substr(0, known.find('.')) == name) return name;
    }
    return {};
  }

  Meaning items(const Expression& e, const Scope& scope) {
    if (scope.in_item) return wrong(e.at, "goods stand inside goods", "an item has no items");
    Scope inner = scope;
    inner.in_item = true;
    inner.variables[e.parts[1].text] = "goods";
    Meaning body = read(e.parts[2], inner);
    if (!body) return {};
    Condition c;
    c.kind = e.text == "exists" ? Condition::Kind::any_item : Condition::Kind::all_item;
    c.parts.push_back(std::move(*body));
    return c;
  }

  Meaning starts_with(const Expression& e, const Scope& scope) {
    const auto field = operand(e.parts[0], scope, findings_);
    if (field.kind == Operand::Kind::bad) return {};
    if (field.kind == Operand::Kind::element) return wrong(e.at, "asks for one element", "write it inside exists() of the field");
    if (field.kind != Operand::Kind::field) return wrong(e.at, "startsWith() asks for a field", "write declaration.scheme.startsWith(\"A\") with a text field of the catalogue");
    if (field.type == FieldType::list) return wrong(e.at, field.name + " is a list of texts", "write " + field.name + ".exists(e, e.startsWith(...))");
    if (field.type != FieldType::text) return wrong(e.at, "startsWith() asks for a text, and " + field.name + " is " + std::string(words_of(field.type)), "compare it with ==, <= or >=");
    std::string list;
    std::vector<std::string> texts;
    if (!beginning(e, scope, list, texts)) return {};
    Condition c = test(field, Operator::prefix);
    c.texts = std::move(texts);
    c.list = std::move(list);
    return sound(std::move(c), e, scope);
  }

  // The argument of startsWith: a text, or the variable of a named list.
  bool beginning(const Expression& e, const Scope& scope, std::string& list, std::vector<std::string>& texts) {
    if (e.parts.size() == 2 && e.parts[1].kind == Kind::bad) return false;
    if (e.parts.size() == 2 && e.parts[1].kind == Kind::text) return texts.push_back(e.parts[1].text), true;
    if (e.parts.size() == 2 && e.parts[1].kind == Kind::name) {
      const auto variable = scope.variables.find(e.parts[1].text);
      if (variable != scope.variables.end() && variable->second.starts_with("lists.")) return list = variable->second.substr(6), true;
    }
    findings_.add(e.at, "startsWith() takes one text in quotes", "write startsWith(\"24\"); several: join them with ||");
    return false;
  }

  // lists.chapters.exists(p, goods_code.startsWith(p))
  Meaning listed_prefix(const Expression& e, const Scope& scope) {
    const auto list = operand(e.parts[0], scope, findings_);
    const auto& body = e.parts[2];
    if (e.text != "exists" || body.kind != Kind::method || body.text != "startsWith" || body.parts.size() != 2 || dotted(body.parts[1]) != e.parts[1].text)
      return body.kind == Kind::bad ? Meaning() : wrong(e.at, "over a named list only exists(p, field.startsWith(p)) is in the subset", "to ask whether a field is one of them, write field in lists." + list.name);
    Scope inner = scope;
    inner.variables[e.parts[1].text] = "lists." + list.name;
    return starts_with(body, inner);
  }

  // ---- one element of a list field --------------------------------------------------------------------------------

  Meaning element(const Expression& body, const Operand& field, const std::string& variable, const Scope& scope) {
    if (body.kind == Kind::any) {
      Condition c;
      c.kind = Condition::Kind::any;
      for (const auto& part : body.parts) {
        Meaning m = element(part, field, variable, scope);
        if (!m) return {};
        c.parts.push_back(std::move(*m));
      }
      return c;
    }
    const auto is_variable = [&](const Expression& e) { return e.kind == Kind::name && e.text == variable; };
    Scope inner = scope;
    inner.variables[variable] = field.name;
    if (body.kind == Kind::relation && body.text == "in" && is_variable(body.parts[0])) {
      const auto set = operand(body.parts[1], inner, findings_);
      if (set.kind == Operand::Kind::bad) return {};
      if (set.kind != Operand::Kind::list && set.kind != Operand::Kind::named_list) return wrong(body.at, "after in stands a list", "write in [\"A\", \"B\"] or in lists.NAME");
      Condition c = test(field, Operator::in);
      if (!values(body, field, set, c)) return {};
      return sound(std::move(c), body, scope);
    }
    if (body.kind == Kind::relation && body.text == "==" && (is_variable(body.parts[0]) || is_variable(body.parts[1]))) {
      const auto& value = body.parts[is_variable(body.parts[0]) ? 1 : 0];
      if (value.kind == Kind::bad) return {};
      if (value.kind != Kind::text) return wrong(value.at, "wrong type: " + field.name + " holds texts", "compare with a text in quotes");
      Condition c = test(field, Operator::eq);
      c.texts = {value.text};
      return sound(std::move(c), body, scope);
    }
    if (body.kind == Kind::method && body.text == "startsWith" && is_variable(body.parts[0])) {
      Condition c = test(field, Operator::prefix);
      if (!beginning(body, inner, c.list, c.texts)) return {};
      return sound(std::move(c), body, scope);
    }
    if (body.kind == Kind::method && body.text == "exists" && body.parts.size() == 3 && body.parts[1].kind == Kind::name) {
      const auto list = operand(body.parts[0], inner, findings_);
      if (list.kind == Operand::Kind::bad) return {};
      const auto& call = body.parts[2];
      if (list.kind == Operand::Kind::named_list && !inner.variables.contains(body.parts[1].text) && call.kind == Kind::method && call.text == "startsWith" && is_variable(call.parts[0]) &&
          call.parts.size() == 2 && call.parts[1].kind == Kind::name && call.parts[1].text == body.parts[1].text) {
        Condition c = test(field, Operator::prefix);
        c.list = list.name;
        return sound(std::move(c), body, scope);
      }
    }
    if (body.kind == Kind::bad) return {};
    return wrong(body.at, "of one element of " + field.name + " only ==, in and startsWith can be asked, joined with ||",
                 "write " + field.name + ".exists(" + variable + ", " + variable + " in [\"A\", \"B\"]), and put ! and && outside");
  }

  Findings& findings_;
};

}  // namespace

Meaning meaning(const Expression& e, Findings& findings) { return Reader(findings).read(e, {}); }

}  // namespace rampa::risk::cel
