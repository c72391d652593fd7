// What was declared for a lorry's load; cached from HQ, or entered by an officer when the line is down.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/crossing/field_value.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa {

struct GoodsItem {
  std::string hs_code;  ///< as it was declared; see commodity_code()
  std::string origin;   ///< ISO 3166 alpha-2
  std::optional<std::int64_t> gross_kg;   ///< nothing: not declared, which is not 0
  std::optional<std::int64_t> value_eur;  ///< likewise
  std::string description;
};

struct Declaration {
  std::string reference;  ///< MRN or national number; unique
  std::string kind;       ///< "import", "export", "transit", "prearrival"
  std::string plate;      ///< tractor, normalised (upper case, no spaces)
  std::string trailer;    ///< trailer, may be empty
  std::int64_t gross_kg = 0;
  std::string consignor, consignee, declarant, carrier;  ///< EORI or national id
  std::string driver_name;  ///< personal
  std::vector<GoodsItem> goods;
  std::optional<WallTime> valid_until;  ///< from this moment on it belongs to no lorry any more; nothing: for ever
  Fields more;  ///< further fields under the names that profiles use
};

/// More than this of one declaration nobody takes, HQ no more than a post: all of it is looked at between two events of the lanes,
/// and has its place in one record of the journal. Customs' own messages have 1,999 goods items at most.
inline constexpr std::size_t declaration_goods_max = 9'999;
inline constexpr std::size_t declaration_values_max = 10'000;  ///< in `more`: fields, and the texts of its lists
inline constexpr std::size_t declaration_text_bytes_max = 2'000;   ///< of any one text
inline constexpr std::size_t declaration_bytes_max = 2'000'000;    ///< of all texts together

/// Where there is too much, and how much may be there; empty where there is not.
[[nodiscard]] std::string too_much(const Declaration& declaration);

/// The digits alone of "2402.20 90", at most the ten of the TARIC and none behind a letter: national and additional codes follow.
/// Headings of entry summary declarations have 4, chapters 2. Empty where it does not begin with 2 digits.
[[nodiscard]] std::string commodity_code(std::string_view text);

}  // namespace rampa
