// The other direction: what is signed.
#include <nlohmann/json.hpp>

#include "edge/crossing/canonical_json.hpp"
#include "sync/bundle/metadata.hpp"

namespace rampa::bundle {
namespace {

using Json = nlohmann::json;

Json headed(const std::string& role, std::uint64_t version, WallTime expires) {
  return {{"_type", role}, {"spec_version", "1.0.31"}, {"version", version}, {"expires", time_text(expires)}};
}
Json role_json(const Role& role) { return {{"keyids", role.key_ids}, {"threshold", role.threshold}}; }
/// nlohmann's objects are ordered by bytes and all our keys are ASCII; canonical_json() sees to the rest.
std::string canonical(const Json& json) { return canonical_json(json.dump()).value_or(""); }

}  // namespace

std::string write_root(const Root& root) {
  Json json = headed("root", root.version, root.expires);
  json["consistent_snapshot"] = true;
  json["keys"] = Json::object();
  for (const auto& [id, key] : root.keys) json["keys"][id] = Json::parse(key_json(key));
  for (const auto& [name, role] : root.roles) (name == "breakglass" ? json["custom"] : json["roles"])[name] = role_json(role);
  return canonical(json);
}

std::string write_listing(const Listing& listing, const std::string& role) {
  Json json = headed(role, listing.version, listing.expires);
  json["meta"][role == "snapshot" ? "targets.json" : "snapshot.json"] = {
      {"version", listing.file.version}, {"length", listing.file.length}, {"hashes", {{"sha256", hex(listing.file.hash)}}}};
  return canonical(json);
}

std::string write_targets(const Targets& targets) {
  Json json = headed("targets", targets.version, targets.expires);
  json["targets"] = Json::object();
  for (const auto& [name, t] : targets.targets) {
    Json custom = {{"kind", t.delta ? "delta" : "set"}, {"encoding", t.zstd ? "zstd" : "identity"}, {"posts", t.posts}, {"release", t.release},
                   {"version", t.version}, {"unpacked_length", t.unpacked_length}, {"set_hash", hex(t.set_hash)}};
    if (t.delta) custom["base_hash"] = hex(t.base_hash);
    json["targets"][name] = {{"length", t.length}, {"hashes", {{"sha256", hex(t.hash)}}}, {"custom", custom}};
  }
  return canonical(json);
}

std::string write_breakglass(const BreakGlass& r) {
  Json json = {{"_type", "breakglass"}, {"spec_version", "1.0.31"}, {"post", r.post}, {"from_release", r.from_release},
               {"to_release", r.to_release}, {"from_hash", hex(r.from_hash)}, {"to_hash", hex(r.to_hash)}, {"reason", r.reason},
               {"expires", time_text(r.expires)}};
  return canonical(json);
}

}  // namespace rampa::bundle
