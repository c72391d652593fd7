// Keeps the picture a bounded distance behind the journal: takes what was just written, catches up after a start, and builds
// it anew where it is damaged, deleted or not ours, a slice at a time, while the journal goes on.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "edge/store/blob_room.hpp"
#include "edge/store/journal_reader.hpp"
#include "edge/store/picture.hpp"

namespace rampa::store {

/// What readers in the same process and the store's thread tell each other. Thread: any.
struct PictureShared {
  std::atomic<std::uint64_t> acknowledged{0};  ///< HQ's cursor
  std::atomic<bool> suspect{false};            ///< a reader met a damaged row: build it anew
};

/// Thread: the store's. Never fails to its caller: what is wrong stands in trouble().
class PictureKeeper : public PictureDoor {
 public:
  static constexpr std::size_t backlog_max = 1024;  ///< records kept in memory; behind that it reads the journal

  PictureKeeper(std::shared_ptr<Disk> disk, Layout layout, std::shared_ptr<const Durable> durable, std::shared_ptr<PictureShared> shared);

  /// Records that just became durable.
  void offer(std::vector<Written> written) override;
  /// Pictures up to `count` more records. False: there is nothing to do now.
  bool work(std::size_t count);
  /// About once a second: notices a deleted or damaged picture, opens a new one, makes checkpoints.
  void tick();
  void put(const std::vector<Declaration>& declarations);
  void put_watch_list(const std::string& name, const std::vector<std::string>& plates);
  /// Shown beside what HQ sent, never instead of it; kept in memory for pictures that are built later.
  void show_site_lists(CachedLists lists);
  /// The key of that day is gone: what the picture shows of it goes as well.
  void erased(std::uint32_t day);
  /// Last catching up and checkpoint of an orderly end.
  void close();

  [[nodiscard]] std::uint64_t behind() const;
  /// Last sequence that it shows; 0: there is none.
  [[nodiscard]] std::uint64_t applied() const { return picture_ ? picture_->applied() : 0; }
  [[nodiscard]] Picture* picture() override { return picture_.get(); }
  [[nodiscard]] Picture* caught_up() override;
  [[nodiscard]] bool rebuilding() const { return !picture_ || behind() > backlog_max; }
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  void open();
  /// Moves the file aside; the next tick() builds a new one.
  void set_aside(const std::string& why);
  void failed(const Error& error) override;
  void renew_lists();
  [[nodiscard]] bool fits_journal();
  [[nodiscard]] Result<std::optional<std::string>> personal_of(const format::Entry& entry);
  [[nodiscard]] Result<Pictured> next_from_journal(std::uint64_t sequence);

  std::shared_ptr<Disk> disk_;
  Layout layout_;
  std::shared_ptr<const Durable> durable_;
  std::shared_ptr<PictureShared> shared_;
  RecordSource source_;
  std::optional<KeyRing> keys_;
  std::unique_ptr<Picture> picture_;
  CachedLists site_lists_;
  std::deque<Written> fresh_;
  bool truncate_wanted_ = false;
  std::string trouble_;
};

}  // namespace rampa::store
