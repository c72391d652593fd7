// Names and values beside CEL's operators.
#include <algorithm>

#include "edge/risk/cel_meaning.hpp"

namespace rampa::risk::cel {
namespace {

using Kind = Expression::Kind;

// For a name without its group, as "seals": the catalogued names that end so.
std::string completed(const std::string& name) {
  for (const auto& known : catalogue()) {
    if (known.ends_with("." + name)) return known;
  }
  return {};
}

Operand of(Operand::Kind kind, const Expression& e) {
  Operand result;
  result.kind = kind;
  result.value = &e;
  return result;
}

Operand field(const std::string& name, const Expression& e, const Scope& scope, Findings& findings) {
  const auto type = type_of(name);
  if (!type) {
    auto like = nearest(name, catalogue());
    if (name.find('.') == std::string::npos) {
      if (const auto whole = completed(name); !whole.empty()) like = whole;
    }
    findings.add(e.at, "\"" + name + "\" is not in the catalogue", like.empty() ? "PROFILES.md lists the fields; texts stand in quotes" : "did you mean " + like + "?");
    return {};
  }
  if (is_goods(name) && !scope.in_item) {
    findings.add(e.at, name + " belongs to one item of the goods", "write goods.exists(g, g." + name.substr(6) + " ...), or goods.all(...)");
    return {};
  }
  Operand result = of(Operand::Kind::field, e);
  result.name = name;
  result.type = *type;
  return result;
}

Operand named_list(const std::string& name, const Expression& e) {
  Operand result = of(Operand::Kind::named_list, e);
  result.name = name;
  return result;
}

}  // namespace

std::string dotted(const Expression& e) {
  if (e.kind == Kind::name) return e.text;
  if (e.kind != Kind::select) return {};
  const auto before = dotted(e.parts[0]);
  return before.empty() ? before : before + "." + e.text;
}

std::string_view words_of(FieldType type) {
  switch (type) {
    case FieldType::boolean: return "true or false";
    case FieldType::integer: return "a number";
    case FieldType::text: return "a text";
    case FieldType::list: return "a list of texts";
  }
  return "?";
}

std::string_view words_of(Operand::Kind kind) {
  switch (kind) {
    case Operand::Kind::integer: return "a number";
    case Operand::Kind::text: return "a text";
    case Operand::Kind::boolean: return "true or false";
    case Operand::Kind::list: return "a list";
    case Operand::Kind::field: return "a field";
    case Operand::Kind::named_list: return "a named list";
    case Operand::Kind::element: return "one element";
    case Operand::Kind::bad: break;
  }
  return "?";
}

Operand operand(const Expression& e, const Scope& scope, Findings& findings) {
  switch (e.kind) {
    case Kind::integer: return of(Operand::Kind::integer, e);
    case Kind::text: return of(Operand::Kind::text, e);
    case Kind::boolean: return of(Operand::Kind::boolean, e);
    case Kind::list: return of(Operand::Kind::list, e);
    case Kind::bad: return {};
    case Kind::name:
    case Kind::select: {
      const auto name = dotted(e);
      if (name.empty()) break;
      const auto dot = name.find('.');
      const auto root = name.substr(0, dot), rest = dot == std::string::npos ? std::string() : name.substr(dot + 1);
      if (const auto variable = scope.variables.find(root); variable != scope.variables.end()) {
        if (variable->second == "goods") {
          if (!rest.empty()) return field("goods." + rest, e, scope, findings);
          findings.add(e.at, root + " is a whole item", "name its field: " + root + ".hs_code");
          return {};
        }
        if (!rest.empty()) {
          findings.add(e.at, root + " is one text of " + variable->second + ", it has no fields", "write " + root + " alone");
          return {};
        }
        Operand result = of(Operand::Kind::element, e);
        result.name = root;
        return result;
      }
      if (root == "lists" && !rest.empty() && rest.find('.') == std::string::npos) return named_list(rest, e);
      if (root == "lists") {
        findings.add(e.at, "names no list", "write lists.NAME with a name of the set's lists");
        return {};
      }
      if (name == "goods") {
        findings.add(e.at, "goods are items, not a value", "write goods.exists(g, ...) or goods.all(g, ...)");
        return {};
      }
      if (is_goods(name) && scope.in_item) {
        for (const auto& [variable, stands_for] : scope.variables) {
          if (stands_for != "goods") continue;
          findings.add(e.at, name + " does not say of which item", "write " + variable + "." + name.substr(6));
          return {};
        }
      }
      return field(name, e, scope, findings);
    }
    case Kind::index:
      if (dotted(e.parts[0]) == "lists" && e.parts[1].kind == Kind::text && !scope.variables.contains("lists")) return named_list(e.parts[1].text, e);
      if (e.parts[0].kind != Kind::bad && e.parts[1].kind != Kind::bad)
        findings.add(e.at, "an index [...] is outside the subset", "write \"A\" in field for a list, lists[\"a name\"] for a named list");
      return {};
    case Kind::call:
    case Kind::method: refuse_function(e, findings); return {};
    case Kind::negation:
    case Kind::all:
    case Kind::any:
    case Kind::relation:
      findings.add(e.at, "a condition is compared", "join conditions with && and ||, turn one round with !");
      return {};
  }
  findings.add(e.at, "is not a field", "name a field of the catalogue, as declaration.seals");
  return {};
}

void refuse_function(const Expression& call, Findings& findings) {
  static const std::map<std::string, std::string> instead{
      {"matches", "use startsWith or a list"},
      {"endsWith", "use startsWith or a list"},
      {"contains", "use startsWith, or \"A\" in field for a list field"},
      {"size", "use has(field), or a field that counts, as declaration.count"},
      {"exists_one", "use exists"},
      {"existsOne", "use exists"},
      {"map", "use exists"},
      {"filter", "use exists"},
      {"lowerAscii", "texts are compared as they are; list the spellings"},
      {"upperAscii", "texts are compared as they are; list the spellings"},
      {"int", "write the number"},
      {"uint", "write the number"},
      {"double", "numbers are whole"},
      {"string", "write the text in quotes"},
      {"bool", "write true or false"},
      {"dyn", "leave it out"},
      {"type", "every field has one type, PROFILES.md says which"},
      {"timestamp", "validity and weekly hours are keys of the profile"},
      {"duration", "validity and weekly hours are keys of the profile"}};
  static const std::vector<std::string> ours{"startsWith", "exists", "all", "has"};
  const auto found = instead.find(call.text);
  std::string remedy;
  if (found != instead.end()) {
    remedy = found->second;
  } else if (std::find(ours.begin(), ours.end(), call.text) != ours.end()) {
    remedy = call.text == "has" ? "write has(field)" : call.text == "startsWith" ? "write field.startsWith(\"24\")" : "write goods." + call.text + "(g, ...)";
    return findings.add(call.at, call.text + "() stands in the wrong place", remedy);
  } else {
    const auto like = call.text.size() > 4 ? nearest(call.text, ours) : std::string();
    remedy = like.empty() ? "the functions are has, startsWith, exists and all" : "did you mean " + like + "?";
  }
  findings.add(call.at, call.text + "() is not in the subset", remedy);
}

}  // namespace rampa::risk::cel
