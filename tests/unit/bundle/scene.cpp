#include "tests/unit/bundle/scene.hpp"

#include <gtest/gtest.h>

#include "edge/crossing/canonical_json.hpp"
#include "sync/bundle/compression.hpp"
#include "sync/bundle/container.hpp"

namespace rampa::tests {

using namespace bundle;

Keys::Keys()
    : root_a(keys_from_seed("Ana Root", 1)), root_b(keys_from_seed("Boris Root", 2)), root_c(keys_from_seed("Ceca Root", 3)),
      author(keys_from_seed("Dragan Author", 4)), approver(keys_from_seed("Ema Approver", 5)), third(keys_from_seed("Filip Third", 6)),
      snapshot(keys_from_seed("publisher", 7)), timestamp(keys_from_seed("publisher", 8)), glass_a(keys_from_seed("Goran Shift", 9)),
      glass_b(keys_from_seed("Hana Shift", 10)), stranger(keys_from_seed("Ivan Stranger", 11)), author_again(keys_from_seed("Dragan Author", 12)) {}

const Keys& keys() {
  static const Keys all;
  return all;
}

std::string canonical(const Json& json) { return canonical_json(json.dump()).value(); }

Json root_object(std::uint64_t version) {
  const Keys& k = keys();
  Json json = {{"_type", "root"}, {"spec_version", "1.0.31"}, {"version", version}, {"expires", "2027-11-21T00:00:00Z"}, {"consistent_snapshot", true}};
  const auto role = [&](const std::vector<const KeyPair*>& of, int threshold) {
    Json out = {{"keyids", Json::array()}, {"threshold", threshold}};
    for (const KeyPair* key : of) {
      json["keys"][key_id(key->open)] = Json::parse(key_json(key->open));
      out["keyids"].push_back(key_id(key->open));
    }
    return out;
  };
  json["roles"]["root"] = role({&k.root_a, &k.root_b, &k.root_c}, 2);
  json["roles"]["targets"] = role({&k.author, &k.approver, &k.third, &k.author_again}, 2);
  json["roles"]["snapshot"] = role({&k.snapshot}, 1);
  json["roles"]["timestamp"] = role({&k.timestamp}, 1);
  json["custom"]["breakglass"] = role({&k.glass_a, &k.glass_b, &k.author, &k.author_again}, 2);
  return json;
}

namespace {

std::string make_set_text(std::uint64_t release, std::size_t count) {
  Json set = {{"format", 1}, {"version", "2026-11-21." + std::to_string(release)}, {"default_language", "en"}, {"profiles", Json::array()}};
  for (std::size_t i = 0; i < count; ++i) {
    char id[32];
    std::snprintf(id, sizeof id, "P%05zu", i);
    if (i % 9 == release % 9) continue;  // some come, some go
    Json profile = {{"id", id}, {"title", "Zollprüfung"}, {"channel", "yellow"}, {"instruction", "Check."},
                    {"when", {{"all", {{{"field", "declaration.value_eur"}, {"op", "ge"}, {"value", 1000 + i + (i % 5 == release % 5 ? release : 0)}}}}}}};
    set["profiles"].push_back(profile);
  }
  return canonical(set);
}

}  // namespace

// The same few sets are asked for thousands of times.
const std::string& set_text(std::uint64_t release) {
  static std::map<std::uint64_t, std::string> made;
  std::string& text = made[release];
  if (text.empty()) text = make_set_text(release, 40);
  return text;
}

const std::string& set_hash(const std::string& set) {
  static std::map<std::string, std::string> made;
  std::string& hash = made[set];
  if (hash.empty()) hash = hex(ProfileTable::read(hold(set)).value().hash());
  return hash;
}

std::string delta_text(const std::string& from, const std::string& to) {
  return write_delta(ProfileTable::read(hold(from)).value(), ProfileTable::read(hold(to)).value());
}

void Item::relist(const std::string& unpacked) {
  listed["length"] = bytes.size();
  listed["hashes"]["sha256"] = hex(sha256(bytes));
  listed["custom"]["unpacked_length"] = unpacked.size();
}

namespace {

std::string version_of(std::uint64_t release) { return "2026-11-21." + std::to_string(release); }

Item set_item(std::uint64_t release, bool packed) {
  const std::string text = set_text(release);
  Item item{"profiles-" + std::to_string(release), packed ? pack_zstd(text, 3).value() : text, {}};
  item.listed["custom"] = {{"kind", "set"}, {"encoding", packed ? "zstd" : "identity"}, {"posts", {k_post, "HR-TOVARNIK"}}, {"release", release},
                           {"version", version_of(release)}, {"set_hash", set_hash(text)}};
  item.relist(text);
  return item;
}

Item delta_item(std::uint64_t from, std::uint64_t to) {
  const std::string text = delta_text(set_text(from), set_text(to));
  Item item{"delta-" + std::to_string(from) + "-" + std::to_string(to), text, {}};
  item.listed["custom"] = {{"kind", "delta"}, {"encoding", "identity"}, {"posts", {k_post}}, {"release", to}, {"version", version_of(to)},
                           {"set_hash", set_hash(set_text(to))}, {"base_hash", set_hash(set_text(from))}};
  item.relist(text);
  return item;
}

Json listing_object(const char* role, std::uint64_t version, const char* expires) {
  return {{"_type", role}, {"spec_version", "1.0.31"}, {"version", version}, {"expires", expires}, {"meta", Json::object()}};
}

Json record_object(std::uint64_t from, std::uint64_t to) {
  return {{"_type", "breakglass"}, {"spec_version", "1.0.31"}, {"post", k_post}, {"from_release", from}, {"to_release", to},
          {"from_hash", set_hash(set_text(from))}, {"to_hash", set_hash(set_text(to))}, {"reason", "release 10 stops every lorry"},
          {"expires", "2026-11-22T00:00:00Z"}};
}

std::string made(const Json& object, const Stage& stage) {
  Json json = object;
  if (stage.json) stage.json(json);
  std::string text = canonical(json);
  if (stage.signed_text) stage.signed_text(text);
  std::map<std::string, Signature> signatures;
  for (const KeyPair& pair : stage.signers) signatures[key_id(pair.open)] = sign(text, pair);
  std::string out = write_envelope(text, signatures);
  if (stage.envelope) {
    Json envelope = Json::parse(out);
    stage.envelope(envelope);
    out = canonical(envelope);
  }
  if (stage.text) stage.text(out);
  return out;
}

void link_to(Json& listing, const char* file, const std::string& text, std::uint64_t version) {
  listing["meta"][file] = {{"version", version}, {"length", text.size()}, {"hashes", {{"sha256", hex(sha256(text))}}}};
}

std::uint64_t version_in(const std::string& metadata, std::uint64_t otherwise) {
  const Json json = Json::parse(metadata, nullptr, false);
  if (!json.is_object() || !json.contains("signed") || !json["signed"].is_object()) return otherwise;
  const Json version = json["signed"].value("version", Json(otherwise));
  return version.is_number_unsigned() && version.get<std::uint64_t>() > 0 ? version.get<std::uint64_t>() : otherwise;
}

bool making_a_post = false;

const bundle::Installed& usual_post() {
  static Post post;
  return post.installed;
}

}  // namespace

/// Release 9, then release 10 on it: there is a last good set.
Post::Post() {
  making_a_post = true;
  EXPECT_TRUE(disk.make_directory("post"));
  Stage root;
  root.signers = {keys().root_a, keys().root_b};
  static const std::string first_root = made(root_object(1), root);
  auto begun = begin_trust(disk, k_folder, first_root, k_now);
  EXPECT_TRUE(begun) << text_of(begun.error());
  for (const std::uint64_t release : {9u, 10u}) {
    Scene scene(Scene::Kind::set);
    scene.installed = *begun;
    static std::map<std::uint64_t, std::string> built;
    std::string& bytes = built[release];
    if (bytes.empty()) {
      scene.items = {set_item(release, false)};
      for (Json* role : {&scene.targets, &scene.snapshot, &scene.timestamp}) (*role)["version"] = release;
      bytes = scene.build();
    }
    begun = scene.offer(bytes, disk);
    EXPECT_TRUE(begun) << text_of(begun.error());
  }
  installed = *begun;
  making_a_post = false;
}

Scene::Scene(Kind kind) {
  if (!making_a_post) installed = usual_post();
  const Keys& k = keys();
  stage["root"].signers = {k.root_a, k.root_b};
  stage["targets"].signers = {k.author, k.approver};
  stage["snapshot"].signers = {k.snapshot};
  stage["timestamp"].signers = {k.timestamp};
  stage["breakglass"].signers = {k.glass_a, k.glass_b};
  targets = {{"_type", "targets"}, {"spec_version", "1.0.31"}, {"version", 11}, {"expires", "2027-02-21T00:00:00Z"}};
  snapshot = listing_object("snapshot", 11, "2026-12-21T00:00:00Z");
  timestamp = listing_object("timestamp", 11, "2026-11-28T00:00:00Z");
  switch (kind) {
    case Kind::set: items = {set_item(11, false)}; break;
    case Kind::packed_set: items = {set_item(11, true)}; break;
    case Kind::delta: items = {delta_item(10, 11)}; break;
    case Kind::two_deltas: items = {delta_item(10, 11), delta_item(11, 12)}; break;
    case Kind::refresh: items = {set_item(10, false)}; break;
    case Kind::rotation:
      items = {set_item(11, false)};
      roots = {root_object(2)};
      break;
    case Kind::rollback:
      items = {set_item(8, false)};
      breakglass = record_object(10, 8);
      break;
  }
  if (kind == Kind::refresh) parts = [](auto& all) { all.pop_back(); };
}

std::string Scene::build() {
  if (!targets.contains("targets")) {
    targets["targets"] = Json::object();
    for (const Item& item : items) targets["targets"][item.name] = item.listed;
  }
  const std::string targets_made = made(targets, stage["targets"]);
  const std::uint64_t targets_version = version_in(targets_made, 11);
  if (link) link_to(snapshot, "targets.json", targets_made, targets_version);
  if (snapshot_meta) snapshot_meta(snapshot);
  const std::string snapshot_made = made(snapshot, stage["snapshot"]);
  const std::uint64_t snapshot_version = version_in(snapshot_made, 11);
  if (link) link_to(timestamp, "snapshot.json", snapshot_made, snapshot_version);
  if (timestamp_meta) timestamp_meta(timestamp);
  std::vector<std::pair<std::string, std::string>> all;
  for (const Json& root : roots) all.emplace_back(std::to_string(root.value("version", 2)) + ".root.json", made(root, stage["root"]));
  all.emplace_back("timestamp.json", made(timestamp, stage["timestamp"]));
  all.emplace_back(std::to_string(snapshot_version) + ".snapshot.json", snapshot_made);
  all.emplace_back(std::to_string(targets_version) + ".targets.json", targets_made);
  if (!breakglass.is_null()) all.emplace_back("breakglass.json", made(breakglass, stage["breakglass"]));
  for (const Item& item : items) all.emplace_back("targets/" + hex(sha256(item.bytes)) + "." + item.name, item.bytes);
  if (parts) parts(all);
  std::vector<Part> views;
  for (const auto& [name, bytes] : all) views.push_back({name, bytes});
  std::string out = pack(views);
  if (whole) whole(out);
  return out;
}

Checked<Installed> Scene::offer(const std::string& bytes, CrashDisk& disk) const {
  auto verified = verify(hold(bytes).held, installed.state, post, now);
  if (!verified) return tl::unexpected(verified.error());
  auto set = resulting_set(*verified, installed.set);
  if (!set) return tl::unexpected(set.error());
  return install(disk, k_folder, installed, *verified, *set, now);
}

std::map<std::string, Bytes> files_of(CrashDisk& disk) {
  std::map<std::string, Bytes> out;
  for (const std::string folder : {"post/profiles", "post/profiles/trusted", "post/profiles/sets"}) {
    const auto names = disk.list(folder);
    if (!names) continue;
    for (const std::string& name : *names)
      if (const Bytes* content = disk.content(folder + "/" + name)) out[folder + "/" + name] = *content;
  }
  return out;
}

}  // namespace rampa::tests
