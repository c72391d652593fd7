#include "sync/bundle/metadata.hpp"

#include <chrono>

#include "edge/crossing/canonical_json.hpp"
#include "firmware-interfaces/hex.hpp"
#include "firmware-interfaces/same_person.hpp"
#include "sync/bundle/container.hpp"
#include "sync/bundle/fields_internal.hpp"
#include "sync/bundle/json_walk.hpp"
#include "sync/bundle/limits.hpp"

namespace rampa::bundle {
namespace {

using Json = nlohmann::json;

/// What was checked by read_envelope(): JSON, of limited depth.
Json parse(std::string_view text) { return Json::parse(text, nullptr, false); }

/// _type, spec_version: of every role.
void head(Fields& fields, const std::string& role) {
  if (const auto type = fields.text("_type", 40); fields.ok() && type != role)
    fields.wrong(Reason::wrong_type, "_type", "\"" + type + "\" where \"" + role + "\" is expected");
  const auto spec = fields.text("spec_version", 20);
  const bool fine = spec.size() > 4 && spec.starts_with("1.0.") && spec.find_first_not_of("0123456789", 4) == std::string::npos;
  if (fields.ok() && !fine) fields.wrong(Reason::unsupported_version, "spec_version", "\"" + spec + "\" where 1.0.x is expected");
}

PublicKey read_public_key(const Json& json, const std::string& id, std::optional<Refusal>& first) {
  PublicKey key;
  Fields fields(json, "root", "keys." + id.substr(0, 12), first);
  if (fields.text("keytype", 40) != "ed25519" || fields.text("scheme", 40) != "ed25519")
    fields.wrong(Reason::unknown_algorithm, "scheme", "only ed25519 is known");
  Fields value(fields.object("keyval"), "root", "keys." + id.substr(0, 12) + ".keyval", first);
  if (const auto bytes = array_of_hex<32>(value.text("public", 64))) key.bytes = *bytes;
  else value.wrong(Reason::bad_field, "public", "64 hex digits are expected");
  value.finish();
  key.person = fields.text("person", 100);
  if (!good_person(key.person)) fields.wrong(Reason::bad_field, "person", "no name of a person");
  fields.finish();
  if (!first && key_id(key) != id) fields.wrong(Reason::key_id_mismatch, "", "the key's id is " + key_id(key));
  return key;
}

/// The post's own conditions: `persons_min` persons have to sign, and that many are there.
Role read_role(const Json& json, const std::string& name, std::uint64_t persons_min, const KeyRing& keys, std::optional<Refusal>& first) {
  Role role;
  Fields fields(json, "root", "roles." + name, first);
  std::set<std::string> persons;
  for (const Json& id : fields.array("keyids", limits::keys_max)) {
    if (!id.is_string()) {
      fields.wrong(Reason::bad_field, "keyids", "a list of key ids is expected");
      break;
    }
    const auto text = id.get<std::string>();
    const auto key = keys.find(text);
    if (key == keys.end()) {
      fields.wrong(Reason::unknown_key_in_role, "keyids", text.substr(0, 12) + "... is not among the keys");
      break;
    }
    if (std::find(role.key_ids.begin(), role.key_ids.end(), text) != role.key_ids.end())
      fields.wrong(Reason::same_key_twice, "keyids", text.substr(0, 12) + "... stands twice");
    role.key_ids.push_back(text);
    persons.insert(folded_person(key->second.person));
  }
  role.threshold = fields.number("threshold", 1, limits::keys_max);
  fields.finish();
  if (role.threshold < persons_min)
    fields.wrong(Reason::threshold_too_low, "threshold", std::to_string(role.threshold) + ", the post asks for " + std::to_string(persons_min));
  if (role.threshold > persons.size())
    fields.wrong(Reason::threshold_unreachable, "threshold",
                 std::to_string(role.threshold) + " persons have to sign and " + std::to_string(persons.size()) + " are named");
  return role;
}

template <class T>
Checked<T> answer(T value, std::optional<Refusal>& first) {
  if (first) return tl::unexpected(std::move(*first));
  return value;
}

Target read_target(const Json& json, const std::string& name, std::optional<Refusal>& first) {
  Target t;
  const std::string path = "targets." + name;
  Fields fields(json, "targets", path, first);
  t.length = fields.number("length", 1, limits::target_bytes_max);
  Fields hashes(fields.object("hashes"), "targets", path + ".hashes", first);
  if (hashes.ok() && !hashes.has("sha256")) hashes.wrong(Reason::unknown_algorithm, "", "sha256 is expected");
  t.hash = hashes.hash("sha256");
  hashes.finish();
  Fields custom(fields.object("custom"), "targets", path + ".custom", first);
  const auto kind = custom.text("kind", 10), encoding = custom.text("encoding", 10);
  if (kind != "set" && kind != "delta") custom.wrong(Reason::bad_field, "kind", "\"set\" or \"delta\" is expected");
  if (encoding != "identity" && encoding != "zstd") custom.wrong(Reason::bad_field, "encoding", "\"identity\" or \"zstd\" is expected");
  t.delta = kind == "delta";
  t.zstd = encoding == "zstd";
  for (const Json& post : custom.array("posts", limits::posts_max)) {
    if (post.is_string() && !post.get<std::string>().empty()) t.posts.push_back(post.get<std::string>());
    else custom.wrong(Reason::bad_field, "posts", "a list of posts is expected");
  }
  t.release = custom.number("release", 1, number_max);
  t.version = custom.text("version", 200);
  // More than the limit is named as such when the target is unpacked.
  t.unpacked_length = custom.number("unpacked_length", 1, number_max);
  t.set_hash = custom.hash("set_hash");
  if (t.delta) t.base_hash = custom.hash("base_hash");
  custom.finish();
  fields.finish();
  return t;
}

}  // namespace

std::string time_text(WallTime time) {
  using namespace std::chrono;
  const sys_seconds at{seconds{time.ms / 1000}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss clock{at - day};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::optional<WallTime> parse_time(std::string_view text) {
  using namespace std::chrono;
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != form.size()) return {};
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) return {};
  const auto part = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (std::size_t i = at; i < at + size; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const year_month_day date{year{part(0, 4)}, month{static_cast<unsigned>(part(5, 2))}, day{static_cast<unsigned>(part(8, 2))}};
  if (!date.ok() || part(0, 4) < 1970 || part(11, 2) > 23 || part(14, 2) > 59 || part(17, 2) > 59) return {};
  const auto at = sys_days{date} + hours{part(11, 2)} + minutes{part(14, 2)} + seconds{part(17, 2)};
  return WallTime{duration_cast<milliseconds>(at.time_since_epoch()).count()};
}

Checked<Envelope> read_envelope(std::string_view text, const std::string& where) {
  if (text.empty()) return refuse(Reason::part_missing, where, "there is no " + where + " metadata");
  if (text.size() > limits::metadata_bytes_max)
    return refuse(Reason::too_large, where, std::to_string(text.size()) + " bytes, at most " + std::to_string(limits::metadata_bytes_max));
  if (auto fine = check_json(text, where); !fine) return tl::unexpected(fine.error());
  const auto canonical = canonical_json(text);
  if (!canonical) return refuse(Reason::not_json, where, canonical.error().what);
  if (*canonical != text) return refuse(Reason::not_canonical, where, "a number or a text is not spelled canonically");

  const Json json = parse(text);
  std::optional<Refusal> first;
  Envelope out;
  Fields fields(json, where, "", first);
  for (const Json& one : fields.array("signatures", limits::signatures_max)) {
    Fields entry(one, where, "signatures", first);
    const auto id = entry.text("keyid", 64);
    if (!parse_sha256(id)) entry.wrong(Reason::bad_field, "keyid", "64 hex digits are expected");
    const auto bytes = array_of_hex<std::tuple_size_v<Signature>>(entry.text("sig", 128));
    if (!bytes) entry.wrong(Reason::bad_field, "sig", "128 hex digits are expected");
    entry.finish();
    if (!out.signatures.empty() && out.signatures.back().first >= id)
      entry.wrong(Reason::signature_repeated, "", "key " + id.substr(0, 12) + "... signs twice or out of order");
    out.signatures.emplace_back(id, bytes.value_or(Signature{}));
  }
  (void)fields.object("signed");
  fields.finish();
  if (first) return tl::unexpected(std::move(*first));
  // Keys are in order: what stands behind "signed": and before the last brace is the signed object, byte for byte.
  JsonWalk walk(text);
  JsonWalk::Place place;
  std::string_view key;
  (void)walk.enter_object();
  while (walk.next_member(place, key)) {
    const std::string_view value = walk.value();
    if (key == "signed") out.signed_text = value;
  }
  return out;
}

std::string write_envelope(std::string_view signed_text, const std::map<std::string, Signature>& signatures) {
  std::string out = R"({"signatures":[)";
  for (const auto& [id, bytes] : signatures) {
    if (out.back() != '[') out += ',';
    out += R"({"keyid":")" + id + R"(","sig":")" + hex(ByteView{bytes}) + R"("})";
  }
  return out.append(R"(],"signed":)").append(signed_text) + "}";
}

Checked<Root> read_root(std::string_view signed_text) {
  const Json json = parse(signed_text);
  std::optional<Refusal> first;
  Root root;
  Fields fields(json, "root", "", first);
  head(fields, "root");
  root.version = fields.number("version", 1, number_max);
  root.expires = fields.time("expires");
  if (!fields.flag("consistent_snapshot")) fields.wrong(Reason::bad_field, "consistent_snapshot", "true is expected");
  const Json& keys = fields.object("keys");
  if (keys.size() > limits::keys_max) fields.wrong(Reason::too_large, "keys", "more than " + std::to_string(limits::keys_max));
  std::map<std::array<std::uint8_t, 32>, std::string> seen;
  for (const auto& [id, key] : keys.items()) {
    if (first) break;
    PublicKey read = read_public_key(key, id, first);
    if (const auto [it, fresh] = seen.emplace(read.bytes, id); !fresh)
      fields.wrong(Reason::same_key_twice, "keys", id.substr(0, 12) + "... and " + it->second.substr(0, 12) + "... are one key");
    root.keys.emplace(id, std::move(read));
  }
  Fields roles(fields.object("roles"), "root", "roles", first);
  for (const auto& [name, persons_min] : {std::pair{"root", 2u}, {"snapshot", 1u}, {"targets", 2u}, {"timestamp", 1u}}) {
    const Json& role = roles.object(name);
    if (first) break;
    root.roles[name] = read_role(role, name, persons_min, root.keys, first);
  }
  roles.finish();
  if (fields.has("custom")) {
    Fields custom(fields.object("custom"), "root", "custom", first);
    const Json& role = custom.object("breakglass");
    if (!first) root.roles["breakglass"] = read_role(role, "breakglass", 2, root.keys, first);
    custom.finish();
  }
  fields.finish();
  return answer(std::move(root), first);
}

Checked<Listing> read_listing(std::string_view signed_text, const std::string& role) {
  const Json json = parse(signed_text);
  std::optional<Refusal> first;
  Listing out;
  Fields fields(json, role, "", first);
  head(fields, role);
  out.version = fields.number("version", 1, number_max);
  out.expires = fields.time("expires");
  const char* named = role == "snapshot" ? "targets.json" : "snapshot.json";
  Fields meta(fields.object("meta"), role, "meta", first);
  Fields file(meta.object(named), role, std::string("meta.") + named, first);
  out.file.version = file.number("version", 1, number_max);
  out.file.length = file.number("length", 1, limits::metadata_bytes_max);
  Fields hashes(file.object("hashes"), role, std::string("meta.") + named + ".hashes", first);
  if (hashes.ok() && !hashes.has("sha256")) hashes.wrong(Reason::unknown_algorithm, "", "sha256 is expected");
  out.file.hash = hashes.hash("sha256");
  hashes.finish();
  file.finish();
  meta.finish();
  fields.finish();
  return answer(out, first);
}

Checked<Targets> read_targets(std::string_view signed_text) {
  const Json json = parse(signed_text);
  std::optional<Refusal> first;
  Targets out;
  Fields fields(json, "targets", "", first);
  head(fields, "targets");
  out.version = fields.number("version", 1, number_max);
  out.expires = fields.time("expires");
  const Json& targets = fields.object("targets");
  if (targets.size() > limits::targets_max) fields.wrong(Reason::too_large, "targets", "more than " + std::to_string(limits::targets_max));
  for (const auto& [name, target] : targets.items()) {
    if (first) break;
    if (!good_target_name(name)) fields.wrong(Reason::bad_target_name, "targets", "\"" + name.substr(0, 60) + "\"");
    out.targets.emplace(name, read_target(target, name, first));
  }
  fields.finish();
  return answer(std::move(out), first);
}

Checked<BreakGlass> read_breakglass(std::string_view signed_text) {
  const Json json = parse(signed_text);
  std::optional<Refusal> first;
  BreakGlass out;
  Fields fields(json, "breakglass", "", first);
  head(fields, "breakglass");
  out.post = fields.text("post", 100);
  out.from_release = fields.number("from_release", 1, number_max);
  out.to_release = fields.number("to_release", 1, number_max);
  out.from_hash = fields.hash("from_hash");
  out.to_hash = fields.hash("to_hash");
  out.reason = fields.text("reason", 1000);
  out.expires = fields.time("expires");
  fields.finish();
  return answer(std::move(out), first);
}

}  // namespace rampa::bundle
