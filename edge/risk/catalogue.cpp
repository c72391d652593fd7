#include "edge/risk/catalogue.hpp"

#include <algorithm>
#include <array>

namespace rampa::risk {

namespace {
using enum FieldType;
struct Field {
  std::string_view name;
  FieldType type;
  bool derived = false;
};
constexpr bool derived = true;
constexpr Field fields[] = {
    {"vehicle.plate", text},
    {"vehicle.trailer", text},
    {"vehicle.plates", list},
    {"vehicle.country", text},
    {"vehicle.lane", text},
    {"vehicle.direction", text},
    {"vehicle.watch_lists", list, derived},
    {"vehicle.earlier_crossings_30_days", integer},
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
    {"evidence.scan_aids", list},
    {"evidence.scan_aids_failed", list},
    {"evidence.standing_at_start", boolean},
    {"evidence.second_on_scale", boolean},
    {"evidence.missing", list, derived},
    {"evidence.mass_deviation_kg", integer, derived},
    {"evidence.mass_deviation_percent", integer, derived},
    {"evidence.axle_kg_max", integer},
    {"evidence.containers", list},
    {"declaration.count", integer, derived},
    {"declaration.references", list, derived},
    {"declaration.kind", list},
    {"declaration.gross_kg", integer},
    {"declaration.consignor", list},
    {"declaration.consignee", list},
    {"declaration.declarant", list},
    {"declaration.carrier", list},
    {"declaration.tractor", list},
    {"declaration.trailer", list},
    {"declaration.tractor_matches", boolean, derived},
    {"declaration.trailer_matches", boolean, derived},
    {"declaration.value_eur", integer},
    {"declaration.value_per_kg_cent", integer, derived},
    {"declaration.office", list},
    {"declaration.procedure", list},
    {"declaration.mode", list},
    {"declaration.dispatch_country", list},
    {"declaration.destination_country", list},
    {"declaration.driver_country", list},
    {"declaration.route", list},
    {"declaration.container", list},
    {"declaration.container_prefix", list, derived},
    {"declaration.container_check_wrong", list, derived},
    {"declaration.preference", list},
    {"declaration.incoterm", list},
    {"declaration.aeo", boolean},
    {"declaration.packages", integer},
    {"declaration.seals", integer},
    {"declaration.net_kg", integer},
    {"declaration.vehicle_tare_kg", integer},
    {"declaration.earlier_30_days", integer},
    {"time.hour", integer, derived},
    {"time.weekday", integer, derived},
    {"set.age_hours", integer, derived},
    {"goods.hs_code", text},
    {"goods.origin", text},
    {"goods.gross_kg", integer},
    {"goods.value_eur", integer},
    {"goods.description", text},
};
constexpr std::size_t count = sizeof fields / sizeof fields[0];

constexpr std::size_t goods_from = [] {
  std::size_t at = 0;
  while (fields[at].name.substr(0, 6) != "goods.") ++at;
  return at;
}();

// Names by a hash of four of their letters: the reader of a large set asks for every test of it, and every question for each of its facts.
constexpr std::size_t slots = 256;
constexpr FieldId nothing = 0xff;
constexpr std::size_t slot_of(std::string_view name) {
  const auto letter = [&](std::size_t back) { return static_cast<std::size_t>(static_cast<unsigned char>(back < name.size() ? name[name.size() - 1 - back] : 0)); };
  return (name.size() * 7 + letter(0) * 31 + letter(2) * 5 + letter(4) * 3 + letter(7) * 11) % slots;
}
constexpr auto by_name = [] {
  std::array<FieldId, slots> places{};
  places.fill(nothing);
  for (std::size_t i = 0; i < count; ++i) {
    auto slot = slot_of(fields[i].name);
    while (places[slot] != nothing) slot = (slot + 1) % slots;
    places[slot] = static_cast<FieldId>(i);
  }
  return places;
}();
}  // namespace

std::optional<FieldId> field_id(std::string_view name) {
  for (auto slot = slot_of(name); by_name[slot] != nothing; slot = (slot + 1) % slots)
    if (fields[by_name[slot]].name == name) return by_name[slot];
  return std::nullopt;
}

std::string_view field_name(FieldId id) { return fields[id].name; }
FieldType field_type(FieldId id) { return fields[id].type; }
bool is_derived(FieldId id) { return fields[id].derived; }
std::size_t field_count() { return count; }
static_assert(first_goods_field() == goods_from && fields[goods_code_field()].name == "goods.hs_code");
// The index has room for one value per goods item and field.
static_assert(std::none_of(std::begin(fields) + goods_from, std::end(fields), [](const auto& field) { return field.type == list; }));

std::optional<FieldType> type_of(std::string_view field) {
  const auto id = field_id(field);
  if (!id) return std::nullopt;
  return fields[*id].type;
}

std::vector<std::string> catalogue() {
  std::vector<std::string> names;
  for (const auto& field : fields) names.emplace_back(field.name);
  return names;
}

}  // namespace rampa::risk
