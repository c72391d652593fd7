// Stores one group of messages: all in one transaction and, where the database does not take that, by halves down to the
// message that it does not take. That one is dropped with an alarm; what other posts sent is stored.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "sync/hq/receiver.hpp"

namespace rampa::sync::hq {

struct Message {
  Topic topic;
  Bytes payload;
  Stamp arrived;
};

/// Thread: the receiver's.
class GroupStore {
 public:
  GroupStore(Receiver& receiver, const Clock& clock) : receiver_(receiver), clock_(clock) {}

  struct Stored {
    std::vector<Answer> answers;   ///< to be said now
    std::vector<Notice> notices;
  };
  /// `desk`: look at the desk, too. Errors: no_space, busy, disconnected, io: it is not a message's fault. Nothing is
  /// answered then, and the posts send again.
  [[nodiscard]] Result<Stored> store(std::span<const Message> messages, bool desk);

 private:
  using Part = std::span<const Message* const>;
  [[nodiscard]] Result<void> attempt(Part& part, bool desk, Stored& out);  ///< `part` is left as what was not stored
  [[nodiscard]] Result<void> commit(Stored& out);
  [[nodiscard]] Result<void> by_halves(Part part, const Error& why, Stored& out);
  [[nodiscard]] Result<void> drop(const Message& message, const Error& why, Stored& out);
  Receiver& receiver_;
  const Clock& clock_;
  std::map<std::string, MonoTime> suspects_;        ///< posts whose messages get groups of their own until then
  std::map<std::string, std::size_t> guilty_;       ///< messages dropped in this store(), by post
};

}  // namespace rampa::sync::hq
