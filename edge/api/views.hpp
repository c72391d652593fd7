// The appliance's values as the JSON of API.md.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/api/appliance_port.hpp"
#include "edge/api/json_writer.hpp"
#include "edge/api/officers.hpp"

namespace rampa::api {

/// Officers' actions as the interface names them.
inline constexpr std::array<std::pair<lane::ActionKind, std::string_view>, lane::action_kinds> action_words{{
    {lane::ActionKind::confirm, "confirm"},
    {lane::ActionKind::override_verdict, "override"},
    {lane::ActionKind::refer, "refer"},
    {lane::ActionKind::record_control, "record_control"},
    {lane::ActionKind::hold, "hold"},
    {lane::ActionKind::raise_channel, "raise_channel"},
    {lane::ActionKind::vehicle_gone, "vehicle_gone"},
    {lane::ActionKind::open_boom, "open_boom"},
    {lane::ActionKind::close_boom, "close_boom"},
    {lane::ActionKind::out_of_service, "out_of_service"},
    {lane::ActionKind::return_to_service, "return_to_service"},
    {lane::ActionKind::reset_emergency_stop, "reset_emergency_stop"},
}};

/// Milliseconds of wall time for a moment of this boot.
[[nodiscard]] std::int64_t wall_ms(MonoTime at, Stamp now);

/// LANE. `ages` false leaves out what changes by itself (for SSE, which sends only what changed).
void write_lane(JsonWriter& w, const LaneSnapshot& lane, Stamp now, bool ages);
/// {"id","age_ms","inputs_age_ms"}
void write_lane_age(JsonWriter& w, const LaneSnapshot& lane, Stamp now);

/// Checks that could not be made, and the documents and devices they wait for: "declaration", "declaration_particulars", "goods",
/// "plate_front", "plate_rear", "scale", "portal", "scanner", "scan_finding", "container_code", "other"; ascending.
struct OpenChecks {
  std::size_t count = 0;
  std::vector<std::string> missing;
};
[[nodiscard]] OpenChecks open_checks(const Assessment& assessment);
/// Into an object that is begun: what officers may know of an assessment beside its channel. Never a criterion.
void write_officers_assessment(JsonWriter& w, const AssessmentMade& made, std::string_view controls_key);

void write_record(JsonWriter& w, const StoredRecord& record);
void write_crossing_row(JsonWriter& w, const store::CrossingRow& row);
void write_declaration(JsonWriter& w, const Declaration& declaration);
void write_reference_image(JsonWriter& w, const ReferenceImageView& image);
void write_verdict(JsonWriter& w, const VerdictGiven& verdict);

void write_device(JsonWriter& w, const DeviceView& device, Stamp now);
void write_profiles(JsonWriter& w, const ProfileSetView& profiles);
void write_status(JsonWriter& w, AppliancePort& port, Stamp now);
void write_officer(JsonWriter& w, const Officer& officer);
void write_notice(JsonWriter& w, const Notice& notice);

}  // namespace rampa::api
