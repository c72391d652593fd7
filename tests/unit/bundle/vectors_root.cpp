#include "sync/bundle/container.hpp"
#include "tests/unit/bundle/vectors.hpp"

namespace rampa::tests {

using bundle::KeyPair;
using bundle::Reason;

namespace {

using Kind = Scene::Kind;

std::string id_of(const KeyPair& keys) { return bundle::key_id(keys.open); }

/// The same key as another person's: another id.
std::string add_key_again(Json& root, const KeyPair& keys, const std::string& person) {
  bundle::PublicKey again = keys.open;
  again.person = person;
  root["keys"][bundle::key_id(again)] = Json::parse(bundle::key_json(again));
  return bundle::key_id(again);
}

/// Changes a key of the root in place and gives it the id that it then has.
void change_key(Json& root, const KeyPair& keys, const std::function<void(Json&)>& change, bool new_id) {
  Json key = root["keys"][id_of(keys)];
  root["keys"].erase(id_of(keys));
  change(key);
  const std::string id = new_id ? bundle::hex(bundle::sha256(canonical(key))) : id_of(keys);
  root["keys"][id] = key;
  for (auto& [name, role] : root["roles"].items())
    for (Json& entry : role["keyids"])
      if (entry == id_of(keys)) entry = id;
}

}  // namespace

void add_root_vectors(Vectors& all) {
  const auto root = [&](const std::string& name, Reason reason, std::function<void(Json&)> spoil) {
    all.push_back({"root: " + name, Kind::rotation, [spoil](Scene& s) { s.stage["root"].json = spoil; }, reason, "root"});
  };
  const auto scene = [&](const std::string& name, Reason reason, std::function<void(Scene&)> spoil) {
    all.push_back({"root: " + name, Kind::rotation, std::move(spoil), reason, "root"});
  };
  // thresholds: the post's own, whatever the root says
  for (const std::string role : {"root", "targets"})
    root("threshold of " + role + " lowered to 1", Reason::threshold_too_low, [role](Json& j) { j["roles"][role]["threshold"] = 1; });
  root("threshold of breakglass lowered to 1", Reason::threshold_too_low, [](Json& j) { j["custom"]["breakglass"]["threshold"] = 1; });
  for (const std::string role : {"root", "targets", "snapshot", "timestamp"}) {
    root("threshold of " + role + " 0", Reason::bad_field, [role](Json& j) { j["roles"][role]["threshold"] = 0; });
    root("threshold of " + role + " -2", Reason::bad_field, [role](Json& j) { j["roles"][role]["threshold"] = -2; });
    root("threshold of " + role + " out of reach", Reason::threshold_unreachable, [role](Json& j) { j["roles"][role]["threshold"] = 5; });
    root("no keys for " + role, Reason::threshold_unreachable, [role](Json& j) { j["roles"][role]["keyids"] = Json::array(); });
    root("no role " + role, Reason::missing_field, [role](Json& j) { j["roles"].erase(role); });
    root("a key of " + role + " that is not there", Reason::unknown_key_in_role, [role](Json& j) { j["roles"][role]["keyids"].push_back(id_of(keys().stranger)); });
    root("a key of " + role + " twice", Reason::same_key_twice, [role](Json& j) { j["roles"][role]["keyids"].push_back(j["roles"][role]["keyids"][0]); });
  }
  root("threshold as text", Reason::bad_field, [](Json& j) { j["roles"]["targets"]["threshold"] = "2"; });
  root("two keys of one person for targets", Reason::threshold_unreachable,
       [](Json& j) { j["roles"]["targets"]["keyids"] = {id_of(keys().author), id_of(keys().author_again)}; });
  root("two keys of one person in other letters for targets", Reason::threshold_unreachable, [](Json& j) {
    j["roles"]["targets"]["keyids"] = {id_of(keys().author), id_of(keys().author_again)};
    change_key(j, keys().author_again, [](Json& k) { k["person"] = "draganAUTHOR"; }, true);
  });
  root("two keys of one person for breakglass", Reason::threshold_unreachable,
       [](Json& j) { j["custom"]["breakglass"]["keyids"] = {id_of(keys().author), id_of(keys().author_again)}; });
  root("a further role", Reason::unknown_field, [](Json& j) { j["roles"]["mirrors"] = j["roles"]["snapshot"]; });
  root("a further custom field", Reason::unknown_field, [](Json& j) { j["custom"]["skip_checks"] = true; });
  root("a further field in a role", Reason::unknown_field, [](Json& j) { j["roles"]["targets"]["optional"] = true; });
  root("consistent_snapshot false", Reason::bad_field, [](Json& j) { j["consistent_snapshot"] = false; });
  // keys
  root("one key under two ids", Reason::same_key_twice, [](Json& j) { j["roles"]["targets"]["keyids"].push_back(add_key_again(j, keys().author, "Another Person")); });
  root("one key under two ids, in no role", Reason::same_key_twice, [](Json& j) { (void)add_key_again(j, keys().author, "Another Person"); });
  root("key under a wrong id", Reason::key_id_mismatch, [](Json& j) { change_key(j, keys().third, [](Json& k) { k["person"] = "Somebody Else"; }, false); });
  root("key under a made-up id", Reason::key_id_mismatch, [](Json& j) {
    j["keys"][std::string(64, 'a')] = j["keys"][id_of(keys().third)];
    j["keys"].erase(id_of(keys().third));
  });
  for (const std::string type : {"rsa", "ecdsa", "ed448", "none"})
    root("key type " + type, Reason::unknown_algorithm, [type](Json& j) { change_key(j, keys().third, [&](Json& k) { k["keytype"] = type; }, true); });
  for (const std::string type : {"rsassa-pss-sha256", "ecdsa-sha2-nistp256", "ed25519ph"})
    root("scheme " + type, Reason::unknown_algorithm, [type](Json& j) { change_key(j, keys().third, [&](Json& k) { k["scheme"] = type; }, true); });
  root("public key too short", Reason::bad_field, [](Json& j) { change_key(j, keys().third, [](Json& k) { k["keyval"]["public"] = "00ff"; }, true); });
  root("public key no hex", Reason::bad_field, [](Json& j) { change_key(j, keys().third, [](Json& k) { k["keyval"]["public"] = std::string(64, 'x'); }, true); });
  root("private key published", Reason::unknown_field, [](Json& j) { change_key(j, keys().third, [](Json& k) { k["keyval"]["private"] = std::string(64, '1'); }, true); });
  root("key without person", Reason::missing_field, [](Json& j) { change_key(j, keys().third, [](Json& k) { k.erase("person"); }, true); });
  root("person with a blank at the end", Reason::bad_field, [](Json& j) { change_key(j, keys().third, [](Json& k) { k["person"] = "Dragan Author "; }, true); });
  root("person with two blanks", Reason::bad_field, [](Json& j) { change_key(j, keys().third, [](Json& k) { k["person"] = "Dragan  Author"; }, true); });
  root("a further field in a key", Reason::unknown_field, [](Json& j) { change_key(j, keys().third, [](Json& k) { k["keyid_hash_algorithms"] = {"sha256"}; }, true); });
  root("65 keys", Reason::too_large, [](Json& j) {
    for (std::uint64_t i = 0; j["keys"].size() < 65; ++i) {
      const KeyPair pair = bundle::keys_from_seed("Person " + std::to_string(i), 1000 + i);
      j["keys"][id_of(pair)] = Json::parse(bundle::key_json(pair.open));
    }
  });
  // rotation
  const auto new_root_keys = [](Json& j) {  // all of root's keys exchanged
    j["roles"]["root"]["keyids"] = {id_of(keys().author), id_of(keys().approver), id_of(keys().third)};
  };
  scene("signed by the new keys only", Reason::root_not_signed_by_old, [=](Scene& s) {
    s.stage["root"].json = new_root_keys;
    s.stage["root"].signers = {keys().author, keys().approver};
  });
  scene("signed by the old keys only", Reason::root_not_signed_by_new, [=](Scene& s) { s.stage["root"].json = new_root_keys; });
  scene("signed by one old and two new keys", Reason::root_not_signed_by_old, [=](Scene& s) {
    s.stage["root"].json = new_root_keys;
    s.stage["root"].signers = {keys().root_a, keys().author, keys().approver};
  });
  scene("signed by two old keys and one new", Reason::root_not_signed_by_new, [=](Scene& s) {
    s.stage["root"].json = new_root_keys;
    s.stage["root"].signers = {keys().root_a, keys().root_b, keys().author};
  });
  scene("a stranger signed besides", Reason::unknown_signer, [](Scene& s) { s.stage["root"].signers.push_back(keys().stranger); });
  scene("signed by the targets' keys", Reason::root_not_signed_by_old, [](Scene& s) { s.stage["root"].signers = {keys().author, keys().approver}; });
  scene("new threshold 3, signed by two", Reason::root_not_signed_by_new, [](Scene& s) { s.stage["root"].json = [](Json& j) { j["roles"]["root"]["threshold"] = 3; }; });
  scene("skips version 2", Reason::root_skipped, [](Scene& s) { s.roots = {root_object(3)}; });
  scene("chain with a gap", Reason::root_skipped, [](Scene& s) { s.roots = {root_object(2), root_object(4)}; });
  scene("version inside is not its name's", Reason::version_mismatch, [](Scene& s) { s.stage["root"].json = [](Json& j) { j["version"] = 3; }; });
  scene("version inside is the trusted one", Reason::version_mismatch, [](Scene& s) { s.stage["root"].json = [](Json& j) { j["version"] = 1; }; });
  scene("another root 1", Reason::root_differs, [](Scene& s) {
    s.roots = {root_object(1)};
    s.stage["root"].json = [](Json& j) { j["expires"] = "2030-01-01T00:00:00Z"; };
  });
  scene("another root 2 after root 2", Reason::root_differs, [](Scene& s) {
    s.installed.state.roots[2] = {};
    Json two = root_object(2);
    const std::string text = canonical(two);
    s.installed.state.root = bundle::write_envelope(text, {{id_of(keys().root_a), bundle::sign(text, keys().root_a)}, {id_of(keys().root_b), bundle::sign(text, keys().root_b)}});
    s.installed.state.roots[2] = bundle::sha256(s.installed.state.root);
    s.stage["root"].json = [](Json& j) { j["expires"] = "2030-01-01T00:00:00Z"; };
  });
  all.push_back({"root: the trusted one expired, no new one", Kind::set, [](Scene& s) {
                   s.now = {1826884800000};  // 2027-11-22
                   for (const char* role : {"targets", "snapshot", "timestamp"}) s.stage[role].json = [](Json& j) { j["expires"] = "2028-01-01T00:00:00Z"; };
                 }, Reason::expired, "root"});
  // keys that the new root no longer names
  all.push_back({"root: targets signed by a key that was taken away", Kind::rotation, [](Scene& s) {
                   s.stage["root"].json = [](Json& j) { j["roles"]["targets"]["keyids"] = {id_of(keys().approver), id_of(keys().third)}; };
                 }, Reason::unknown_signer, "targets"});
  all.push_back({"root: timestamp signed by a key that was taken away", Kind::rotation, [](Scene& s) {
                   s.stage["root"].json = [](Json& j) { j["roles"]["timestamp"]["keyids"] = {id_of(keys().snapshot)}; };
                 }, Reason::unknown_signer, "timestamp"});
}

void add_chain_vectors(Vectors& all) {
  const auto add = [&](const std::string& name, Reason reason, const std::string& where, std::function<void(Scene&)> spoil, Kind kind = Kind::set) {
    all.push_back({"chain: " + name, kind, std::move(spoil), reason, where});
  };
  add("same person twice under two key ids", Reason::same_person_twice, "targets", [](Scene& s) { s.stage["targets"].signers = {keys().author, keys().author_again}; });
  add("same person twice on a break-glass record", Reason::same_person_twice, "breakglass",
      [](Scene& s) { s.stage["breakglass"].signers = {keys().author, keys().author_again}; }, Kind::rollback);
  // rolled back, each role alone
  add("timestamp rolled back", Reason::rolled_back, "timestamp", [](Scene& s) { s.timestamp["version"] = 9; });
  add("snapshot rolled back", Reason::rolled_back, "snapshot", [](Scene& s) { s.snapshot["version"] = 9; });
  add("targets rolled back", Reason::rolled_back, "targets", [](Scene& s) { s.targets["version"] = 9; });
  // a second one under a number that is taken
  add("timestamp changed under its number", Reason::changed_without_version, "timestamp", [](Scene& s) { s.timestamp["version"] = 10; });
  add("snapshot changed under its number", Reason::changed_without_version, "snapshot", [](Scene& s) { s.snapshot["version"] = 10; });
  add("targets changed under its number", Reason::changed_without_version, "targets", [](Scene& s) { s.targets["version"] = 10; });
  // what one role says of the next
  for (const bool first : {true, false}) {
    const std::string where = first ? "snapshot" : "targets", file = where + ".json";
    const auto meta = [&](const std::string& name, Reason reason, std::function<void(Json&)> spoil, const std::string& at) {
      add(name, reason, at, [=](Scene& s) { (first ? s.timestamp_meta : s.snapshot_meta) = [=](Json& j) { spoil(j["meta"]); }; });
    };
    const std::string parent = first ? "timestamp" : "snapshot";
    meta(where + " of another version", Reason::version_mismatch, [=](Json& m) { m[file]["version"] = 12; }, where);
    meta(where + " of another length", Reason::length_mismatch, [=](Json& m) { m[file]["length"] = m[file]["length"].get<int>() + 1; }, where);
    meta(where + " with another hash", Reason::hash_mismatch, [=](Json& m) { m[file]["hashes"]["sha256"] = std::string(64, '0'); }, where);
    meta("no hash for " + where, Reason::unknown_algorithm, [=](Json& m) { m[file]["hashes"] = {{"md5", std::string(32, '0')}}; }, parent);
    meta("two hashes for " + where, Reason::unknown_field, [=](Json& m) { m[file]["hashes"]["sha512"] = std::string(128, '0'); }, parent);
    meta("no hashes for " + where, Reason::missing_field, [=](Json& m) { m[file].erase("hashes"); }, parent);
    meta("no length for " + where, Reason::missing_field, [=](Json& m) { m[file].erase("length"); }, parent);
    meta("no version for " + where, Reason::missing_field, [=](Json& m) { m[file].erase("version"); }, parent);
    meta("huge length for " + where, Reason::bad_field, [=](Json& m) { m[file]["length"] = 1u << 30; }, parent);
    meta("hash in capitals for " + where, Reason::bad_field, [=](Json& m) { m[file]["hashes"]["sha256"] = std::string(64, 'A'); }, parent);
    meta("a further file beside " + where, Reason::unknown_field, [=](Json& m) { m["other.json"] = m[file]; }, parent);
    meta("nothing of " + where, Reason::missing_field, [=](Json& m) { m.erase(file); }, parent);
  }
  // mix and match: parts of two publications that are good by themselves
  const auto from_other = [](Scene& s, const std::string& tail, std::uint64_t version) {
    Scene other(Kind::set);
    for (Json* role : {&other.targets, &other.snapshot, &other.timestamp}) (*role)["version"] = version;
    other.stage["targets"].json = [](Json& j) { j["expires"] = "2027-01-01T00:00:00Z"; };  // as long as the first one, with other bytes
    const std::string bytes = other.build();
    std::pair<std::string, std::string> taken;
    const auto unpacked = bundle::unpack(bytes).value();
    for (const bundle::Part& part : unpacked)
      if (part.name.ends_with(tail)) taken = {std::string(part.name), std::string(part.bytes)};
    s.parts = [tail, taken](auto& parts) {
      for (auto& part : parts)
        if (part.first.ends_with(tail)) part = taken;
    };
  };
  for (const auto& [role, version, reason, where] :
       {std::tuple{"snapshot", 11u, Reason::hash_mismatch, "snapshot"}, {"snapshot", 12u, Reason::version_mismatch, "snapshot"},
        {"targets", 11u, Reason::hash_mismatch, "targets"}, {"targets", 12u, Reason::version_mismatch, "targets"},
        {"timestamp", 11u, Reason::hash_mismatch, "snapshot"}, {"timestamp", 12u, Reason::version_mismatch, "snapshot"}}) {
    const std::string tail = std::string(role) + ".json";
    const unsigned number = version;
    add(std::string("mixed: ") + role + " of publication " + std::to_string(version) + "'", reason, where, [=](Scene& s) { from_other(s, tail, number); });
  }
  add("frozen: yesterday's timestamp with today's snapshot", Reason::version_mismatch, "snapshot", [](Scene& s) {
    s.timestamp["version"] = 11;
    s.timestamp_meta = [](Json& j) { j["meta"]["snapshot.json"]["version"] = 10; };
  });
  add("frozen: everything good, a week late", Reason::expired, "timestamp", [](Scene& s) { s.now.ms += 8ll * 24 * 3600 * 1000; });
  add("frozen: everything good, two months late", Reason::expired, "timestamp", [](Scene& s) { s.now.ms += 60ll * 24 * 3600 * 1000; });
  // the clock
  add("clock an hour back", Reason::clock_set_back, "bundle", [](Scene& s) { s.now.ms -= 3600 * 1000; });
  add("clock at 1970", Reason::clock_set_back, "bundle", [](Scene& s) { s.now = {}; });
  add("clock set back to before the expiry", Reason::clock_set_back, "bundle", [](Scene& s) {
    s.installed.state.last_seen.ms += 8ll * 24 * 3600 * 1000;  // the post has seen a later day, on which this bundle is expired
  });
  add("clock five minutes back, expired by what was seen", Reason::expired, "timestamp", [](Scene& s) {
    s.now = {bundle::parse_time("2026-11-27T23:57:00Z")->ms};
    s.installed.state.last_seen = {bundle::parse_time("2026-11-28T00:01:00Z")->ms};
  });
}

}  // namespace rampa::tests
