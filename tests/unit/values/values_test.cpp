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
#include "firmware-interfaces/same_person.hpp"

using namespace rampa;

TEST(SamePerson, LettersAndBlanksMakeNoOther) {
  EXPECT_TRUE(same_person("L7", "l7"));
  EXPECT_TRUE(same_person("P dragan", "p  Dragan "));
  EXPECT_TRUE(same_person("ĐORĐE ŠĆEPANOVIĆ", "Đorđe\u00a0Šćepanović"));
  EXPECT_TRUE(same_person("ЉУБИЦА Ђокић", "Љубица ЂОКИЋ"));
  EXPECT_TRUE(same_person("Žižek Łukasz Ÿ", "žižekłukaszÿ"));
  EXPECT_TRUE(same_person("ΝΊΚΟΣ", "νΊκοσ"));
  EXPECT_FALSE(same_person("L7", "L17"));
  EXPECT_FALSE(same_person("Ana", "Ina"));
  EXPECT_FALSE(same_person("×", "÷"));
  EXPECT_EQ(folded_person("A\xff\xc3 B\xe2\x82"), "a\xff\xc3" "b\xe2\x82");
  EXPECT_EQ(folded_person("😀 A"), "😀a");
}

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
