// Records as JSON: what the journal's payload, HQ's payload and `rampa show --json` hold. Schema: docs beside it in
// RECORDS.md. Every kind splits into an open part and a personal part (plates, names, officers' notes, pictures' keys
// stay open: they are hashes); the journal encrypts the personal part with the key of the day.
#pragma once

#include <string>
#include <utility>

#include "edge/crossing/records.hpp"

namespace rampa {

struct RecordText {
  std::string open;      ///< JSON object, keys sorted: {"kind":..., "lane":..., "crossing":..., ...}
  std::string personal;  ///< JSON object, "{}" where the kind has no personal fields
};

/// Canonical: the same record always gives the same bytes.
[[nodiscard]] RecordText encode(const RecordBody& body);

/// Errors: invalid, naming the field. `personal` may be empty where the key of the day was destroyed: the fields are
/// then empty strings and StoredRecord::erased is set by the store.
[[nodiscard]] Result<RecordBody> decode(const std::string& open, const std::string& personal);

/// Assessments alone, for `rampa reassess` (canonical, sorted keys).
[[nodiscard]] std::string encode(const Assessment& assessment);

}  // namespace rampa
