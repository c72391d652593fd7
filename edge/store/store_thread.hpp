// The store's thread: takes persist(), strips and lists from a bounded queue, makes groups of them, answers, and keeps the
// picture up in between.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <variant>

#include "edge/store/cache_file.hpp"
#include "edge/store/core.hpp"
#include "edge/store/picture_keeper.hpp"

namespace rampa::store {

class StoreThread : public Store {
 public:
  /// `lock`: an open file descriptor that holds the directory's lock; closed at the end.
  StoreThread(std::shared_ptr<Disk> disk, const Settings& settings, Clock& clock, std::unique_ptr<Core> core, CacheFile cache, int lock);
  /// Finishes what is queued, seals, closes.
  ~StoreThread() override;
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  void persist(std::vector<Record> records, PersistAnswer answer) override;
  void append_blob(const std::string& key, SharedBytes strip) override;
  void put_declarations(std::vector<Declaration> declarations, std::function<void(Result<void>)> answer) override;
  void put_watch_list(const std::string& name, std::vector<std::string> plates, std::function<void(Result<void>)> answer) override;
  void show_site_lists(CachedLists lists) override;
  void acknowledge(std::uint64_t sequence) override;
  void blob_held(const std::string& sha256, bool held) override;
  [[nodiscard]] Status status() const override;
  [[nodiscard]] std::unique_ptr<JournalReader> journal_reader() override;
  [[nodiscard]] Result<std::unique_ptr<PictureReader>> picture_reader() override;
  [[nodiscard]] bool wait_for_picture(Duration timeout) override;
  [[nodiscard]] std::uint64_t beats() const override { return beats_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::function<Bytes(ByteView)> signer() const override;
  void on_durable(std::function<void(std::uint64_t)> callback) override;
  void erase_day(const std::string& date, std::function<void(Result<void>)> answer) override;

 private:
  struct Strip { std::string key; SharedBytes bytes; };
  struct GiveUp { std::string key; };
  struct Lists { std::vector<Declaration> declarations; std::function<void(Result<void>)> answer; };
  struct List { std::string name; std::vector<std::string> plates; std::function<void(Result<void>)> answer; };
  struct SiteLists { CachedLists lists; };
  struct Erase { std::string date; std::function<void(Result<void>)> answer; };
  struct Rejected { PersistAnswer answer; };  ///< found no room in the queue
  using Work = std::variant<Request, Strip, GiveUp, Lists, List, SiteLists, Erase, Rejected>;

  void run();
  void push(Work work);
  /// Waits for work, at most until the next tick; then takes a batch. False: the end was asked for and all is done.
  [[nodiscard]] bool take(std::vector<Work>& batch, bool idle);
  void wait_for_company(std::unique_lock<std::mutex>& lock);
  void handle(std::vector<Work> batch);
  void commit(std::vector<Request>& group);
  void take_written();
  bool make_room(bool busy);
  void tick_held();
  void tell_durable();
  void tick();
  void tell_pictured();
  void refresh_status();

  std::shared_ptr<Disk> disk_;
  Settings settings_;
  Layout layout_;
  Clock& clock_;
  std::unique_ptr<Core> core_;
  CacheFile cache_;
  int lock_;
  std::shared_ptr<PictureShared> shared_ = std::make_shared<PictureShared>();
  PictureKeeper picture_;
  std::shared_ptr<const Durable> durable_;
  BlobRoom room_;
  format::SigningSeed signing_seed_;  ///< never changes while this runs

  mutable std::mutex mutex_;  ///< guards all below
  std::condition_variable wake_;
  std::deque<Work> queue_;
  std::size_t queued_records_ = 0;
  std::size_t queued_strip_bytes_ = 0;
  std::vector<HeldEntry> held_;  ///< what HQ said since the last tick
  bool stopping_ = false;
  std::vector<std::function<void(std::uint64_t)>> callbacks_;
  Status status_;
  std::condition_variable pictured_;
  std::uint64_t pictured_up_to_ = 0;

  std::string cache_trouble_;  ///< the thread's own, as are these
  std::uint64_t told_ = 0;
  MonoTime last_commit_, last_tick_;
  bool committed_ = false;
  std::atomic<std::uint64_t> beats_{0};
  std::thread thread_;
};

}  // namespace rampa::store
