// Keeps ARCHITECTURE.md's "who may include whom" true, by reading the sources.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct Source {
  std::string path;
  std::string text;
  std::vector<std::string> includes;
};

std::vector<Source> sources(const std::string& folder) {
  std::vector<Source> found;
  if (!fs::exists(folder)) return found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".hpp") continue;
    if (entry.path().string().find("node_modules") != std::string::npos) continue;
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    Source source{entry.path().generic_string(), text.str(), {}};
    static const std::regex include("#include\\s*[<\"]([^>\"]+)[>\"]");
    for (std::sregex_iterator it(source.text.begin(), source.text.end(), include), end; it != end; ++it)
      source.includes.push_back((*it)[1]);
    found.push_back(std::move(source));
  }
  return found;
}

bool starts(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

/// Our own folders that `folder` may include.
const std::map<std::string, std::vector<std::string>> allowed = {
    {"firmware-interfaces", {"firmware-interfaces/"}},
    {"drivers", {"drivers/", "firmware-interfaces/"}},
    {"edge/crossing", {"edge/crossing/", "firmware-interfaces/"}},
    {"edge/risk", {"edge/risk/", "edge/crossing/", "firmware-interfaces/"}},
    {"edge/lane", {"edge/lane/", "edge/crossing/", "firmware-interfaces/"}},
    // One normal form of plates and one check digit of containers, whoever reads them.
    {"edge/vision", {"edge/vision/", "edge/risk/plate_text.hpp", "edge/risk/container_code.hpp", "firmware-interfaces/"}},
    {"edge/imaging", {"edge/imaging/", "firmware-interfaces/"}},
    {"edge/store", {"edge/store/", "edge/crossing/", "firmware-interfaces/"}},
    {"edge/runtime", {"edge/runtime/", "edge/lane/", "edge/risk/", "edge/crossing/", "firmware-interfaces/"}},
    {"edge/api", {"edge/api/", "edge/runtime/", "edge/store/", "edge/imaging/", "edge/lane/", "edge/crossing/", "edge/risk/", "firmware-interfaces/"}},
    {"config", {"config/", "edge/lane/", "edge/risk/", "edge/crossing/", "firmware-interfaces/"}},
    // The reader of watch lists: HQ sends none that a post would refuse (sync/hq/sent_files.cpp).
    {"sync", {"sync/", "edge/crossing/", "edge/store/disk.hpp", "edge/store/stream.hpp", "edge/store/segment_format.hpp", "edge/store/record_format.hpp", "edge/store/personal_part.hpp", "edge/store/digest.hpp", "edge/store/blob_manifest.hpp", "edge/store/blob_reader.hpp", "edge/store/store.hpp", "edge/runtime/system_clock.hpp", "edge/risk/watch_list.hpp", "firmware-interfaces/"}},
};

/// Folders that are pure: none of these may appear, not even from the standard library.
const std::vector<std::string> impure = {"thread", "mutex", "condition_variable", "atomic", "future", "fstream", "filesystem",
                                         "iostream", "random", "ctime", "cstdio", "unistd.h", "sys/", "fcntl.h",
                                         "Poco/", "sqlite3.h", "mqtt/", "MQTT", "opencv2/", "modbus/", "spdlog/", "CLI/", "toml"};

/// Third-party door -> the folders behind which its header may be seen.
const std::map<std::string, std::vector<std::string>> doors = {
    {"modbus/", {"drivers/transport/"}},
    {"modbus.h", {"drivers/transport/"}},
    {"sqlite3.h", {"edge/store/", "sync/hq/sqlite_database"}},
    {"libpq-fe.h", {"sync/hq/postgres_database"}},
    {"mqtt/", {"sync/"}},
    {"MQTT", {"sync/"}},
    {"opencv2/", {"edge/vision/plates/", "edge/vision/image_health/", "edge/imaging/", "drivers/camera/"}},
    {"opencv2/dnn", {"edge/vision/plates/"}},
    {"Poco/", {"edge/api/", "edge/app/", "sync/hq/metrics", "sync/hq/s3_client", "sync/hq/export/"}},
    {"toml", {"config/"}},
    {"pugixml.hpp", {"drivers/plate_camera/", "edge/risk/", "sync/hq/export/"}},
    {"CLI/", {"edge/app/", "sync/hq/"}},
    {"zstd.h", {"sync/bundle/", "sync/envelope"}},
    {"openssl/", {"edge/store/digest.cpp", "edge/app/", "hil/sync/swarm_line"}},
    {"isa-l/", {"firmware-interfaces/crc32c.cpp"}},
    {"sodium.h", {"edge/store/", "edge/api/", "sync/", "edge/app/"}},
};

}  // namespace

TEST(Architecture, FoldersIncludeOnlyWhatTheyMay) {
  for (const auto& [folder, prefixes] : allowed) {
    for (const auto& source : sources(folder)) {
      for (const auto& include : source.includes) {
        const bool ours = starts(include, "firmware-interfaces/") || starts(include, "edge/") || starts(include, "drivers/") ||
                          starts(include, "sync/") || starts(include, "config/") || starts(include, "hil/") || starts(include, "tests/");
        if (!ours) continue;
        bool fine = false;
        for (const auto& prefix : prefixes) fine |= starts(include, prefix);
        // HQ reads journal records and nothing of the post's store.
        EXPECT_TRUE(fine) << source.path << " includes " << include;
      }
    }
  }
}

TEST(Architecture, PureFoldersStayPure) {
  for (const std::string folder : {"firmware-interfaces", "edge/crossing", "edge/risk", "edge/lane"})
    for (const auto& source : sources(folder))
      for (const auto& include : source.includes)
        for (const auto& word : impure) {
          // <modbus/..> style prefixes match by start, plain headers exactly.
          const bool prefix = word.back() == '/' || word == "MQTT" || word == "toml";
          EXPECT_FALSE(prefix ? starts(include, word) : include == word) << source.path << " includes " << include;
        }
}

TEST(Architecture, EachLibraryHasOneDoor) {
  for (const std::string folder : {"firmware-interfaces", "edge", "drivers", "sync", "config"})
    for (const auto& source : sources(folder))
      for (const auto& include : source.includes)
        for (const auto& [header, behind] : doors) {
          if (!starts(include, header)) continue;
          bool fine = false;
          for (const auto& door : behind) fine |= starts(source.path, door);
          EXPECT_TRUE(fine) << source.path << " includes " << include << ", which belongs behind another door";
          if (source.path.ends_with(".hpp") && !source.path.ends_with("_internal.hpp"))
            ADD_FAILURE() << source.path << ": a public header shows " << include;
        }
}

TEST(Architecture, ClocksSleepsAndRandomDevicesAreInOneFile) {
  static const std::regex forbidden("sleep_for\\s*\\(|sleep_until\\s*\\(|usleep\\s*\\(|random_device|_clock::now\\s*\\(|clock_gettime|std::rand\\b");
  for (const std::string folder : {"firmware-interfaces", "edge", "drivers", "sync", "config"})
    for (const auto& source : sources(folder)) {
      if (starts(source.path, "edge/runtime/system_clock")) continue;
      EXPECT_FALSE(std::regex_search(source.text, forbidden)) << source.path;
    }
}

TEST(Architecture, NamesSayWhatThingsAre) {
  static const std::regex vague("(class|struct) [A-Za-z]*(Manager|Helper|Util|Utils|Handler|Processor|Info)\\b");
  for (const std::string folder : {"firmware-interfaces", "edge", "drivers", "sync", "config", "hil"})
    for (const auto& source : sources(folder)) {
      std::smatch match;
      EXPECT_FALSE(std::regex_search(source.text, match, vague)) << source.path << ": " << match.str();
    }
}

TEST(Architecture, TheSourcesWereFound) { EXPECT_GT(sources("firmware-interfaces").size(), 8u); }
