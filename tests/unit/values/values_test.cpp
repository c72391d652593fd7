// The interface headers compile on their own and the permit keeps its promise of being spent once.
#include <gtest/gtest.h>

#include <type_traits>

#include "config/site.hpp"
#include "hil/devices/model.hpp"
#include "drivers/registry/registry.hpp"
#include "edge/crossing/record_json.hpp"
#include "edge/runtime/reactor.hpp"
#include "edge/store/store.hpp"
#include "edge/vision/plate_reader.hpp"
#include "firmware-interfaces/device/driver.hpp"

using namespace rampa;

TEST(Permit, CannotBeCopied) {
  static_assert(!std::is_copy_constructible_v<device::Permit>);
  static_assert(!std::is_default_constructible_v<device::Permit>);
  static_assert(std::is_move_constructible_v<device::Permit>);
}

TEST(Address, SameCableForUnitsOfOneLine) {
  device::Address a{"modbus+rtu", "", 0, "/dev/ttyS0", {{"unit", "1"}}};
  device::Address b{"modbus+rtu", "", 0, "/dev/ttyS0", {{"unit", "2"}}};
  EXPECT_EQ(a.cable(), b.cable());
}
