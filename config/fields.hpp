// Reads the keys of one table and collects what is wrong, all at once. A key that nobody asked for is a finding that
// names the nearest known one.
#pragma once

#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/tree.hpp"

namespace rampa::config {

/// The known name nearest to `word` (edit distance up to a third of its length), or empty.
[[nodiscard]] std::string nearest(const std::string& word, const std::vector<std::string>& known);

/// "a, b, c"
[[nodiscard]] std::string join(const std::vector<std::string>& words);

class TableReader {
 public:
  /// `path`: of this table in the file, "lane[2].device[1]"; empty for the root. All references outlive the reader.
  TableReader(const std::string& file, const Node& node, std::string path, std::vector<Finding>& findings);

  [[nodiscard]] bool has(const std::string& key) const { return node_of(key) != nullptr; }
  [[nodiscard]] std::string path(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int line() const { return line_; }
  [[nodiscard]] int line_of(const std::string& key) const;

  /// Each takes the key: from now on it is known. A wrong kind is a finding and reads as absent.
  std::optional<std::string> text(const std::string& key, bool required = false);
  std::optional<std::int64_t> integer(const std::string& key, bool required = false, std::int64_t min = INT64_MIN,
                                      std::int64_t max = INT64_MAX);
  std::optional<double> number(const std::string& key, bool required = false);
  std::optional<bool> boolean(const std::string& key);
  std::optional<std::string> choice(const std::string& key, const std::vector<std::string>& choices, bool required = false);
  std::vector<std::string> texts(const std::string& key);
  /// Milliseconds (or seconds) as a Duration.
  std::optional<Duration> milliseconds(const std::string& key, std::int64_t min, std::int64_t max);
  std::optional<Duration> seconds(const std::string& key, std::int64_t min, std::int64_t max);
  /// A table or list of tables; nullptr (with a finding where required) if absent.
  const Node* table(const std::string& key, bool required = false);
  std::vector<const Node*> tables(const std::string& key);
  const Node* any(const std::string& key);

  void finding(const std::string& key, std::string cause, std::string remedy);
  /// Reports the keys that were not asked for.
  void finish();

 private:
  const Node* take(const std::string& key, bool required);
  [[nodiscard]] const Node* node_of(const std::string& key) const;
  void wrong_kind(const std::string& key, const Node& node, const std::string& wanted);

  const std::string& file_;
  const Node::Table* table_ = nullptr;
  std::string path_;
  int line_ = 0;
  std::vector<Finding>& findings_;
  std::vector<std::string> asked_;
};

}  // namespace rampa::config
