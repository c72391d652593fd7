// Reads a profile set. Every finding is reported with its path, the cause and what to do, all at once.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "edge/risk/profile.hpp"

namespace rampa::risk {

namespace {

using Json = nlohmann::json;
constexpr int depth_max = 16;
constexpr std::size_t profiles_max = 200000;

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  const auto distance = [](std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t before = std::exchange(row[0], i);
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t substituted = before + (a[i - 1] == b[j - 1] ? 0 : 1);
        before = row[j];
        row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
      }
    }
    return row[b.size()];
  };
  std::string best;
  std::size_t least = 4;
  for (const auto& name : known) {
    if (const auto d = distance(word, name); d < least) { least = d; best = name; }
  }
  return best;
}

class Compiler {
 public:
  std::vector<std::string> findings;

  void fault(const std::string& path, const std::string& cause, const std::string& remedy) {
    findings.push_back(path + ": " + cause + "; " + remedy);
  }

  std::shared_ptr<CompiledSet> set(const Json& json) {
    auto set = std::make_shared<CompiledSet>();
    if (!json.is_object()) {
      fault("$", "is not an object", "write {\"format\": 1, \"version\": ..., \"profiles\": [...]}");
      return set;
    }
    known_keys(json, "", {"format", "version", "default_language", "profiles", "note"});
    if (!json.contains("format") || json["format"] != 1) fault("format", "is not 1", "this program reads format 1");
    set->version_text = text(json, "", "version", true);
    set->default_language = json.contains("default_language") ? text(json, "", "default_language", true) : "en";
    if (!json.contains("profiles") || !json["profiles"].is_array()) {
      fault("profiles", "is not a list", "write a list, empty if there are no profiles");
      return set;
    }
    const auto& list = json["profiles"];
    if (list.size() > profiles_max) {
      fault("profiles", "has more than " + std::to_string(profiles_max) + " entries", "split the set");
      return set;
    }
    std::set<std::string> ids;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string path = "profiles[" + std::to_string(i) + "]";
      auto profile = one(list[i], path, set->default_language);
      if (!profile.id.empty() && !ids.insert(profile.id).second) fault(path + ".id", "is used twice: " + profile.id, "give every profile its own id");
      set->profiles.push_back(std::move(profile));
    }
    std::sort(set->profiles.begin(), set->profiles.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return set;
  }

 private:
  void known_keys(const Json& object, const std::string& path, const std::vector<std::string>& known) {
    for (const auto& [key, value] : object.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      const auto like = nearest(key, known);
      fault(join(path, key), "is not known", like.empty() ? "remove it" : "did you mean \"" + like + "\"?");
    }
  }

  static std::string join(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

  std::string text(const Json& object, const std::string& path, const std::string& key, bool required) {
    if (!object.contains(key)) {
      if (required) fault(join(path, key), "is missing", "give a text");
      return {};
    }
    if (!object[key].is_string() || object[key].get_ref<const std::string&>().empty()) {
      fault(join(path, key), "is not a text", "give a text that is not empty");
      return {};
    }
    return object[key].get<std::string>();
  }

  // "2026-05-01" -> start of that day, UTC.
  std::optional<WallTime> date(const Json& object, const std::string& path, const std::string& key) {
    if (!object.contains(key)) return std::nullopt;
    const auto bad = [&]() -> std::optional<WallTime> {
      fault(join(path, key), "is not a date", "write YYYY-MM-DD");
      return std::nullopt;
    };
    if (!object[key].is_string()) return bad();
    const auto& word = object[key].get_ref<const std::string&>();
    if (word.size() != 10 || word[4] != '-' || word[7] != '-') return bad();
    for (const std::size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
      if (word[i] < '0' || word[i] > '9') return bad();
    }
    const std::chrono::year_month_day day{std::chrono::year(std::stoi(word.substr(0, 4))),
                                          std::chrono::month(static_cast<unsigned>(std::stoi(word.substr(5, 2)))),
                                          std::chrono::day(static_cast<unsigned>(std::stoi(word.substr(8, 2))))};
    if (!day.ok()) return bad();
    return WallTime{std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::sys_days(day).time_since_epoch()).count()};
  }

  Profile one(const Json& json, const std::string& path, const std::string& language) {
    Profile p;
    if (!json.is_object()) {
      fault(path, "is not an object", "write {\"id\": ..., \"channel\": ..., \"when\": ...}");
      return p;
    }
    known_keys(json, path, {"id", "title", "valid_from", "valid_to", "channel", "controls", "instruction", "sample_percent", "when", "note"});
    p.id = text(json, path, "id", true);
    p.title = text(json, path, "title", true);
    if (const auto from = date(json, path, "valid_from")) p.valid_from = *from;
    if (const auto to = date(json, path, "valid_to")) p.valid_before = WallTime{to->ms + 24LL * 3600 * 1000};
    if (p.valid_before <= p.valid_from) fault(path + ".valid_to", "is before valid_from", "turn them round");
    channel(json, path, p);
    controls(json, path, p);
    instruction(json, path, language, p);
    sampling(json, path, p);
    if (!json.contains("when")) fault(path + ".when", "is missing", "give a condition, or \"always\"");
    else p.when = condition(json["when"], path + ".when", false, 0);
    return p;
  }

  void channel(const Json& json, const std::string& path, Profile& p) {
    const auto word = text(json, path, "channel", true);
    if (word == "blue") p.channel = SelectivityChannel::blue;
    else if (word == "yellow") p.channel = SelectivityChannel::yellow;
    else if (word == "red") p.channel = SelectivityChannel::red;
    else if (!word.empty()) fault(path + ".channel", "\"" + word + "\" is not a channel", "use blue, yellow or red (what no profile selects is green)");
  }

  void controls(const Json& json, const std::string& path, Profile& p) {
    if (!json.contains("controls")) return;
    static const std::vector<std::string> known{"documents", "weighing", "nii", "radiation", "physical", "other"};
    const auto& list = json["controls"];
    if (!list.is_array()) return fault(path + ".controls", "is not a list", "write [\"documents\"]");
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string at = path + ".controls[" + std::to_string(i) + "]";
      if (!list[i].is_string() || std::find(known.begin(), known.end(), list[i].get<std::string>()) == known.end())
        fault(at, "is not a control", "use documents, weighing, nii, radiation, physical or other");
      else p.controls.push_back(list[i].get<std::string>());
    }
    if (p.channel == SelectivityChannel::blue && !p.controls.empty())
      fault(path + ".controls", "a blue crossing is released at once, nobody would do them", "remove them or choose yellow");
  }

  void instruction(const Json& json, const std::string& path, const std::string& language, Profile& p) {
    if (!json.contains("instruction")) return fault(path + ".instruction", "is missing", "say what the officer has to do, never the criterion");
    const auto& value = json["instruction"];
    if (value.is_string()) { p.instruction[language] = value.get<std::string>(); return; }
    if (!value.is_object()) return fault(path + ".instruction", "is neither text nor object", "write a text, or {\"en\": \"...\", \"de\": \"...\"}");
    for (const auto& [key, words] : value.items()) {
      if (!words.is_string()) fault(path + ".instruction." + key, "is not a text", "give a text");
      else p.instruction[key] = words.get<std::string>();
    }
    if (p.instruction.find(language) == p.instruction.end())
      fault(path + ".instruction." + language, "is missing", "the set's default language must be there");
  }

  void sampling(const Json& json, const std::string& path, Profile& p) {
    if (!json.contains("sample_percent")) return;
    const auto& value = json["sample_percent"];
    const double percent = value.is_number() ? value.get<double>() : -1;
    const double scaled = percent * 100;
    if (percent <= 0 || percent > 100 || std::abs(scaled - std::round(scaled)) > 1e-6)
      return fault(path + ".sample_percent", "is not a share", "give a number above 0 up to 100, at most two decimals");
    p.sample_of_10000 = static_cast<std::uint32_t>(std::lround(scaled));
  }

  Condition condition(const Json& json, const std::string& path, bool in_item, int depth) {
    Condition c;
    if (depth > depth_max) {
      fault(path, "is nested too deep", "at most " + std::to_string(depth_max) + " levels");
      return c;
    }
    if (json.is_string() && json == "always" && depth == 0) return c;
    if (!json.is_object()) {
      fault(path, "is not a condition", "write {\"field\": ..., \"op\": ..., \"value\": ...}, all, any, not or any_item");
      return c;
    }
    if (json.contains("field")) return test(json, path, in_item);
    if (json.size() != 1) {
      fault(path, "is not one condition", "write exactly one of all, any, not, any_item, or a field with op and value");
      return c;
    }
    const std::string key = json.begin().key();
    const Json& value = json.begin().value();
    const std::string at = path + "." + key;
    if (key == "not") {
      c.kind = Condition::Kind::negation;
      c.parts.push_back(condition(value, at, in_item, depth + 1));
      return c;
    }
    if (key == "all") c.kind = Condition::Kind::all;
    else if (key == "any") c.kind = Condition::Kind::any;
    else if (key == "any_item") c.kind = Condition::Kind::any_item;
    else {
      const auto like = nearest(key, {"all", "any", "not", "any_item", "field"});
      fault(at, "is not known", like.empty() ? "use all, any, not, any_item or field" : "did you mean \"" + like + "\"?");
      return c;
    }
    if (c.kind == Condition::Kind::any_item && in_item) fault(at, "stands inside another any_item", "an item has no items");
    if (!value.is_array() || value.empty()) {
      fault(at, "is not a list with conditions", "write at least one");
      return c;
    }
    for (std::size_t i = 0; i < value.size(); ++i)
      c.parts.push_back(condition(value[i], at + "[" + std::to_string(i) + "]", in_item || c.kind == Condition::Kind::any_item, depth + 1));
    return c;
  }

  Condition test(const Json& json, const std::string& path, bool in_item) {
    Condition c;
    c.kind = Condition::Kind::test;
    known_keys(json, path, {"field", "op", "value"});
    c.field = text(json, path, "field", true);
    const auto type = type_of(c.field);
    if (!c.field.empty() && !type) {
      const auto like = nearest(c.field, catalogue());
      fault(path + ".field", "\"" + c.field + "\" is not in the catalogue", like.empty() ? "see PROFILES.md" : "did you mean \"" + like + "\"?");
    }
    if (type && is_goods(c.field) && !in_item) fault(path + ".field", "goods fields belong to one item", "put the conditions of one item into any_item");
    const auto op = text(json, path, "op", true);
    static const std::map<std::string, Operator> operators{
        {"eq", Operator::eq}, {"ne", Operator::ne}, {"in", Operator::in}, {"notin", Operator::notin}, {"prefix", Operator::prefix},
        {"ge", Operator::ge}, {"le", Operator::le}, {"range", Operator::range}, {"exists", Operator::exists}};
    const auto found = operators.find(op);
    if (!op.empty() && found == operators.end()) {
      fault(path + ".op", "\"" + op + "\" is not an operator", "use eq, ne, in, notin, prefix, ge, le, range or exists");
      return c;
    }
    if (!type || found == operators.end()) return c;
    c.op = found->second;
    if (!json.contains("value")) fault(path + ".value", "is missing", "give the value to compare with");
    else operand(json["value"], path, *type, c);
    return c;
  }

  void operand(const Json& value, const std::string& path, FieldType type, Condition& c) {
    const std::string at = path + ".value";
    const bool textual = type == FieldType::text || type == FieldType::list;
    const bool numeric_only = c.op == Operator::ge || c.op == Operator::le || c.op == Operator::range;
    if (c.op == Operator::exists) {
      if (!value.is_boolean()) fault(at, "is not true or false", "exists takes true (is there) or false (is not)");
      else c.flag = value.get<bool>();
      return;
    }
    if (numeric_only && type != FieldType::integer) return fault(path + ".op", "needs a number field, " + c.field + " is none", "use eq, in or prefix");
    if (c.op == Operator::prefix && !textual) return fault(path + ".op", "prefix needs a text field, " + c.field + " is none", "use eq, in, ge, le or range");
    if (type == FieldType::boolean) {
      if (c.op != Operator::eq && c.op != Operator::ne) return fault(path + ".op", "does not fit true and false", "use eq or ne");
      if (!value.is_boolean()) return fault(at, "is not true or false", c.field + " is a flag");
      c.flag = value.get<bool>();
      return;
    }
    const bool many = c.op == Operator::in || c.op == Operator::notin || c.op == Operator::range || (c.op == Operator::prefix && value.is_array());
    if (many != value.is_array()) return fault(at, many ? "is not a list" : "is a list", many ? "write [ ... ]" : "give one value, or use in");
    if (many && value.empty()) return fault(at, "is empty", "give at least one value");
    const auto values = many ? value : Json::array({value});
    for (const auto& v : values) {
      if (textual && v.is_string()) c.texts.push_back(v.get<std::string>());
      else if (!textual && v.is_number_integer() && !(v.is_number_unsigned() && v.get<std::uint64_t>() > INT64_MAX))
        c.numbers.push_back(v.get<std::int64_t>());
      else return fault(at, std::string("does not fit ") + c.field, textual ? "give texts" : "give whole numbers");
    }
    if (c.op == Operator::range && (c.numbers.size() != 2 || c.numbers[0] > c.numbers[1])) fault(at, "is not a range", "write [least, greatest]");
  }
};

}  // namespace

Result<std::shared_ptr<const ProfileSet>> compile(const std::string& json, const std::string& sha256) {
  Compiler compiler;
  std::shared_ptr<CompiledSet> set;
  try {
    set = compiler.set(Json::parse(json));
  } catch (const Json::exception& error) {
    return fail(ErrorCode::invalid, std::string("$: is not JSON; ") + error.what());
  }
  if (!compiler.findings.empty()) {
    std::string all;
    for (const auto& finding : compiler.findings) all += (all.empty() ? "" : "\n") + finding;
    return fail(ErrorCode::invalid, all);
  }
  set->hash = sha256;
  return std::shared_ptr<const ProfileSet>(std::move(set));
}

}  // namespace rampa::risk
