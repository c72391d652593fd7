// From a question to the flat facts that are stored with the assessment, so that it can be derived again from them alone.
#include <algorithm>

#include "edge/risk/compiled_set.hpp"
#include "edge/risk/container_code.hpp"
#include "edge/risk/plate_text.hpp"

namespace rampa::risk {

namespace {

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

bool has_type(const FieldValue& value, FieldType type) {
  switch (type) {
    case FieldType::boolean: return std::holds_alternative<bool>(value);
    case FieldType::integer: return std::holds_alternative<std::int64_t>(value);
    case FieldType::text: return std::holds_alternative<std::string>(value);
    case FieldType::list: return std::holds_alternative<std::vector<std::string>>(value) || std::holds_alternative<std::string>(value);
  }
  return false;
}

/// False where the sum is none that a number here can hold: declarations come from outside, and an invented number is worse than none.
bool add(std::int64_t& sum, std::int64_t value) { return !__builtin_add_overflow(sum, value, &sum); }

// Several declarations: lists are joined, numbers added, a flag is true where it is true for all.
// False: the number is lost.
bool merge(Fields& facts, const std::string& name, const FieldValue& value, FieldType type) {
  const auto found = facts.find(name);
  if (type == FieldType::list) {
    std::vector<std::string> list = found == facts.end() ? std::vector<std::string>{} : std::get<std::vector<std::string>>(found->second);
    if (const auto* one = std::get_if<std::string>(&value)) add_once(list, *one);
    else for (const auto& text : std::get<std::vector<std::string>>(value)) add_once(list, text);
    if (!list.empty()) facts[name] = list;
  } else if (found == facts.end()) {
    facts[name] = value;
  } else if (type == FieldType::integer) {
    return add(std::get<std::int64_t>(found->second), std::get<std::int64_t>(value));
  } else if (type == FieldType::boolean) {
    found->second = std::get<bool>(found->second) && std::get<bool>(value);
  }
  return true;
}

void goods_facts(Fields& facts, const std::vector<Declaration>& declarations) {
  std::int64_t count = 0, value_eur = 0;
  bool value_known = true;
  for (const auto& declaration : declarations) {
    for (const auto& item : declaration.goods) {
      const std::string at = "goods." + std::to_string(count++) + ".";
      if (!item.hs_code.empty()) facts[at + "hs_code"] = item.hs_code;
      if (!item.origin.empty()) facts[at + "origin"] = item.origin;
      if (item.gross_kg) facts[at + "gross_kg"] = *item.gross_kg;
      if (item.value_eur) facts[at + "value_eur"] = *item.value_eur;
      if (!item.description.empty()) facts[at + "description"] = item.description;
      value_known = value_known && item.value_eur && add(value_eur, *item.value_eur);
    }
  }
  facts["goods.count"] = count;
  if (count > 0 && value_known) facts["declaration.value_eur"] = value_eur;
}

// A field that not all declarations carry would be half a truth: numbers and flags are dropped then.
void more_facts(Fields& facts, const std::vector<Declaration>& declarations) {
  std::map<std::string, std::size_t> carried;
  Fields more;
  for (const auto& declaration : declarations) {
    for (const auto& [key, value] : declaration.more) {
      const std::string name = key.rfind("declaration.", 0) == 0 ? key : "declaration." + key;
      const auto type = type_of(name);
      if (!type || !has_type(value, *type) || facts.find(name) != facts.end()) continue;  // unknown to profiles: no fact
      if (merge(more, name, value, *type)) ++carried[name];
    }
  }
  for (const auto& [name, value] : more) {
    if (*type_of(name) == FieldType::list || carried[name] == declarations.size()) facts[name] = value;
  }
}

/// As cameras read it; what no plate can be stays as it was written.
std::string comparable_plate(const std::string& declared) {
  auto plate = normal_plate(declared);
  return plate ? *plate : declared;
}

void declaration_facts(Fields& facts, const std::vector<Declaration>& declarations) {
  facts["declaration.count"] = static_cast<std::int64_t>(declarations.size());
  if (declarations.empty()) return;
  std::vector<std::string> references, kinds, consignors, consignees, declarants, carriers, tractors, trailers;
  std::int64_t gross_kg = 0;
  bool all_have_mass = true, tractor = true, trailer = true;
  const auto text = [&](const char* name) {
    const auto found = facts.find(name);
    const auto* value = found == facts.end() ? nullptr : std::get_if<std::string>(&found->second);
    return value ? *value : std::string{};
  };
  const std::string plate = text("vehicle.plate"), trailer_plate = text("vehicle.trailer");
  for (const auto& d : declarations) {
    add_once(references, d.reference);
    add_once(kinds, d.kind);
    add_once(consignors, d.consignor);
    add_once(consignees, d.consignee);
    add_once(declarants, d.declarant);
    add_once(carriers, d.carrier);
    add_once(tractors, comparable_plate(d.plate));
    add_once(trailers, comparable_plate(d.trailer));
    all_have_mass = all_have_mass && d.gross_kg > 0 && add(gross_kg, d.gross_kg);
    tractor = tractor && d.plate == plate;
    trailer = trailer && d.trailer == trailer_plate;
  }
  const auto list = [&](const char* name, std::vector<std::string>& values) {
    std::sort(values.begin(), values.end());
    if (!values.empty()) facts[name] = values;
  };
  list("declaration.references", references);
  list("declaration.kind", kinds);
  list("declaration.consignor", consignors);
  list("declaration.consignee", consignees);
  list("declaration.declarant", declarants);
  list("declaration.carrier", carriers);
  list("declaration.tractor", tractors);
  list("declaration.trailer", trailers);
  if (all_have_mass) facts["declaration.gross_kg"] = gross_kg;
  if (!plate.empty()) facts["declaration.tractor_matches"] = tractor;
  if (!trailer_plate.empty()) facts["declaration.trailer_matches"] = trailer;
  goods_facts(facts, declarations);
  more_facts(facts, declarations);
}

std::optional<std::int64_t> number(const Fields& facts, std::string_view name) {
  const auto found = facts.find(name);
  if (found == facts.end()) return std::nullopt;
  const auto* value = std::get_if<std::int64_t>(&found->second);
  return value ? std::optional(*value) : std::nullopt;
}

// Weighed minus declared. The declared mass is the goods' where a tare of the vehicle is declared beside it, otherwise the
// laden vehicle's.
void mass_deviation(Fields& facts) {
  const auto weighed = number(facts, "evidence.gross_kg"), declared = number(facts, "declaration.gross_kg");
  if (!weighed || !declared) return;
  std::int64_t expected = *declared, deviation = 0, hundredfold = 0;
  if (!add(expected, number(facts, "declaration.vehicle_tare_kg").value_or(0)) || __builtin_sub_overflow(*weighed, expected, &deviation)) return;
  facts["evidence.mass_deviation_kg"] = deviation;
  if (expected > 0 && !__builtin_mul_overflow(deviation, std::int64_t{100}, &hundredfold)) facts["evidence.mass_deviation_percent"] = hundredfold / expected;
}

// Codes as people write them, their owners, and those whose check digit is wrong.
void container_facts(Fields& facts) {
  const auto found = facts.find("declaration.container");
  if (found == facts.end()) return;
  auto* codes = std::get_if<std::vector<std::string>>(&found->second);
  if (!codes) return;
  std::vector<std::string> prefixes, wrong;
  for (auto& code : *codes) {
    code = normalise_container_code(code);
    add_once(prefixes, std::string(bic_prefix(code)));
    if (!is_container_code(code)) add_once(wrong, code);
  }
  std::sort(prefixes.begin(), prefixes.end());
  std::sort(wrong.begin(), wrong.end());
  facts["declaration.container_prefix"] = prefixes;
  facts["declaration.container_check_wrong"] = wrong;
}

void value_per_kg(Fields& facts) {
  const auto value = number(facts, "declaration.value_eur"), net = number(facts, "declaration.net_kg");
  if (value && net && *net > 0 && *value >= 0 && *value < INT64_MAX / 100) facts["declaration.value_per_kg_cent"] = *value * 100 / *net;
}

void time_facts(Fields& facts, WallTime now, std::int32_t utc_offset_min) {
  const std::int64_t minutes = (now.ms >= 0 ? now.ms : now.ms - 59999) / 60000 + utc_offset_min;
  const std::int64_t days = minutes >= 0 ? minutes / 1440 : (minutes - 1439) / 1440;
  facts["time.hour"] = (minutes - days * 1440) / 60;
  facts["time.weekday"] = ((days + 3) % 7 + 7) % 7 + 1;  // 1970-01-01 was a Thursday; Monday is 1
  facts["time.utc_offset_minutes"] = std::int64_t{utc_offset_min};
}

}  // namespace

Fields all_facts(const Question& question) {
  Fields facts = question.facts;
  auto lists = question.watch_list_hits;
  std::sort(lists.begin(), lists.end());
  facts["vehicle.watch_lists"] = lists;
  if (!question.watch_lists_red.empty()) facts["vehicle.watch_lists_red"] = question.watch_lists_red;
  if (!question.watch_list_instructions.empty()) facts["vehicle.watch_list_instructions"] = question.watch_list_instructions;
  auto missing = question.evidence_missing;
  std::sort(missing.begin(), missing.end());
  facts["evidence.missing"] = missing;
  auto declarations = question.declarations;
  std::sort(declarations.begin(), declarations.end(), [](const auto& a, const auto& b) { return a.reference < b.reference; });
  declaration_facts(facts, declarations);
  mass_deviation(facts);
  value_per_kg(facts);
  container_facts(facts);
  time_facts(facts, question.now, question.utc_offset_min);
  if (question.random_of_10000_min > 0) facts["site.random_of_10000_min"] = std::int64_t{question.random_of_10000_min};
  if (question.recent > 0) {
    facts["recent.crossings"] = question.recent;
    facts["recent.by_hits"] = true;  // what the numbers count (profiles alone, of late the score too); assessments without it were made when every crossing counted
    facts["recent.yellow"] = question.recent_of_channel[static_cast<int>(SelectivityChannel::yellow)];
    facts["recent.red"] = question.recent_of_channel[static_cast<int>(SelectivityChannel::red)];
  }
  return facts;
}

}  // namespace rampa::risk
