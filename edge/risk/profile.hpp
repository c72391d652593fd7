// Inside edge/risk only: a compiled profile set.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/risk/risk.hpp"

namespace rampa::risk {

enum class FieldType { boolean, integer, text, list };

/// Type of a catalogued field, or nothing. Goods fields are written "goods.hs_code" and stand inside any_item only.
[[nodiscard]] std::optional<FieldType> type_of(std::string_view field);
/// All catalogued names, for "did you mean" and for the documentation's test.
[[nodiscard]] std::vector<std::string> catalogue();
[[nodiscard]] inline bool is_goods(std::string_view field) { return field.substr(0, 6) == "goods."; }

enum class Truth { no, undetermined, yes };

enum class Operator { eq, ne, in, notin, prefix, ge, le, range, exists };

struct Condition {
  enum class Kind { always, all, any, negation, any_item, test };
  Kind kind = Kind::always;
  std::vector<Condition> parts;  ///< all, any, any_item; one for negation
  std::string field;
  Operator op = Operator::eq;
  std::vector<std::string> texts;  ///< eq, ne, in, notin, prefix on text and lists
  std::vector<std::int64_t> numbers;  ///< eq, ne, in, notin; ge, le: one; range: two, both included
  bool flag = false;                  ///< eq, ne on booleans; exists
};

struct Profile {
  std::string id, title;
  WallTime valid_from{INT64_MIN};
  WallTime valid_before{INT64_MAX};  ///< not included
  SelectivityChannel channel = SelectivityChannel::yellow;
  std::vector<std::string> controls;
  std::map<std::string, std::string> instruction;  ///< by language
  std::uint32_t sample_of_10000 = 10000;           ///< share of matching crossings that are selected
  Condition when;
};

class CompiledSet final : public ProfileSet {
 public:
  [[nodiscard]] const std::string& version() const override { return version_text; }
  [[nodiscard]] const std::string& sha256() const override { return hash; }
  [[nodiscard]] std::size_t size() const override { return profiles.size(); }
  [[nodiscard]] std::string instruction(const std::string& profile, const std::string& language) const override;

  std::string version_text, hash, default_language;
  std::vector<Profile> profiles;  ///< ascending by id
};

/// Three-valued: a missing fact makes a test undetermined. Names of missing fields that the outcome hangs on go to `missing`.
[[nodiscard]] Truth evaluate(const Condition& condition, const Fields& facts, std::vector<std::string>& missing);

/// Facts of the declarations and what follows from them and the captures; everything assess looks at.
[[nodiscard]] Fields all_facts(const Question& question);

/// Draw 0..9999 of one profile; depends on the key and the profile's id only, so profiles do not disturb each other.
[[nodiscard]] std::uint32_t draw(std::uint64_t key, std::string_view profile);

}  // namespace rampa::risk
