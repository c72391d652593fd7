// A post's site file (TOML), read and checked. Reference with an example per key: config/SITE.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "edge/lane/lane.hpp"
#include "firmware-interfaces/device/settings.hpp"
#include "firmware-interfaces/icd/product.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::config {

/// At most so much of one class of traffic in a part of the day (UTC). Classes: "events", "thumbnails", "images".
struct SyncCap {
  std::string traffic;
  int from_minute = 0, to_minute = 0;  ///< of the day; equal: always
  std::uint64_t bytes_per_s = 0;       ///< 0: nothing goes in that time
};

struct SyncSettings {
  bool enabled = false;
  std::vector<std::string> brokers;  ///< "mqtts://HOST:PORT", tried in turn
  std::string ca_file, certificate_file, key_file;
  std::string hq_key;                 ///< HQ's public key, 64 hex digits; empty: the first HQ that is met is kept
  bool hq_reads_personal = true;      ///< HQ is given the keys of the days' personal fields (plates, names), sealed for its key
  std::vector<std::string> metered;   ///< brokers over whose line only verdicts and events go, and no file is fetched without an order
  std::vector<SyncCap> caps;
};

struct HttpSettings {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 8080;
  bool behind_proxy = false;  ///< a proxy with TLS stands in front: cookies get `Secure`, X-Real-IP from loopback is believed
  std::string web_directory;  ///< built terminal; empty: the one beside the binary
};

/// Of our own plate reader.
struct PlateSettings {
  /// ISO 3166-1 alpha-3. Reads of these countries' plates that the reader certifies count like those of a plate camera, also for a release by
  /// policy. Of all others the officer decides, with the picture beside them. A country belongs here once enough of its certified reads at
  /// this post were confirmed by people.
  std::vector<std::string> certified_countries;
};

/// What blobs may take on the disk; edge/store/ROOM.md.
struct StoreSettings {
  std::uint64_t quota_images_mib = 0;      ///< 0: no limit but the disk's
  std::uint64_t quota_thumbnails_mib = 0;  ///< 0: no limit but the disk's
  std::uint64_t reserve_mib = 64;          ///< kept free on the disk
  std::uint64_t reference_images_mib = 1000;  ///< pictures that HQ sends to compare with; 0: none are taken
  int reference_images_days = 30;             ///< kept this long
};

struct Site {
  PostId post;
  std::string name;
  std::string directory;        ///< where the store lives
  std::string profiles_file;    ///< the profile set, or the folder that bundles of it are installed in
  std::int64_t urgent_hours_max = 72;  ///< longest life of an urgent profile, 1-720
  std::string declarations_file;///< optional JSON lines, read at start (until the downlink brings them)
  std::string watch_lists_file; ///< optional
  std::uint16_t random_of_10000_min = 0;  ///< of what nothing selects, at least so many are drawn for a control, whatever the set says
  std::vector<lane::Config> lanes;
  std::vector<device::Settings> devices;
  std::map<std::string, icd::Product> products;  ///< all ICDs that devices name
  SyncSettings sync;
  HttpSettings http;
  StoreSettings store;
  PlateSettings plates;
};

/// One finding of the check. `key` is the path in the file: "lane[2].device[1].address".
struct Finding {
  std::string file;
  int line = 0;
  std::string key;
  std::string cause;
  std::string remedy;
};

struct SiteCheck {
  Site site;                      ///< usable only where `findings` is empty
  std::vector<Finding> findings;  ///< all at once
};

/// Reads, checks, resolves ICD ids. Relative paths in the file are relative to the file. `icd_directory` empty: the one
/// installed beside the binary or RAMPA_ICD_DIR.
[[nodiscard]] SiteCheck read_site(const std::string& file, const std::string& icd_directory);

/// One ICD file, or the findings against it.
struct ProductCheck {
  icd::Product product;
  std::vector<Finding> findings;
};
[[nodiscard]] ProductCheck read_product(const std::string& file);

}  // namespace rampa::config
