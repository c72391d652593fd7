// Lorries that could drive at a Balkan or EU border post, from a seed: plates in national formats, axle loads, and the
// declarations that belong (or do not belong) to them.
#pragma once

#include <string>
#include <vector>

#include "edge/crossing/declaration.hpp"
#include "hil/world/substream.hpp"
#include "hil/world/world.hpp"

namespace rampa::hil {

/// Shares of what is unusual, 0..1.
struct TrafficMix {
  double overweight = 0.05;       ///< above 40 t
  double no_declaration = 0.08;
  double mass_mismatch = 0.05;    ///< declared load is 30 % off
  double radiation = 0.01;
  double plate_unreadable = 0.02;
  double behaviour = 0.05;        ///< one of the unusual behaviours
};

struct Arrival {
  Lorry lorry;
  std::vector<Declaration> declarations;  ///< empty: none was made
};

/// The n-th lorry of a seed: the same for ever, whatever other lorries are made.
[[nodiscard]] Arrival make_arrival(std::uint64_t seed, std::uint64_t number, const TrafficMix& mix);

/// A lorry that crosses green where profiles are usual: 38 t at most, declared as it is.
[[nodiscard]] Arrival make_ordinary_arrival(std::uint64_t seed, std::uint64_t number);

/// A plate as a person reads it, normalised: upper case, no spaces. `country` gets its alpha-3 code.
[[nodiscard]] std::string make_plate(SubStream& draws, std::string& country);

/// Five axles of an articulated lorry with this gross mass.
[[nodiscard]] std::vector<Axle> articulated_axles(double gross_kg);

/// A declaration for this lorry and this mass of goods; its gross mass is the whole lorry's. Lorry and trailer alone: tare_kg.
inline constexpr double tare_kg = 15'000;
[[nodiscard]] Declaration make_declaration(std::uint64_t seed, const Lorry& lorry, double goods_kg);

}  // namespace rampa::hil
