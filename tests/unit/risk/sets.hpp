// Small profile sets and questions for the tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "edge/risk/risk.hpp"

namespace rampa::tests {

inline std::shared_ptr<const risk::ProfileSet> compiled(const std::string& profiles) {
  auto set = risk::compile(R"({"format":1,"version":"v1","profiles":[)" + profiles + "]}", "abc");
  EXPECT_TRUE(set) << (set ? "" : set.error().what);
  return set ? *set : nullptr;
}
inline std::string profile(const std::string& id, const std::string& channel, const std::string& when, const std::string& more = "") {
  return R"({"id":")" + id + R"(","title":"t","channel":")" + channel + R"(","instruction":"do )" + id + R"(","when":)" + when + more + "}";
}
inline Declaration declaration() {
  Declaration d;
  d.reference = "26RS001";
  d.kind = "import";
  d.plate = "BG123AA";
  d.trailer = "BG456BB";
  d.gross_kg = 32000;
  d.consignee = "RS1";
  d.goods = {{"240220", "AE", 18000, 90000, "cigarettes"}, {"610910", "TR", 900, 2000, "shirts"}};
  return d;
}
inline risk::Question question() {
  risk::Question q;
  q.facts["vehicle.plate"] = std::string("BG123AA");
  q.facts["vehicle.trailer"] = std::string("BG456BB");
  q.facts["evidence.gross_kg"] = std::int64_t{32400};
  q.declarations = {declaration()};
  q.now = WallTime{1'780'000'000'000};
  q.draw_key = 42;
  return q;
}
inline std::shared_ptr<const risk::ProfileSet> with_policy(const std::string& policy, const std::string& profiles, const std::string& more = "") {
  auto set = risk::compile(R"({"format":2,"version":"v","issued":"2026-11-01","policy":)" + policy + more + R"(,"profiles":[)" + profiles + "]}", "abc");
  EXPECT_TRUE(set) << set.error().what;
  return set ? *set : nullptr;
}
inline std::string weighted(const std::string& id, int weight, const std::string& more = "") {
  return profile(id, "blue", R"("always")", ",\"weight\":" + std::to_string(weight) + more);
}
inline bool contains(const std::vector<std::string>& list, const std::string& text) { return std::find(list.begin(), list.end(), text) != list.end(); }
inline std::vector<std::string> hits(const Assessment& a) {
  std::vector<std::string> ids;
  for (const auto& hit : a.hits) ids.push_back(hit.profile);
  return ids;
}
inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace rampa::tests
