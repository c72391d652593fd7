#include <algorithm>
#include <map>
#include <pugixml.hpp>
#include <set>
#include <utility>

#include "edge/risk/cel.hpp"
#include "edge/risk/dmn.hpp"
#include "edge/risk/feel_cell.hpp"

namespace rampa::risk {
namespace {

using Kind = Condition::Kind;

// A field may stand in two columns: "is there" and "at least 5" are two cells that must both hold.
using Column = std::pair<std::string, std::size_t>;
using Cells = std::vector<std::pair<Column, std::string>>;

struct StringWriter final : pugi::xml_writer {
  std::string text;
  void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
};

class Row {
 public:
  /// Empty where the condition fits, else the reason why it does not.
  std::string fill(const Condition& when) {
    if (when.kind == Kind::always) return {};
    if (when.kind != Kind::all) return part(when, false);
    for (const auto& one : when.parts) {
      if (auto reason = part(one, false); !reason.empty()) return reason;
    }
    return {};
  }
  Cells cells;

 private:
  std::string part(const Condition& c, bool in_item) {
    if (c.kind == Kind::any_item && !in_item) {
      if (std::exchange(goods_, true)) return "it has two conditions over goods, and a row holds one";
      for (const auto& one : c.parts) {
        if (auto reason = part(one, true); !reason.empty()) return reason;
      }
      return {};
    }
    if (c.kind == Kind::all_item) return "it asks for all goods items, and a row asks for one of them";
    if (c.kind == Kind::always) return "it asks whether there are goods at all";
    const auto field = feel::only_field(c);
    if (field.empty()) return "the part " + shown(c) + " goes over several fields, and a cell over one";
    if (in_item && !is_goods(field)) return "within the goods it asks for " + field + ", which is not of the item";
    const auto cell = feel::cell_of(c);
    if (!cell) return "a cell cannot say " + shown(c);
    cells.push_back({{field, used_[field]++}, *cell});
    return {};
  }

  static std::string shown(const Condition& c) {
    auto text = to_cel(c);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  }

  std::map<std::string, std::size_t> used_;
  bool goods_ = false;
};

// XML ids (NCName), here without letters beyond ASCII.
bool is_xml_id(const std::string& text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

std::string_view type_ref(FieldType type) {
  return type == FieldType::integer ? "number" : type == FieldType::boolean ? "boolean" : type == FieldType::text ? "string" : "Any";
}

void add_text(pugi::xml_node node, const std::string& text) { node.append_child("text").text().set(text.c_str()); }

// FEEL has numbers only for cells that are numbers.
std::string output_cell(const DecisionOutput& column, const std::string& value) {
  if (value.empty()) return {};
  const std::size_t sign = value[0] == '-' ? 1 : 0, point = value.find('.');
  const auto digits = [&](std::size_t from, std::size_t to) { return to > from && value.find_first_not_of("0123456789", from) >= to; };
  const bool number = point == std::string::npos ? digits(sign, value.size()) : digits(sign, point) && digits(point + 1, value.size());
  return column.number && number ? value : feel::quoted(value);
}

class Writer {
 public:
  std::string write(const DecisionTable& table, std::vector<Finding>& left_out) {
    std::vector<std::pair<const DecisionRule*, Cells>> rows;
    for (const auto& rule : table.rules) {
      Row row;
      if (auto reason = row.fill(rule.when); !reason.empty()) {
        left_out.push_back({rule.id, "does not fit a decision table: " + reason, "keep it as CEL or JSON, or split it into profiles that fit"});
        continue;
      }
      for (const auto& [column, cell] : row.cells) {
        if (places_.emplace(column, columns_.size()).second) columns_.push_back(column);
      }
      rows.emplace_back(&rule, std::move(row.cells));
    }
    head(table);
    for (const auto& [rule, cells] : rows) add(table, *rule, cells);
    StringWriter writer;
    document_.save(writer, "  ", pugi::format_default, pugi::encoding_utf8);
    return std::move(writer.text);
  }

 private:
  void head(const DecisionTable& table) {
    auto definitions = document_.append_child("definitions");
    definitions.append_attribute("xmlns").set_value("https://www.omg.org/spec/DMN/20191111/MODEL/");
    definitions.append_attribute("id").set_value("rampa-profiles");
    definitions.append_attribute("name").set_value(table.name.c_str());
    definitions.append_attribute("namespace").set_value("urn:rampa:profiles");
    if (!table.set.empty()) {
      definitions.append_attribute("xmlns:rampa").set_value("urn:rampa:profiles");
      definitions.append_child("extensionElements").append_child("rampa:set").text().set(table.set.c_str());
    }
    auto decision = definitions.append_child("decision");
    decision.append_attribute("id").set_value("decision");
    decision.append_attribute("name").set_value(table.name.c_str());
    table_ = decision.append_child("decisionTable");
    table_.append_attribute("id").set_value("table");
    table_.append_attribute("hitPolicy").set_value("COLLECT");
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto& [field, repeated] = columns_[i];
      const auto number = std::to_string(i + 1);
      auto input = table_.append_child("input");
      input.append_attribute("id").set_value(("input_" + number).c_str());
      input.append_attribute("label").set_value((field + (repeated > 0 ? " (" + std::to_string(repeated + 1) + ")" : "")).c_str());
      auto expression = input.append_child("inputExpression");
      expression.append_attribute("id").set_value(("expression_" + number).c_str());
      expression.append_attribute("typeRef").set_value(std::string(type_ref(type_of(field).value_or(FieldType::text))).c_str());
      add_text(expression, field);
    }
    for (std::size_t i = 0; i < table.outputs.size(); ++i) {
      auto output = table_.append_child("output");
      output.append_attribute("id").set_value(("output_" + std::to_string(i + 1)).c_str());
      output.append_attribute("name").set_value(table.outputs[i].name.c_str());
      output.append_attribute("typeRef").set_value(table.outputs[i].number ? "number" : "string");
    }
    table_.append_child("annotation").append_attribute("name").set_value("profile");
    for (const char* id : {"rampa-profiles", "decision", "table"}) ids_.insert(id);
  }

  void add(const DecisionTable& table, const DecisionRule& rule, const Cells& cells) {
    const auto number = std::to_string(++count_);
    auto node = table_.append_child("rule");
    const bool own = is_xml_id(rule.id) && !rule.id.starts_with("rule_") && !rule.id.starts_with("input_") && !rule.id.starts_with("output_") &&
                     !rule.id.starts_with("expression_") && !rule.id.starts_with("cell_") && ids_.insert(rule.id).second;
    node.append_attribute("id").set_value(own ? rule.id.c_str() : ("rule_" + number).c_str());
    if (!rule.note.empty()) node.append_child("description").text().set(rule.note.c_str());
    std::vector<std::string> texts(columns_.size(), "-");
    for (const auto& [column, cell] : cells) texts[places_.at(column)] = cell;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto entry = node.append_child("inputEntry");
      entry.append_attribute("id").set_value(("cell_" + number + "_" + std::to_string(i + 1)).c_str());
      add_text(entry, texts[i]);
    }
    for (std::size_t i = 0; i < table.outputs.size(); ++i) {
      auto entry = node.append_child("outputEntry");
      entry.append_attribute("id").set_value(("cell_" + number + "_" + std::to_string(columns_.size() + i + 1)).c_str());
      add_text(entry, i < rule.outputs.size() ? output_cell(table.outputs[i], rule.outputs[i]) : std::string());
    }
    add_text(node.append_child("annotationEntry"), rule.id);
  }

  pugi::xml_document document_;
  pugi::xml_node table_;
  std::vector<Column> columns_;
  std::map<Column, std::size_t> places_;
  std::set<std::string> ids_;
  std::size_t count_ = 0;
};

}  // namespace

std::string to_dmn(const DecisionTable& table, std::vector<Finding>& left_out) { return Writer().write(table, left_out); }

}  // namespace rampa::risk
