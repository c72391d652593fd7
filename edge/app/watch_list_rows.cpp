// The rows a watch list is built from: CSV with its head in "# key: value" lines, or JSON lines whose first object is the
// head. Every bad row is told with its line; none is left out in silence.
#include <charconv>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "edge/app/watch_list_files.hpp"

namespace rampa::app {
namespace {

using Json = nlohmann::json;
constexpr std::size_t findings_max = 100;

/// The key of an entry's text: "plate" in a list of plates.
std::string text_key(risk::WatchKind kind) {
  const auto name = risk::name_of(kind);
  return std::string(name.substr(0, name.size() - 1));
}

/// 2026-12-31: the whole of that day, UTC. (Days from civil: Howard Hinnant's algorithm.)
std::optional<WallTime> end_of_day(const std::string& text) {
  int year = 0, month = 0, day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size, int& into) {
    const char* end = text.data() + at + size;
    return std::from_chars(text.data() + at, end, into).ptr == end;
  };
  constexpr int days_in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!number(0, 4, year) || !number(5, 2, month) || !number(8, 2, day) || year < 1970 || month < 1 || month > 12 || day < 1) return std::nullopt;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day > days_in[month - 1] + (month == 2 && leap ? 1 : 0)) return std::nullopt;
  const int y = month <= 2 ? year - 1 : year;
  const int era = y / 400, of_era = y - era * 400;
  const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t days = static_cast<std::int64_t>(era) * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
  return WallTime{(days + 1) * 86'400'000};
}

class RowsReader {
 public:
  RowsReader(const std::string& file, WatchRows& to) : file_(file), to_(to) {}

  RowsRead read() {
    std::ifstream in(file_, std::ios::binary);
    if (!in) {
      tell("", "can't be read", "check the path and the permissions");
      return std::move(out_);
    }
    std::string text;
    while (!stop_ && std::getline(in, text)) {
      ++line_;
      if (line_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
      if (!text.empty() && text.back() == '\r') text.pop_back();
      if (text.find_first_not_of(" \t") == std::string::npos) continue;
      if (!json_) json_ = text.front() == '{';
      if (*json_) json_line(text);
      else csv_line(in, text);
    }
    if (!stop_ && !begun_) begin();
    return std::move(out_);
  }

 private:
  void tell(const std::string& key, const std::string& cause, const std::string& remedy) {
    if (++out_.wrong <= findings_max) out_.findings.push_back({file_, line_, key, cause, remedy});
  }

  // ---- the head
  void head_value(const std::string& key, const std::string& value) {
    if (key == "list") {
      head_.name = value;
    } else if (key == "kind") {
      if (const auto kind = risk::watch_kind(value)) head_.kind = *kind;
      else tell(key, "\"" + value + "\" is no kind of list", "write plates, containers, operators or documents");
    } else if (key == "owner") {
      head_.owner = value;
    } else if (key == "reason") {
      head_.reason = value;
    } else if (key == "valid_until") {
      head_.valid_before = end_of_day(value);
      if (!head_.valid_before) tell(key, "\"" + value + "\" is no date", "write it as 2026-12-31");
    } else if (key == "severity") {
      if (value == "red") head_.severity = SelectivityChannel::red;
      else if (value != "yellow") tell(key, "\"" + value + "\" is no severity", "write yellow or red");
    } else if (key == "secret") {
      head_.secret = value == "true";
      if (value != "true" && value != "false") tell(key, "\"" + value + "\" is neither", "write true or false");
    } else if (key == "false_alerts_max_percent") {
      double percent = -1;
      const char* end = value.data() + value.size();
      if (std::from_chars(value.data(), end, percent).ptr != end || percent < 0 || percent > 100) tell(key, "\"" + value + "\" is no share", "write a number from 0 to 100, as 0.1");
      else head_.false_alerts_max_ppm = static_cast<std::uint32_t>(percent * 10'000 + 0.5);
    } else if (key.starts_with("instruction.") && key.size() > 12) {
      head_.instruction[key.substr(12)] = value;
    } else {
      tell(key, "is unknown", "known are list, kind, owner, reason, valid_until, severity, secret, instruction.LANGUAGE, false_alerts_max_percent");
    }
  }
  void begin() {
    begun_ = true;
    for (const auto& [key, value] : {std::pair("list", &head_.name), std::pair("owner", &head_.owner), std::pair("reason", &head_.reason)})
      if (value->empty()) tell(key, "is missing", std::string("write it in the head: ") + (json_ && *json_ ? "\"" : "# ") + key + (json_ && *json_ ? "\": \"...\"" : ": ..."));
    // A name goes into facts and onto screens beside the words that are made of it.
    if (head_.name.find_first_of("()\n") != std::string::npos) tell("list", "a name may not have brackets", "use dashes");
    if (out_.wrong > 0) {
      stop_ = true;
      return;
    }
    if (auto taken = to_.head(head_); !taken) {
      tell("", taken.error().what, "");
      stop_ = true;
    }
  }

  void give(const WatchRows::Row& row) {
    if (auto taken = to_.row(row); !taken) tell("", taken.error().what, "");
    else ++out_.rows;
  }

  // ---- JSON lines
  void json_line(const std::string& text) {
    const Json object = Json::parse(text, nullptr, false);
    if (!object.is_object()) return tell("", "is no JSON object", "write one object per line, on one line");
    if (!begun_) {
      for (const auto& [key, value] : object.items()) {
        if (key == "instruction" && value.is_object()) {
          for (const auto& [language, instruction] : value.items())
            head_value("instruction." + language, instruction.is_string() ? instruction.get<std::string>() : instruction.dump());
        } else {
          head_value(key, value.is_string() ? value.get<std::string>() : value.dump());
        }
      }
      return begin();
    }
    WatchRows::Row row;
    row.line = static_cast<std::uint32_t>(line_);
    const std::map<std::string, std::string*> places{{text_key(head_.kind), &row.text}, {"country", &row.country},
                                                     {"second_plate", &row.second_plate}, {"carrier", &row.carrier}, {"note", &row.note}};
    for (const auto& [key, value] : object.items()) {
      const auto place = places.find(key);
      if (place == places.end()) return tell(key, "is unknown", "known are " + text_key(head_.kind) + ", country, second_plate, carrier, note");
      if (!value.is_string()) return tell(key, "is no text", "put it in quotes");
      *place->second = value.get<std::string>();
    }
    if (row.text.empty()) return tell(text_key(head_.kind), "is missing", "write it, or take the line out");
    give(row);
  }

  // ---- CSV (RFC 4180; comma or semicolon, as the header row has it)
  void csv_line(std::istream& in, std::string text) {
    if (!begun_ && text.front() == '#') {
      const auto colon = text.find(':');
      const auto trimmed = [](std::string part) {
        const auto first = part.find_first_not_of(" \t"), last = part.find_last_not_of(" \t");
        return first == std::string::npos ? std::string{} : part.substr(first, last - first + 1);
      };
      if (colon == std::string::npos) return tell("", "a head line without \":\"", "write \"# key: value\"");
      return head_value(trimmed(text.substr(1, colon - 1)), trimmed(text.substr(colon + 1)));
    }
    const int first_line = line_;
    std::vector<std::string> fields;
    if (!begun_) separator_ = text.find(';') != std::string::npos && text.find(',') == std::string::npos ? ';' : ',';
    if (!split(in, text, fields)) return tell("", "a quoted field does not end", "close it with \"");
    if (!begun_) {
      columns_ = fields;
      begin();
      if (stop_) return;
      const std::string key = text_key(head_.kind);
      bool has_text = false;
      for (const auto& column : columns_) {
        has_text = has_text || column == key;
        if (column != key && column != "country" && column != "second_plate" && column != "carrier" && column != "note") {
          tell(column, "is no column of a list of " + std::string(risk::name_of(head_.kind)), "known are " + key + ", country, second_plate, carrier, note");
          stop_ = true;
        }
      }
      if (!has_text && !stop_) {
        tell(key, "the header row has no such column", "write a header row, as " + key + ",country,second_plate,carrier,note");
        stop_ = true;
      }
      return;
    }
    if (fields.size() != columns_.size())
      return tell("", std::to_string(fields.size()) + " fields where the header row has " + std::to_string(columns_.size()), "put a field with a separator in quotes");
    WatchRows::Row row;
    row.line = static_cast<std::uint32_t>(first_line);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto& column = columns_[i];
      (column == "country" ? row.country : column == "second_plate" ? row.second_plate : column == "carrier" ? row.carrier : column == "note" ? row.note : row.text) =
          std::move(fields[i]);
    }
    if (row.text.empty()) return tell(text_key(head_.kind), "is empty", "write it, or take the line out");
    give(row);
  }

  /// A quoted field may go on over lines.
  bool split(std::istream& in, std::string& text, std::vector<std::string>& fields) {
    std::string field;
    bool quoted = false;
    for (std::size_t i = 0;; ++i) {
      if (i >= text.size()) {
        std::string more;
        if (!quoted) break;
        if (!std::getline(in, more)) return false;
        ++line_;
        if (!more.empty() && more.back() == '\r') more.pop_back();
        field += '\n';
        text = std::move(more);
        i = static_cast<std::size_t>(-1);
        continue;
      }
      const char c = text[i];
      if (quoted) {
        if (c != '"') field += c;
        else if (i + 1 < text.size() && text[i + 1] == '"') field += text[++i];
        else quoted = false;
      } else if (c == '"' && field.empty()) {
        quoted = true;
      } else if (c == separator_) {
        fields.push_back(std::move(field));
        field.clear();
      } else {
        field += c;
      }
    }
    fields.push_back(std::move(field));
    return true;
  }

  const std::string& file_;
  WatchRows& to_;
  RowsRead out_;
  risk::WatchListHead head_;
  std::vector<std::string> columns_;
  std::optional<bool> json_;
  char separator_ = ',';
  int line_ = 0;
  bool begun_ = false, stop_ = false;
};

}  // namespace

RowsRead read_watch_rows(const std::string& file, WatchRows& to) { return RowsReader(file, to).read(); }

}  // namespace rampa::app
