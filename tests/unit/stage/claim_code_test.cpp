// The claim code is read from a log that the appliance is still writing.
#include "hil/stage/stage.hpp"

#include <gtest/gtest.h>

namespace rampa::hil {
namespace {

TEST(ClaimCode, IsTheNewestWholeLine) {
  EXPECT_EQ(claim_code_in("first start: no account yet. claim code: AAAA-1\nx\nfirst start: no account yet. claim code: BBBB-2\n"), "BBBB-2");
}

TEST(ClaimCode, IsEmptyWhileItsLineIsNotThereOrOnlyHalfWritten) {
  EXPECT_EQ(claim_code_in(""), "");
  EXPECT_EQ(claim_code_in("post serves on http://127.0.0.1:1/\n"), "");
  EXPECT_EQ(claim_code_in("first start: no account yet. claim code: "), "");
  EXPECT_EQ(claim_code_in("first start: no account yet. claim code: AAAA-"), "");
}

}  // namespace
}  // namespace rampa::hil
