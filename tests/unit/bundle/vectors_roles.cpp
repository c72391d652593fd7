#include "tests/unit/bundle/vectors.hpp"

namespace rampa::tests {

using bundle::Reason;

namespace {

using Kind = Scene::Kind;

/// Where a role has its own bundle, and what lacks in it is called.
struct RoleCase {
  std::string role;
  Kind kind;
  bool two_sign;
};

Json& signature_of(Json& envelope, std::size_t i) { return envelope["signatures"][i]; }

void flip(Json& envelope, std::size_t hex_digit) {
  auto text = signature_of(envelope, 0)["sig"].get<std::string>();
  text[hex_digit] = text[hex_digit] == '0' ? '1' : '0';
  signature_of(envelope, 0)["sig"] = text;
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("the vector does not find " + from);
  text.replace(at, from.size(), to);
}

}  // namespace

void add_role_vectors(Vectors& all) {
  const std::vector<RoleCase> roles = {{"root", Kind::rotation, true}, {"timestamp", Kind::set, false}, {"snapshot", Kind::set, false},
                                       {"targets", Kind::set, true}, {"breakglass", Kind::rollback, true}};
  for (const RoleCase& r : roles) {
    const std::string role = r.role;
    const auto add = [&](const std::string& name, Reason reason, std::function<void(Stage&)> spoil) {
      all.push_back({role + ": " + name, r.kind, [role, spoil](Scene& s) { spoil(s.stage[role]); }, reason, role});
    };
    const auto json = [&](const std::string& name, Reason reason, std::function<void(Json&)> spoil) {
      add(name, reason, [spoil](Stage& s) { s.json = spoil; });
    };
    const auto signed_text = [&](const std::string& name, Reason reason, std::function<void(std::string&)> spoil) {
      add(name, reason, [spoil](Stage& s) { s.signed_text = spoil; });
    };
    const auto envelope = [&](const std::string& name, Reason reason, std::function<void(Json&)> spoil) {
      add(name, reason, [spoil](Stage& s) { s.envelope = spoil; });
    };
    const auto text = [&](const std::string& name, Reason reason, std::function<void(std::string&)> spoil) {
      add(name, reason, [spoil](Stage& s) { s.text = spoil; });
    };
    const Reason too_few = role == "root" ? Reason::root_not_signed_by_old : Reason::too_few_signatures;

    // signatures
    add("nobody signed", too_few, [](Stage& s) { s.signers.clear(); });
    if (r.two_sign) add("one of two signed", too_few, [](Stage& s) { s.signers.pop_back(); });
    if (r.two_sign)
      envelope("signatures in descending order", Reason::signature_repeated, [](Json& e) { std::swap(signature_of(e, 0), signature_of(e, 1)); });
    if (r.two_sign)
      envelope("one person's signature under the other's key id", Reason::bad_signature, [](Json& e) { signature_of(e, 1)["sig"] = signature_of(e, 0)["sig"]; });
    if (role != "root")
      add("a stranger signed besides", Reason::unknown_signer, [](Stage& s) { s.signers.push_back(keys().stranger); });
    if (role != "root")
      add("keys of another role signed", Reason::unknown_signer, [](Stage& s) { s.signers = {keys().root_a, keys().root_b}; });
    envelope("one signature twice", Reason::signature_repeated, [](Json& e) { e["signatures"].push_back(e["signatures"].back()); });
    for (const std::size_t digit : {0u, 63u, 64u, 127u})
      envelope("signature's digit " + std::to_string(digit) + " flipped", Reason::bad_signature, [digit](Json& e) { flip(e, digit); });
    envelope("signature all zero", Reason::bad_signature, [](Json& e) { signature_of(e, 0)["sig"] = std::string(128, '0'); });
    envelope("signature too short", Reason::bad_field, [](Json& e) { signature_of(e, 0)["sig"] = std::string(126, '0'); });
    envelope("signature in capitals", Reason::bad_field, [](Json& e) { signature_of(e, 0)["sig"] = std::string(128, 'A'); });
    envelope("signature is a number", Reason::bad_field, [](Json& e) { signature_of(e, 0)["sig"] = 7; });
    envelope("key id is no hash", Reason::bad_field, [](Json& e) { signature_of(e, 0)["keyid"] = "author"; });
    envelope("signature without key id", Reason::missing_field, [](Json& e) { signature_of(e, 0).erase("keyid"); });
    envelope("signature with a further field", Reason::unknown_field, [](Json& e) { signature_of(e, 0)["alg"] = "none"; });
    envelope("33 signatures", Reason::too_large, [](Json& e) { for (int i = 0; i < 33; ++i) e["signatures"].push_back(signature_of(e, 0)); });
    envelope("signatures are no list", Reason::bad_field, [](Json& e) { e["signatures"] = Json::object(); });
    envelope("without signatures", Reason::missing_field, [](Json& e) { e.erase("signatures"); });
    envelope("without the signed part", Reason::missing_field, [](Json& e) { e.erase("signed"); });
    envelope("signed part is a text", Reason::bad_field, [](Json& e) { e["signed"] = e["signed"].dump(); });
    envelope("unsigned field beside the signed part", Reason::unknown_field, [](Json& e) { e["unsigned"] = 1; });
    envelope("changed after signing", Reason::bad_signature, [](Json& e) { e["signed"]["spec_version"] = "1.0.30"; });

    // JSON's form; signed as it is, where it stands in the signed part
    signed_text("a key twice in the signed part", Reason::duplicate_key, [](std::string& t) { replace(t, "\"expires\":", "\"expires\":\"2028-01-01T00:00:00Z\",\"expires\":"); });
    signed_text("white space in the signed part", Reason::not_canonical, [](std::string& t) { replace(t, "{\"_type\":", "{ \"_type\":"); });
    signed_text("keys out of order in the signed part", Reason::not_canonical, [](std::string& t) { replace(t, ",\"spec_version\":\"1.0.31\"", ""), replace(t, "{", "{\"spec_version\":\"1.0.31\","); });
    signed_text("an escape that need not be", Reason::not_canonical, [](std::string& t) { replace(t, "1.0.31", "1.0.\\u0033\\u0031"); });
    signed_text("not UTF-8", Reason::not_json, [](std::string& t) { replace(t, "1.0.31", "1.0.\xff"); });
    signed_text("half a surrogate pair", Reason::not_json, [](std::string& t) { replace(t, "1.0.31", "\\ud800"); });
    signed_text("a control character", Reason::not_json, [](std::string& t) { replace(t, "1.0.31", "1.0.\x01"); });
    signed_text("nested 80 deep", Reason::too_deep, [](std::string& t) { replace(t, "\"1.0.31\"", std::string(80, '[') + std::string(80, ']')); });
    text("cut at half", Reason::not_json, [](std::string& t) { t.resize(t.size() / 2); });
    text("a comma too much", Reason::not_json, [](std::string& t) { replace(t, "}}", "},}"); });
    text("something after the end", Reason::not_json, [](std::string& t) { t += "{}"; });
    text("a line's end after it", Reason::not_json, [](std::string& t) { t += "\n"; });
    text("a list instead of an object", Reason::bad_field, [](std::string& t) { t = "[" + t + "]"; });
    text("more than 256 KiB", Reason::too_large, [](std::string& t) { t.append(300u << 10, ' '); });
    all.back().where = "bundle";  // before anything is read

    // fields that all roles have
    json("of another role", Reason::wrong_type, [](Json& j) { j["_type"] = "mirrors"; });
    json("without _type", Reason::missing_field, [](Json& j) { j.erase("_type"); });
    json("without spec_version", Reason::missing_field, [](Json& j) { j.erase("spec_version"); });
    json("without expires", Reason::missing_field, [](Json& j) { j.erase("expires"); });
    json("a further field", Reason::unknown_field, [](Json& j) { j["comment"] = "harmless"; });
    json("specification 2.0.0", Reason::unsupported_version, [](Json& j) { j["spec_version"] = "2.0.0"; });
    json("specification 1.1.0", Reason::unsupported_version, [](Json& j) { j["spec_version"] = "1.1.0"; });
    json("specification 1.0.x", Reason::unsupported_version, [](Json& j) { j["spec_version"] = "1.0.x"; });
    json("expires on the 30th of February", Reason::bad_field, [](Json& j) { j["expires"] = "2027-02-30T00:00:00Z"; });
    json("expires in local time", Reason::bad_field, [](Json& j) { j["expires"] = "2027-02-20T00:00:00+1"; });
    json("expires is a number", Reason::bad_field, [](Json& j) { j["expires"] = 1795262400; });
    json("expired a second ago", Reason::expired, [](Json& j) { j["expires"] = "2026-11-21T11:59:59Z"; });
    json("expires at this moment", Reason::expired, [](Json& j) { j["expires"] = "2026-11-21T12:00:00Z"; });
    json("expired years ago", Reason::expired, [](Json& j) { j["expires"] = "1999-12-31T23:59:59Z"; });
    if (role == "breakglass") continue;
    json("without version", Reason::missing_field, [](Json& j) { j.erase("version"); });
    json("version 0", Reason::bad_field, [](Json& j) { j["version"] = 0; });
    json("version -1", Reason::bad_field, [](Json& j) { j["version"] = -1; });
    json("version 1.5", Reason::bad_field, [](Json& j) { j["version"] = 1.5; });
    json("version is a text", Reason::bad_field, [](Json& j) { j["version"] = "11"; });
    if (role == "root") continue;
    // the version's spelling: without a canonical form one could be signed as another
    signed_text("version spelled 11.0", Reason::not_canonical, [](std::string& t) { replace(t, "\"version\":11}", "\"version\":11.0}"); });
    if (role != "timestamp") signed_text("version spelled 1.1e1", Reason::not_canonical, [](std::string& t) { replace(t, "\"version\":11}", "\"version\":1.1e1}"); });
    if (role == "timestamp") json("version 2^53", Reason::bad_field, [](Json& j) { j["version"] = 9007199254740992ull; });
    all.push_back({role + ": not in the bundle", Kind::set,
                   [role](Scene& s) {
                     s.parts = [role](auto& parts) { std::erase_if(parts, [&](const auto& p) { return p.first.ends_with(role + ".json"); }); };
                   },
                   Reason::part_missing, role});
  }
}

}  // namespace rampa::tests
