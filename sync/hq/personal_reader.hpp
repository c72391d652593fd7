// Opens the personal parts of one post's records with the day keys that HQ was given. Whoever calls this has written down
// who looks and why (Desk::note_look). Throws DatabaseError. Thread: the database's.
#pragma once

#include <array>
#include <map>

#include "edge/store/personal_part.hpp"
#include "sync/hq/key_book.hpp"

namespace rampa::sync::hq {

class PersonalReader {
 public:
  /// `seed`: HQ's secret (hq_key()).
  PersonalReader(Database& database, std::int64_t history, const std::array<std::uint8_t, 32>& seed)
      : database_(database), history_(history), seed_(seed) {}

  /// The JSON text of the personal part; empty where the record has none.
  /// Errors: busy (the post is asked for the key and has not answered yet), not_found (no key: erased, or withheld; the text says
  /// which), invalid (it does not open).
  [[nodiscard]] Result<std::string> open(const store::format::Entry& entry);

 private:
  Database& database_;
  std::int64_t history_;
  std::array<std::uint8_t, 32> seed_;
  std::map<DayKeyName, Result<store::format::DayKey>> keys_;
};

}  // namespace rampa::sync::hq
