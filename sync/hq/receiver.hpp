// HQ's side of the protocol without threads and sockets: messages in, answers out after the commit.
//
//   begin(); take(message)...; commit() -> answers
//
// One call of each per group: many messages, one commit, then the acknowledgements. If commit() fails nothing was
// stored, nobody is answered, and the posts send again.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "sync/envelope.hpp"
#include "sync/hq/blob_intake.hpp"
#include "sync/hq/desk.hpp"
#include "sync/hq/record_intake.hpp"
#include "sync/topics.hpp"

namespace rampa::sync::hq {

struct Answer {
  std::string topic;
  Bytes payload;
};

struct ReceiverSettings {
  std::string incarnation;            ///< changes with every start, so that posts notice a restart
  std::array<std::uint8_t, 32> key{}; ///< HQ's secret seed
  std::uint64_t credit_bytes = 8u << 20;
  std::size_t walk_records = 8192;    ///< per group: the chain of a long backlog is walked in steps
};

/// Thread: one owner.
class Receiver {
 public:
  Receiver(Ledger& ledger, ImageStore& images, Desk& desk, const ReceiverSettings& settings);

  [[nodiscard]] Result<void> begin();
  /// Never fails for what the message says: what breaks a check is refused or kept apart. Errors: no_space, io (give up this
  /// group: rollback()).
  [[nodiscard]] Result<void> take(const Topic& topic, ByteView payload, Stamp now);
  /// Letters and orders that people have given since. Inside a group, as take().
  [[nodiscard]] Result<void> look_at_desk(Stamp now);
  [[nodiscard]] Result<std::vector<Answer>> commit(Stamp now);
  void rollback();
  /// There is a chain to walk further: begin() and commit() soon, also without messages.
  [[nodiscard]] bool busy() const { return busy_; }
  [[nodiscard]] bool desk_changed();

  /// Acks for these posts (none given: all that are known), said once the link is up, so that waiting posts greet at once.
  [[nodiscard]] Result<std::vector<Answer>> announce(Stamp now, const std::vector<std::string>* posts = nullptr);
  /// Another worker serves this post now.
  void let_go(const std::string& post);
  [[nodiscard]] std::vector<Notice> take_notices() { return bell_.take(); }

 private:
  struct Post {
    std::vector<History> histories;  ///< the one that greeted last is the current one: the last
    bool loaded = false;
    bool heard = false;              ///< a message of it came since the receiver started
    LetterState letters;
    std::uint64_t letters_sent = 0;
    MonoTime letters_sent_at{INT64_MIN / 2};
    bool letters_due = false;
  };

  Post& post(const std::string& name);
  void load(Post& state, const std::string& name);
  void take_hello(const std::string& name, Post& state, std::string_view topic, ByteView payload, Stamp now);
  void check_hello(History& history, const Hello& hello, Stamp now);
  void take_frame(const std::string& name, Post& state, Stream stream, std::string_view topic, ByteView payload, Stamp now);
  void take_fetch(const std::string& name, const Fetch& fetch);
  void take_receipt(const std::string& name, Post& state, const Receipt& receipt, Stamp now);
  template <class Payload, class Take>
  void take_signed(const std::string& name, Post& state, std::string_view topic, ByteView payload, Result<Payload> (*decode)(ByteView), Take take, Stamp now);
  void refuse(const std::string& name, const std::string& why, Stamp now);
  void refresh_letters(const std::string& name, Post& state, Stamp now);
  [[nodiscard]] Ack ack_for(const std::string& name, Post& state, History& history, Stamp now) const;
  [[nodiscard]] Answer sealed(const std::string& name, Leaf leaf, const Bytes& body) const;

  Ledger& ledger_;
  ImageStore& images_;
  Desk& desk_;
  ReceiverSettings settings_;
  Signer signer_;
  std::string public_key_, durability_;
  Bell bell_;
  RecordIntake records_;
  BlobIntake blobs_;
  std::map<std::string, Post> posts_;
  std::vector<Answer> fetched_;  ///< of this group
  std::deque<Bytes> bodies_;  ///< of this group's frames: fresh records point into them
  std::uint64_t desk_version_ = 0;
  bool busy_ = false;
};

}  // namespace rampa::sync::hq
