#include "edge/app/profiles_succession.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace rampa::app {

namespace {

using Json = nlohmann::json;
using bundle::ProfileTable;

constexpr std::array<std::string_view, 6> stages{"draft", "shadow", "approved", "active", "suspended", "expired"};
constexpr std::size_t draft = 0, active = 3, suspended = 4, expired = 5;

std::size_t stage_of(const Json& profile) {
  const auto state = profile.find("state");
  if (state == profile.end() || !state->is_string()) return active;
  const auto found = std::find(stages.begin(), stages.end(), state->get<std::string>());
  return found == stages.end() ? active : static_cast<std::size_t>(found - stages.begin());  // a set that compiles has no other
}

std::int64_t version_of(const Json& profile) {
  const auto version = profile.find("version");
  return version != profile.end() && version->is_number_integer() ? version->get<std::int64_t>() : 0;
}

/// From one release to the next: forward one by one (shadow may be left out), back to an earlier stage before it was active, to suspended and
/// back, and from anywhere to expired.
bool one_step(std::size_t from, std::size_t to) {
  if (from == to || to == expired) return true;
  if (from < active) return to < active || (from == active - 1 && to == active);
  if (from == active) return to == suspended;
  if (from == suspended) return to == active || to == draft;
  return to == draft;
}

std::string wrong(const Json& before, const Json& after, Releases between) {
  const auto version = version_of(after), version_before = version_of(before);
  if (version < version_before) return "has version " + std::to_string(version) + " after " + std::to_string(version_before) + "; versions only grow";
  const auto stage = stage_of(after), stage_before = stage_of(before);
  const std::string from(stages[stage_before]), to(stages[stage]);
  if (version == version_before) {
    Json a = before, b = after;
    for (const char* told_apart : {"state", "note"}) a.erase(told_apart), b.erase(told_apart);
    if (a != b)
      return version == 0 ? "is changed and has no version; give it one" : "is changed, and its version is still " + std::to_string(version) + "; make it " + std::to_string(version + 1) + ": results are counted by it";
    if (stage_before == expired && stage != expired) return "was expired and is " + to + " again under the same version; make it " + std::to_string(version + 1);
  }
  if (between == Releases::next && !one_step(stage_before, stage))
    return "goes from " + from + " straight to " + to + "; " + (stage == active && stage_before < active ? "make it approved first" : stage_before == active ? "suspend or end it first" : "make it draft first");
  return {};
}

}  // namespace

std::vector<std::string> wrong_succession(const ProfileTable& before, const ProfileTable& after, Releases between, Names names) {
  constexpr std::size_t named_max = 20;
  std::vector<std::string> all;
  std::size_t further = 0;
  for (std::size_t i = 0, k = 0; i < after.size() && k < before.size();) {
    if (before.id(k) != after.id(i)) {
      if (before.id(k) < after.id(i)) ++k;
      else ++i;
      continue;
    }
    if (before.profile_hash(k) != after.profile_hash(i)) {
      const auto now = Json::parse(after.profile(i), nullptr, false);
      if (auto what = wrong(Json::parse(before.profile(k), nullptr, false), now, between); !what.empty()) {
        const bool nameless = names == Names::not_secret && now.is_object() && now.contains("secret") && now["secret"] == true;
        if (all.size() < named_max) all.push_back((nameless ? "secret profile " + std::to_string(i + 1) + " of the set" : "profile " + std::string(after.id(i))) + " " + what);
        else ++further;
      }
    }
    ++i, ++k;
  }
  if (further > 0) all.push_back("and " + std::to_string(further) + " further profiles");
  return all;
}

}  // namespace rampa::app
