// The keys of the posts' days: which ones the records need, which ones HQ was given, which ones the posts have destroyed.
// They lie here as they came, sealed for HQ's key. Throws DatabaseError.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edge/store/record_format.hpp"
#include "sync/day_keys.hpp"
#include "sync/hq/bell.hpp"

namespace rampa::sync::hq {

/// Thread: the ledger's.
class KeyBook {
 public:
  KeyBook(Ledger& ledger, Bell& bell) : ledger_(ledger), bell_(bell) {}

  /// A record was stored: its key is needed, or it says that a day was erased.
  void seen(const HistoryRow& history, const store::format::Entry& entry, Stamp now);
  /// The post has greeted: it is asked again for all that is missing.
  void greet(const HistoryRow& history);
  void take(const HistoryRow& history, const DayKeys& keys, Stamp now);

  /// Before the commit. What the posts are to be asked after it.
  [[nodiscard]] std::vector<std::pair<std::string, DayKeysWanted>> settle();
  void rollback() { histories_.clear(); }

 private:
  void seen_erasure(const HistoryRow& history, const store::format::Entry& entry, Stamp now);

  struct Keys {
    std::string post;
    std::set<DayKeyName> known;  ///< has a row
    bool ask = false;
  };
  Ledger& ledger_;
  Bell& bell_;
  std::map<std::int64_t, Keys> histories_;
};

/// The sealed key; nothing where HQ does not have it, with the reason.
struct HeldDayKey {
  std::optional<Bytes> sealed;
  std::string why_not;
  bool on_its_way = false;  ///< the post is asked for it and has not answered
};
[[nodiscard]] HeldDayKey held_day_key(Database& database, std::int64_t history, const DayKeyName& name);

}  // namespace rampa::sync::hq
