#include "sync/bundle/container.hpp"

#include <algorithm>
#include <charconv>

#include "sync/bundle/limits.hpp"
#include "sync/digest.hpp"

namespace rampa::bundle {
namespace {

constexpr std::string_view k_first_line = "rampa-bundle 1\n", k_last_line = "end\n";
constexpr std::size_t k_line_max = 200;

bool word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/// Decimal without sign or leading zero.
bool number(std::string_view text, std::uint64_t& out) {
  if (text.empty() || text.size() > 16 || (text[0] == '0' && text.size() > 1)) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

std::string shown(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 80)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return "\"" + out + "\"";
}

/// "7.root.json" with role "root": 7.
bool versioned(std::string_view name, std::string_view role, std::uint64_t& version) {
  const std::string tail = "." + std::string(role) + ".json";
  return name.size() > tail.size() && name.ends_with(tail) && number(name.substr(0, name.size() - tail.size()), version) && version > 0;
}

}  // namespace

bool good_target_name(std::string_view name) {
  if (name.empty() || name.size() > 100 || name[0] == '.' || name[0] == '-' || name[0] == '_') return false;
  for (const char c : name)
    if (!word_character(c)) return false;
  return name.find("..") == std::string_view::npos;
}

Checked<std::vector<Part>> unpack(std::string_view bundle) {
  if (bundle.size() > limits::bundle_bytes_max)
    return refuse(Reason::too_large, "bundle", std::to_string(bundle.size()) + " bytes, at most " + std::to_string(limits::bundle_bytes_max));
  if (!bundle.starts_with(k_first_line)) {
    if (k_first_line.starts_with(bundle)) return refuse(Reason::truncated, "bundle", "ends within its first line");
    return refuse(Reason::not_a_bundle, "bundle", "does not begin with \"rampa-bundle 1\"");
  }
  std::string_view left = bundle.substr(k_first_line.size());
  std::vector<Part> parts;
  for (;;) {
    const std::string at = "byte " + std::to_string(bundle.size() - left.size());
    const auto newline = left.substr(0, k_line_max).find('\n');
    if (newline == std::string_view::npos) {
      if (left.size() < k_line_max) return refuse(Reason::truncated, "bundle", "ends at " + at + " where a part or the end is expected");
      return refuse(Reason::bad_part_name, "bundle", "no part begins at " + at);
    }
    const std::string_view line = left.substr(0, newline);
    left.remove_prefix(newline + 1);
    if (line == "end") {
      if (!left.empty()) return refuse(Reason::trailing_bytes, "bundle", std::to_string(left.size()) + " bytes follow the end");
      return parts;
    }
    const auto space = line.find(' ');
    const std::string_view name = line.substr(0, space);
    std::uint64_t length = 0;
    if (space == std::string_view::npos || !number(line.substr(space + 1), length))
      return refuse(Reason::bad_part_name, "bundle", "no \"name length\" at " + at);
    for (const char c : name)
      if (!word_character(c) && c != '/') return refuse(Reason::bad_part_name, "bundle", shown(name) + " at " + at);
    if (parts.size() == limits::parts_max)
      return refuse(Reason::too_large, "bundle", "more than " + std::to_string(limits::parts_max) + " parts");
    const std::size_t most = name.starts_with("targets/") ? limits::target_bytes_max : limits::metadata_bytes_max;
    if (length > most)
      return refuse(Reason::too_large, "bundle", shown(name) + " has " + std::to_string(length) + " bytes, at most " + std::to_string(most));
    if (left.size() < length + 1) return refuse(Reason::truncated, "bundle", "ends within " + shown(name));
    if (left[length] != '\n') return refuse(Reason::bad_part_name, "bundle", shown(name) + " does not end where its length says");
    parts.push_back({name, left.substr(0, length)});
    left.remove_prefix(length + 1);
  }
}

std::string pack(const std::vector<Part>& parts) {
  std::string out(k_first_line);
  for (const Part& part : parts) {
    out.append(part.name).append(" ").append(std::to_string(part.bytes.size())).append("\n");
    out.append(part.bytes).append("\n");
  }
  return out.append(k_last_line);
}

Checked<Parts> sort_parts(const std::vector<Part>& parts) {
  Parts out;
  int stage = 0;  // of the part before: 0 root, 1 timestamp, 2 snapshot, 3 targets, 4 break-glass, 5 payload
  const auto stands = [&](int at, bool many) {
    const bool fine = at > stage || (at == stage && many);
    stage = std::max(stage, at);
    return fine;
  };
  for (const Part& part : parts) {
    bool placed = false;
    std::uint64_t version = 0;
    if (versioned(part.name, "root", version)) {
      placed = stage == 0 && (out.roots.empty() || version > out.roots.back().version);
      if (placed && !out.roots.empty() && version != out.roots.back().version + 1)
        return refuse(Reason::root_skipped, "root", "root " + std::to_string(version) + " follows root " + std::to_string(out.roots.back().version));
      if (out.roots.size() == limits::roots_max)
        return refuse(Reason::too_large, "bundle", "more than " + std::to_string(limits::roots_max) + " roots");
      out.roots.push_back({version, part.bytes});
    } else if (part.name == "timestamp.json") {
      placed = stands(1, false);
      out.timestamp = part.bytes;
    } else if (versioned(part.name, "snapshot", out.snapshot_version)) {
      placed = stands(2, false);
      out.snapshot = part.bytes;
    } else if (versioned(part.name, "targets", out.targets_version)) {
      placed = stands(3, false);
      out.targets = part.bytes;
    } else if (part.name == "breakglass.json") {
      placed = stands(4, false);
      out.breakglass = part.bytes;
    } else if (part.name.starts_with("targets/")) {
      const std::string_view rest = part.name.substr(8);
      if (rest.size() < 66 || rest[64] != '.' || !sync::parse_sha256(rest.substr(0, 64)) || !good_target_name(rest.substr(65)))
        return refuse(Reason::bad_part_name, "bundle", shown(part.name) + " is not targets/SHA256.NAME");
      if (out.payload.size() == limits::deltas_max)
        return refuse(Reason::too_large, "bundle", "more than " + std::to_string(limits::deltas_max) + " targets");
      placed = stands(5, true);
      out.payload.push_back({rest.substr(0, 64), rest.substr(65), part.bytes});
    } else {
      return refuse(Reason::bad_part_name, "bundle", "there is no part " + shown(part.name));
    }
    if (!placed) return refuse(Reason::part_out_of_order, "bundle", shown(part.name) + " stands out of order or twice");
    if (part.bytes.empty()) return refuse(Reason::truncated, "bundle", shown(part.name) + " is empty");
  }
  return out;
}

}  // namespace rampa::bundle
