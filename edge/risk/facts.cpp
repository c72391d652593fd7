// From a question to the flat facts that are stored with the assessment, so that it can be derived again from them alone.
#include <algorithm>

#include "edge/risk/compiled_set.hpp"
#include "edge/risk/container_code.hpp"
#include "edge/risk/declared_facts.hpp"

namespace rampa::risk {

namespace {

void sort_once(std::vector<std::string>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

std::optional<std::int64_t> number(const Fields& facts, std::string_view name) {
  const auto found = facts.find(name);
  if (found == facts.end()) return std::nullopt;
  const auto* value = std::get_if<std::int64_t>(&found->second);
  return value ? std::optional(*value) : std::nullopt;
}

// Weighed minus declared.
void mass_deviation(Fields& facts, std::optional<std::int64_t> declared) {
  const auto weighed = number(facts, "evidence.gross_kg");
  std::int64_t deviation = 0, hundredfold = 0;
  if (!weighed || !declared || __builtin_sub_overflow(*weighed, *declared, &deviation)) return;
  facts["evidence.mass_deviation_kg"] = deviation;
  if (*declared > 0 && !__builtin_mul_overflow(deviation, std::int64_t{100}, &hundredfold)) facts["evidence.mass_deviation_percent"] = hundredfold / *declared;
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
    if (const auto prefix = bic_prefix(code); !prefix.empty()) prefixes.emplace_back(prefix);
    if (!code.empty() && !is_container_code(code)) wrong.push_back(code);
  }
  sort_once(prefixes);
  sort_once(wrong);
  facts["declaration.container_prefix"] = prefixes;
  facts["declaration.container_check_wrong"] = wrong;
  const auto incomplete = facts.find(incomplete_facts);
  if (incomplete == facts.end()) return;
  auto& names = std::get<std::vector<std::string>>(incomplete->second);
  if (std::find(names.begin(), names.end(), "declaration.container") == names.end()) return;
  for (const char* derived : {"declaration.container_prefix", "declaration.container_check_wrong"}) names.emplace_back(derived);
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
  mass_deviation(facts, add_declared_facts(facts, declarations));
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
