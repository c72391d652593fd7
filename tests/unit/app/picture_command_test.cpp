// `rampa picture` writes one new file that only its owner reads, or nothing.
#include "edge/app/picture_command.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "edge/api/durable_file.hpp"
#include "edge/app/tools.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class PictureCommand : public StoreTest {
 protected:
  PictureCommand() {
    start();
    cross("L1-1", "BG123AA");
    stop();  // the picture is complete then
    auto picture = store::open_picture(settings.directory);
    EXPECT_TRUE(picture) << picture.error().what;
    const auto records = (*picture)->records_of({"L1-1"});
    EXPECT_TRUE(records) << records.error().what;
    for (const auto& record : records.value_or(std::vector<StoredRecord>{}))
      for (const auto& blob : record.blobs) sha256_ = blob.sha256;
    std::string site = text_of("config/sites/one-lane.toml");
    const auto at = site.find("\ndirectory = ");
    site.replace(at, site.find('\n', at + 1) - at, "\ndirectory = \"" + settings.directory + "\"");
    for (const char* key : {"profiles", "declarations", "watch_lists"})
      if (const auto found = site.find("\n" + std::string(key) + " = "); found != std::string::npos)
        site.replace(found, site.find('\n', found + 1) - found, "\n" + std::string(key) + " = \"" + scratch.path() + "/profiles.json\"");
    std::ofstream(scratch.path() + "/profiles.json") << R"({"format":1,"version":"v1","profiles":[]})";
    std::ofstream(scratch.path() + "/site.toml") << site;
  }
  /// Exit code; what was said on standard error is in `said_`.
  int take_out(const std::string& out) {
    CLI::App program;
    app::ToolOptions options;
    int code = -1;
    app::add_picture_command(program, options, code);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    program.parse("picture --site " + scratch.path() + "/site.toml --icd-dir firmware-interfaces/icd --whole --out " + out + " " + sha256_);
    testing::internal::GetCapturedStdout();
    said_ = testing::internal::GetCapturedStderr();
    return code;
  }

  std::string sha256_, said_;
};

TEST_F(PictureCommand, WritesANewFileForItsOwnerOnly) {
  const std::string out = scratch.path() + "/out.jpg";
  ASSERT_EQ(take_out(out), app::exit_ok) << said_;
  EXPECT_EQ(text_of(out).size(), 2000u);
  struct stat told {};
  ASSERT_EQ(::stat(out.c_str(), &told), 0);
  EXPECT_EQ(told.st_mode & 0777, 0600u);
}

TEST_F(PictureCommand, LeavesAFileOrALinkThatIsThereAlone) {
  const std::string out = scratch.path() + "/report.txt", link = scratch.path() + "/link.jpg", loose = scratch.path() + "/loose.jpg";
  std::ofstream(out) << "another's";
  std::filesystem::create_symlink(out, link);
  std::filesystem::create_symlink(scratch.path() + "/nowhere.jpg", loose);
  for (const auto& place : {out, link, loose}) {
    EXPECT_EQ(take_out(place), app::exit_found);
    EXPECT_NE(said_.find(place + " is there already: name another file"), std::string::npos) << said_;
  }
  EXPECT_EQ(text_of(out), "another's");
  EXPECT_FALSE(std::filesystem::exists(scratch.path() + "/nowhere.jpg"));
}

TEST_F(PictureCommand, SaysWhyItCannotWrite) {
  EXPECT_EQ(take_out(scratch.path() + "/not_there/out.jpg"), app::exit_found);
  EXPECT_NE(said_.find("No such file or directory; --out needs a folder that is there"), std::string::npos) << said_;
}

TEST(CreateFile, LeavesNothingWhereThereIsNoRoom) {
  ScratchDirectory scratch;
  const std::string out = scratch.path() + "/out";
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit little{1000, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const auto written = api::create_file(out, std::string(5000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before);
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().what.find("cannot write"), std::string::npos) << written.error().what;
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace rampa::tests
