// What was declared for a lorry's load; cached from HQ, or entered by an officer when the line is down.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edge/crossing/field_value.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa {

struct GoodsItem {
  std::string hs_code;  ///< 6 to 10 digits
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

}  // namespace rampa
