#include "edge/risk/cel.hpp"

#include <algorithm>
#include <utility>

#include "edge/risk/cel_meaning.hpp"

namespace rampa::risk {
namespace {

int depth(const Condition& c) {
  int deepest = 0;
  for (const auto& part : c.parts) deepest = std::max(deepest, 1 + depth(part));
  return deepest;
}

}  // namespace

Condition from_cel(std::string_view text, std::vector<Finding>& findings) {
  cel::Findings found;
  const auto tree = cel::parse(cel::tokens_of(text, found), found);
  auto meaning = cel::meaning(tree, found);
  Condition condition;
  if (meaning && !found.any()) condition = canonical(std::move(*meaning));
  if (depth(condition) > condition_depth_max)
    found.add(tree.at, "is nested too deep", "at most " + std::to_string(condition_depth_max) + " levels of &&, ||, ! and goods within each other");
  found.hand_over(findings);
  return condition;
}

}  // namespace rampa::risk
