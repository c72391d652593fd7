// What can only be judged over the whole site: names used twice, wiring against products, points that a lane's kind needs.
#include <algorithm>
#include <charconv>
#include <functional>

#include "config/address.hpp"
#include "firmware-interfaces/device/address_rules.hpp"
#include "config/fields.hpp"
#include "config/site_parts.hpp"
#include "firmware-interfaces/device/lane_points.hpp"

namespace rampa::config {
namespace {

namespace points = device::points;

const std::vector<std::string>& input_points() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> out;
    for (auto p : {points::loop_entry, points::loop_boom, points::loop_exit, points::photocell, points::boom_open,
                   points::boom_closed, points::emergency_stop, points::manual_mode, points::loop_boom_2,
                   points::photocell_2, points::boom_open_2, points::boom_closed_2})
      out.emplace_back(p);
    return out;
  }();
  return all;
}

const std::vector<std::string>& output_points() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> out;
    for (auto p : {points::boom_raise, points::boom_lower, points::boom_raise_2, points::boom_lower_2, points::light_red,
                   points::light_green, points::light_red_2, points::light_green_2, points::beacon})
      out.emplace_back(p);
    return out;
  }();
  return all;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// Points without which a lane of this kind can't be run safely: what senses a vehicle under each boom, and what tells
/// where each boom is.
std::vector<std::string> needed_points(lane::Kind kind) {
  std::vector<std::string> out{"loop_entry", "loop_boom", "loop_exit", "photocell", "boom_open", "boom_closed", "boom_raise", "boom_lower"};
  if (kind == lane::Kind::sally_port)
    for (const char* p : {"loop_boom_2", "photocell_2", "boom_open_2", "boom_closed_2", "boom_raise_2", "boom_lower_2"}) out.emplace_back(p);
  return out;
}

const std::map<std::string, std::vector<std::string>>& classes_of_roles() {
  static const std::map<std::string, std::vector<std::string>> classes{
      {"io", {"digital_io"}},
      {"io_2", {"digital_io"}},
      {"io_3", {"digital_io"}},
      {"io_4", {"digital_io"}},
      {"scale", {"scale"}},
      {"plate_front", {"plate_camera", "camera"}},
      {"plate_rear", {"plate_camera", "camera"}},
      {"portal", {"portal_monitor"}},
      {"scanner", {"nii_scanner"}},
  };
  return classes;
}

bool is_date(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (std::size_t i = 0; i < 10; ++i)
    if (i != 4 && i != 7 && (text[i] < '0' || text[i] > '9')) return false;
  const int month = std::stoi(text.substr(5, 2)), day = std::stoi(text.substr(8, 2));
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

class SiteChecks {
 public:
  SiteChecks(const Site& site, const SiteParts& parts, std::vector<Finding>& findings)
      : site_(site), parts_(parts), findings_(findings) {}

  void run() {
    twice();
    for (std::size_t n = 0; n < site_.devices.size(); ++n) device(site_.devices[n], parts_.devices[n]);
    for (std::size_t n = 0; n < site_.lanes.size(); ++n) lane(site_.lanes[n], parts_.lanes[n]);
    ports();
    cables();
    listeners();
  }

 private:
  void find(const SitePart& part, const std::string& key, std::string cause, std::string remedy) {
    const auto line = part.lines.find(key);
    findings_.push_back({parts_.file, line == part.lines.end() ? part.line : line->second,
                         key.empty() ? part.path : part.path + "." + key, std::move(cause), std::move(remedy)});
  }

  void twice() {
    std::map<std::string, const SitePart*> seen;
    for (const auto* list : {&parts_.lanes, &parts_.devices})
      for (const auto& part : *list) {
        if (part.id.empty()) continue;
        const auto [at, fresh] = seen.emplace(part.id, &part);
        if (!fresh)
          find(part, "id", "the id \"" + part.id + "\" is already used at line " + std::to_string(at->second->line),
               "give every lane and device an id of its own");
      }
    std::map<std::pair<std::string, std::string>, const SitePart*> roles;
    for (std::size_t n = 0; n < site_.devices.size(); ++n) {
      const auto& s = site_.devices[n];
      if (s.role.empty()) continue;
      const auto [at, fresh] = roles.emplace(std::pair{s.lane.text, s.role}, &parts_.devices[n]);
      if (!fresh)
        find(parts_.devices[n], "role", "lane " + s.lane.text + " has already a device in the role \"" + s.role + "\" at line " +
             std::to_string(at->second->line), "one device per role and lane");
    }
  }

  void device(const device::Settings& s, const SitePart& part) {
    for (const auto& w : s.wiring) {
      const bool known = contains(input_points(), w.point) || contains(output_points(), w.point);
      if (known) continue;
      std::vector<std::string> all = input_points();
      all.insert(all.end(), output_points().begin(), output_points().end());
      const std::string near = nearest(w.point, all);
      find(part, "points." + w.point, "a lane has no point of this name", near.empty() ? "known: " + join(all) : "did you mean \"" + near + "\"?");
    }
    const auto found = site_.products.find(s.icd);
    if (found == site_.products.end()) return;
    const icd::Product& product = found->second;
    if (const auto classes = classes_of_roles().find(s.role); classes != classes_of_roles().end())
      if (!contains(classes->second, product.device_class))
        find(part, "icd", "\"" + s.icd + "\" is a " + product.device_class + " and can't be the lane's " + s.role,
             "use a product of class " + join(classes->second));
    if (!s.address.scheme.empty() && !contains(product.transports, transport_of(s.address.scheme)))
      find(part, "address", "\"" + s.icd + "\" is not reached by " + s.address.scheme, "its transports: " + join(product.transports));
    wiring(s, part, product);
    options(s, part, product);
  }

  void wiring(const device::Settings& s, const SitePart& part, const icd::Product& product) {
    if (product.device_class != "digital_io") {
      if (!s.wiring.empty()) find(part, "points", "only digital I/O carries lane points", "remove the table");
      return;
    }
    std::map<std::string, std::string> taken;
    std::vector<std::string> channels;
    for (const auto& p : product.points)
      if (p.type == icd::Type::bit) channels.push_back(p.name);
    for (const auto& w : s.wiring) {
      const std::string key = "points." + w.point;
      const icd::Point* channel = product.find(w.channel);
      if (!channel || channel->type != icd::Type::bit) {
        const std::string near = nearest(w.channel, channels);
        find(part, key, "\"" + s.icd + "\" has no channel \"" + w.channel + "\"",
             (near.empty() ? "" : "did you mean \"" + near + "\"? ") + ("channels: " + join(channels)));
        continue;
      }
      if (contains(output_points(), w.point) && !channel->writable)
        find(part, key, "\"" + w.point + "\" is an output and \"" + w.channel + "\" is an input", "wire it to an output channel");
      if (contains(input_points(), w.point) && channel->writable)
        find(part, key, "\"" + w.point + "\" is an input and \"" + w.channel + "\" is an output", "wire it to an input channel");
      if (w.inverted && w.point.starts_with("boom_") && channel->writable)
        find(part, key, "an inverted barrier output would move the boom when the module fails", "use a contact that is open at rest");
      const auto [at, fresh] = taken.emplace(w.channel, w.point);
      if (!fresh) find(part, key, "channel \"" + w.channel + "\" already carries \"" + at->second + "\"", "one point per channel");
    }
  }

  void options(const device::Settings& s, const SitePart& part, const icd::Product& product) {
    std::vector<std::string> known;
    for (const auto& o : product.options) {
      known.push_back(o.name);
      if (o.required && !s.options.contains(o.name))
        find(part, "options", "the option \"" + o.name + "\" is missing: " + o.meaning, "add it to [lane.device.options]");
    }
    for (const auto& [name, value] : s.options) {
      const std::string key = "options." + name;
      const icd::OptionSpec* spec = product.option(name);
      if (!spec) {
        const std::string near = nearest(name, known);
        find(part, key, "\"" + s.icd + "\" has no option of this name",
             near.empty() ? (known.empty() ? "it has none" : "known: " + join(known)) : "did you mean \"" + near + "\"?");
        continue;
      }
      if (spec->type == "date" && !is_date(value)) find(part, key, "\"" + value + "\" is no date", "write YYYY-MM-DD");
      if (spec->type == "boolean" && value != "true" && value != "false") find(part, key, "must be true or false", "write one of the two");
      if (spec->type == "choice" && !contains(spec->choices, value)) find(part, key, "\"" + value + "\" is not known", "write one of: " + join(spec->choices));
      if (spec->type == "tcp_address")
        if (auto address = device::tcp_address(value); !address) find(part, key, address.error().what, spec->meaning);
      if (spec->type == "text" && spec->required && value.empty()) find(part, key, "must not be empty", spec->meaning);
      if (spec->type == "integer") integer(part, key, *spec, value);
    }
  }

  void integer(const SitePart& part, const std::string& key, const icd::OptionSpec& spec, const std::string& value) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool whole = error == std::errc{} && end == value.data() + value.size();
    if (whole && (!spec.min || number >= *spec.min) && (!spec.max || number <= *spec.max)) return;
    std::string range = spec.min ? " from " + std::to_string(*spec.min) : "";
    if (spec.max) range += " to " + std::to_string(*spec.max);
    find(part, key, "\"" + value + "\" is not a valid value", "write a whole number" + range + (spec.unit.empty() ? "" : " " + spec.unit));
  }

  void lane(const lane::Config& c, const SitePart& part) {
    for (const auto& role : c.required_evidence)
      if (!contains(c.roles, role) || role.starts_with("io"))
        find(part, "required_evidence", "the lane has no evidence from a role \"" + role + "\"", "roles with evidence here: " + join(evidence_roles(c)));
    if (c.kind == lane::Kind::nii && !contains(c.roles, "scanner"))
      find(part, "", "an NII lane has no scanner", "add a device with role = \"scanner\"");
    if (!contains(c.roles, "io")) {
      find(part, "", "the lane has no digital I/O: nothing could move or sense its barrier", "add a device with role = \"io\"");
      return;
    }
    std::map<std::string, std::string> wired;  // point -> device
    for (std::size_t n = 0; n < site_.devices.size(); ++n) {
      const auto& s = site_.devices[n];
      if (s.lane != c.id) continue;
      for (const auto& w : s.wiring) {
        const auto [at, fresh] = wired.emplace(w.point, s.id.text);
        if (!fresh) find(parts_.devices[n], "points." + w.point, "the point is already wired at device " + at->second, "wire each point once per lane");
        if (s.role != "io" && contains(output_points(), w.point))
          find(parts_.devices[n], "points." + w.point, "outputs of a lane belong to its device in the role \"io\"", "move the output there: one actuator, one owner");
      }
    }
    std::vector<std::string> missing;
    for (const auto& p : needed_points(c.kind))
      if (!wired.contains(p)) missing.push_back(p);
    if (!missing.empty())
      find(part, "", "points that this kind of lane needs are not wired: " + join(missing), "add them to [lane.device.points] of its I/O module");
    // Beyond the kind: any barrier output that is wired needs both feedback contacts of its boom.
    for (const std::string suffix : {"", "_2"})
      if (wired.contains("boom_raise" + suffix) || wired.contains("boom_lower" + suffix))
        for (const std::string contact : {"boom_open", "boom_closed"})
          if (!wired.contains(contact + suffix) && !contains(missing, contact + suffix))
            find(part, "", "a barrier output without the feedback contact \"" + contact + suffix + "\"", "wire the contact: an acknowledged command is not motion");
  }

  static std::vector<std::string> evidence_roles(const lane::Config& c) {
    std::vector<std::string> out;
    for (const auto& role : c.roles)
      if (!role.starts_with("io")) out.push_back(role);
    return out;
  }

  /// Cameras of one address have paths of their own.
  static bool shares_its_port(const device::Address& a) { return a.scheme == "push" || a.scheme == "http" || a.scheme == "rtsp"; }

  /// One port has one protocol and one character format.
  void ports() {
    std::map<std::string, std::size_t> first;
    for (std::size_t n = 0; n < site_.devices.size(); ++n) {
      const auto& a = site_.devices[n].address;
      if (a.scheme.empty() || shares_its_port(a)) continue;
      const auto [at, fresh] = first.emplace(a.host.empty() ? a.path : a.host + ":" + std::to_string(a.port), n);
      if (fresh) continue;
      const auto& other = site_.devices[at->second];
      if (other.address.scheme != a.scheme)
        find(parts_.devices[n], "address", "device " + other.id.text + " is on the same port with " + other.address.scheme, "one port has one protocol");
      else if (a.host.empty() && device::line_format(a).value_or(device::LineFormat{}) != device::line_format(other.address).value_or(device::LineFormat{}))
        find(parts_.devices[n], "address", "device " + other.id.text + " on the same line has another baud rate or format", "give all devices of a line the same");
    }
  }

  /// Two devices with one cable and one unit would answer for each other.
  void cables() {
    std::map<std::string, std::string> seen;
    for (std::size_t n = 0; n < site_.devices.size(); ++n) {
      const auto& a = site_.devices[n].address;
      if (a.scheme.empty() || shares_its_port(a)) continue;
      const auto unit = a.query.find("unit");
      const std::string place = a.cable() + "|" + (unit == a.query.end() ? "1" : unit->second);
      const auto [at, fresh] = seen.emplace(place, site_.devices[n].id.text);
      if (!fresh) find(parts_.devices[n], "address", "the address is already that of device " + at->second, "one device per address and unit");
    }
  }

  void listeners() {
    std::map<std::string, std::string> paths;
    for (std::size_t n = 0; n < site_.devices.size(); ++n) {
      const auto& a = site_.devices[n].address;
      if (a.scheme != "push") continue;
      const auto [at, fresh] = paths.emplace(std::to_string(a.port) + a.path, site_.devices[n].id.text);
      if (!fresh) find(parts_.devices[n], "address", "device " + at->second + " already posts to this port and path", "give each camera a path of its own");
      if (a.port == site_.http.port)
        find(parts_.devices[n], "address", "port " + std::to_string(a.port) + " is the officers' HTTP port", "listen for cameras on a port of the device network");
    }
  }

  const Site& site_;
  const SiteParts& parts_;
  std::vector<Finding>& findings_;
};

}  // namespace

bool is_input_point(const std::string& point) { return contains(input_points(), point); }

void check_site(const Site& site, const SiteParts& parts, std::vector<Finding>& findings) { SiteChecks(site, parts, findings).run(); }

}  // namespace rampa::config
