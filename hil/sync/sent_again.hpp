// What of a post's blobs goes out more than once, by what its drain reads of them: whatever is read goes out. Independent of
// the drain's own counts, so that it can be held against them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sync/drain.hpp"

namespace rampa::hil {

/// One on which HQ had answered.
struct EndedConnection {
  std::uint64_t attempt = 0;
  std::size_t budget_bytes = 0;    ///< what might be under way when it ended...
  std::size_t budget_then_bytes = 0;  ///< ...and the most that might be when what had to go again went: the budget becomes smaller, too
  std::size_t message_bytes = 0;   ///< the longest that went
  std::uint64_t sent_bytes = 0;    ///< of blobs, as they stand in messages: with their heads
  std::uint64_t again_bytes = 0;   ///< of these, what had to go again over a later one
  /// The last message goes while there is any room, so it may go past the budget.
  [[nodiscard]] std::uint64_t might_be_under_way() const { return std::max(budget_bytes, budget_then_bytes) + message_bytes; }
};

/// Thread: any.
class SentAgain {
 public:
  /// `source`, watched. This outlives it.
  [[nodiscard]] std::unique_ptr<sync::BlobSource> watch(std::unique_ptr<sync::BlobSource> source);
  /// At every change, on the thread that reads the blobs.
  void status(const sync::LinkStatus& status);
  /// In order. What they lost may still go again: ask when all is at HQ.
  [[nodiscard]] std::vector<EndedConnection> ended() const;

 private:
  class Watched;
  struct Stretch {
    std::uint64_t end = 0;
    std::size_t connection = 0;  ///< over which it went last
    std::size_t head = 0;        ///< of its message; in the message's first stretch
    std::size_t told = 0;        ///< number of the status that was told before it went
  };
  void sent(const std::string& what, std::uint64_t from, std::uint64_t count, std::size_t head);

  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::uint64_t, Stretch>> went_;  ///< by blob, then by first byte
  std::vector<EndedConnection> connections_;                      ///< the last one may be there still
  std::vector<std::size_t> budgets_;                              ///< as they were told
  bool connected_ = false;
};

}  // namespace rampa::hil
