// HQ's side of the protocol without threads and sockets: messages in, answers out after the commit.
//
//   begin(); take(message)...; commit() -> answers
//
// One call of each per group: many messages, one commit, then the acknowledgements. If commit() fails nothing was
// stored, nobody is answered, and the posts send again.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sync/hq/blob_shelf.hpp"
#include "sync/hq/downlink.hpp"
#include "sync/hq/ledger.hpp"
#include "sync/topics.hpp"

namespace rampa::sync::hq {

struct Answer {
  std::string topic;
  Bytes payload;
};

/// Something people should see: for the log and `serve --json`.
struct Notice {
  std::string event;  ///< "greeted", "records", "blob", "quarantine", "alarm"
  std::string post;
  std::string detail;
  std::uint64_t sequence = 0;
};

/// Thread: one owner.
class Receiver {
 public:
  /// `incarnation` changes with every start, so that posts notice a restart.
  Receiver(Ledger& ledger, BlobShelf& shelf, Downlink& downlink, std::string incarnation);

  [[nodiscard]] Result<void> begin();
  /// Never fails for what the message says: what breaks a check goes to quarantine. Errors: no_space, io (give up this
  /// group: rollback()).
  [[nodiscard]] Result<void> take(const Topic& topic, ByteView payload, Stamp now);
  [[nodiscard]] Result<std::vector<Answer>> commit(Stamp now);
  void rollback();

  /// Acks for all known posts: said once the link is up, so that waiting posts greet at once.
  [[nodiscard]] Result<std::vector<Answer>> announce(Stamp now);
  [[nodiscard]] std::vector<Notice> take_notices();

 private:
  struct Post {
    PostState state;
    bool loaded = false, moved = false;
    bool answer = false;           ///< owes an ack
    std::string hello;             ///< id of the hello to answer
    bool resend = false;
    MonoTime resend_told{INT64_MIN / 2};
    std::uint64_t resend_from = 0;
    std::vector<QuarantinedRecord> quarantined;
    std::set<std::string> asked;   ///< blobs asked for since the last hello
    bool new_blobs = false;
    Want want;
    std::vector<Answer> down;
  };

  Post& post(const std::string& name);
  void take_hello(const std::string& name, Post& post, ByteView payload, Stamp now);
  void take_records(const std::string& name, Post& post, ByteView payload, Stamp now);
  void take_record(const std::string& name, Post& post, std::uint64_t sequence, ByteView bytes, Stamp now);
  void compare(const std::string& name, Post& post, std::uint64_t sequence, ByteView bytes, Stamp now);
  void take_slice(const std::string& name, Post& post, ByteView payload, Stamp now);
  void take_unavailable(const std::string& name, ByteView payload, Stamp now);
  void damaged(const std::string& name, const Error& error, ByteView payload, Stamp now);
  void ask_again(Post& post, Stamp now);
  void ask_for_blobs(const std::string& name, Post& post, bool resend);
  void alarm(const std::string& name, std::uint64_t sequence, const std::string& what, const std::string& detail, Stamp now);

  Ledger& ledger_;
  BlobShelf& shelf_;
  Downlink& downlink_;
  std::string incarnation_;
  std::map<std::string, Post> posts_;
  std::vector<Notice> notices_;
};

}  // namespace rampa::sync::hq
