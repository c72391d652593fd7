// TOML into a Node tree; toml++ knows the line of every node.
#include <toml++/toml.h>

#include "config/tree.hpp"

namespace rampa::config {
namespace {

Node convert(const toml::node& from, std::vector<Finding>& findings, const std::string& file) {
  Node node;
  node.line = static_cast<int>(from.source().begin.line);
  if (const auto* table = from.as_table()) {
    Node::Table out;
    for (const auto& [key, value] : *table) {
      Node child = convert(value, findings, file);
      if (child.line == 0) child.line = static_cast<int>(key.source().begin.line);
      out.emplace_back(std::string(key.str()), std::move(child));
    }
    node.value = std::move(out);
  } else if (const auto* array = from.as_array()) {
    Node::List out;
    for (const auto& value : *array) out.push_back(convert(value, findings, file));
    node.value = std::move(out);
  } else if (const auto* text = from.as_string()) {
    node.value = text->get();
  } else if (const auto* integer = from.as_integer()) {
    node.value = std::int64_t{integer->get()};
  } else if (const auto* number = from.as_floating_point()) {
    node.value = number->get();
  } else if (const auto* boolean = from.as_boolean()) {
    node.value = boolean->get();
  } else if (const auto* date = from.as_date()) {
    const auto d = date->get();
    char text_date[16];
    std::snprintf(text_date, sizeof text_date, "%04d-%02d-%02d", int{d.year}, int{d.month}, int{d.day});
    node.value = std::string(text_date);
  } else {
    findings.push_back({file, node.line, "", "times of day are not used in this file", "write a date (2027-04-30) or a string"});
  }
  return node;
}

}  // namespace

Tree parse_toml_file(const std::string& file) {
  Tree tree;
  tree.file = file;
  auto text = read_text_file(file);
  if (!text) {
    tree.findings.push_back({file, 0, "", "can't be read: " + text.error().what, "check the path and the permissions"});
    return tree;
  }
  try {
    const toml::table table = toml::parse(*text, file);
    tree.root = convert(table, tree.findings, file);
  } catch (const toml::parse_error& error) {
    tree.findings.push_back({file, static_cast<int>(error.source().begin.line), "",
                             "not TOML: " + std::string(error.description()), "correct the syntax at this line"});
  }
  return tree;
}

}  // namespace rampa::config
