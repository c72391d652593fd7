// The compiled evaluation against a second one that shares no code: it walks the JSON text's structure as it was generated
// and counts in plain integers (0 no, 1 undetermined, 2 yes).
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>

#include "tests/unit/risk/sets.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {

struct Plain {
  std::string json;
  std::function<int(const Fields&)> judge;
};

int number_of(const Fields& f, const std::string& name, std::int64_t& out) {
  auto it = f.find(name);
  if (it == f.end()) return 0;
  out = std::get<std::int64_t>(it->second);
  return 1;
}

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}
  int upto(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  /// "in", "notin", "prefix" and "exists" of a list that one of the declarations may lack.
  Plain list_leaf() {
    const std::string word = {static_cast<char>('A' + upto(3)), 'T'};
    const int op = upto(4);
    const auto judge = [word, op](const Fields& f) {
      const auto it = f.find("declaration.route");
      if (it == f.end()) return op == 3 ? 0 : 1;
      const bool incomplete = f.contains("the route in part");
      if (op == 3) return incomplete ? 1 : 2;
      bool found = false;
      for (const auto& text : std::get<std::vector<std::string>>(it->second)) found = found || text == word;
      if (found) return op == 1 ? 0 : 2;
      return incomplete ? 1 : op == 1 ? 2 : 0;
    };
    static const char* const names[] = {"in", "notin", "prefix", "exists"};
    return {R"({"field":"declaration.route","op":")" + std::string(names[op]) + R"(","value":)" + (op == 3 ? "true" : op == 2 ? "\"" + word + "\"" : "[\"" + word + "\"]") + "}", judge};
  }

  /// One item is worth at least so much, or all are.
  Plain goods_leaf() {
    const int limit = upto(6);
    const bool any = upto(2) == 0;
    return {std::string(any ? R"({"any_item":[)" : R"({"all_item":[)") + R"({"field":"goods.value_eur","op":"ge","value":)" + std::to_string(limit) + "}]}", [=](const Fields& f) {
              const auto count = f.find("goods.count");
              if (count == f.end()) return 1;
              int result = f.contains("the goods in part") ? 1 : any ? 0 : 2;
              for (std::int64_t i = 0; i < std::get<std::int64_t>(count->second); ++i) {
                std::int64_t v;
                const int one = !number_of(f, "goods." + std::to_string(i) + ".value_eur", v) ? 1 : v >= limit ? 2 : 0;
                result = any ? std::max(result, one) : std::min(result, one);
              }
              return result;
            }};
  }

  Plain leaf() {
    if (upto(4) == 0) return upto(2) == 0 ? list_leaf() : goods_leaf();
    static const std::vector<std::string> numbers{"evidence.gross_kg", "evidence.gamma_sigma", "evidence.plate_confidence_percent"};
    static const std::vector<std::string> texts{"vehicle.plate", "vehicle.trailer", "vehicle.country"};
    if (upto(2) == 0) {
      const auto field = numbers[static_cast<std::size_t>(upto(3))];
      const int limit = upto(6);
      switch (upto(4)) {
        case 0: return {R"({"field":")" + field + R"(","op":"ge","value":)" + std::to_string(limit) + "}",
                        [=](const Fields& f) { std::int64_t v; return !number_of(f, field, v) ? 1 : v >= limit ? 2 : 0; }};
        case 1: return {R"({"field":")" + field + R"(","op":"ne","value":)" + std::to_string(limit) + "}",
                        [=](const Fields& f) { std::int64_t v; return !number_of(f, field, v) ? 1 : v != limit ? 2 : 0; }};
        case 2: return {R"({"field":")" + field + R"(","op":"range","value":[)" + std::to_string(limit) + "," + std::to_string(limit + 2) + "]}",
                        [=](const Fields& f) { std::int64_t v; return !number_of(f, field, v) ? 1 : v >= limit && v <= limit + 2 ? 2 : 0; }};
        default: return {R"({"field":")" + field + R"(","op":"exists","value":true})",
                         [=](const Fields& f) { std::int64_t v; return number_of(f, field, v) ? 2 : 0; }};
      }
    }
    const auto field = texts[static_cast<std::size_t>(upto(3))];
    const std::string word(1, static_cast<char>('A' + upto(3)));
    const bool prefix = upto(2) == 0;
    return {R"({"field":")" + field + R"(","op":")" + (prefix ? "prefix" : "notin") + R"(","value":)" + (prefix ? "\"" + word + "\"" : "[\"" + word + "\"]") + "}",
            [=](const Fields& f) {
              auto it = f.find(field);
              if (it == f.end()) return 1;
              const auto& v = std::get<std::string>(it->second);
              return prefix ? (v.rfind(word, 0) == 0 ? 2 : 0) : (v != word ? 2 : 0);
            }};
  }

  Plain tree(int depth) {
    if (depth == 0 || upto(4) == 0) return leaf();
    if (upto(4) == 0) {
      auto inner = std::make_shared<Plain>(tree(depth - 1));
      return {R"({"not":)" + inner->json + "}", [inner](const Fields& f) { return 2 - inner->judge(f); }};
    }
    const bool all = upto(2) == 0;
    auto parts = std::make_shared<std::vector<Plain>>();
    std::string json;
    for (int i = 0, n = 1 + upto(3); i < n; ++i) {
      parts->push_back(tree(depth - 1));
      json += (i ? "," : "") + parts->back().json;
    }
    return {std::string(all ? R"({"all":[)" : R"({"any":[)") + json + "]}", [parts, all](const Fields& f) {
              int result = all ? 2 : 0;
              for (const auto& p : *parts) result = all ? std::min(result, p.judge(f)) : std::max(result, p.judge(f));
              return result;
            }};
  }

  Fields facts() {
    Fields f;
    for (const char* name : {"evidence.gross_kg", "evidence.gamma_sigma", "evidence.plate_confidence_percent"})
      if (upto(3)) f[name] = std::int64_t{upto(7)};
    for (const char* name : {"vehicle.plate", "vehicle.trailer", "vehicle.country"})
      if (upto(3)) f[name] = std::string(1, static_cast<char>('A' + upto(3)));
    return f;
  }

  /// One or two declarations, and what they come to, worked out by hand.
  std::vector<Declaration> declarations(Fields& f) {
    std::vector<Declaration> all(1 + static_cast<std::size_t>(upto(2)));
    std::vector<std::string> route;
    std::int64_t count = 0;
    std::size_t with_route = 0, with_goods = 0;
    for (auto& d : all) {
      d.reference = std::to_string(&d - all.data());
      if (upto(2)) {
        route.push_back({static_cast<char>('A' + upto(3)), 'T'});
        d.more["route"] = route.back();
        ++with_route;
      }
      for (int n = upto(3); n > 0; --n, ++count) {
        d.goods.push_back({"24", "", {}, {}, ""});
        if (upto(5) == 0) continue;
        d.goods.back().value_eur = upto(7);
        f["goods." + std::to_string(count) + ".value_eur"] = *d.goods.back().value_eur;
      }
      with_goods += !d.goods.empty();
    }
    if (!route.empty()) f["declaration.route"] = route;
    if (count > 0) f["goods.count"] = count;
    if (with_route < all.size()) f["the route in part"] = true;
    if (with_goods < all.size()) f["the goods in part"] = true;
    return all;
  }

 private:
  std::mt19937 random_;
};

}  // namespace

TEST(Differential, TwoEvaluationsAgree) {
  int seen[3] = {0, 0, 0};
  for (unsigned seed = 1; seed <= 400; ++seed) {
    Generator g(seed);
    const Plain plain = g.tree(4);
    const auto set = compiled(profile("P", "red", plain.json));
    for (int i = 0; i < 25; ++i) {
      risk::Question q;
      q.facts = g.facts();
      Fields all = q.facts;
      q.declarations = g.declarations(all);  // at least one, so that "no declaration" does not colour the answer
      const auto a = risk::assess(*set, q);
      const int expected = plain.judge(all);
      const int got = !a.hits.empty() ? 2 : !a.undetermined.empty() ? 1 : 0;
      ASSERT_EQ(got, expected) << "seed " << seed << ": " << plain.json;
      ASSERT_EQ(a.channel, expected == 2 ? SelectivityChannel::red : expected == 1 ? SelectivityChannel::yellow : SelectivityChannel::green);
      ++seen[expected];
    }
  }
  for (int outcome : seen) EXPECT_GT(outcome, 500);  // the test has seen all three
}
