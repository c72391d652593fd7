// Reads a profile set, profile by profile. Every finding comes with its path, the cause and what to do, all at once.
#include <algorithm>
#include <bit>
#include <optional>

#include "edge/risk/hashing_internal.hpp"
#include "edge/risk/json_fields.hpp"
#include "edge/risk/profile.hpp"
#include "edge/risk/urgent.hpp"

namespace rampa::risk {

namespace {

constexpr std::size_t profiles_max = 200000;

/// Ids of the profiles read so far. Each text lies in the parsed document, which lives longer.
class IdsSeen {
 public:
  explicit IdsSeen(std::size_t most) : slots_(std::bit_ceil(std::max<std::size_t>(16, most * 2))) {}
  /// False where it was there before. Ids are not empty.
  bool add(std::string_view id) {
    const auto hash = hash_text(id, 0);
    auto slot = hash & (slots_.size() - 1);
    for (; !slots_[slot].empty(); slot = (slot + 1) & (slots_.size() - 1))
      if (slots_[slot] == id) return false;
    slots_[slot] = id;
    return true;
  }

 private:
  std::vector<std::string_view> slots_;
};

class SetReader : JsonFields {
 public:
  SetReader(SetHead& head, std::vector<Finding>& findings, Reading reading) : JsonFields(findings), head_(head), conditions_(findings), reading_(reading) {}

  void read(Element root, const std::function<void(RiskProfile&&)>& on_profile) {
    Object set;
    const Path top{};
    if (root.get(set)) return findings_.push_back({"$", "is not an object", "write {\"format\": 2, \"version\": ..., \"profiles\": [...]}"});
    known_keys(set, top, {"format", "version", "issued", "default_language", "policy", "lists", "green_lists", "profiles", "urgent", "note"});
    std::int64_t format = 0;
    if (set["format"].get(format) || (format != 1 && format != 2)) fault(top / "format", "is not 1 or 2", "this program reads formats 1 and 2");
    head_.version = text(set, top, "version", true);
    if (!set["default_language"].error()) head_.default_language = text(set, top, "default_language", true);
    if (const auto at = date(set, top, "issued")) head_.issued = *at;
    Object part;
    if (object(set, top, "policy", part)) policy(part, top / "policy");
    if (object(set, top, "lists", part)) lists(part, top / "lists");
    green_lists(set, top);
    simdjson::dom::array list;
    if (set["profiles"].get(list)) return fault(top / "profiles", "is not a list", "write a list, empty if there are no profiles");
    const Path profiles = top / "profiles", urgent = top / "urgent";
    simdjson::dom::array urgents;
    const bool has_urgent = !set["urgent"].error();
    if (has_urgent && (set["urgent"].get(urgents) || urgents.size() == 0)) return fault(urgent, "is not a list of profiles", "remove it: only a post itself writes it");
    // Known before the first profile is handed on; the set's name says that it is not HQ's alone.
    if (has_urgent) {
      head_.urgent = urgents.size();
      head_.version += "+urgent." + std::to_string(head_.urgent);
    }
    if (list.size() > profiles_max) return fault(profiles, "has more than " + std::to_string(profiles_max) + " entries", "split the set");
    IdsSeen ids(list.size() + head_.urgent);
    const auto each = [&](simdjson::dom::array all, const Path& in, auto rule) {
      std::size_t i = 0;
      for (const auto json : all) {
        const Path at = in / i++;
        const auto before = findings_.size();
        RiskProfile profile = one(json, at);
        std::string_view id;
        if (!profile.id.empty() && !json["id"].get(id) && !ids.add(id)) fault(at / "id", "is used twice: " + profile.id, "give every profile its own id");
        rule(profile, at);
        if (findings_.size() == before) on_profile(std::move(profile));
      }
    };
    each(list, profiles, [&](const RiskProfile& p, const Path& at) {
      if (p.id.starts_with(urgent_id_prefix))
        fault(at / "id", "is in the range of urgent profiles, which posts make themselves", "begin it with something else than " + std::string(urgent_id_prefix));
    });
    if (has_urgent) each(urgents, urgent, [&](const RiskProfile& p, const Path& at) { only_adds(p, at); });
  }

 private:
  /// Against a rule that sets of before could break: a golden one in tests/golden/kept_sets tells what it meant.
  void newly_refused(const Path& at, std::string cause, std::string remedy) {
    (reading_ == Reading::fresh ? findings_ : head_.outgrown).push_back({at.text(), std::move(cause), std::move(remedy)});
  }

  /// Whatever an urgent profile says, no lorry becomes greener by it.
  void only_adds(const RiskProfile& p, const Path& at) {
    if (!p.id.starts_with(urgent_id_prefix)) fault(at / "id", "does not begin with " + std::string(urgent_id_prefix), "urgent profiles have ids of their own range");
    if (p.channel < SelectivityChannel::yellow) fault(at / "channel", "is not yellow or red", "an urgent profile stops");
    if (!p.security) fault(at / "security", "is not true", "an urgent profile is the same for all operators");
    if (p.sample_of_10000 != 10000) fault(at / "sample_percent", "leaves some out", "an urgent profile selects all that match");
    if (p.weight != 0) fault(at / "weight", "is not 0", "an urgent profile stops by itself");
    if (p.state != LifeCycle::active) fault(at / "state", "is not active", "leave the profile out instead");
  }

  void policy(Object json, const Path& at) {
    using enum SelectivityChannel;
    known_keys(json, at, {"score", "cap_percent", "random_percent", "random_channel", "stale_after_hours", "stale_floor", "stop_limit", "draw_secret", "risk_unit_key"});
    SetPolicy& p = head_.policy;
    Object part;
    if (object(json, at, "score", part)) {
      const Path below = at / "score";
      known_keys(part, below, {"yellow", "red"});
      p.score_yellow = whole(part, below, "yellow", 1, 1'000'000'000, INT64_MAX);
      p.score_red = whole(part, below, "red", 1, 1'000'000'000, INT64_MAX);
      if (p.score_red != INT64_MAX && p.score_yellow != INT64_MAX && p.score_red <= p.score_yellow) fault(below / "red", "is not above yellow", "red is the higher threshold");
    }
    if (object(json, at, "cap_percent", part)) {
      const Path below = at / "cap_percent";
      known_keys(part, below, {"yellow", "red"});
      p.cap_of_10000[static_cast<int>(yellow)] = percent(part, below, "yellow", 10000, false);
      p.cap_of_10000[static_cast<int>(red)] = percent(part, below, "red", 10000, false);
    }
    p.random_of_10000 = percent(json, at, "random_percent", 0, true);
    p.random_channel = word<SelectivityChannel>(json, at, "random_channel", {{"blue", blue}, {"yellow", yellow}, {"red", red}}, yellow);
    p.stale_after_hours = whole(json, at, "stale_after_hours", 1, 100'000, INT64_MAX);
    p.stale_floor = word<SelectivityChannel>(json, at, "stale_floor", {{"green", green}, {"blue", blue}, {"yellow", yellow}, {"red", red}}, yellow);
    if (object(json, at, "stop_limit", part)) {
      const Path below = at / "stop_limit";
      known_keys(part, below, {"profile_percent", "set_percent", "waived"});
      p.stop_profile_of_10000 = percent(part, below, "profile_percent", p.stop_profile_of_10000, true);
      p.stop_set_of_10000 = percent(part, below, "set_percent", p.stop_set_of_10000, true);
      p.stop_waived = text(part, below, "waived", false);
      const auto reasoned = [&](const char* key, std::uint16_t is, std::uint16_t most) {
        if (is > most && part["waived"].error())
          newly_refused(below / key, "is above " + std::to_string(most / 100) + " and no reason is given", "give " + std::to_string(most / 100) + " at most, or the reason as waived");
      };
      reasoned("profile_percent", p.stop_profile_of_10000, SetPolicy::stop_profile_unreasoned);
      reasoned("set_percent", p.stop_set_of_10000, SetPolicy::stop_set_unreasoned);
      if (p.stop_set_of_10000 < p.stop_profile_of_10000) fault(below / "set_percent", "is below profile_percent", "the whole set stops at least as many as one of its profiles");
    }
    if (p.stale_after_hours != INT64_MAX && head_.issued.ms == INT64_MIN) fault(Path{} / "issued", "is missing", "a set that can become stale says when it was issued");
    p.risk_unit_key = text(json, at, "risk_unit_key", false);
    if (!p.risk_unit_key.empty() && (p.risk_unit_key.size() != 64 || p.risk_unit_key.find_first_not_of("0123456789abcdef") != std::string::npos))
      fault(at / "risk_unit_key", "is not a public key", "write the 64 digits that `rampa explain --make-key` printed");
    if (const auto secret = text(json, at, "draw_secret", false); !secret.empty()) draw_secret(secret, at / "draw_secret");
  }

  void draw_secret(const std::string& hex, const Path& at) {
    bool fine = hex.size() == 32;
    for (std::size_t i = 0; fine && i < 32; ++i) {
      const auto digit = std::string_view("0123456789abcdef").find(hex[i]);
      fine = digit != std::string_view::npos;
      if (fine) head_.policy.draw_secret[i / 16] = head_.policy.draw_secret[i / 16] << 4 | digit;
    }
    if (!fine || hex.find_first_not_of('0') == std::string::npos) fault(at, "is not a key", "write 32 digits 0-9a-f, made at random");
  }

  void lists(Object json, const Path& at) {
    for (const auto field : json) {
      auto values = texts(json, at, field.key);
      if (values.empty()) fault(at / field.key, "is empty", "give at least one value, or remove the list");
      std::sort(values.begin(), values.end());
      values.erase(std::unique(values.begin(), values.end()), values.end());
      if (!head_.lists.emplace(std::string(field.key), std::move(values)).second) fault(at / field.key, "stands twice", "remove one");
    }
  }

  void green_lists(Object set, const Path& top) {
    const auto value = set["green_lists"];
    if (value.error()) return;
    simdjson::dom::array list;
    const Path at = top / "green_lists";
    if (value.get(list)) return fault(at, "is not a list", "write [{\"id\": ..., \"when\": ...}]");
    if (list.size() > 200) return fault(at, "has more than 200 entries", "use named lists for the members");
    std::size_t i = 0;
    for (const auto json : list) {
      const Path here = at / i++;
      Object object;
      if (json.get(object)) { fault(here, "is not an object", "write {\"id\": ..., \"when\": ...}"); continue; }
      known_keys(object, here, {"id", "when", "valid_from", "valid_to", "residual_percent", "note"});
      GreenList g;
      g.id = text(object, here, "id", true);
      validity(object, here, g.valid_from, g.valid_before);
      g.residual_of_10000 = percent(object, here, "residual_percent", 0, true);
      g.when = when(object, here);
      head_.green_lists.push_back(std::move(g));
    }
  }

  Condition when(Object json, const Path& at) {
    const auto value = json["when"];
    if (value.error()) {
      fault(at / "when", "is missing", "give a condition, or \"always\"");
      return {};
    }
    const auto before = findings_.size();
    Element written;
    if (json["when"].get(written)) return {};
    Condition c = conditions_.condition(written, at / "when", false, 0);
    if (findings_.size() != before) return {};
    known_lists(c, at / "when");
    return canonical(std::move(c));
  }

  void known_lists(const Condition& c, const Path& at) {
    for (const auto& part : c.parts) known_lists(part, at);
    if (c.list.empty() || head_.lists.contains(c.list)) return;
    std::vector<std::string> names;
    for (const auto& [name, values] : head_.lists) names.push_back(name);
    const auto like = nearest(c.list, names);
    fault(at, "there is no list \"" + c.list + "\"", like.empty() ? "define it under lists" : "did you mean \"" + like + "\"?");
  }

  RiskProfile one(Element json, const Path& at) {
    using enum SelectivityChannel;
    RiskProfile p;
    Object object_;
    if (json.get(object_)) {
      fault(at, "is not an object", "write {\"id\": ..., \"channel\": ..., \"when\": ...}");
      return p;
    }
    known_keys(object_, at, {"id", "version", "owner", "title", "reason", "state", "valid_from", "valid_to", "weekly", "scope", "channel", "controls", "instruction",
                             "weight", "sample_percent", "aeo_percent", "security", "secret", "when", "note"});
    p.id = text(object_, at, "id", true);
    p.title = text(object_, at, "title", true);
    p.owner = text(object_, at, "owner", false);
    p.version = static_cast<std::uint32_t>(whole(object_, at, "version", 1, 1'000'000'000, 0));
    Object part;
    if (object(object_, at, "reason", part)) reason(part, at / "reason", p);
    p.state = word<LifeCycle>(object_, at, "state", {{"draft", LifeCycle::draft}, {"shadow", LifeCycle::shadow}, {"approved", LifeCycle::approved},
        {"active", LifeCycle::active}, {"suspended", LifeCycle::suspended}, {"expired", LifeCycle::expired}}, LifeCycle::active);
    validity(object_, at, p.valid_from, p.valid_before);
    weekly(object_, at, p);
    if (object(object_, at, "scope", part)) {
      const Path below = at / "scope";
      known_keys(part, below, {"office", "direction", "procedure", "mode", "lane"});
      // Whoever writes an empty list means none by it: it must not become all.
      const auto some = [&](std::string_view key) {
        auto values = texts(part, below, key);
        simdjson::dom::array list;
        if (!part[key].get(list) && list.size() == 0) newly_refused(below / key, "is empty", "leave it out for all, or name at least one");
        return values;
      };
      p.scope = {some("office"), some("direction"), some("procedure"), some("mode"), some("lane")};
    }
    p.channel = word<SelectivityChannel>(object_, at, "channel", {{"green", green}, {"blue", blue}, {"yellow", yellow}, {"red", red}}, yellow, true);
    controls(object_, at, p);
    instruction(object_, at, p);
    p.weight = static_cast<std::int32_t>(whole(object_, at, "weight", -1'000'000, 1'000'000, 0));
    p.sample_of_10000 = percent(object_, at, "sample_percent", 10000, false);
    p.aeo_of_10000 = percent(object_, at, "aeo_percent", 10000, true);
    if (const auto flag = object_["security"]; !flag.error() && flag.get(p.security)) fault(at / "security", "is not true or false", "give true or false");
    if (const auto flag = object_["secret"]; !flag.error() && flag.get(p.secret)) fault(at / "secret", "is not true or false", "give true or false");
    if (p.security && p.aeo_of_10000 != 10000) fault(at / "aeo_percent", "reduces a security profile", "security profiles are the same for all operators: remove it");
    // Without a key anyone who guesses the id could check his guess against what the post shows.
    if (p.secret && head_.policy.draw_secret[0] == 0 && head_.policy.draw_secret[1] == 0)
      fault(at / "secret", "needs the set's key", "give policy.draw_secret: 32 digits 0-9a-f, made at random");
    p.when = when(object_, at);
    return p;
  }

  void reason(Object json, const Path& at, RiskProfile& p) {
    known_keys(json, at, {"kind", "number", "ends"});
    p.reason_kind = word<std::string>(json, at, "kind", {{"rif", "rif"}, {"common", "common"}, {"financial", "financial"}, {"priority_area", "priority_area"}, {"national", "national"}}, "", true);
    p.reason_number = text(json, at, "number", false);
    if (const auto day = date(json, at, "ends")) p.reason_ends = WallTime{day->ms + 24LL * 3600 * 1000};
    else if (p.reason_kind == "priority_area") fault(at / "ends", "is missing", "a priority control area has an end date");
    // What it was made for is over: so is the profile.
    p.valid_before = std::min(p.valid_before, p.reason_ends);
  }

  std::optional<int> clock(Object json, const Path& at, std::string_view key, int absent) {
    const auto value = json[key];
    if (value.error()) return absent;
    std::string_view w;
    const auto digit = [&](std::size_t i) { return w[i] >= '0' && w[i] <= '9'; };
    if (!value.get(w) && w.size() == 5 && w[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4)) {
      const int minutes = ((w[0] - '0') * 10 + w[1] - '0') * 60 + (w[3] - '0') * 10 + w[4] - '0';
      if (minutes <= 24 * 60 && w[3] < '6') return minutes;
    }
    fault(at / key, "is not a time of day", "write HH:MM, 00:00 to 24:00");
    return std::nullopt;
  }

  void weekly(Object json, const Path& at, RiskProfile& p) {
    const auto value = json["weekly"];
    if (value.error()) return;
    simdjson::dom::array list;
    const Path below = at / "weekly";
    if (value.get(list) || list.size() == 0) return fault(below, "is not a list of windows", "write [{\"days\": [\"mon\"], \"from\": \"22:00\", \"to\": \"06:00\"}]");
    std::size_t i = 0;
    for (const auto element : list) {
      const Path here = below / i++;
      Object window;
      if (element.get(window)) { fault(here, "is not an object", "write {\"days\": [...], \"from\": ..., \"to\": ...}"); continue; }
      known_keys(window, here, {"days", "from", "to"});
      const auto from = clock(window, here, "from", 0), to = clock(window, here, "to", 24 * 60);
      static constexpr std::array<std::string_view, 7> names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
      simdjson::dom::array days;
      if (!window["days"].get(days) && days.size() == 0) newly_refused(here / "days", "is empty", "name the days, or leave weekly out for always");
      for (const auto& day : texts(window, here, "days")) {
        const auto found = std::find(names.begin(), names.end(), day);
        if (found == names.end()) { fault(here / "days", "\"" + day + "\" is not a day", "use mon, tue, wed, thu, fri, sat, sun"); continue; }
        if (!from || !to || *from == *to) continue;
        const int start = static_cast<int>(found - names.begin()) * 1440 + *from;
        const int end = start - *from + *to + (*to < *from ? 1440 : 0) - 1;
        p.weekly.push_back({static_cast<std::uint16_t>(start % 10080), static_cast<std::uint16_t>(end % 10080)});
      }
      if (from && to && *from == *to) fault(here / "to", "is the same as from", "leave both out for the whole day");
      if (window["days"].error()) fault(here / "days", "is missing", "name the days");
    }
  }

  void controls(Object json, const Path& at, RiskProfile& p) {
    const auto value = json["controls"];
    if (value.error()) return;
    simdjson::dom::array list;
    const Path below = at / "controls";
    if (value.get(list)) return fault(below, "is not a list", "write [\"documents\"]");
    static const std::vector<std::string> known{"documents", "weighing", "nii", "radiation", "physical", "other"};
    std::size_t i = 0;
    for (const auto element : list) {
      const Path here = below / i++;
      ControlOrder order;
      std::string_view name;
      Object object;
      if (!element.get(object)) {
        known_keys(object, here, {"control", "what", "where", "with", "evidence"});
        order = {text(object, here, "control", true), text(object, here, "what", false), text(object, here, "where", false), text(object, here, "with", false), text(object, here, "evidence", false)};
      } else if (!element.get(name)) {
        order.control = name;
      }
      if (std::find(known.begin(), known.end(), order.control) == known.end()) fault(here, "is not a control", "use documents, weighing, nii, radiation, physical or other");
      else p.controls.push_back(std::move(order));
    }
    if (p.channel <= SelectivityChannel::blue && !p.controls.empty())
      fault(below, "a " + std::string(name_of(p.channel)) + " crossing is released at once, nobody would do them", "remove them or choose yellow");
  }

  void instruction(Object json, const Path& at, RiskProfile& p) {
    const auto value = json["instruction"];
    const Path below = at / "instruction";
    if (value.error()) {
      if (p.channel != SelectivityChannel::green) fault(below, "is missing", "say what the officer has to do, never the criterion");
      return;
    }
    std::string_view words;
    Object languages;
    if (!value.get(words)) { p.instruction[head_.default_language] = words; return; }
    if (value.get(languages)) return fault(below, "is neither text nor object", "write a text, or {\"en\": \"...\", \"de\": \"...\"}");
    for (const auto field : languages) {
      if (field.value.get(words)) fault(below / field.key, "is not a text", "give a text");
      else p.instruction[std::string(field.key)] = words;
    }
    if (!p.instruction.contains(head_.default_language)) fault(below / head_.default_language, "is missing", "the set's default language must be there");
  }

  SetHead& head_;
  Reader conditions_;
  Reading reading_;
};

/// The parser's own memory is three times as large as the text, and most of the time that a large set takes to parse is page faults in it.
void advise(simdjson::dom::parser& parser, std::size_t size, PageAdvice advice) {
  if (size < (std::size_t{1} << 20) || parser.allocate(size) || parser.doc.allocate(size)) return;  // what there is no memory for, parse() says
  advice(parser.doc.tape.get(), size * sizeof(std::uint64_t));
  advice(parser.doc.string_buf.get(), size + size / 3);
  advice(parser.implementation->structural_indexes.get(), size * sizeof(std::uint32_t));
}

}  // namespace

std::vector<Finding> read_set(const std::string& json, SetHead& head, const std::function<void(RiskProfile&&)>& on_profile, PageAdvice advice, Reading reading) {
  std::vector<Finding> findings;
  simdjson::dom::parser parser;
  if (advice) advise(parser, json.size(), advice);
  Element root;
  if (const auto error = parser.parse(json).get(root)) {
    const bool table = json.substr(0, json.find_first_not_of(" \t\r\n") + 1).ends_with('<');
    findings.push_back({"$", std::string("is not JSON: ") + simdjson::error_message(error),
                        table ? "if it is a decision table, `rampa profiles convert FILE --to json` makes a set of it" : "correct the file"});
    return findings;
  }
  SetReader(head, findings, reading).read(root, on_profile);
  return findings;
}

Condition with_scope(const RiskProfile& p) {
  Condition all;
  all.kind = Condition::Kind::all;
  const auto test = [&](const char* field, const std::vector<std::string>& values) {
    if (values.empty()) return;
    Condition t;
    t.kind = Condition::Kind::test;
    t.field = field;
    t.op = Operator::in;
    t.texts = values;
    all.parts.push_back(std::move(t));
  };
  test("declaration.office", p.scope.offices);
  test("vehicle.direction", p.scope.directions);
  test("declaration.procedure", p.scope.procedures);
  test("declaration.mode", p.scope.modes);
  test("vehicle.lane", p.scope.lanes);
  if (all.parts.empty()) return p.when;
  all.parts.push_back(p.when);
  return canonical(std::move(all));
}

bool in_weekly(const std::vector<WeeklyWindow>& windows, std::uint16_t minute) {
  if (windows.empty()) return true;
  return std::any_of(windows.begin(), windows.end(), [&](const WeeklyWindow& w) {
    return w.from <= w.to ? minute >= w.from && minute <= w.to : minute >= w.from || minute <= w.to;
  });
}

}  // namespace rampa::risk
