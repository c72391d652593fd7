// Takes frames of records in any order: stores what is new, compares what is here, keeps apart what is broken. Throws
// DatabaseError (the group is rolled back).
#pragma once

#include "sync/hq/bell.hpp"
#include "sync/hq/history.hpp"
#include "sync/hq/key_book.hpp"

namespace rampa::sync::hq {

/// More holes than that in one stream are refused: the post fills some first.
inline constexpr std::size_t holes_max = 4096;
/// More than that, of one stream, is not taken for lost: the chain is walked over each number.
inline constexpr std::uint64_t lost_max = 16'000'000;

/// Thread: the ledger's.
class RecordIntake {
 public:
  RecordIntake(Ledger& ledger, Bell& bell, KeyBook& keys) : ledger_(ledger), bell_(bell), keys_(keys) {}

  /// `frame`'s records must live until the group ends. True: a record names blobs that HQ lacks.
  bool take(History& history, const RecordFrame& frame, Stamp now);
  /// The post cannot read these: HQ goes on without them, and takes them where they come nevertheless.
  void take(History& history, const Lost& lost, Stamp now);
  /// The post is to send again from this place in the journal on.
  void renew(History& history, std::uint64_t from);

 private:
  void lose(History& history, const LostRecords& told, Stamp now);
  void pass(History& history, Stream stream, const Range& numbers);
  void refuse(History& history, const RecordFrame& frame, const std::string& reason, Stamp now);
  [[nodiscard]] bool follows_lost(History& history, const RecordFrame& frame);
  void turned_up(History& history, Stream stream, const RangeSet& numbers, std::uint64_t sequence);
  void walk_again(History& history, std::uint64_t from);
  [[nodiscard]] std::optional<store::Hash> hash_of(History& history, Stream stream, std::uint64_t number);
  bool take_new(History& history, Stream stream, std::uint64_t number, ByteView bytes, Stamp now);
  void compare(History& history, Stream stream, std::uint64_t number, ByteView held, ByteView bytes, Stamp now);
  void keep_apart(History& history, Stream stream, std::uint64_t number, const std::string& reason, ByteView bytes, Stamp now);
  Ledger& ledger_;
  Bell& bell_;
  KeyBook& keys_;
};

}  // namespace rampa::sync::hq
