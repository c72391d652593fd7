// Random sets of profiles and random facts from a seed: every operator, every field type, named lists, missing and mistyped facts,
// validity, weekly windows and scope.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "edge/crossing/field_value.hpp"
#include "edge/risk/declared_facts.hpp"
#include "edge/risk/profile.hpp"
#include "tests/fuzz/risk_terms.hpp"

namespace rampa::fuzz {

class RiskWorld {
 public:
  explicit RiskWorld(std::uint64_t seed) : random_(seed) {
    const std::size_t wanted = 6 + upto(14);  // few fields, so that profiles and facts meet
    const auto all = risk::catalogue();
    for (std::size_t i = 0; i < wanted; ++i) {
      const auto& name = all[upto(risk::first_goods_field())];
      if (std::find(fields_.begin(), fields_.end(), name) == fields_.end()) fields_.push_back(name);
    }
    for (std::size_t i = risk::first_goods_field(); i < all.size(); ++i) goods_.push_back(all[i]);
    for (int i = 0; i < 3; ++i) {
      auto& list = lists_["list" + std::to_string(i)];
      for (std::size_t n = 1 + upto(20); n > 0; --n) list.push_back(word());
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
    }
  }

  std::size_t upto(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random_() % n); }
  bool chance(int percent) { return static_cast<int>(upto(100)) < percent; }
  std::int64_t number() { return chance(3) ? (chance(50) ? INT64_MAX : INT64_MIN) : static_cast<std::int64_t>(upto(40)) - 8; }
  std::string word() {
    static const std::string letters = "AB01";
    std::string text;
    for (std::size_t n = 1 + upto(chance(10) ? 20 : 5); n > 0; --n) text += letters[upto(letters.size())];
    return text;
  }

  risk::Condition condition(int depth, bool in_item) {
    risk::Condition c;
    if (depth == 0 || chance(35)) return test(in_item);
    switch (upto(in_item ? 3 : 5)) {
      case 0: c.kind = risk::Condition::Kind::all; break;
      case 1: c.kind = risk::Condition::Kind::any; break;
      case 2:
        c.kind = risk::Condition::Kind::negation;
        c.parts.push_back(condition(depth - 1, in_item));
        return c;
      case 3: c.kind = risk::Condition::Kind::any_item; in_item = true; break;
      default: c.kind = risk::Condition::Kind::all_item; in_item = true; break;
    }
    for (std::size_t n = 1 + upto(3); n > 0; --n) c.parts.push_back(chance(2) ? risk::Condition{} : condition(depth - 1, in_item));
    return c;
  }

  /// Like real ones: mostly conjunctions of a few tests, sometimes any tree at all.
  risk::Condition profile_condition() {
    if (chance(40)) return risk::canonical(condition(4, false));
    risk::Condition c;
    c.kind = risk::Condition::Kind::all;
    for (std::size_t n = 1 + upto(4); n > 0; --n) c.parts.push_back(test(false));
    for (int count = chance(40) ? (chance(40) ? 2 : 1) : 0; count > 0; --count) {  // two may be met by different items
      risk::Condition items;
      items.kind = chance(80) ? risk::Condition::Kind::any_item : risk::Condition::Kind::all_item;
      for (std::size_t n = 1 + upto(2); n > 0; --n) items.parts.push_back(test(true));
      c.parts.push_back(items);
    }
    return risk::canonical(c);
  }

  /// Half of the profiles apply always and everywhere.
  RiskTerms terms() {
    RiskTerms t;
    if (chance(50)) return t;
    if (chance(30)) t.valid_from = static_cast<int>(upto(days));
    if (chance(30)) t.valid_to = std::max(t.valid_from, 0) + static_cast<int>(upto(static_cast<std::size_t>(days - std::max(t.valid_from, 0))));
    for (std::size_t n = chance(35) ? 1 + upto(3) : 0; n > 0; --n) {
      RiskTerms::Window w;
      for (std::size_t k = 1 + upto(3); k > 0; --k) w.days.push_back(static_cast<int>(upto(7)));
      if (chance(70)) w.from = static_cast<int>(upto(1440));
      if (chance(70)) w.to = static_cast<int>(upto(1440));
      if (w.from == w.to) w.to = 1440;
      t.windows.push_back(std::move(w));
    }
    for (const auto& [key, field] : places)
      if (chance(20)) {
        RiskTerms::Place place{key, field, {}};
        for (std::size_t n = 1 + upto(8); n > 0; --n) place.values.push_back(letter());
        t.scope.push_back(std::move(place));
      }
    return t;
  }

  std::string set_json(std::size_t profiles, std::vector<FuzzProfile>& made) {
    std::string json = R"({"format":2,"version":"fuzz","issued":"2026-01-01","policy":{"score":{"yellow":20,"red":60},"random_percent":7.5,"stale_after_hours":48,)"
                       R"("cap_percent":{"red":30,"yellow":50},"draw_secret":"00112233445566778899aabbccddeeff"},"lists":{)";
    bool first = true;
    for (const auto& [name, values] : lists_) {
      json += (first ? "\"" : ",\"") + name + "\":[";
      for (std::size_t i = 0; i < values.size(); ++i) json += (i ? ",\"" : "\"") + values[i] + "\"";
      json += "]";
      first = false;
    }
    json += R"(},"green_lists":[{"id":"G1","residual_percent":10,"when":)" + risk::to_json(profile_condition()) + R"(}],"profiles":[)";
    static const char* channels[] = {"green", "blue", "yellow", "red"};
    for (std::size_t i = 0; i < profiles; ++i) {
      const auto when = profile_condition();
      const auto terms_of_it = terms();
      made.push_back({terms_of_it, terms_of_it.with(when)});
      char id[16];
      std::snprintf(id, sizeof id, "P%05u", static_cast<unsigned>(i));
      json += std::string(i ? "," : "") + R"({"id":")" + id + R"(","title":"t","channel":")" + channels[upto(4)] + R"(","instruction":"look","weight":)" + std::to_string(upto(9));
      if (chance(30)) json += R"(,"sample_percent":)" + std::to_string(1 + upto(100));
      if (chance(20)) json += R"(,"aeo_percent":)" + std::to_string(upto(50));
      else if (chance(20)) json += R"(,"security":true)";
      if (chance(10)) json += R"(,"state":"shadow")";
      json += terms_of_it.json() + ",\"when\":" + risk::to_json(when) + "}";
    }
    return json + "]}";
  }

  [[nodiscard]] const risk::NamedLists& lists() const { return lists_; }

  Fields facts() {
    Fields facts;
    for (const auto& field : fields_)
      if (!chance(15)) facts[field] = value(*risk::type_of(field));
    for (const auto& [key, field] : places) {
      if (chance(15)) continue;
      if (*risk::type_of(field) == risk::FieldType::text) facts[field] = letter();
      else facts[field] = std::vector<std::string>{letter(), letter()};
    }
    if (chance(90)) {
      const auto count = upto(5);
      facts["goods.count"] = static_cast<std::int64_t>(count);
      for (std::size_t i = 0; i < count; ++i)
        for (const auto& field : goods_)
          if (!chance(8)) facts["goods." + std::to_string(i) + field.substr(5)] = value(*risk::type_of(field));
    }
    if (chance(30)) {  // several declarations, of which some lack what others have
      std::vector<std::string> incomplete;
      for (const auto& field : fields_)
        if (chance(40)) incomplete.push_back(field);  // also those that are missing, or no list
      for (const auto& [key, field] : places)
        if (chance(20)) incomplete.emplace_back(field);
      if (chance(50)) incomplete.emplace_back("goods");
      facts[std::string(risk::incomplete_facts)] = std::move(incomplete);
    }
    if (chance(40)) {  // ... and say different things
      std::vector<std::string> several;
      for (const auto& field : fields_)
        if (chance(40)) several.push_back(field);
      for (const auto& [key, field] : places)
        if (chance(30)) several.emplace_back(field);
      facts[std::string(risk::several_facts)] = std::move(several);
    }
    if (chance(50)) facts[std::string(risk::goods_codes_are_beginnings)] = true;
    return facts;
  }

 private:
  static constexpr std::pair<const char*, const char*> places[] = {{"office", "declaration.office"}, {"direction", "vehicle.direction"}, {"procedure", "declaration.procedure"},
                                                                   {"mode", "declaration.mode"}, {"lane", "vehicle.lane"}};
  std::string letter() { return std::string(1, "AB01"[upto(4)]); }

  risk::Condition test(bool in_item) {
    using enum risk::Operator;
    risk::Condition t;
    t.kind = risk::Condition::Kind::test;
    t.field = in_item && chance(75) ? goods_[upto(goods_.size())] : fields_[upto(fields_.size())];
    if (chance(6)) {
      t.op = exists;
      t.flag = chance(50);
      return t;
    }
    const auto type = *risk::type_of(t.field);
    const auto values = [&] { return t.op == in || t.op == notin || t.op == prefix ? 1 + upto(chance(15) ? 30 : 4) : 1; };
    switch (type) {
      case risk::FieldType::boolean: t.op = eq; t.flag = chance(50); break;
      case risk::FieldType::integer: {
        static const risk::Operator operators[] = {eq, in, notin, ge, le, range};
        t.op = operators[upto(6)];
        for (std::size_t n = values(); n > 0; --n) t.numbers.push_back(number());
        if (t.op == range) {
          t.numbers.push_back(number());
          std::sort(t.numbers.begin(), t.numbers.end());
        }
        break;
      }
      default: {
        static const risk::Operator operators[] = {eq, in, notin, prefix};
        t.op = operators[upto(4)];
        if (t.op != eq && chance(15)) {
          t.list = "list" + std::to_string(upto(3));
          break;
        }
        for (std::size_t n = values(); n > 0; --n) t.texts.push_back(word());
      }
    }
    return t;
  }

  FieldValue value(risk::FieldType type) {
    if (chance(3)) type = static_cast<risk::FieldType>(upto(4));  // something else than the catalogue says
    switch (type) {
      case risk::FieldType::boolean: return chance(50);
      case risk::FieldType::integer: return number();
      case risk::FieldType::text: return word();
      case risk::FieldType::list: break;
    }
    std::vector<std::string> list;
    for (std::size_t n = upto(4); n > 0; --n) list.push_back(word());
    return list;
  }

  std::mt19937_64 random_;
  std::vector<std::string> fields_, goods_;
  risk::NamedLists lists_;
};

}  // namespace rampa::fuzz
