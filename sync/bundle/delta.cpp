// Reading and writing deltas; ProfileTable::with() applies them.
#include "sync/bundle/json_walk.hpp"
#include "sync/bundle/limits.hpp"
#include "sync/bundle/profile_table.hpp"

namespace rampa::bundle {
namespace {

/// {"id":..,"op":..[,"profile":{..}]}
bool read_change(JsonWalk& walk, Change& change, const char*& wrong) {
  JsonWalk::Place place;
  std::string_view key, op;
  if (!walk.enter_object()) return false;
  while (walk.next_member(place, key)) {
    if (key == "id") change.id = walk.plain_string();
    else if (key == "op") op = walk.plain_string();
    else if (key == "profile" && walk.peek() == '{') change.profile = walk.value();
    else wrong = "holds something else than id, op, profile", (void)walk.value();
  }
  if (!walk.ok()) return false;
  if (change.id.empty()) wrong = "has no id";
  change.kind = op == "add" ? Change::Kind::add : op == "replace" ? Change::Kind::replace : Change::Kind::remove;
  if (op != "add" && op != "replace" && op != "remove") wrong = "has no op that is known";
  else if ((op == "remove") != change.profile.empty()) wrong = "has a profile where none belongs, or none";
  return true;
}

}  // namespace

Checked<Delta> read_delta(HeldText text) {
  Delta delta;
  JsonWalk walk(text.text);
  JsonWalk::Place place;
  std::string_view key;
  bool base = false, result = false, format = false, changes = false;
  const auto hash = [&](Sha256& out) {
    const auto parsed = parse_sha256(walk.peek() == '"' ? walk.plain_string() : std::string_view{});
    if (parsed) out = *parsed;
    return parsed.has_value();
  };
  const auto bad = [](const std::string& what) { return refuse(Reason::bad_delta, "target", what); };
  if (walk.peek() != '{') return bad("a delta is an object");
  (void)walk.enter_object();
  while (walk.next_member(place, key)) {
    if (key == "base") {
      if (!(base = hash(delta.base))) return bad("base is no set hash");
    } else if (key == "result") {
      if (!(result = hash(delta.result))) return bad("result is no set hash");
    } else if (key == "format") {
      if (!(format = walk.value() == "1")) return bad("format is not 1");
    } else if (key == "head") {
      if (walk.peek() != '{') return bad("head is an object");
      delta.head = walk.value();
      if (delta.head.size() > limits::head_bytes_max) return refuse(Reason::too_large, "target", "the set's head has more than 16 MiB");
    } else if (key == "changes") {
      changes = true;
      if (walk.peek() != '[') return bad("changes is a list");
      JsonWalk::Place element;
      (void)walk.enter_array();
      while (walk.next_element(element)) {
        Change change;
        const char* wrong = nullptr;
        const std::string name = "change " + std::to_string(delta.changes.size());
        if (walk.peek() != '{') return bad(name + " is no object");
        if (!read_change(walk, change, wrong)) break;
        if (wrong) return bad(name + " " + wrong);
        if (change.id.size() > limits::id_bytes_max || change.profile.size() > limits::profile_bytes_max)
          return refuse(Reason::too_large, "target", name + " is larger than a profile may be");
        if (!delta.changes.empty() && change.id <= delta.changes.back().id) return refuse(Reason::ids_not_ascending, "target", name);
        if (delta.changes.size() == limits::profiles_max) return refuse(Reason::too_many_profiles, "target", "more than " + std::to_string(limits::profiles_max));
        delta.changes.push_back(change);
      }
    } else {
      return bad("holds \"" + std::string(key.substr(0, 60)) + "\"");
    }
  }
  if (!walk.finished()) return tl::unexpected(walk.refusal("target"));
  if (!base || !result || !format || !changes || delta.head.empty()) return bad("base, changes, format, head and result are expected");
  // A head is a set without profiles.
  JsonWalk head(delta.head);
  JsonWalk::Place member;
  (void)head.enter_object();
  while (head.next_member(member, key)) {
    if (key == "profiles") return bad("head holds profiles");
    (void)head.value();
  }
  delta.held = std::move(text.held);
  return delta;
}

std::string write_delta(const ProfileTable& from, const ProfileTable& to) {
  std::string out = R"({"base":")" + hex(from.hash()) + R"(","changes":[)";
  bool first = true;
  const auto change = [&](std::string_view id, const char* op, std::string_view profile) {
    if (!first) out += ',';
    first = false;
    out.append(R"({"id":")").append(id).append(R"(","op":")").append(op).append("\"");
    if (!profile.empty()) out.append(R"(,"profile":)").append(profile);
    out += '}';
  };
  std::size_t a = 0, b = 0;
  while (a < from.size() || b < to.size()) {
    if (b == to.size() || (a < from.size() && from.id(a) < to.id(b))) change(from.id(a), "remove", {}), ++a;
    else if (a == from.size() || to.id(b) < from.id(a)) change(to.id(b), "add", to.profile(b)), ++b;
    else {
      if (from.profile_hash(a) != to.profile_hash(b)) change(to.id(b), "replace", to.profile(b));
      ++a, ++b;
    }
  }
  out.append(R"(],"format":1,"head":)").append(to.head());
  return out + R"(,"result":")" + hex(to.hash()) + "\"}";
}

}  // namespace rampa::bundle
