// The public workload as a post asks: declarations and evidence, for timing all of an assessment.
#pragma once

#include "edge/risk/benchmark_format.hpp"
#include "edge/risk/risk.hpp"

namespace rampa::bench {

/// What was declared stands in a Declaration, what was read and weighed in the evidence; hour and mass deviation are made so that the
/// facts come out as the workload has them.
[[nodiscard]] inline risk::Question question_of(const risk::BenchmarkDeclaration& from) {
  risk::Question q;
  Declaration d;
  GoodsItem item;
  const auto text = [](const FieldValue& value) {
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return list->empty() ? std::string{} : list->front();
    return std::get<std::string>(value);
  };
  const auto number = [&](const char* name) -> std::int64_t {
    const auto found = from.facts.find(name);
    return found == from.facts.end() ? 0 : std::get<std::int64_t>(found->second);
  };
  for (const auto& [name, value] : from.facts) {
    if (name == "declaration.kind") d.kind = text(value);
    else if (name == "declaration.consignor") d.consignor = text(value);
    else if (name == "declaration.consignee") d.consignee = text(value);
    else if (name == "declaration.declarant") d.declarant = text(value);
    else if (name == "declaration.carrier") d.carrier = text(value);
    else if (name == "declaration.gross_kg") d.gross_kg = std::get<std::int64_t>(value);
    else if (name == "declaration.value_eur") item.value_eur = std::get<std::int64_t>(value);
    else if (name == "declaration.value_per_kg_cent") continue;  // derived from value and net mass
    else if (name == "goods.0.hs_code") item.hs_code = text(value);
    else if (name == "goods.0.origin") item.origin = text(value);
    else if (name.starts_with("declaration.")) d.more[name] = value;
    else if (name.starts_with("vehicle.")) q.facts[name] = value;
  }
  d.reference = "26RS" + std::to_string(from.id);
  d.plate = from.facts.contains("vehicle.plate") ? text(from.facts.at("vehicle.plate")) : "";
  d.trailer = from.facts.contains("vehicle.trailer") ? text(from.facts.at("vehicle.trailer")) : "";
  item.gross_kg = d.gross_kg;
  item.description = "goods";
  d.goods = {item};
  // Up, so that the share that is left after the division towards zero is the workload's.
  const std::int64_t deviation = number("evidence.mass_deviation_percent") * d.gross_kg;
  q.facts["evidence.gross_kg"] = d.gross_kg + (deviation >= 0 ? deviation + 99 : deviation - 99) / 100;
  q.facts["evidence.plate_confidence_percent"] = std::int64_t{97};
  q.facts["evidence.radiation_alarm"] = false;
  q.facts["vehicle.direction"] = std::string("entry");
  q.facts["vehicle.lane"] = std::string("L1");
  q.declarations = {std::move(d)};
  q.now = WallTime{from.at.ms + number("time.hour") * 3'600'000};
  q.draw_key = static_cast<std::uint64_t>(from.id) * 0x9e3779b97f4a7c15ull;
  q.recent = 200;
  return q;
}

}  // namespace rampa::bench
