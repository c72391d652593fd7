// Eight lanes in eight different situations, for working on the terminal and for its browser test.
#pragma once

#include <string>

#include "tests/browser/fake_appliance.hpp"

namespace rampa::tests {

/// `pictures`: a folder with photographs named front.jpg and rear.jpg to show instead of the drawn ones, or empty.
void set_scene(FakeAppliance& post, Clock& clock, const std::string& pictures);

/// Called twice a second: released lorries drive off, new ones arrive on L2, inputs stay fresh.
void play(FakeAppliance& post, Clock& clock, unsigned step);

}  // namespace rampa::tests
