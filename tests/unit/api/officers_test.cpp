#include "edge/api/officers.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "edge/api/durable_file.hpp"
#include "edge/api/passwords.hpp"

namespace rampa::api {
namespace {

struct OfficersTest : ::testing::Test {
  OfficersTest() {
    EXPECT_TRUE(prepare_crypto());
    char name[] = "/tmp/rampa-officers-XXXXXX";
    directory = ::mkdtemp(name);
    file = directory + "/officers.json";
  }
  ~OfficersTest() override { std::filesystem::remove_all(directory); }
  static Officer person(const char* badge, Role role) { return {{badge}, "Name", role, "hash", false, WallTime{1}, "claim"}; }
  std::string directory, file;
};

TEST_F(OfficersTest, FirstStartMakesACodeThatOnlyItsHashRemembers) {
  auto officers = Officers::open(file);
  ASSERT_TRUE(officers);
  const std::string code = (*officers)->claim_code();
  EXPECT_EQ(code.size(), 23u);
  EXPECT_TRUE((*officers)->claim_code_is(code));
  std::string typed;
  for (const char c : code) typed += c == '-' ? ' ' : static_cast<char>(std::tolower(c));
  EXPECT_TRUE((*officers)->claim_code_is(typed));
  EXPECT_FALSE((*officers)->claim_code_is(""));
  const auto text = read_file(file);
  ASSERT_TRUE(text && *text);
  EXPECT_EQ((*text)->find(code), std::string::npos);
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  // The next start before the claim has another code, and the old one is void.
  auto again = Officers::open(file);
  ASSERT_TRUE(again);
  EXPECT_FALSE((*again)->claim_code_is(code));
}

TEST_F(OfficersTest, AccountsSurviveARestartAndTheClaimIsSpent) {
  {
    auto officers = Officers::open(file);
    ASSERT_TRUE(officers);
    ASSERT_TRUE((*officers)->claim(person("1", Role::administrator)));
    EXPECT_FALSE((*officers)->claim(person("2", Role::administrator)));
    ASSERT_TRUE((*officers)->add(person("1001", Role::officer)));
    EXPECT_EQ((*officers)->add(person("1001", Role::officer)).error().code, ErrorCode::refused);
  }
  auto officers = Officers::open(file);
  ASSERT_TRUE(officers);
  EXPECT_TRUE((*officers)->claimed());
  EXPECT_EQ((*officers)->claim_code(), "");
  EXPECT_EQ((*officers)->find({"1001"})->role, Role::officer);
  EXPECT_EQ((*officers)->list().size(), 2u);
}

TEST_F(OfficersTest, TheLastAdministratorStays) {
  auto officers = Officers::open(file);
  ASSERT_TRUE(officers);
  ASSERT_TRUE((*officers)->claim(person("1", Role::administrator)));
  Officer gone = person("1", Role::administrator);
  gone.disabled = true;
  EXPECT_EQ((*officers)->replace(gone).error().code, ErrorCode::refused);
  ASSERT_TRUE((*officers)->add(person("2", Role::administrator)));
  EXPECT_TRUE((*officers)->replace(gone));
}

TEST_F(OfficersTest, ADamagedFileNeverReopensTheClaim) {
  for (const char* text : {"", "{", "{\"format\":2,\"officers\":[]}", "{\"format\":1}", "{\"format\":1,\"officers\":[{\"badge\":\"1\"}]}"}) {
    std::ofstream(file) << text;
    auto officers = Officers::open(file);
    ASSERT_FALSE(officers) << text;
    EXPECT_NE(officers.error().what.find(file), std::string::npos);
  }
}

TEST_F(OfficersTest, AFailedWriteChangesNothing) {
  auto officers = Officers::open(file);
  ASSERT_TRUE(officers);
  ASSERT_TRUE((*officers)->claim(person("1", Role::administrator)));
  std::filesystem::create_directory(file + ".new");  // the temporary cannot be made: as good as a full disk
  EXPECT_FALSE((*officers)->add(person("1001", Role::officer)));
  EXPECT_FALSE((*officers)->find({"1001"}));
  auto again = Officers::open(file);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->list().size(), 1u);
}

TEST(Passwords, HashIsArgon2idAndUnknownBadgesAreFalse) {
  ASSERT_TRUE(prepare_crypto());
  Passwords passwords(true);
  const auto hash = passwords.hash("correct horse battery");
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash->substr(0, 10), "$argon2id$");
  EXPECT_EQ(passwords.verify(*hash, "correct horse battery"), true);
  EXPECT_EQ(passwords.verify(*hash, "wrong"), false);
  EXPECT_EQ(passwords.verify("", "anything"), false);
  EXPECT_EQ(passwords.verify("", "anything"), false);
}

}  // namespace
}  // namespace rampa::api
