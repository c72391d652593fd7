// Reads the keys of a site file. What can only be judged over the whole site is in site_checks.cpp.
#include <cmath>
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "config/address.hpp"
#include "config/fields.hpp"
#include "config/site_parts.hpp"

namespace rampa::config {
namespace {

namespace fs = std::filesystem;

class SiteReader {
 public:
  SiteReader(const std::string& file, std::string icd_directory)
      : tree_(parse_toml_file(file)), icd_directory_(std::move(icd_directory)) {
    parts_.file = file;
    out_.findings = tree_.findings;
    if (icd_directory_.empty()) icd_directory_ = default_icd_directory();
  }

  SiteCheck read() {
    if (!tree_.root.table()) return std::move(out_);
    TableReader root = reader(tree_.root, "");
    if (const Node* node = root.table("post", true)) post(*node);
    if (const Node* node = root.table("http")) http(*node);
    if (const Node* node = root.table("sync")) sync(*node);
    if (const Node* node = root.table("store")) store(*node);
    if (const Node* node = root.table("plates")) plates(*node);
    const auto lanes = root.tables("lane");
    if (lanes.empty()) root.finding("lane", "the site has no lane", "add a [[lane]] table");
    for (std::size_t n = 0; n < lanes.size(); ++n) lane(*lanes[n], "lane[" + std::to_string(n) + "]");
    root.finish();
    check_site(out_.site, parts_, out_.findings);
    const auto place = [&](const Finding& f) { return std::tuple(f.file != parts_.file, f.file, f.line); };
    std::stable_sort(out_.findings.begin(), out_.findings.end(),
                     [&](const Finding& a, const Finding& b) { return place(a) < place(b); });
    return std::move(out_);
  }

 private:
  TableReader reader(const Node& node, const std::string& path) { return {parts_.file, node, path, out_.findings}; }

  std::string resolved(const std::string& path) const {
    if (path.empty() || fs::path(path).is_absolute()) return path;
    return (fs::path(parts_.file).parent_path() / path).lexically_normal().string();
  }

  std::string existing(TableReader& t, const std::string& key, bool required) {
    const auto named = t.text(key, required);
    if (!named) return {};
    const std::string path = resolved(*named);
    std::error_code ignored;
    const bool fine = fs::is_regular_file(path, ignored) || (key == "profiles" && fs::is_directory(path, ignored));
    if (!fine) t.finding(key, "there is no file " + path, "correct the path; relative paths start at the site file");
    return path;
  }

  /// The id of a post or a lane: it stands in topics, file names, crossings' numbers and certificates.
  static std::string name(TableReader& t) {
    std::string id = t.text("id", true).value_or("");
    if (!id.empty() && !usable_as_name(id))
      t.finding("id", "\"" + id + "\" cannot stand in topics and file names", "write 1 to 48 of A-Z a-z 0-9 - _, f.i. \"RS-BATROVCI\" or \"L1\"");
    return id;
  }

  void post(const Node& node) {
    TableReader t = reader(node, "post");
    out_.site.post.text = name(t);
    if (out_.site.post.text == "hq") t.finding("id", "\"hq\" is headquarters' own name", "give the post another id");
    out_.site.name = t.text("name").value_or(out_.site.post.text);
    out_.site.directory = resolved(t.text("directory", true).value_or(""));
    out_.site.profiles_file = existing(t, "profiles", true);
    out_.site.urgent_hours_max = t.integer("urgent_hours_max", false, 1, 720).value_or(out_.site.urgent_hours_max);
    out_.site.declarations_file = existing(t, "declarations", false);
    out_.site.watch_lists_file = existing(t, "watch_lists", false);
    if (const auto percent = t.number("random_percent_min")) {
      if (*percent >= 0 && *percent <= 100) out_.site.random_of_10000_min = static_cast<std::uint16_t>(std::lround(*percent * 100));
      else t.finding("random_percent_min", "is no share", "write a number from 0 to 100");
    }
    t.finish();
  }

  void http(const Node& node) {
    TableReader t = reader(node, "http");
    auto& http = out_.site.http;
    http.listen = t.text("listen").value_or(http.listen);
    if (http.listen != "localhost" && http.listen != "::1" && !http.listen.starts_with("127."))
      t.finding("listen", "\"" + http.listen + "\" is not this machine alone; the pages are not fit to face a network bare",
                "write \"127.0.0.1\" and put a proxy with TLS in front (edge/api/nginx.conf.example), with behind_proxy = true");
    http.behind_proxy = t.boolean("behind_proxy").value_or(http.behind_proxy);
    http.port = static_cast<std::uint16_t>(t.integer("port", false, 0, 65535).value_or(http.port));
    http.web_directory = resolved(t.text("web_directory").value_or(""));
    t.finish();
  }

  void sync(const Node& node) {
    TableReader t = reader(node, "sync");
    auto& sync = out_.site.sync;
    sync.enabled = t.boolean("enabled").value_or(true);
    sync.brokers = t.texts("brokers");
    for (const auto& broker : sync.brokers)
      if (!broker.starts_with("mqtts://") && !broker.starts_with("mqtt://"))
        t.finding("brokers", "\"" + broker + "\" is no broker's address", "write mqtts://HOST:PORT");
      else if (broker.starts_with("mqtt://") && !broker.starts_with("mqtt://127.") && !broker.starts_with("mqtt://localhost"))
        t.finding("brokers", "\"" + broker + "\" is not encrypted and does not prove who answers", "write mqtts://HOST:PORT");
    if (sync.enabled && sync.brokers.empty())
      t.finding("brokers", "sync is enabled and no broker is named", "name one, or write enabled = false");
    const bool tls = std::any_of(sync.brokers.begin(), sync.brokers.end(), [](const auto& b) { return b.starts_with("mqtts"); });
    // Certificates are put in place after the site file is written (and renewed): that they exist is checked by the link.
    sync.ca_file = resolved(t.text("ca_file", tls).value_or(""));
    sync.certificate_file = resolved(t.text("certificate_file", tls).value_or(""));
    sync.key_file = resolved(t.text("key_file", tls).value_or(""));
    sync.hq_key = t.text("hq_key").value_or("");
    if (!sync.hq_key.empty() && (sync.hq_key.size() != 64 || sync.hq_key.find_first_not_of("0123456789abcdef") != std::string::npos))
      t.finding("hq_key", "\"" + sync.hq_key + "\" is not 64 lower-case hex digits", "copy what `rampa-hq key` prints");
    sync.hq_reads_personal = t.boolean("hq_reads_personal").value_or(true);
    sync.metered = t.texts("metered");
    for (const auto& broker : sync.metered)
      if (std::find(sync.brokers.begin(), sync.brokers.end(), broker) == sync.brokers.end())
        t.finding("metered", "\"" + broker + "\" is not among the brokers", "write it as it stands in brokers");
    const auto caps = t.tables("cap");
    for (std::size_t n = 0; n < caps.size(); ++n) sync_cap(*caps[n], "sync.cap[" + std::to_string(n) + "]");
    t.finish();
  }

  void sync_cap(const Node& node, const std::string& path) {
    TableReader t = reader(node, path);
    SyncCap cap;
    // Verdicts are not in the list on purpose: nothing may hold them back.
    cap.traffic = t.choice("class", {"events", "thumbnails", "images"}, true).value_or("images");
    const auto minute = [&](const char* key) {
      const std::string text = t.text(key).value_or("00:00");
      int hours = -1, minutes = -1;
      char rest = 0;
      if (text.size() == 5 && std::sscanf(text.c_str(), "%2d:%2d%c", &hours, &minutes, &rest) == 2 && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60)
        return hours * 60 + minutes;
      t.finding(key, "\"" + text + "\" is no time of day", "write HH:MM, in UTC");
      return 0;
    };
    cap.from_minute = minute("from");
    cap.to_minute = minute("to");
    cap.bytes_per_s = static_cast<std::uint64_t>(t.integer("kbit_per_s", true, 0, 10'000'000).value_or(0)) * 125;
    t.finish();
    out_.site.sync.caps.push_back(std::move(cap));
  }

  void store(const Node& node) {
    TableReader t = reader(node, "store");
    auto& store = out_.site.store;
    const auto quota = [&](const char* key, std::int64_t least, const char* why) {
      const std::int64_t mib = t.integer(key, false, 0, 1'000'000'000).value_or(0);
      if (mib > 0 && mib < least)
        t.finding(key, std::to_string(mib) + " MiB is too little: " + why, "write " + std::to_string(least) + " or more, or 0 for no limit but the disk's");
      return static_cast<std::uint64_t>(mib);
    };
    store.quota_images_mib = quota("quota_images_mib", 256, "a few scans that are just being taken fill it, and evidence is refused");
    store.quota_thumbnails_mib = quota("quota_thumbnails_mib", 32, "the pictures of crossings that are open fill it, and evidence is refused");
    store.reserve_mib = static_cast<std::uint64_t>(t.integer("reserve_mib", false, 32, 1'000'000).value_or(static_cast<std::int64_t>(store.reserve_mib)));
    store.reference_images_mib = static_cast<std::uint64_t>(t.integer("reference_images_mib", false, 0, 1'000'000).value_or(static_cast<std::int64_t>(store.reference_images_mib)));
    store.reference_images_days = static_cast<int>(t.integer("reference_images_days", false, 1, 3650).value_or(store.reference_images_days));
    t.finish();
  }

  void plates(const Node& node) {
    TableReader t = reader(node, "plates");
    auto& plates = out_.site.plates;
    plates.certified_countries = t.texts("certified_countries");
    for (const std::string& country : plates.certified_countries)
      if (country.size() != 3 || !std::all_of(country.begin(), country.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
        t.finding("certified_countries", "\"" + country + "\" is no country", "write its three capital letters of ISO 3166-1: \"SRB\"");
    t.finish();
  }

  void lane(const Node& node, const std::string& path) {
    TableReader t = reader(node, path);
    lane::Config c;
    c.id.text = name(t);
    const auto kind = t.choice("kind", {"cargo", "sally_port", "nii"}, true).value_or("cargo");
    c.kind = kind == "nii" ? lane::Kind::nii : kind == "sally_port" ? lane::Kind::sally_port : lane::Kind::cargo;
    c.direction = t.choice("direction", {"entry", "exit"}).value_or(c.direction);
    c.required_evidence = t.texts("required_evidence");
    c.evidence_deadline = t.seconds("evidence_deadline_s", 1, 600).value_or(c.evidence_deadline);
    c.scan_deadline = t.seconds("scan_deadline_s", 1, 3600).value_or(c.scan_deadline);
    c.boom_travel_max = t.milliseconds("boom_travel_max_ms", 500, 60'000).value_or(c.boom_travel_max);
    c.input_age_max = t.milliseconds("input_age_max_ms", 50, 500).value_or(c.input_age_max);
    c.clear_before_lower = t.milliseconds("clear_before_lower_ms", 500, 60'000).value_or(c.clear_before_lower);
    c.passage_deadline = t.seconds("passage_deadline_s", 5, 3600).value_or(c.passage_deadline);
    c.permit_life = t.milliseconds("permit_life_ms", 50, 500).value_or(c.permit_life);
    c.presence_debounce = t.milliseconds("presence_debounce_ms", 0, 5'000).value_or(c.presence_debounce);
    c.override_needs_second = t.boolean("override_needs_second").value_or(c.override_needs_second);
    c.manual_boom_needs_second = t.boolean("manual_boom_needs_second").value_or(c.manual_boom_needs_second);
    c.look_back = t.milliseconds("look_back_ms", 0, 60'000).value_or(c.look_back);
    c.leave_debounce = t.milliseconds("leave_debounce_ms", 0, 60'000).value_or(c.leave_debounce);
    c.plate_confidence_min_percent =
        static_cast<int>(t.integer("plate_confidence_min_percent", false, 0, 100).value_or(c.plate_confidence_min_percent));
    c.weigh_min_kg = t.integer("weigh_min_kg", false, 0, 100'000).value_or(c.weigh_min_kg);
    c.weigh_change_max_kg = t.integer("weigh_change_max_kg", false, 0, 100'000).value_or(c.weigh_change_max_kg);
    c.weigh_settle = t.milliseconds("weigh_settle_ms", 0, 60'000).value_or(c.weigh_settle);
    c.gap_means_second = t.boolean("gap_means_second").value_or(c.gap_means_second);
    const auto presence = t.text("presence_timeout", true);
    if (presence && *presence != "none")
      t.finding("presence_timeout", "loop detectors that forget a standing vehicle after \"" + *presence + "\" would free the boom above it",
                "set the detectors to permanent presence and write presence_timeout = \"none\"");
    SitePart part{SitePart::Of::lane, c.id.text, path, t.line(), {}};
    part.lines["required_evidence"] = t.line_of("required_evidence");
    parts_.lanes.push_back(part);
    const auto devices = t.tables("device");
    if (devices.empty()) t.finding("device", "the lane has no device", "add [[lane.device]] tables");
    for (std::size_t n = 0; n < devices.size(); ++n)
      device(*devices[n], path + ".device[" + std::to_string(n) + "]", c);
    t.finish();
    out_.site.lanes.push_back(std::move(c));
  }

  void device(const Node& node, const std::string& path, lane::Config& lane) {
    TableReader t = reader(node, path);
    device::Settings s;
    s.lane = lane.id;
    s.role = t.choice("role", device_roles(), true).value_or("");
    s.id.text = t.text("id").value_or(lane.id.text + "-" + s.role);
    s.icd = t.text("icd", true).value_or("");
    if (const auto address = t.text("address", true)) {
      if (auto parsed = parse_address(*address))
        s.address = std::move(*parsed);
      else
        t.finding("address", parsed.error().what, "correct the address; forms are in config/SITE.md");
    }
    SitePart part{SitePart::Of::device, s.id.text, path, t.line(), {}};
    for (const char* key : {"role", "icd", "address", "id", "points", "options"}) part.lines[key] = t.line_of(key);
    if (const Node* points = t.table("points")) wiring(*points, path + ".points", s, part);
    if (const Node* options = t.table("options")) {
      TableReader o = reader(*options, path + ".options");
      for (const auto& [name, value] : *options->table()) {
        part.lines["options." + name] = value.line;
        s.options[name] = option_text(o, name, value);
      }
      o.finish();
    }
    t.finish();
    product(s, path, part);
    files(s);
    if (!s.role.empty()) lane.roles.push_back(s.role);
    for (const auto& w : s.wiring)
      if (is_input_point(w.point)) lane.inputs.push_back(w.point);
    parts_.devices.push_back(std::move(part));
    out_.site.devices.push_back(std::move(s));
  }

  static std::string option_text(TableReader& o, const std::string& name, const Node& value) {
    if (std::holds_alternative<std::int64_t>(value.value)) return std::to_string(o.integer(name).value_or(0));
    if (std::holds_alternative<bool>(value.value)) return o.boolean(name).value_or(false) ? "true" : "false";
    return o.text(name).value_or("");
  }

  /// point = "CHANNEL", or { channel = "CHANNEL", inverted = true }
  void wiring(const Node& node, const std::string& path, device::Settings& s, SitePart& part) {
    TableReader t = reader(node, path);
    for (const auto& [name, value] : *node.table()) {
      device::PointWiring w;
      w.point = name;
      part.lines["points." + name] = value.line;
      if (value.table()) {
        TableReader p = reader(*t.table(name), path + "." + name);
        w.channel = p.text("channel", true).value_or("");
        w.inverted = p.boolean("inverted").value_or(false);
        p.finish();
      } else {
        w.channel = t.text(name).value_or("");
      }
      s.wiring.push_back(std::move(w));
    }
    t.finish();
  }

  void product(const device::Settings& s, const std::string& path, const SitePart& part) {
    if (s.icd.empty() || out_.site.products.contains(s.icd) || broken_.contains(s.icd)) return;
    const std::string file = icd_directory_ + "/" + s.icd + ".json";
    std::error_code ignored;
    if (s.icd.find('/') != std::string::npos || !fs::is_regular_file(file, ignored)) {
      std::vector<std::string> known = known_icds(icd_directory_);
      const std::string near = nearest(s.icd, known);
      out_.findings.push_back({parts_.file, part.lines.at("icd"), path + ".icd", "there is no ICD \"" + s.icd + "\" in " + icd_directory_,
                               near.empty() ? "known: " + join(known) : "did you mean \"" + near + "\"?"});
      return;
    }
    ProductCheck check = read_product(file);
    if (check.product.id != s.icd && check.findings.empty())
      check.findings.push_back({file, 1, "id", "the file's id is \"" + check.product.id + "\"", "name the file after its id"});
    if (check.findings.empty())
      out_.site.products[s.icd] = std::move(check.product);
    else if (broken_.insert(s.icd).second)
      out_.findings.insert(out_.findings.end(), check.findings.begin(), check.findings.end());
  }

  /// Options that name files start at the site file too. That they exist is for the driver to say: a password is put in place later.
  void files(device::Settings& s) const {
    const auto found = out_.site.products.find(s.icd);
    if (found == out_.site.products.end()) return;
    for (auto& [name, value] : s.options)
      if (const icd::OptionSpec* spec = found->second.option(name); spec && spec->type == "file") value = resolved(value);
  }

  Tree tree_;
  std::string icd_directory_;
  SiteParts parts_;
  SiteCheck out_;
  std::set<std::string> broken_;  ///< ICD files with findings: told once
};

}  // namespace

const std::vector<std::string>& device_roles() {
  static const std::vector<std::string> roles{"io", "io_2", "io_3", "io_4", "scale", "plate_front", "plate_rear", "portal", "scanner"};
  return roles;
}

std::vector<std::string> known_icds(const std::string& directory) {
  std::vector<std::string> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".json") && !name.ends_with(".schema.json")) ids.push_back(entry.path().stem().string());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::string default_icd_directory() {
  if (const char* named = std::getenv("RAMPA_ICD_DIR"); named && *named) return named;
  std::error_code error;
  const fs::path binary = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    // Installed (PREFIX/bin, PREFIX/share/rampa/icd), or in a build tree inside the checkout.
    const fs::path installed = binary.parent_path().parent_path() / "share/rampa/icd";
    if (fs::is_directory(installed, error)) return installed.string();
    for (fs::path at = binary.parent_path(); at.has_relative_path(); at = at.parent_path()) {
      const fs::path here = at / "firmware-interfaces/icd";
      if (fs::is_directory(here, error)) return here.string();
    }
  }
  return "firmware-interfaces/icd";
}

SiteCheck read_site(const std::string& file, const std::string& icd_directory) { return SiteReader(file, icd_directory).read(); }

}  // namespace rampa::config
