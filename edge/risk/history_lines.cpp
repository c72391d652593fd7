#include "edge/risk/history_lines.hpp"

#include "edge/risk/benchmark_format.hpp"
#include "edge/risk/json_internal.hpp"

namespace rampa::risk {

struct HistoryLines::Parser {
  simdjson::dom::parser json;
};

HistoryLines::HistoryLines() : parser_(std::make_unique<Parser>()) {}
HistoryLines::~HistoryLines() = default;

namespace {

Result<FieldValue> value_of(Element value, std::string_view name) {
  const auto unfit = [&] { return fail(ErrorCode::invalid, "facts." + std::string(name) + ": is neither true, false, a whole number, a text nor a list of texts"); };
  bool flag = false;
  std::int64_t number = 0;
  std::string_view text;
  simdjson::dom::array list;
  if (!value.get(flag)) return FieldValue{flag};
  if (!value.get(number)) return FieldValue{number};
  if (!value.get(text)) return FieldValue{std::string(text)};
  if (value.get(list)) return unfit();
  std::vector<std::string> texts;
  for (const auto one : list) {
    if (one.get(text)) return unfit();
    texts.emplace_back(text);
  }
  return FieldValue{std::move(texts)};
}

}  // namespace

Result<HistoryRow> HistoryLines::read(std::string_view line) {
  Element root;
  simdjson::dom::object object, facts;
  if (parser_->json.parse(line.data(), line.size()).get(root) || root.get(object)) return fail(ErrorCode::invalid, "is not a JSON object");
  HistoryRow row;
  if (object["facts"].get(facts)) {
    auto declaration = import_benchmark_declaration(line);
    if (!declaration) return fail(ErrorCode::invalid, "has no facts; `rampa profiles history --site SITE` writes such lines");
    return HistoryRow{std::to_string(declaration->id), declaration->at, std::move(declaration->facts)};
  }
  std::string_view id;
  if (object["id"].get(id)) return fail(ErrorCode::invalid, "id: is not a text");
  if (object["at_ms"].get(row.at.ms)) return fail(ErrorCode::invalid, "at_ms: is not a whole number (milliseconds since 1970)");
  row.id = std::string(id);
  for (const auto [name, value] : facts) {
    auto one = value_of(value, name);
    if (!one) return tl::unexpected(one.error());
    row.facts[std::string(name)] = std::move(*one);
  }
  return row;
}

std::string history_line(const HistoryRow& row) {
  std::string line = "{\"id\":";
  append_json_string(line, row.id);
  line += ",\"at_ms\":" + std::to_string(row.at.ms) + ",\"facts\":{";
  bool first = true;
  for (const auto& [name, value] : row.facts) {
    if (!first) line += ',';
    first = false;
    append_json_string(line, name);
    line += ':';
    if (const auto* flag = std::get_if<bool>(&value)) line += *flag ? "true" : "false";
    else if (const auto* number = std::get_if<std::int64_t>(&value)) line += std::to_string(*number);
    else if (const auto* text = std::get_if<std::string>(&value)) append_json_string(line, *text);
    else {
      line += '[';
      const auto& list = std::get<std::vector<std::string>>(value);
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (i > 0) line += ',';
        append_json_string(line, list[i]);
      }
      line += ']';
    }
  }
  return line + "}}";
}

}  // namespace rampa::risk
