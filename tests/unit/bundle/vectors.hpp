// Bundles that must be refused: each vector spoils one thing of a good bundle and names the reason that has to be given.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/unit/bundle/scene.hpp"

namespace rampa::tests {

struct Vector {
  std::string name;
  Scene::Kind kind = Scene::Kind::set;
  std::function<void(Scene&)> spoil;
  bundle::Reason reason{};
  std::string where;
};
using Vectors = std::vector<Vector>;

void add_role_vectors(Vectors& all);     ///< every role: signatures, form, fields, expiry
void add_root_vectors(Vectors& all);     ///< rotation, thresholds, keys
void add_chain_vectors(Vectors& all);    ///< versions, mixing, freezing, the clock
void add_payload_vectors(Vectors& all);  ///< container, assignment, packing, sets, deltas, releases, break-glass

}  // namespace rampa::tests
