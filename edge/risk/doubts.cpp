#include "edge/risk/doubts.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "edge/risk/catalogue.hpp"

namespace rampa::risk {

namespace {

bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool one_of(std::string_view field, std::initializer_list<std::string_view> fields) { return std::find(fields.begin(), fields.end(), field) != fields.end(); }

bool is_plate(std::string_view field) { return one_of(field, {"vehicle.plate", "vehicle.trailer", "vehicle.plates", "declaration.tractor", "declaration.trailer"}); }

/// Letters of a country's code in this field; 0: it holds none.
std::size_t country_letters(std::string_view field) {
  if (field == "vehicle.country") return 3;
  return one_of(field, {"goods.origin", "declaration.dispatch_country", "declaration.destination_country", "declaration.driver_country", "declaration.route"}) ? 2 : 0;
}

/// The only words that a field ever has; empty: any.
std::vector<std::string_view> words_of(std::string_view field) {
  if (field == "vehicle.direction") return {"entry", "exit"};
  if (field == "declaration.kind") return {"import", "export", "transit", "prearrival"};
  if (field == "evidence.scan_finding") return {"clear", "suspect", "recheck", "unable"};
  return {};
}

/// Why no fact of the field can be, or begin with, this text; empty: one may.
std::string no_such(std::string_view field, const std::string& text, bool prefix) {
  if (is_plate(field) && std::any_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == ' ' || c == '-' || c == '.'; }))
    return "is no plate as it is compared; write upper case without spaces, dashes and dots";
  const auto number_sign = [](char c) { return digit(c) || upper(c); };
  if (one_of(field, {"declaration.consignor", "declaration.consignee", "declaration.declarant", "declaration.carrier"}) && !std::all_of(text.begin(), text.end(), number_sign))
    return "is no operator's number as it is compared; write upper case without spaces, dashes and dots";
  if (one_of(field, {"declaration.office", "declaration.procedure", "declaration.mode", "declaration.preference", "declaration.incoterm"}) &&
      std::any_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == ' '; }))
    return "is no code as it is compared; write upper case without spaces";
  if (field == "goods.hs_code" && !std::all_of(text.begin(), text.end(), digit)) return "is no goods code as it is compared; write digits alone";
  if (const auto letters = country_letters(field); letters > 0) {
    const bool fits = std::all_of(text.begin(), text.end(), upper) && (prefix ? text.size() <= letters : text.size() == letters);
    if (!fits) return "is no country of this field; it holds " + std::to_string(letters) + " upper-case letters (ISO 3166)";
  }
  const auto words = words_of(field);
  if (!words.empty() && std::none_of(words.begin(), words.end(), [&](auto word) { return prefix ? word.starts_with(text) : word == text; })) {
    std::string all;
    for (const auto word : words) all += (all.empty() ? "" : ", ") + std::string(word);
    return "never stands there; the field has one of " + all;
  }
  return {};
}

/// Least and greatest value that the field ever has.
std::pair<std::int64_t, std::int64_t> bounds(std::string_view field) {
  if (field == "time.hour") return {0, 23};
  if (field == "time.weekday") return {1, 7};
  if (one_of(field, {"evidence.plate_confidence_percent", "evidence.trailer_confidence_percent"})) return {0, 100};
  if (one_of(field, {"declaration.count", "declaration.seals", "declaration.packages", "vehicle.earlier_crossings_30_days", "declaration.earlier_30_days"})) return {0, INT64_MAX};
  return {INT64_MIN, INT64_MAX};
}

/// Numbers that fit a test of one of the ordering operators; all, for others.
std::pair<std::int64_t, std::int64_t> fitting(const Condition& test) {
  if (test.numbers.empty()) return {INT64_MIN, INT64_MAX};
  if (test.op == Operator::ge) return {test.numbers[0], INT64_MAX};
  if (test.op == Operator::le) return {INT64_MIN, test.numbers[0]};
  if (test.op == Operator::range) return {test.numbers[0], test.numbers.back()};
  if (test.op == Operator::eq) return {test.numbers[0], test.numbers[0]};
  return {INT64_MIN, INT64_MAX};
}

class Looking {
 public:
  Looking(const NamedLists& lists, std::string at, std::vector<Finding>& found) : lists_(lists), at_(std::move(at)), found_(found) {}

  void condition(const Condition& c) {
    if (c.kind == Condition::Kind::test) return test(c);
    if (c.kind == Condition::Kind::all || c.kind == Condition::Kind::any_item) conjunction(c.parts);
    for (const auto& part : c.parts) condition(part);
  }

  void say(std::string cause, std::string remedy) { found_.push_back({at_, std::move(cause), std::move(remedy)}); }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

 private:
  void test(const Condition& c) {
    if (c.op == Operator::exists && one_of(c.field, {"vehicle.watch_lists", "evidence.missing", "declaration.container_check_wrong"}))
      say(c.field + ": exists asks whether the list is there, and it is, empty too", "write \"op\": \"prefix\", \"value\": \"\", which holds where anything is in it");
    const bool prefix = c.op == Operator::prefix;
    const auto list = lists_.find(c.list);
    const auto& values = c.list.empty() ? c.texts : list == lists_.end() ? c.texts : list->second;
    if (words_of(c.field).empty() && country_letters(c.field) == 0) texts_.insert(texts_.end(), values.begin(), values.end());
    for (const auto& text : values)
      if (const auto why = no_such(c.field, text, prefix); !why.empty()) {
        const auto semicolon = why.find("; ");
        say(c.field + ": \"" + text + "\"" + (c.list.empty() ? "" : " of the list " + c.list) + " " + why.substr(0, semicolon), why.substr(semicolon + 2));
        break;  // one of a list is enough to look at the list
      }
    const auto [least, greatest] = bounds(c.field);
    const auto out = [&, low = least, high = greatest](std::int64_t n) { return n < low || n > high; };
    const auto [from, to] = fitting(c);
    const bool never = c.op == Operator::in ? std::any_of(c.numbers.begin(), c.numbers.end(), out) : from > greatest || to < least;
    if (never) say(c.field + " never has that value", "it goes from " + std::to_string(least) + (greatest == INT64_MAX ? " on" : " to " + std::to_string(greatest)));
  }

  void conjunction(const std::vector<Condition>& parts) {
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> left;
    for (const auto& part : parts) {
      if (part.kind != Condition::Kind::test || type_of(part.field) != FieldType::integer) continue;
      auto& range = left.try_emplace(part.field, INT64_MIN, INT64_MAX).first->second;
      const auto [from, to] = fitting(part);
      range = {std::max(range.first, from), std::min(range.second, to)};
    }
    for (const auto& [field, range] : left)
      if (range.first > range.second) say("asks for " + field + " of at least " + std::to_string(range.first) + " and at most " + std::to_string(range.second) + " at once", "use any, or turn the limits round");
  }

  const NamedLists& lists_;
  const std::string at_;
  std::vector<Finding>& found_;
  std::vector<std::string> texts_;
};

std::string small(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (upper(c)) c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// As a word of its own, whatever the size of its letters.
bool says(const std::string& instruction, const std::string& value) {
  const auto words = small(instruction), wanted = small(value);
  const auto inner = [](char c) { return (c >= 'a' && c <= 'z') || digit(c); };
  for (auto at = words.find(wanted); at != std::string::npos; at = words.find(wanted, at + 1)) {
    const auto end = at + wanted.size();
    if ((at == 0 || !inner(words[at - 1])) && (end == words.size() || !inner(words[end]))) return true;
  }
  return false;
}

std::string fact_named_in(const std::string& instruction) {
  static const auto names = catalogue();
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || upper(c); };
  for (auto point = instruction.find('.'); point != std::string::npos; point = instruction.find('.', point + 1)) {
    if (point + 1 == instruction.size() || !letter(instruction[point + 1])) continue;  // the end of a sentence
    for (const auto& name : names)
      if (says(instruction, name)) return name;
    break;
  }
  return {};
}

}  // namespace

std::vector<Finding> doubts(const RiskProfile& p, const NamedLists& lists, const std::string& at) {
  std::vector<Finding> found;
  Looking looking(lists, at + ".when", found);
  looking.condition(p.when);
  const auto say = [&](const char* key, std::string cause, std::string remedy) { found.push_back({at + "." + key, std::move(cause), std::move(remedy)}); };
  const bool odd = std::any_of(p.id.begin(), p.id.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (odd || p.id.front() == ' ' || p.id.back() == ' ' || p.id.find(": ") != std::string::npos)
    say("id", "has control characters, blanks at its ends, or a colon with a blank behind it", "use letters, digits, - and _: results and explanations are taken apart at \": \"");
  if (p.id.starts_with("S-")) say("id", "begins as a secret profile is called at the post", "begin it otherwise");
  for (const auto& direction : p.scope.directions)
    if (direction != "entry" && direction != "exit") say("scope.direction", "\"" + direction + "\" is no lane's direction", "use entry, exit");
  if (p.aeo_of_10000 > 0 && p.aeo_of_10000 < 10000 && std::uint32_t{p.sample_of_10000} * p.aeo_of_10000 < 10000)
    say("aeo_percent", "of the sample_percent is less than one in 10,000, and so never drawn", "raise one of them, or write 0");
  for (const auto& [language, words] : p.instruction) {
    if (words.find_first_not_of(" \t\r\n") == std::string::npos && p.channel != SelectivityChannel::green) say("instruction", "is empty (" + language + ")", "say what the officer has to do");
    if (const auto field = fact_named_in(words); !field.empty()) say("instruction", "names the fact " + field + " (" + language + ")", "it stands on a screen at the lane: say what to do, not why");
    for (const auto& value : looking.texts())
      if (value.size() >= 4 && says(words, value)) {
        say("instruction", "says \"" + value + "\", for which the condition asks (" + language + ")", "it stands on a screen at the lane: say what to do, not why");
        break;
      }
  }
  return found;
}

std::vector<Finding> doubts(const std::string& set_json) {
  std::vector<Finding> all;
  SetHead head;
  std::size_t place = 0;
  const auto findings = read_set(set_json, head, [&](RiskProfile&& p) {
    const auto of_one = doubts(p, head.lists, (p.id.starts_with("URGENT-") ? "urgent" : "profiles[" + std::to_string(place) + "]"));
    ++place;
    all.insert(all.end(), of_one.begin(), of_one.end());
  });
  return findings.empty() ? all : std::vector<Finding>{};
}

}  // namespace rampa::risk
