#include "edge/app/profiles_file.hpp"

#include <openssl/sha.h>

#include <fstream>
#include <sstream>

#include "config/tree.hpp"
#include "edge/store/blob_reader.hpp"

namespace rampa::app {

Result<LoadedProfiles> read_profiles(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::not_found, file + ": no such profile set; the site file names it under `profiles`");
  std::stringstream text;
  text << in.rdbuf();
  const std::string json = text.str();
  unsigned char digest[SHA256_DIGEST_LENGTH];
  ::SHA256(reinterpret_cast<const unsigned char*>(json.data()), json.size(), digest);
  std::string hex;
  for (unsigned char byte : digest) {
    constexpr char digits[] = "0123456789abcdef";
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  auto set = risk::compile(json, hex);
  if (!set) return tl::unexpected(set.error());
  return LoadedProfiles{std::move(*set), std::make_shared<const Bytes>(json.begin(), json.end())};
}

Result<std::shared_ptr<const risk::ProfileSet>> stored_profiles(const std::string& directory, const std::string& sha256) {
  auto bytes = store::open_blobs(directory)->whole(sha256);
  if (!bytes) return tl::unexpected(bytes.error());
  return risk::compile(std::string(bytes->begin(), bytes->end()), sha256);
}

std::vector<config::Finding> profile_findings(const std::string& file, const Error& error) {
  std::vector<config::Finding> findings;
  const config::Tree tree = config::parse_json_file(file);
  if (!tree.findings.empty()) return tree.findings;  // not JSON, or a key twice: named with their lines
  std::istringstream lines(error.what);  // "path: cause; remedy", one per line
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(": "), semicolon = line.rfind("; ");
    if (colon == std::string::npos || semicolon == std::string::npos || semicolon < colon) {
      findings.push_back({file, 1, "", line, "correct the profile set"});
      continue;
    }
    const std::string path = line.substr(0, colon);
    findings.push_back({file, config::line_at(tree.root, path), path, line.substr(colon + 2, semicolon - colon - 2), line.substr(semicolon + 2)});
  }
  return findings;
}

}  // namespace rampa::app
