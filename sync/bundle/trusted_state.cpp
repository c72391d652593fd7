#include "sync/bundle/trusted_state.hpp"

#include <algorithm>

#include "firmware-interfaces/same_person.hpp"
#include "sync/bundle/fields_internal.hpp"
#include "sync/bundle/json_walk.hpp"
#include "sync/bundle/limits.hpp"

namespace rampa::bundle {
namespace {

using Json = nlohmann::json;

constexpr std::size_t k_state_bytes_max = 8u << 20;

Json role_json(const TrustedRole& role) { return {{"version", role.version}, {"sha256", hex(role.hash)}, {"expires_ms", role.expires.ms}}; }

Json set_json(const std::optional<InstalledSet>& set) {
  if (!set) return nullptr;
  Json files = Json::array();
  for (const SetFile& file : set->files) files.push_back({{"delta", file.delta}, {"hash", hex(file.hash)}, {"bytes", file.bytes}});
  return {{"release", set->release}, {"version", set->version}, {"set_hash", hex(set->set_hash)}, {"profiles", set->profiles},
          {"installed_ms", set->installed_at.ms}, {"signers", set->signers}, {"files", files}};
}

/// A file that only this program writes and whose check sum was right; what does not fit all the same is damage.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}
  bool fine = true;

  const Json& at(const char* key) {
    static const Json nothing;
    const auto it = json_.is_object() ? json_.find(key) : json_.end();
    if (json_.is_object() && it != json_.end()) return *it;
    fine = false;
    return nothing;
  }
  std::uint64_t number(const char* key) {
    const Json& value = at(key);
    if (value.is_number_unsigned()) return value.get<std::uint64_t>();
    fine = false;
    return 0;
  }
  WallTime time(const char* key) {
    const Json& value = at(key);
    if (value.is_number_integer()) return {value.get<std::int64_t>()};
    fine = false;
    return {};
  }
  bool flag(const char* key) {
    const Json& value = at(key);
    fine = fine && value.is_boolean();
    return value.is_boolean() && value.get<bool>();
  }
  std::string text(const char* key) {
    const Json& value = at(key);
    if (value.is_string()) return value.get<std::string>();
    fine = false;
    return {};
  }
  Sha256 hash(const char* key) {
    const auto parsed = parse_sha256(text(key));
    fine = fine && parsed;
    return parsed.value_or(Sha256{});
  }
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> out;
    for (const Json& value : at(key)) {
      fine = fine && value.is_string();
      if (value.is_string()) out.push_back(value.get<std::string>());
    }
    return out;
  }

 private:
  const Json& json_;
};

bool read_role(const Json& json, TrustedRole& role) {
  Reader r(json);
  role = {r.number("version"), r.hash("sha256"), r.time("expires_ms")};
  return r.fine;
}

bool read_set(const Json& json, std::optional<InstalledSet>& set) {
  if (json.is_null()) return true;
  Reader r(json);
  InstalledSet out;
  out.release = r.number("release");
  out.version = r.text("version");
  out.set_hash = r.hash("set_hash");
  out.profiles = r.number("profiles");
  out.installed_at = r.time("installed_ms");
  out.signers = r.texts("signers");
  for (const Json& one : r.at("files")) {
    Reader file(one);
    out.files.push_back({file.flag("delta"), file.hash("hash"), file.number("bytes")});
    r.fine = r.fine && file.fine;
  }
  set = std::move(out);
  return r.fine;
}

}  // namespace

Checked<std::vector<std::string>> check_signers(const Envelope& envelope, const KeyRing& keys, const Role& role, const std::string& where) {
  std::map<std::string, std::string> persons;  // by how they compare
  for (const auto& [id, signature] : envelope.signatures) {
    const auto key = keys.find(id);
    if (key == keys.end() || std::find(role.key_ids.begin(), role.key_ids.end(), id) == role.key_ids.end())
      return refuse(Reason::unknown_signer, where, "key " + id.substr(0, 12) + "... may not sign this");
    if (!verifies(envelope.signed_text, signature, key->second))
      return refuse(Reason::bad_signature, where, "the signature of " + key->second.person + " (" + id.substr(0, 12) + "...) is not over these bytes");
    persons.emplace(folded_person(key->second.person), key->second.person);
  }
  const std::string counted = std::to_string(role.threshold) + " are asked for";
  if (envelope.signatures.size() < role.threshold)
    return refuse(Reason::too_few_signatures, where, std::to_string(envelope.signatures.size()) + " signatures, " + counted);
  if (persons.size() < role.threshold)
    return refuse(Reason::same_person_twice, where, std::to_string(envelope.signatures.size()) + " signatures of " + std::to_string(persons.size()) + " persons, " + counted);
  std::vector<std::string> names;
  for (const auto& [folded, name] : persons) names.push_back(name);
  return names;
}

Checked<TrustedState> first_trust(std::string_view text, WallTime now) {
  auto envelope = read_envelope(text, "root");
  if (!envelope) return tl::unexpected(envelope.error());
  auto root = read_root(envelope->signed_text);
  if (!root) return tl::unexpected(root.error());
  if (auto signers = check_signers(*envelope, root->keys, root->roles["root"], "root"); !signers) return tl::unexpected(signers.error());
  if (root->expires <= now) return refuse(Reason::expired, "root", "expired on " + time_text(root->expires));
  TrustedState state;
  state.root = text;
  state.roots[root->version] = sha256(text);
  state.last_seen = now;
  return state;
}

std::string write_state(const TrustedState& s) {
  Json roots = Json::array(), used = Json::array(), history = Json::array();
  for (const auto& [version, hash] : s.roots) roots.push_back({{"version", version}, {"sha256", hex(hash)}});
  for (const auto& [hash, expires] : s.breakglass_used) used.push_back({{"sha256", hex(hash)}, {"expires_ms", expires.ms}});
  for (const Activation& a : s.history)
    history.push_back({{"at_ms", a.at.ms}, {"how", a.how}, {"release", a.release}, {"version", a.version}, {"set_hash", hex(a.set_hash)},
                       {"persons", a.persons}, {"reason", a.reason}});
  const Json json = {{"format", 1u}, {"generation", s.generation}, {"root", s.root}, {"roots", roots}, {"timestamp", role_json(s.timestamp)},
                     {"snapshot", role_json(s.snapshot)}, {"targets", role_json(s.targets)}, {"highest_release", s.highest_release},
                     {"last_seen_ms", s.last_seen.ms}, {"active", set_json(s.active)}, {"last_good", set_json(s.last_good)},
                     {"breakglass_used", used}, {"history", history}};
  std::string line = json.dump();
  const std::string check = hex(sha256(line));
  return line.append("\n").append(check).append("\n");
}

Checked<TrustedState> read_state(std::string_view text) {
  const auto damaged = [](const std::string& what) { return refuse(Reason::trust_damaged, "state", what); };
  if (text.size() > k_state_bytes_max) return damaged("larger than it can be");
  const auto newline = text.find('\n');
  if (newline == std::string_view::npos) return damaged("has no check sum");
  const std::string_view line = text.substr(0, newline);
  if (text.substr(newline + 1) != hex(sha256(line)) + "\n") return damaged("does not fit its check sum");
  const Json json = Json::parse(line, nullptr, false);
  Reader r(json);
  TrustedState s;
  if (r.number("format") != 1) return damaged("has another format");
  s.generation = r.number("generation");
  s.root = r.text("root");
  for (const Json& one : r.at("roots")) {
    Reader root(one);
    s.roots[root.number("version")] = root.hash("sha256");
    r.fine = r.fine && root.fine;
  }
  bool fine = read_role(r.at("timestamp"), s.timestamp) && read_role(r.at("snapshot"), s.snapshot) && read_role(r.at("targets"), s.targets) &&
              read_set(r.at("active"), s.active) && read_set(r.at("last_good"), s.last_good);
  s.highest_release = r.number("highest_release");
  s.last_seen = r.time("last_seen_ms");
  for (const Json& one : r.at("breakglass_used")) {
    Reader used(one);
    s.breakglass_used.emplace_back(used.hash("sha256"), used.time("expires_ms"));
    fine = fine && used.fine;
  }
  for (const Json& one : r.at("history")) {
    Reader a(one);
    s.history.push_back({a.time("at_ms"), a.text("how"), a.number("release"), a.text("version"), a.hash("set_hash"), a.texts("persons"), a.text("reason")});
    fine = fine && a.fine;
  }
  if (!fine || !r.fine) return damaged("lacks a field");
  return s;
}

}  // namespace rampa::bundle
