// Decision tables of DMN 1.3 (OMG formal/2021-01-01), hit policy COLLECT, in and out: one rule is one profile, its condition all of its input cells.
// What a cell may say: AUTHORING.md. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edge/risk/condition.hpp"

namespace rampa::risk {

struct DecisionOutput {
  std::string name;     ///< "channel", "weight", "instruction", "controls" or any other
  bool number = false;  ///< typeRef="number": cells without quotes
  bool operator==(const DecisionOutput&) const = default;
};

/// A profile as far as a table holds it.
struct DecisionRule {
  std::string id;                    ///< entry of the annotation "profile", else the rule's id
  Condition when;                    ///< canonical
  std::vector<std::string> outputs;  ///< one per output column, as text without FEEL's quotes; empty where the cell is
  std::string note;                  ///< the rule's description
};

struct DecisionTable {
  std::string name;
  std::vector<DecisionOutput> outputs;
  std::vector<DecisionRule> rules;
  std::string set;  ///< any text that goes with the table: of a profile set, all but its profiles (JSON). Other programs keep it or lose it
};

/// Reads one table. Findings name rule, column and cell; with any of them the result is of no use. Also takes the namespaces of
/// DMN 1.1, 1.2, 1.4 and 1.5, as far as they say the same.
[[nodiscard]] DecisionTable from_dmn(std::string_view xml, std::vector<Finding>& findings);

/// The table as XML. Rules whose condition does not fit one row (it must be a conjunction of tests of one field each, the goods in at most one
/// any_item) are left out and named, with the reason, in `left_out`. Reading the XML gives the same conditions, with the parts of a conjunction in the
/// columns' order.
[[nodiscard]] std::string to_dmn(const DecisionTable& table, std::vector<Finding>& left_out);

}  // namespace rampa::risk
