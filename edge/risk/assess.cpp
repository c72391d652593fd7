// The assessment: profiles over facts, and the floors below which no set of profiles can go.
#include <algorithm>
#include <array>

#include "edge/risk/profile.hpp"

namespace rampa::risk {

namespace {

constexpr std::array control_order{"documents", "weighing", "radiation", "nii", "physical", "other"};

void raise(Assessment& a, SelectivityChannel channel) { a.channel = std::max(a.channel, channel); }

void order(Assessment& a, const std::string& control) {
  if (std::find(a.controls.begin(), a.controls.end(), control) == a.controls.end()) a.controls.push_back(control);
}

const std::vector<std::string>* list(const Fields& facts, std::string_view name) {
  const auto found = facts.find(name);
  return found == facts.end() ? nullptr : std::get_if<std::vector<std::string>>(&found->second);
}

std::string control_for(const std::string& missing) {
  if (missing == "scale") return "weighing";
  if (missing == "portal") return "radiation";
  if (missing == "scanner" || missing == "scan_finding") return "nii";
  return "documents";
}

// What holds whatever the profiles say. Unknown is never green.
void floors(Assessment& a, const std::vector<std::string>& evidence_missing) {
  const auto count = a.facts.find("declaration.count");
  const auto* declarations = count == a.facts.end() ? nullptr : std::get_if<std::int64_t>(&count->second);
  if (!declarations || *declarations == 0) {
    raise(a, SelectivityChannel::yellow);
    a.reasons.emplace_back("no declaration");
    order(a, "documents");
  }
  for (const auto& what : evidence_missing) {
    raise(a, SelectivityChannel::yellow);
    a.reasons.push_back("missing evidence: " + what);
    order(a, control_for(what));
  }
  if (const auto* lists = list(a.facts, "vehicle.watch_lists")) {
    for (const auto& name : *lists) {
      raise(a, SelectivityChannel::yellow);
      a.reasons.push_back("on watch list: " + name);
      order(a, "documents");
    }
  }
  if (const auto alarm = a.facts.find("evidence.radiation_alarm"); alarm != a.facts.end() && alarm->second == FieldValue{true}) {
    raise(a, SelectivityChannel::red);
    a.reasons.emplace_back("radiation alarm");
    order(a, "radiation");
  }
  if (const auto finding = a.facts.find("evidence.scan_finding"); finding != a.facts.end() && finding->second != FieldValue{std::string("clear")}) {
    raise(a, finding->second == FieldValue{std::string("suspect")} ? SelectivityChannel::red : SelectivityChannel::yellow);
    a.reasons.emplace_back("scan finding is not clear");
    order(a, "physical");
  }
}

void apply(Assessment& a, const CompiledSet& set, const Profile& profile) {
  std::vector<std::string> missing;
  const Truth truth = evaluate(profile.when, a.facts, missing);
  if (truth == Truth::no) return;
  if (profile.sample_of_10000 < 10000) {
    const auto drawn = draw(a.draw_key, profile.id);
    a.draws.push_back(drawn);
    if (drawn >= profile.sample_of_10000) return;  // not selected, whatever the missing facts are
  }
  if (truth == Truth::yes) {
    raise(a, profile.channel);
    a.hits.push_back({profile.id, profile.channel, set.instruction(profile.id, set.default_language)});
    for (const auto& control : profile.controls) order(a, control);
    return;
  }
  for (const auto& field : missing) a.undetermined.push_back(profile.id + ": " + field + " missing");
  raise(a, std::min(profile.channel, SelectivityChannel::yellow));
}

Assessment derive(const CompiledSet& set, Fields facts, std::uint64_t draw_key, WallTime now,
                  const std::vector<std::string>& evidence_missing) {
  Assessment a;
  a.channel = SelectivityChannel::green;
  a.profile_set = set.version();
  a.profile_set_sha256 = set.sha256();
  a.draw_key = draw_key;
  a.facts = std::move(facts);
  for (const auto& profile : set.profiles) {
    if (now >= profile.valid_from && now < profile.valid_before) apply(a, set, profile);
  }
  floors(a, evidence_missing);
  if (!a.undetermined.empty()) {
    a.reasons.emplace_back("profiles undetermined: facts are missing");
    if (a.channel == SelectivityChannel::yellow) order(a, "documents");
  }
  if (a.channel == SelectivityChannel::yellow && a.controls.empty()) order(a, "documents");
  if (a.channel == SelectivityChannel::red && a.controls.empty()) order(a, "physical");
  const auto place = [](const std::string& control) { return std::find(control_order.begin(), control_order.end(), control); };
  std::sort(a.controls.begin(), a.controls.end(), [&](const auto& x, const auto& y) { return place(x) < place(y); });
  return a;
}

}  // namespace

// SplitMix64 (Steele, Lea, Flood 2014) over the key and an FNV-1a of the profile's id.
std::uint32_t draw(std::uint64_t key, std::string_view profile) {
  std::uint64_t id = 0xcbf29ce484222325ull;
  for (const char c : profile) id = (id ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  std::uint64_t z = (key ^ id) + 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return static_cast<std::uint32_t>((z ^ (z >> 31)) % 10000);
}

std::string CompiledSet::instruction(const std::string& profile, const std::string& language) const {
  const auto found = std::lower_bound(profiles.begin(), profiles.end(), profile, [](const auto& p, const auto& id) { return p.id < id; });
  if (found == profiles.end() || found->id != profile) return {};
  auto text = found->instruction.find(language);
  if (text == found->instruction.end()) text = found->instruction.find(default_language);
  return text == found->instruction.end() ? std::string{} : text->second;
}

// compile() is the only maker of a ProfileSet in the product; another implementation could not be assessed.
Assessment assess(const ProfileSet& set, const Question& question) {
  const auto* compiled = dynamic_cast<const CompiledSet*>(&set);
  if (!compiled) {
    Assessment none;
    none.reasons.emplace_back("no profile set");
    none.controls = {"physical"};
    return none;  // red
  }
  return derive(*compiled, all_facts(question), question.draw_key, question.now, question.evidence_missing);
}

Assessment reassess(const ProfileSet& set, const Assessment& stored, WallTime made_at,
                    const std::vector<std::string>& evidence_missing) {
  const auto* compiled = dynamic_cast<const CompiledSet*>(&set);
  if (!compiled) return {};
  return derive(*compiled, stored.facts, stored.draw_key, made_at, evidence_missing);
}

}  // namespace rampa::risk
