// A read file as a tree of plain values with the line of each: what TOML and JSON files are checked as, so that a finding
// can name its line. No third-party type leaves the two parsers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/site.hpp"

namespace rampa::config {

struct Node {
  using List = std::vector<Node>;
  using Table = std::vector<std::pair<std::string, Node>>;  ///< in the file's order
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Table> value;
  int line = 0;

  [[nodiscard]] const Table* table() const { return std::get_if<Table>(&value); }
  [[nodiscard]] const List* list() const { return std::get_if<List>(&value); }
  /// For messages: "a string", "a table"...
  [[nodiscard]] std::string kind() const;
};

/// The root of a file, or findings (not found, syntax, a key twice). `findings` empty means that `root` is a table.
struct Tree {
  std::string file;
  Node root;
  std::vector<Finding> findings;
};

[[nodiscard]] Tree parse_toml_file(const std::string& file);
[[nodiscard]] Tree parse_json_file(const std::string& file);
/// `first_line`: of the text in its file (one line of JSON lines).
[[nodiscard]] Tree parse_json_text(const std::string& text, const std::string& file, int first_line);

/// The line of what lies at this path ("profiles[3].when.all[1].op"), or of the deepest part of it that there is.
[[nodiscard]] int line_at(const Node& root, const std::string& path);

/// The whole file. Errors: not_found, io.
[[nodiscard]] Result<std::string> read_text_file(const std::string& file);

}  // namespace rampa::config
