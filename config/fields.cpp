#include "config/fields.hpp"

#include <algorithm>
#include <cmath>

namespace rampa::config {
namespace {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

TableReader::TableReader(const std::string& file, const Node& node, std::string path, std::vector<Finding>& findings)
    : file_(file), table_(node.table()), path_(std::move(path)), line_(node.line), findings_(findings) {
  if (!table_) findings_.push_back({file_, line_, path_, "must be a table, is " + node.kind(), "write it as a table of keys"});
}

const Node* TableReader::node_of(const std::string& key) const {
  if (table_)
    for (const auto& [name, node] : *table_)
      if (name == key) return &node;
  return nullptr;
}

int TableReader::line_of(const std::string& key) const {
  const Node* node = node_of(key);
  return node ? node->line : line_;
}

void TableReader::finding(const std::string& key, std::string cause, std::string remedy) {
  findings_.push_back({file_, line_of(key), key.empty() ? path_ : path(key), std::move(cause), std::move(remedy)});
}

const Node* TableReader::take(const std::string& key, bool required) {
  asked_.push_back(key);
  const Node* node = node_of(key);
  if (!node && required && table_) finding(key, "the key is missing", "add it");
  return node;
}

void TableReader::wrong_kind(const std::string& key, const Node& node, const std::string& wanted) {
  finding(key, "must be " + wanted + ", is " + node.kind(), "write " + wanted);
}

std::optional<std::string> TableReader::text(const std::string& key, bool required) {
  const Node* node = take(key, required);
  if (!node) return std::nullopt;
  if (const auto* value = std::get_if<std::string>(&node->value)) {
    if (!value->empty() || !required) return *value;
    finding(key, "must not be empty", "give it a value");
    return std::nullopt;
  }
  wrong_kind(key, *node, "a string");
  return std::nullopt;
}

std::optional<std::int64_t> TableReader::integer(const std::string& key, bool required, std::int64_t min, std::int64_t max) {
  const Node* node = take(key, required);
  if (!node) return std::nullopt;
  const auto* value = std::get_if<std::int64_t>(&node->value);
  if (!value) {
    wrong_kind(key, *node, "an integer");
    return std::nullopt;
  }
  if (*value < min || *value > max) {
    finding(key, std::to_string(*value) + " is out of range",
            "write a number from " + std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
  }
  return *value;
}

std::optional<double> TableReader::number(const std::string& key, bool required) {
  const Node* node = take(key, required);
  if (!node) return std::nullopt;
  if (const auto* whole = std::get_if<std::int64_t>(&node->value)) return static_cast<double>(*whole);
  if (const auto* value = std::get_if<double>(&node->value); value && std::isfinite(*value)) return *value;
  wrong_kind(key, *node, "a number");
  return std::nullopt;
}

std::optional<bool> TableReader::boolean(const std::string& key) {
  const Node* node = take(key, false);
  if (!node) return std::nullopt;
  if (const auto* value = std::get_if<bool>(&node->value)) return *value;
  wrong_kind(key, *node, "true or false");
  return std::nullopt;
}

std::optional<std::string> TableReader::choice(const std::string& key, const std::vector<std::string>& choices, bool required) {
  auto value = text(key, required);
  if (!value || std::find(choices.begin(), choices.end(), *value) != choices.end()) return value;
  const std::string near = nearest(*value, choices);
  finding(key, "\"" + *value + "\" is not known",
          (near.empty() ? "write one of: " : "did you mean \"" + near + "\"? Known: ") + join(choices));
  return std::nullopt;
}

std::vector<std::string> TableReader::texts(const std::string& key) {
  std::vector<std::string> out;
  const Node* node = take(key, false);
  if (!node) return out;
  const auto* list = node->list();
  if (!list) {
    wrong_kind(key, *node, "a list of strings");
    return out;
  }
  for (const auto& item : *list) {
    if (const auto* value = std::get_if<std::string>(&item.value))
      out.push_back(*value);
    else
      wrong_kind(key, item, "a list of strings");
  }
  return out;
}

std::optional<Duration> TableReader::milliseconds(const std::string& key, std::int64_t min, std::int64_t max) {
  auto value = integer(key, false, min, max);
  if (!value) return std::nullopt;
  return Duration{std::chrono::milliseconds{*value}};
}

std::optional<Duration> TableReader::seconds(const std::string& key, std::int64_t min, std::int64_t max) {
  auto value = integer(key, false, min, max);
  if (!value) return std::nullopt;
  return Duration{std::chrono::seconds{*value}};
}

const Node* TableReader::table(const std::string& key, bool required) {
  const Node* node = take(key, required);
  if (!node) return nullptr;
  if (node->table()) return node;
  wrong_kind(key, *node, "a table");
  return nullptr;
}

std::vector<const Node*> TableReader::tables(const std::string& key) {
  std::vector<const Node*> out;
  const Node* node = take(key, false);
  if (!node) return out;
  const auto* list = node->list();
  if (!list) {
    wrong_kind(key, *node, "a list of tables");
    return out;
  }
  for (const auto& item : *list) {
    if (item.table())
      out.push_back(&item);
    else
      wrong_kind(key, item, "a list of tables");
  }
  return out;
}

const Node* TableReader::any(const std::string& key) { return take(key, false); }

void TableReader::finish() {
  if (!table_) return;
  for (const auto& [name, node] : *table_) {
    if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
    const std::string near = nearest(name, asked_);
    findings_.push_back({file_, node.line, path(name), "unknown key",
                         near.empty() ? "remove it; known here: " + join(asked_) : "did you mean \"" + near + "\"?"});
  }
}

}  // namespace rampa::config
