#include <algorithm>
#include <array>
#include <pugixml.hpp>
#include <set>
#include <utility>

#include "edge/risk/dmn.hpp"
#include "edge/risk/feel_cell.hpp"
#include "edge/risk/utf8_internal.hpp"

namespace rampa::risk {
namespace {

constexpr std::size_t bytes_max = 64u << 20, findings_max = 200;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto begin = text.find_first_not_of(space);
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

// "dmn:rule" -> "rule": tools choose their own prefix.
std::string_view local(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::vector<pugi::xml_node> children(const pugi::xml_node& node, std::string_view name) {
  std::vector<pugi::xml_node> found;
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_element && local(child) == name) found.push_back(child);
  }
  return found;
}

pugi::xml_node child(const pugi::xml_node& node, std::string_view name) {
  const auto found = children(node, name);
  return found.empty() ? pugi::xml_node{} : found.front();
}

std::string text_of(const pugi::xml_node& node) { return std::string(trimmed(child(node, "text").text().get())); }

class Reader {
 public:
  explicit Reader(std::vector<Finding>& findings) : findings_(findings), first_(findings.size()) {}

  DecisionTable read(std::string_view xml) {
    DecisionTable table;
    if (xml.size() > bytes_max) return fault("table", "is longer than 64 MiB", "split it"), table;
    for (std::size_t at = 0; at < xml.size();) {
      const auto size = utf8_size(xml.substr(at));
      if (size == 0) return fault("byte " + std::to_string(at + 1), "is not UTF-8", "save the table as UTF-8"), table;
      at += size;
    }
    pugi::xml_document document;
    const auto parsed = document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) return fault("byte " + std::to_string(parsed.offset + 1), std::string("is not XML: ") + parsed.description(), "export the table again from the program that made it"), table;
    const auto root = document.document_element();
    if (local(root) != "definitions") return fault(std::string(root.name()), "is not a DMN model", "its outermost element is definitions"), table;
    known_namespace(root);
    table.set = child(child(root, "extensionElements"), "set").text().get();
    const auto tables = decision_tables(root, table.name);
    if (tables.empty()) fault("definitions", "holds no decision table", "put the profiles into one decision with a decision table");
    else if (tables.size() > 1) fault("definitions", "holds " + std::to_string(tables.size()) + " decision tables", "keep one in each file");
    else rules(tables.front(), table);
    return table;
  }

 private:
  void fault(std::string path, std::string cause, std::string remedy) {
    if (findings_.size() - first_ < findings_max) findings_.push_back({std::move(path), std::move(cause), std::move(remedy)});
  }

  void known_namespace(const pugi::xml_node& root) {
    static constexpr std::array<std::string_view, 5> known{
        "https://www.omg.org/spec/DMN/20191111/MODEL/", "http://www.omg.org/spec/DMN/20151101/dmn.xsd", "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/", "https://www.omg.org/spec/DMN/20230324/MODEL/"};
    const std::string_view name = root.name();
    const auto colon = name.find(':');
    const std::string attribute = colon == std::string_view::npos ? "xmlns" : "xmlns:" + std::string(name.substr(0, colon));
    const std::string_view space = root.attribute(attribute.c_str()).value();
    if (std::find(known.begin(), known.end(), space) == known.end())
      fault("definitions", "has the namespace \"" + std::string(space) + "\"", "save it as DMN 1.3: " + std::string(known[0]));
  }

  static std::vector<pugi::xml_node> decision_tables(const pugi::xml_node& root, std::string& name) {
    std::vector<pugi::xml_node> tables;
    for (const auto& decision : children(root, "decision")) {
      for (const auto& table : children(decision, "decisionTable")) {
        if (tables.empty()) name = decision.attribute("name").value();
        tables.push_back(table);
      }
    }
    return tables;
  }

  void rules(const pugi::xml_node& node, DecisionTable& table) {
    const std::string policy = node.attribute("hitPolicy").as_string("UNIQUE");
    if (policy != "COLLECT") fault("hitPolicy", "is " + policy, "choose COLLECT: every profile that holds is a hit, whatever the others are");
    if (const std::string_view how = node.attribute("aggregation").value(); !how.empty())
      fault("aggregation", "is " + std::string(how), "choose COLLECT without an aggregator: scores are added by the set's thresholds");
    const auto inputs = children(node, "input");
    std::vector<std::string> fields;
    for (std::size_t i = 0; i < inputs.size(); ++i) fields.push_back(field(inputs[i], i));
    for (const auto& output : children(node, "output")) {
      const std::string name = output.attribute("name").as_string(output.attribute("label").value());
      if (name.empty()) fault("output column " + std::to_string(table.outputs.size() + 1), "has no name", "name it channel, weight, instruction or controls");
      table.outputs.push_back({name, std::string_view(output.attribute("typeRef").value()) == "number"});
    }
    if (table.outputs.empty()) fault("decision table", "has no output column", "add one, as channel");
    const auto annotations = children(node, "annotation");
    const auto profile = std::find_if(annotations.begin(), annotations.end(), [](const auto& a) { return std::string_view(a.attribute("name").value()) == "profile"; });
    const auto id_column = static_cast<std::size_t>(profile - annotations.begin());
    std::set<std::string> ids;
    for (const auto& rule : children(node, "rule")) {
      table.rules.push_back(one(rule, table.rules.size(), fields, table.outputs.size(), id_column));
      if (const auto& id = table.rules.back().id; !ids.insert(id).second)
        fault("rule " + std::to_string(table.rules.size()), "has the id " + id + " of another rule", "give every profile its own id");
    }
    if (table.rules.empty()) fault("decision table", "has no rules", "every rule is a profile");
  }

  std::string field(const pugi::xml_node& input, std::size_t place) {
    const auto expression = child(input, "inputExpression");
    const auto name = text_of(expression);
    const auto path = "input column " + std::to_string(place + 1);
    const std::string_view language = expression.attribute("expressionLanguage").value();
    if (!language.empty() && language.find("feel") == std::string_view::npos && language.find("FEEL") == std::string_view::npos)
      fault(path, "is written in " + std::string(language), "choose FEEL");
    if (type_of(name)) return name;
    const auto like = nearest(name, catalogue());
    fault(path, name.empty() ? "has no expression" : "asks for \"" + name + "\", which is not in the catalogue",
          like.empty() ? "write a field of the catalogue, as declaration.seals (PROFILES.md)" : "did you mean " + like + "?");
    return {};
  }

  DecisionRule one(const pugi::xml_node& node, std::size_t place, const std::vector<std::string>& fields, std::size_t outputs, std::size_t id_column) {
    DecisionRule rule;
    const auto notes = children(node, "annotationEntry");
    if (id_column < notes.size()) rule.id = text_of(notes[id_column]);
    if (rule.id.empty()) rule.id = node.attribute("id").value();
    const std::string path = "rule " + std::to_string(place + 1) + (rule.id.empty() ? "" : " (" + rule.id + ")");
    if (rule.id.empty()) fault(path, "has no id", "give the rule an id, or write one into an annotation column named profile");
    rule.note = std::string(trimmed(child(node, "description").text().get()));
    const auto cells = children(node, "inputEntry"), results = children(node, "outputEntry");
    if (cells.size() != fields.size()) fault(path, "has " + std::to_string(cells.size()) + " input cells for " + std::to_string(fields.size()) + " columns", "give every column its cell, - for any");
    if (results.size() != outputs) fault(path, "has " + std::to_string(results.size()) + " output cells for " + std::to_string(outputs) + " columns", "give every column its cell, an empty one if need be");
    for (const auto& result : results) rule.outputs.push_back(feel::unquoted(text_of(result)));
    Condition all;
    all.kind = Condition::Kind::all;
    std::size_t item = SIZE_MAX;  // the goods' cells go together: they are about one and the same item
    for (std::size_t i = 0; i < std::min(cells.size(), fields.size()); ++i) {
      if (fields[i].empty()) continue;
      const auto cell = text_of(cells[i]);
      std::optional<Finding> problem;
      Condition test = feel::condition_of(cell, fields[i], problem);
      if (problem) {
        fault(path + ", column " + std::to_string(i + 1) + " (" + fields[i] + ")", "the cell " + cell + " " + problem->cause, problem->remedy);
        continue;
      }
      if (test.kind == Condition::Kind::always) continue;
      auto* into = &all.parts;
      if (is_goods(fields[i])) {
        if (item == SIZE_MAX) {
          item = all.parts.size();
          all.parts.emplace_back().kind = Condition::Kind::any_item;
        }
        into = &all.parts[item].parts;
      }
      into->push_back(std::move(test));
    }
    rule.when = canonical(std::move(all));
    return rule;
  }

  std::vector<Finding>& findings_;
  std::size_t first_;
};

}  // namespace

DecisionTable from_dmn(std::string_view xml, std::vector<Finding>& findings) { return Reader(findings).read(xml); }

}  // namespace rampa::risk
