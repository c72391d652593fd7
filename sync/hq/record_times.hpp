// When a record was written, by HQ's clock: an interval that holds whatever the post's wall clock said. Where HQ and the post
// exchanged hellos in the record's boot, from what they said (clock_estimate.hpp). Else from the order of the journal: it was
// written after the last record of the boot before and before the first one of the boot behind it, and before it came here.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "edge/store/record_format.hpp"
#include "sync/hq/clock_estimate.hpp"
#include "sync/hq/database.hpp"

namespace rampa::sync::hq {

/// What hellos told of the clock of this boot, by its id in hex.
[[nodiscard]] ClockEstimate clock_sample(Database& database, std::int64_t history, const std::string& boot);

struct RecordTime {
  std::optional<WallTime> earliest, latest;  ///< nothing: HQ cannot know (what was written before the post was first heard of)
  bool by_exchange = false;                  ///< both from hellos of its own boot; else at least one from the order of the journal
};

/// Of one history. Reads what it needs and keeps it: for one report. Throws DatabaseError.
class RecordTimes {
 public:
  RecordTimes(Database& database, std::int64_t history) : database_(database), history_(history) {}
  [[nodiscard]] RecordTime of(const store::format::Entry& record, WallTime received);

 private:
  struct Place {
    std::uint64_t sequence = 0;
    BootId boot{};
    MonoTime mono;
    WallTime received;
  };
  /// The records of one boot stand together.
  struct Boot {
    Place first, last;
    ClockEstimate clock;  ///< what hellos told; then completed from the neighbours
    bool by_exchange = false, complete = false;
  };
  [[nodiscard]] std::optional<Place> found(const char* sql, std::uint64_t sequence);
  [[nodiscard]] std::optional<Place> at_or_after(std::uint64_t sequence);
  [[nodiscard]] std::optional<Place> at_or_before(std::uint64_t sequence);
  [[nodiscard]] Boot& boot_of(const Place& inside);
  void bound_from_before(Boot& boot);
  void bound_from_behind(Boot& boot);

  Database& database_;
  const std::int64_t history_;
  std::map<BootId, Boot> boots_;
};

}  // namespace rampa::sync::hq
