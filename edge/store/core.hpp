// The store without its thread and without SQLite: journal, blobs, keys, seals and HQ's cursor as one thing. Everything that
// must survive a power cut goes through here, so this is what the crash-disk tests drive call by call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "edge/store/blob_class.hpp"
#include "edge/store/blob_store.hpp"
#include "edge/store/durable_file.hpp"
#include "edge/store/held_log.hpp"
#include "edge/store/journal.hpp"
#include "edge/store/seal_log.hpp"
#include "edge/store/store.hpp"

namespace rampa::store {

/// One persist() on its way.
struct Request {
  std::vector<Record> records;
  PersistAnswer answer;
};

/// A blob that makes room, and its tombstone.
struct Eviction {
  LaneId lane;
  CrossingId crossing;
  BlobEvicted what;
};

/// Thread: the store's.
class Core {
 public:
  /// Opens or creates everything; cuts a torn tail; removes temporary files. Errors: invalid, not_found, no_space, io.
  [[nodiscard]] static Result<std::unique_ptr<Core>> open(Disk& disk, const Settings& settings, Clock& clock, Entropy entropy);

  /// Makes a batch of groups durable with one sync of the journal and answers each. Groups are independent: one that is
  /// refused does not touch the others.
  void commit(std::vector<Request> batch);

  [[nodiscard]] BlobStore& blobs() { return blobs_; }
  [[nodiscard]] HeldLog& held() { return held_; }
  /// Writes the tombstones as one group, and only when they are durable takes the blobs away. Errors: no_space (nothing was
  /// removed), io (the journal failed, or a file cannot be removed: then its tombstone stands and it is tried again).
  [[nodiscard]] Result<void> evict(const std::vector<Eviction>& evictions);
  /// Asked before a group of evidence is taken; its error is the group's answer. Verdicts are never asked for.
  void set_admission(std::function<Result<void>(const std::vector<Record>&)> admit) { admit_ = std::move(admit); }
  void acknowledge(std::uint64_t sequence);
  /// Seals and writes HQ's cursor where it is time. To be called about once a second.
  void tick();
  /// Orderly end: cursor and closing seal.
  void close();
  [[nodiscard]] Result<void> erase_day(const std::string& date);

  /// Nothing more is written until a restart.
  [[nodiscard]] const format::SigningSeed& signing_seed() const { return keys_.signing_seed(); }
  void give_up(const std::string& why) { journal_->fail_for_good(why); }

  /// What became durable since the last call, in order.
  [[nodiscard]] std::vector<Written> take_written() { return journal_->take_written(); }
  [[nodiscard]] const Journal& journal() const { return *journal_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] const Journal::Opened& opened() const { return opened_; }
  /// Boot, cursor, head, room, trouble: all of Status but the picture's part.
  [[nodiscard]] Status status() const;

 private:
  Core(Disk& disk, const Settings& settings, Clock& clock, KeyRing keys, BlobStore blobs, HeldLog held, SlotFile cursor, SlotFile boots)
      : disk_(disk), settings_(settings), layout_{settings.directory}, clock_(clock), keys_(std::move(keys)),
        blobs_(std::move(blobs)), held_(std::move(held)), cursor_(std::move(cursor)), boots_(std::move(boots)) {}
  struct Ready;
  /// The records as they go into the journal; their attachments are staged.
  [[nodiscard]] Result<Ready> prepare(const Request& request, bool room_for_evidence);
  [[nodiscard]] Result<void> timed_commit();
  [[nodiscard]] WallQuality wall_quality() const { return settings_.wall_quality ? settings_.wall_quality() : WallQuality::unknown; }
  void answer(Request& request, Result<std::vector<std::uint64_t>> result);
  void note_failure(const Error& error);
  /// The file that is given up when records find no room. Best effort: the disk may be too small for it.
  void keep_reserve();
  [[nodiscard]] bool give_reserve();

  Disk& disk_;
  Settings settings_;
  Layout layout_;
  Clock& clock_;
  KeyRing keys_;
  BlobStore blobs_;
  HeldLog held_;
  SlotFile cursor_, boots_;
  std::unique_ptr<Journal> journal_;
  SealLog seals_;
  Journal::Opened opened_;
  format::BootId boot_{};
  std::uint64_t boot_number_ = 0;
  bool clean_before_ = false;
  std::uint64_t acknowledged_ = 0;
  std::string acknowledged_too_much_;
  MonoTime sealed_at_;
  std::function<Result<void>(const std::vector<Record>&)> admit_;
  std::string no_space_;           ///< why the last group was refused for lack of room; empty: it was not
  std::vector<Duration> syncs_;    ///< ring of the last commits
  std::size_t next_sync_ = 0;
};

/// "2026-07-14" or "20260714" -> 20260714. Errors: invalid.
[[nodiscard]] Result<std::uint32_t> parse_date(const std::string& date);

}  // namespace rampa::store
