#include "edge/vision/codes/uic_wagon.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace rampa::vision::codes {
namespace {

std::string any_number() {
  std::string digits;
  for (int i = 0; i < 11; ++i) digits += static_cast<char>('0' + *rc::gen::inRange(0, 10));
  return digits + static_cast<char>('0' + *wagon_check_digit(digits));
}

TEST(UicWagon, ReadsTheParts) {
  const auto read = read_wagon("21 81 2471 217-3");  // the usual example of UIC 438-2
  ASSERT_TRUE(read.accepted());
  EXPECT_EQ(read.number.kind, "21");
  EXPECT_EQ(read.number.country, "81");
  EXPECT_EQ(wagon_country(read.number.country), "AT");
  EXPECT_EQ(read.number.vehicle, "2471");
  EXPECT_EQ(read.number.serial, "217");
  EXPECT_TRUE(read.number.freight);
  EXPECT_FALSE(read_wagon("91 80 6185 001-2").number.freight);
  EXPECT_EQ(read_wagon("21 81 2471 217-4").fault, WagonFault::check);
  EXPECT_EQ(read_wagon("21 81 2471 217").fault, WagonFault::form);
  EXPECT_EQ(read_wagon("21 81 2471 21A-3").fault, WagonFault::form);
}

TEST(UicWagon, EverySingleWrongDigitIsCaught) {
  rc::check([] {
    std::string number = any_number();
    RC_ASSERT(read_wagon(number).accepted());
    const auto place = *rc::gen::inRange<std::size_t>(0, 12);
    const char was = number[place];
    number[place] = static_cast<char>('0' + *rc::gen::inRange(0, 10));
    RC_PRE(number[place] != was);
    RC_ASSERT(read_wagon(number).fault == WagonFault::check);
  });
}

TEST(UicWagon, NeighboursExchangedAreCaughtButForNoughtAndNine) {
  rc::check([] {
    std::string number = any_number();
    const auto place = *rc::gen::inRange<std::size_t>(0, 10);
    RC_PRE(number[place] != number[place + 1]);
    const bool luhns_hole = (number[place] == '0' && number[place + 1] == '9') || (number[place] == '9' && number[place + 1] == '0');
    std::swap(number[place], number[place + 1]);
    RC_ASSERT(read_wagon(number).accepted() == luhns_hole);
  });
}

TEST(UicWagon, CandidatesAreOfferedForWhatLooksAlike) {
  rc::check([] {
    const std::string number = any_number();
    RC_ASSERT(wagon_candidates(number).empty());
    const auto place = *rc::gen::inRange<std::size_t>(0, 12);
    RC_PRE(number[place] == '0' || number[place] == '8');
    std::string misread = number;
    misread[place] = number[place] == '0' ? '8' : 'B';
    const auto candidates = wagon_candidates(misread);
    RC_ASSERT(std::find(candidates.begin(), candidates.end(), number) != candidates.end());
    for (const auto& c : candidates) RC_ASSERT(read_wagon(c).accepted());
  });
}

}  // namespace
}  // namespace rampa::vision::codes
