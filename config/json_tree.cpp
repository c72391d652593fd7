// JSON into a Node tree. nlohmann's SAX interface gives the values but not where they stand, so a scan of the text notes
// the line of every token first; both go through the text in the same order.
#include <cctype>
#include <nlohmann/json.hpp>

#include "config/tree.hpp"

namespace rampa::config {
namespace {

/// Lines of the tokens that start a value or are a key, in the text's order. Only right for valid JSON; of invalid JSON
/// the parser reports the error itself.
std::vector<int> token_lines(const std::string& text, int line) {
  std::vector<int> lines;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      ++line;
    } else if (c == '{' || c == '[') {
      lines.push_back(line);
    } else if (c == '"') {
      lines.push_back(line);
      for (++i; i < text.size() && text[i] != '"'; ++i)
        if (text[i] == '\\') ++i;
    } else if (c == '-' || std::isalnum(static_cast<unsigned char>(c))) {
      lines.push_back(line);
      while (i + 1 < text.size() && (std::isalnum(static_cast<unsigned char>(text[i + 1])) ||
                                     std::string_view("+-.").find(text[i + 1]) != std::string_view::npos))
        ++i;
    }
  }
  return lines;
}

class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(const std::string& text, std::string file, int first_line)
      : lines_(token_lines(text, first_line)), text_(text), first_line_(first_line) {
    tree_.file = std::move(file);
  }
  Tree take() { return std::move(tree_); }

  bool null() override { return put(std::monostate{}); }
  bool boolean(bool v) override { return put(v); }
  bool number_integer(number_integer_t v) override { return put(static_cast<std::int64_t>(v)); }
  bool number_unsigned(number_unsigned_t v) override {
    if (v > static_cast<number_unsigned_t>(INT64_MAX)) return put(static_cast<double>(v));
    return put(static_cast<std::int64_t>(v));
  }
  bool number_float(number_float_t v, const string_t&) override { return put(v); }
  bool string(string_t& v) override { return put(v); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Node::Table{}); }
  bool start_array(std::size_t) override { return open(Node::List{}); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    const int line = next_line();
    for (const auto& [have, node] : *stack_.back().table())
      if (have == name)
        tree_.findings.push_back({tree_.file, line, name, "the key stands twice in one object", "keep one of the two"});
    keys_.back() = name;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    int line = first_line_;
    for (std::size_t i = 0; i + 1 < position && i < text_.size(); ++i) line += text_[i] == '\n';
    std::string what = error.what();
    if (auto at = what.find("] "); at != std::string::npos) what = what.substr(at + 2);
    tree_.findings.push_back({tree_.file, line, "", "not JSON: " + what, "correct the syntax at this line"});
    return false;
  }

 private:
  int next_line() { return at_ < lines_.size() ? lines_[at_++] : 0; }
  template <class T>
  bool put(T value) {
    Node node;
    node.line = next_line();
    node.value = std::move(value);
    return add(std::move(node));
  }
  template <class T>
  bool open(T container) {
    Node node;
    node.line = next_line();
    node.value = std::move(container);
    stack_.push_back(std::move(node));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    Node node = std::move(stack_.back());
    stack_.pop_back();
    keys_.pop_back();
    return add(std::move(node));
  }
  bool add(Node node) {
    if (stack_.empty()) {
      tree_.root = std::move(node);
    } else if (auto* list = std::get_if<Node::List>(&stack_.back().value)) {
      list->push_back(std::move(node));
    } else {
      std::get<Node::Table>(stack_.back().value).emplace_back(keys_.back(), std::move(node));
    }
    return true;
  }

  Tree tree_;
  std::vector<int> lines_;
  const std::string& text_;
  int first_line_;
  std::size_t at_ = 0;
  std::vector<Node> stack_;
  std::vector<std::string> keys_;
};

}  // namespace

Tree parse_json_text(const std::string& text, const std::string& file, int first_line) {
  Builder builder(text, file, first_line);
  nlohmann::json::sax_parse(text, &builder);
  Tree tree = builder.take();
  if (tree.findings.empty() && !tree.root.table())
    tree.findings.push_back({file, first_line, "", "the file holds " + tree.root.kind() + ", not an object",
                             "begin with { and end with }"});
  return tree;
}

Tree parse_json_file(const std::string& file) {
  auto text = read_text_file(file);
  if (!text) {
    Tree tree;
    tree.file = file;
    tree.findings.push_back({file, 0, "", "can't be read: " + text.error().what, "check the path and the permissions"});
    return tree;
  }
  return parse_json_text(*text, file, 1);
}

}  // namespace rampa::config
