// A golden file that does not say where it comes from witnesses nothing.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace fs = std::filesystem;

namespace {

/// Says it in its own head, or in NAME.provenance.txt beside it.
bool says_where_it_comes_from(const fs::path& file) {
  fs::path beside = file;
  beside.replace_extension(".provenance.txt");
  if (fs::exists(beside)) return fs::file_size(beside) > 40;
  std::ifstream in(file, std::ios::binary);
  std::string first;
  std::getline(in, first);
  return first.starts_with("# ") && first.size() > 40;
}

TEST(Provenance, EveryGoldenFileHasIts) {
  // Programs that make golden files, and git's own.
  const std::set<std::string> tools{".py", ".mjs", ".cpp", ".pyc"};
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator("tests/golden")) {
    const auto& path = entry.path();
    if (!entry.is_regular_file() || tools.contains(path.extension()) || path.filename() == ".gitattributes") continue;
    if (path.string().ends_with(".provenance.txt")) continue;
    ++files;
    EXPECT_TRUE(says_where_it_comes_from(path)) << path << ": write " << path.stem() << ".provenance.txt beside it";
  }
  EXPECT_GT(files, 80);
}

}  // namespace
