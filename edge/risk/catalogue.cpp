// The fields that profiles may ask for. Their meaning: PROFILES.md, whose table is held against this one by a test.
#include <algorithm>
#include <array>
#include <utility>

#include "edge/risk/profile.hpp"

namespace rampa::risk {

namespace {
using enum FieldType;
constexpr std::array<std::pair<std::string_view, FieldType>, 53> fields{{
    {"vehicle.plate", text},
    {"vehicle.trailer", text},
    {"vehicle.plates", list},
    {"vehicle.country", text},
    {"vehicle.lane", text},
    {"vehicle.direction", text},
    {"vehicle.watch_lists", list},
    {"evidence.gross_kg", integer},
    {"evidence.plate_confidence_percent", integer},
    {"evidence.trailer_confidence_percent", integer},
    {"evidence.plate_read_differently", boolean},
    {"evidence.trailer_read_differently", boolean},
    {"evidence.radiation_alarm", boolean},
    {"evidence.gamma_alarm", boolean},
    {"evidence.neutron_alarm", boolean},
    {"evidence.gamma_sigma", integer},
    {"evidence.scan_complete", boolean},
    {"evidence.scan_finding", text},
    {"evidence.standing_at_start", boolean},
    {"evidence.second_on_scale", boolean},
    {"evidence.missing", list},
    {"evidence.mass_deviation_kg", integer},
    {"evidence.mass_deviation_percent", integer},
    {"declaration.count", integer},
    {"declaration.references", list},
    {"declaration.kind", list},
    {"declaration.gross_kg", integer},
    {"declaration.consignor", list},
    {"declaration.consignee", list},
    {"declaration.declarant", list},
    {"declaration.carrier", list},
    {"declaration.tractor_matches", boolean},
    {"declaration.trailer_matches", boolean},
    {"declaration.value_eur", integer},
    {"declaration.office", list},
    {"declaration.procedure", list},
    {"declaration.dispatch_country", list},
    {"declaration.destination_country", list},
    {"declaration.route", list},
    {"declaration.container", list},
    {"declaration.preference", list},
    {"declaration.incoterm", list},
    {"declaration.aeo", boolean},
    {"declaration.packages", integer},
    {"declaration.seals", integer},
    {"declaration.net_kg", integer},
    {"declaration.vehicle_tare_kg", integer},
    {"declaration.earlier_30_days", integer},
    {"goods.hs_code", text},
    {"goods.origin", text},
    {"goods.gross_kg", integer},
    {"goods.value_eur", integer},
    {"goods.description", text},
}};
}  // namespace

std::optional<FieldType> type_of(std::string_view field) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.first == field; });
  if (found == fields.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> catalogue() {
  std::vector<std::string> names;
  for (const auto& field : fields) names.emplace_back(field.first);
  return names;
}

}  // namespace rampa::risk
