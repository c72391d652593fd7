// One of many posts in one process: the drain that real posts run, over a journal that was written before and becomes durable
// on order. A crew of few threads turns them all.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"
#include "hil/sync/swarm_line.hpp"
#include "sync/drain.hpp"

namespace rampa::hil {

/// Real records (every fifth a verdict) in memory, of which the first so many are durable. Thread: any.
class SwarmJournal {
 public:
  /// The same records for the same seed; about `record_bytes` each.
  SwarmJournal(const PostId& post, std::uint64_t seed, std::uint64_t records, std::size_t record_bytes);
  /// The first so many are durable now, or all there are.
  void show(std::uint64_t records) { shown_ = std::min<std::uint64_t>(records, records_.size()); }
  [[nodiscard]] std::uint64_t shown() const { return shown_; }
  [[nodiscard]] std::uint64_t size() const { return records_.size(); }
  [[nodiscard]] ByteView record(std::uint64_t sequence) const { return records_[sequence - 1].bytes; }
  [[nodiscard]] ByteView hash_bytes(std::uint64_t sequence) const { return records_[sequence - 1].hash; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::unique_ptr<store::JournalReader> reader() const;  ///< this must outlive it

 private:
  class Reader;
  struct Record {
    Bytes bytes;
    store::Hash hash{};
    std::uint64_t verdicts = 0;  ///< up to and including this one
    bool verdict = false;
  };
  [[nodiscard]] store::JournalReader::Raw raw(std::uint64_t sequence) const;
  std::vector<Record> records_;
  std::uint64_t bytes_ = 0;
  std::atomic<std::uint64_t> shown_{0};
};

struct SwarmPostSettings {
  std::string name;
  std::uint64_t seed = 1, records = 0;
  std::size_t record_bytes = 1024;
  std::vector<int> brokers;  ///< ports on loopback, tried in turn
  std::string ca_file, cert_file, key_file;
};

/// Thread: turn() and what it calls: the crew's; all else: any one other.
class SwarmPost {
 public:
  SwarmPost(const SwarmPostSettings& settings, const Clock& clock);
  /// Errors: invalid (certificates).
  [[nodiscard]] Result<void> begin();
  void show(std::uint64_t records) { journal_.show(records); }

  [[nodiscard]] const std::string& name() const { return settings_.name; }
  [[nodiscard]] const SwarmJournal& journal() const { return journal_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] bool up() const { return up_; }
  [[nodiscard]] std::uint64_t resends() const { return resends_; }
  [[nodiscard]] std::string trouble() const;
  /// From now on the longest time between two acknowledgements is looked for.
  void watch(MonoTime now);
  /// The longest since watch(), the one that lasts among them.
  [[nodiscard]] Duration longest_gap(MonoTime now) const;

  /// All that can be done without waiting.
  void turn();
  [[nodiscard]] MonoTime next_wake() const { return drain_->next_wake(); }
  [[nodiscard]] bool has_news() const { return journal_.shown() != seen_; }
  [[nodiscard]] const SwarmLine* line() const { return line_.get(); }

 private:
  void perform();
  void act(sync::Effect& effect);
  SwarmPostSettings settings_;
  const Clock& clock_;
  SwarmJournal journal_;
  std::atomic<std::uint64_t> acknowledged_{0}, resends_{0};
  std::atomic<bool> up_{false};
  mutable std::mutex mutex_;
  std::string trouble_;
  MonoTime last_{};      ///< acknowledgement, or watch()
  Duration longest_{};
  // The crew's.
  std::unique_ptr<TlsClient> tls_;
  std::unique_ptr<store::JournalReader> reader_;
  std::unique_ptr<sync::BlobSource> blobs_;
  std::unique_ptr<sync::Drain> drain_;
  std::unique_ptr<SwarmLine> line_;
  std::uint64_t attempt_ = 0, seen_ = 0;  ///< records that the drain knows of
  bool closed_ = false;                   ///< the drain is through with the line; it may be in the middle of its turn
};

/// Turns posts until it goes. The posts must outlive it.
class SwarmCrew {
 public:
  SwarmCrew(const std::vector<std::unique_ptr<SwarmPost>>& posts, const Clock& clock, unsigned threads);
  ~SwarmCrew();
  SwarmCrew(const SwarmCrew&) = delete;
  SwarmCrew& operator=(const SwarmCrew&) = delete;

 private:
  void run(std::vector<SwarmPost*> posts) const;
  const Clock& clock_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace rampa::hil
