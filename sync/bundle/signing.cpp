#include "sync/bundle/signing.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "edge/crossing/canonical_json.hpp"
#include "sync/bundle/compression.hpp"
#include "sync/bundle/container.hpp"
#include "sync/bundle/trusted_state.hpp"

namespace rampa::bundle {
namespace {

template <class T>
tl::unexpected<Error> as_error(const Checked<T>& checked) {
  return tl::unexpected(to_error(checked.error()));
}

std::map<std::string, Signature> signatures(std::string_view text, const std::vector<KeyPair>& signers) {
  std::map<std::string, Signature> out;
  for (const KeyPair& keys : signers) out[key_id(keys.open)] = sign(text, keys);
  return out;
}

MetaFile meta_of(std::string_view metadata, std::uint64_t version) { return {version, metadata.size(), sha256(metadata)}; }

}  // namespace

Result<std::string> canonical_set(std::string_view json) {
  auto canonical = canonical_json(json);
  if (!canonical) return canonical;
  nlohmann::json set = nlohmann::json::parse(*canonical, nullptr, false);
  if (!set.is_object() || !set.contains("profiles") || !set["profiles"].is_array())
    return fail(ErrorCode::invalid, "a profile set is an object with a list of `profiles`");
  auto& profiles = set["profiles"];
  for (std::size_t i = 0; i < profiles.size(); ++i)
    if (!profiles[i].is_object() || !profiles[i].contains("id") || !profiles[i]["id"].is_string())
      return fail(ErrorCode::invalid, "profiles[" + std::to_string(i) + "].id: is missing or no text; give every profile an id of its own");
  std::sort(profiles.begin(), profiles.end(), [](const auto& a, const auto& b) { return a["id"].template get_ref<const std::string&>() < b["id"].template get_ref<const std::string&>(); });
  auto text = canonical_json(set.dump());
  if (!text) return text;
  if (auto table = ProfileTable::read(hold(*text)); !table) return fail(ErrorCode::invalid, text_of(table.error()));
  return text;
}

Result<Root> root_of(std::string_view metadata) {
  auto envelope = read_envelope(metadata, "root");
  if (!envelope) return as_error(envelope);
  auto root = read_root(envelope->signed_text);
  if (!root) return as_error(root);
  return std::move(*root);
}

Result<std::string> make_root(const RootPlan& plan, const std::vector<KeyPair>& signers) {
  Root root;
  root.version = plan.version;
  root.expires = plan.expires;
  for (const auto& [name, keys] : plan.keys) {
    Role& role = root.roles[name];
    const auto threshold = plan.thresholds.find(name);
    role.threshold = threshold != plan.thresholds.end() ? threshold->second : name == "snapshot" || name == "timestamp" ? 1 : 2;
    for (const PublicKey& key : keys) {
      root.keys[key_id(key)] = key;
      role.key_ids.push_back(key_id(key));
    }
    std::sort(role.key_ids.begin(), role.key_ids.end());
  }
  const std::string text = write_root(root);
  if (auto read = read_root(text); !read) return as_error(read);
  return write_envelope(text, signatures(text, signers));
}

Result<std::string> add_signatures(std::string_view metadata, const std::string& role, const std::vector<KeyPair>& signers) {
  auto envelope = read_envelope(metadata, role);
  if (!envelope) return as_error(envelope);
  std::map<std::string, Signature> all(envelope->signatures.begin(), envelope->signatures.end());
  for (const auto& [id, signature] : signatures(envelope->signed_text, signers))
    if (!all.emplace(id, signature).second) return fail(ErrorCode::invalid, "key " + id.substr(0, 12) + "... has signed already");
  return write_envelope(envelope->signed_text, all);
}

std::vector<KeyPair> keys_of_role(const Root& root, const std::string& role, const std::vector<KeyPair>& keys) {
  std::vector<KeyPair> out;
  const auto found = root.roles.find(role);
  if (found == root.roles.end()) return out;
  const auto& ids = found->second.key_ids;
  for (const KeyPair& pair : keys)
    if (std::find(ids.begin(), ids.end(), key_id(pair.open)) != ids.end()) out.push_back(pair);
  return out;
}

Result<Draft> make_draft(const DraftPlan& plan, const std::vector<KeyPair>& signers) {
  if (plan.roots.empty()) return fail(ErrorCode::invalid, "a bundle needs the root that names its signers");
  auto root = root_of(plan.roots.back());
  if (!root) return tl::unexpected(root.error());
  auto table = ProfileTable::read(hold(plan.set));
  if (!table) return as_error(table);
  if (table->version().empty()) return fail(ErrorCode::invalid, "version: is missing or no text; a set has a version");
  Target target;
  std::string text = plan.set;
  if (!plan.base.empty()) {
    auto base = ProfileTable::read(hold(plan.base));
    if (!base) return as_error(base);
    target.delta = true;
    target.base_hash = base->hash();
    text = write_delta(*base, *table);
    auto delta = read_delta(hold(text));
    if (!delta) return as_error(delta);
    if (auto result = base->with(*delta); !result) return as_error(result);
  }
  target.unpacked_length = text.size();
  if (plan.zstd_level != 0) {
    auto packed = pack_zstd(text, plan.zstd_level);
    if (!packed) return tl::unexpected(packed.error());
    text = std::move(*packed);
    target.zstd = true;
  }
  target.length = text.size();
  target.hash = sha256(text);
  target.posts = plan.posts;
  target.release = plan.release;
  target.version = table->version();
  target.set_hash = table->hash();
  const std::string name = plan.name.empty() ? "profiles-" + std::to_string(plan.release) : plan.name;
  Targets targets;
  targets.version = plan.targets_version;
  targets.expires = plan.expires;
  targets.targets[name] = target;
  const std::string signed_text = write_targets(targets);
  if (auto read = read_targets(signed_text); !read) return as_error(read);
  Draft draft;
  draft.roots = plan.roots;
  draft.targets = write_envelope(signed_text, signatures(signed_text, keys_of_role(*root, "targets", signers)));
  draft.breakglass = plan.breakglass;
  draft.payload.emplace_back(name, std::move(text));
  return draft;
}

namespace {

/// `between`: timestamp and snapshot, by part name.
Result<std::string> pack_parts(const Draft& draft, const std::vector<std::pair<std::string, std::string>>& between) {
  std::vector<std::pair<std::string, std::string_view>> named;
  for (const std::string& metadata : draft.roots) {
    auto root = root_of(metadata);
    if (!root) return tl::unexpected(root.error());
    named.emplace_back(std::to_string(root->version) + ".root.json", metadata);
  }
  auto envelope = read_envelope(draft.targets, "targets");
  auto targets = envelope ? read_targets(envelope->signed_text) : Checked<Targets>(tl::unexpected(envelope.error()));
  if (!targets) return as_error(targets);
  for (const auto& [name, text] : between) named.emplace_back(name, text);
  named.emplace_back(std::to_string(targets->version) + ".targets.json", draft.targets);
  if (!draft.breakglass.empty()) named.emplace_back("breakglass.json", draft.breakglass);
  for (const auto& [name, bytes] : draft.payload) named.emplace_back("targets/" + hex(sha256(bytes)) + "." + name, bytes);
  std::vector<Part> parts;
  for (const auto& [name, bytes] : named) parts.push_back({name, bytes});
  return pack(parts);
}

}  // namespace

std::string pack_draft(const Draft& draft) { return pack_parts(draft, {}).value_or(""); }

Result<Draft> read_draft(std::string_view bytes) {
  auto parts = unpack(bytes);
  if (!parts) return as_error(parts);
  auto sorted = sort_parts(*parts);
  if (!sorted) return as_error(sorted);
  Draft draft;
  for (const auto& root : sorted->roots) draft.roots.emplace_back(root.bytes);
  draft.targets = sorted->targets;
  draft.breakglass = sorted->breakglass;
  for (const auto& target : sorted->payload) draft.payload.emplace_back(target.name, target.bytes);
  if (draft.roots.empty() || draft.targets.empty()) return fail(ErrorCode::invalid, "neither draft nor bundle: it lacks root or targets");
  return draft;
}

Result<std::string> publish(const Draft& draft, const PublishPlan& plan, const std::vector<KeyPair>& signers) {
  auto root = root_of(draft.roots.back());
  if (!root) return tl::unexpected(root.error());
  auto envelope = read_envelope(draft.targets, "targets");
  if (!envelope) return as_error(envelope);
  if (auto enough = check_signers(*envelope, root->keys, root->roles["targets"], "targets"); !enough) return as_error(enough);
  auto targets = read_targets(envelope->signed_text);
  if (!targets) return as_error(targets);
  const auto listing = [&](const std::string& role, WallTime expires, const MetaFile& file) -> Result<std::string> {
    const std::string text = write_listing({plan.version, expires, file}, role);
    const std::string metadata = write_envelope(text, signatures(text, keys_of_role(*root, role, signers)));
    auto read = read_envelope(metadata, role);
    if (!read) return as_error(read);
    if (auto enough = check_signers(*read, root->keys, root->roles[role], role); !enough) return as_error(enough);
    return metadata;
  };
  auto snapshot = listing("snapshot", plan.snapshot_expires, meta_of(draft.targets, targets->version));
  if (!snapshot) return snapshot;
  auto timestamp = listing("timestamp", plan.timestamp_expires, meta_of(*snapshot, plan.version));
  if (!timestamp) return timestamp;
  return pack_parts(draft, {{"timestamp.json", *timestamp}, {std::to_string(plan.version) + ".snapshot.json", *snapshot}});
}

Result<std::string> make_breakglass(const BreakGlass& record, const std::vector<KeyPair>& signers) {
  const std::string text = write_breakglass(record);
  if (auto read = read_breakglass(text); !read) return as_error(read);
  return write_envelope(text, signatures(text, signers));
}

}  // namespace rampa::bundle
