// Inside config/: where the parts of a site stand in its file, and the checks over the whole site.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/site.hpp"

namespace rampa::config {

struct SitePart {
  enum class Of { lane, device } of = Of::lane;
  std::string id;
  std::string path;                  ///< "lane[2].device[1]"
  int line = 0;
  std::map<std::string, int> lines;  ///< of keys in it: "address", "points.loop_boom", "options.pulse_ms"
};

struct SiteParts {
  std::string file;
  std::vector<SitePart> lanes;    ///< parallel to Site::lanes
  std::vector<SitePart> devices;  ///< parallel to Site::devices
};

void check_site(const Site& site, const SiteParts& parts, std::vector<Finding>& findings);

[[nodiscard]] bool is_input_point(const std::string& point);
[[nodiscard]] const std::vector<std::string>& device_roles();
[[nodiscard]] std::vector<std::string> known_icds(const std::string& directory);
[[nodiscard]] std::string default_icd_directory();

}  // namespace rampa::config
