// The names of a lane's points. A site file maps each to a channel of a real module; lanes, drivers, simulators and
// scenarios use only these names.
#pragma once

#include <string_view>

namespace rampa::device::points {

// Inputs. True = vehicle present / contact made / button pressed, whatever the wiring (the site file says `inverted`).
inline constexpr std::string_view loop_entry = "loop_entry";        ///< before the boom: a lorry has arrived
inline constexpr std::string_view loop_boom = "loop_boom";          ///< under the boom
inline constexpr std::string_view loop_exit = "loop_exit";          ///< behind the boom
inline constexpr std::string_view photocell = "photocell";          ///< beam across the boom's line is broken
inline constexpr std::string_view boom_open = "boom_open";          ///< feedback contact
inline constexpr std::string_view boom_closed = "boom_closed";      ///< feedback contact
inline constexpr std::string_view emergency_stop = "emergency_stop";///< true = chain is open (pressed)
inline constexpr std::string_view manual_mode = "manual_mode";      ///< key switch: the lane runs by hand
// Second boom of a sally port (the first boom is the entry, this one the exit).
inline constexpr std::string_view loop_boom_2 = "loop_boom_2";
inline constexpr std::string_view photocell_2 = "photocell_2";
inline constexpr std::string_view boom_open_2 = "boom_open_2";
inline constexpr std::string_view boom_closed_2 = "boom_closed_2";

// Outputs.
inline constexpr std::string_view boom_raise = "boom_raise";        ///< pulse or level, as the ICD and site file say
inline constexpr std::string_view boom_lower = "boom_lower";
inline constexpr std::string_view boom_raise_2 = "boom_raise_2";
inline constexpr std::string_view boom_lower_2 = "boom_lower_2";
inline constexpr std::string_view light_red = "light_red";
inline constexpr std::string_view light_green = "light_green";
inline constexpr std::string_view light_red_2 = "light_red_2";      ///< at the second boom
inline constexpr std::string_view light_green_2 = "light_green_2";
inline constexpr std::string_view beacon = "beacon";

}  // namespace rampa::device::points
