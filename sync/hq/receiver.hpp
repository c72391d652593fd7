// HQ's side of the protocol without threads and sockets: messages in, answers out after the commit.
//
//   begin(); take(message)...; commit() -> answers
//
// One call of each per group: many messages, one commit, then the acknowledgements. If commit() fails nothing was
// stored, nobody is answered, and the posts send again.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
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

/// Journals of one post that are taken without anybody's leave: who has its certificate could begin any number.
inline constexpr std::size_t epochs_max = 16;

struct ReceiverSettings {
  std::string incarnation;            ///< changes with every start and connection, so that posts notice that what they sent may be lost
  std::array<std::uint8_t, 32> key{}; ///< HQ's secret seed
  std::uint64_t credit_bytes = 8u << 20;          ///< what a post may have under way; fetched it gets twice that per second
  std::uint64_t fetched_bytes_max = 16u << 20;    ///< per group, by all posts
  BlobWork blob_work;
  std::size_t walk_records = 8192;    ///< per group: the chain of a long backlog is walked in steps
};

/// Thread: one owner.
class Receiver {
 public:
  Receiver(Ledger& ledger, ImageStore& images, Desk& desk, const ReceiverSettings& settings);

  [[nodiscard]] Result<void> begin();
  /// Never fails for what the message says: what breaks a check is refused or kept apart. `now`: when it arrived, for the post is
  /// told how long it was kept. Errors: no_space, io (give up this group: rollback()).
  [[nodiscard]] Result<void> take(const Topic& topic, ByteView payload, Stamp now);
  /// The database does not take this message, whatever is stored with it: an alarm. `tell`: the post is told, too, for which
  /// what is known of it must be readable. Inside a group.
  [[nodiscard]] Result<void> note_dropped(const Topic& topic, const std::string& why, bool tell, Stamp now);
  /// Letters and orders that people have given since are looked at with this group.
  void look_at_desk();
  [[nodiscard]] Result<std::vector<Answer>> commit(const Clock& clock);
  /// Also, outside a group: what is known of the posts is read again when next needed, for others may write it meanwhile.
  void rollback();
  /// What this group holds in memory: commit() soon when it is much.
  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }
  /// What the acks from now on tell a post that it may have under way; until then what the settings say.
  void set_credit(std::uint64_t bytes) { settings_.credit_bytes = bytes; }
  void set_incarnation(const std::string& text) { settings_.incarnation = text; }
  /// There is more to do at once: begin() and commit() soon, also without messages.
  [[nodiscard]] bool busy() const { return busy_; }
  /// A fetch waits until its post may have more, or a blob until it is where it is kept: begin() and commit() now and then.
  [[nodiscard]] bool waiting() const { return waiting_; }
  [[nodiscard]] bool desk_changed();

  /// Acks for these posts (none given: all that are known), said once the link is up, so that waiting posts greet at once.
  [[nodiscard]] Result<std::vector<Answer>> announce(const Clock& clock, const std::vector<std::string>* posts = nullptr);
  [[nodiscard]] std::vector<Notice> take_notices() { return bell_.take(); }

 private:
  struct Post {
    std::vector<History> histories;  ///< the one that greeted last is the current one: the last
    bool loaded = false;
    bool desk_due = true;            ///< there may be orders or letters for it
    LetterState letters;
    std::uint64_t letters_sent = 0;
    MonoTime letters_sent_at{INT64_MIN / 2};
    std::uint64_t letters_said_after = 0;  ///< the letters behind this one were said...
    int letters_said_again = 0;            ///< ...and again so often
    bool letters_due = false;
    std::optional<MonoTime> record_arrived, blob_arrived;  ///< the newest hello or frame of this group; slice or word of a blob
    std::deque<Fetch> fetches;       ///< to be answered, in order
    std::int64_t fetch_room = 0;     ///< bytes that it may fetch now, or less than none after a large piece...
    std::optional<MonoTime> fetch_room_at;  ///< ...as of then
  };

  Post& post(const std::string& name);
  void load(Post& state, const std::string& name);
  void take_hello(const std::string& name, Post& state, std::string_view topic, ByteView payload, Stamp now);
  void take_letters_through(const std::string& name, Post& state, const Hello& hello, Stamp now);
  void check_hello(History& history, const Hello& hello, Stamp now);
  void take_frame(const std::string& name, Post& state, Stream stream, std::string_view topic, ByteView payload, Stamp now);
  void take_fetch(const std::string& name, Post& state, const Fetch& fetch);
  void answer_fetches(Stamp now);
  [[nodiscard]] std::uint64_t answer_fetch(const std::string& name, const Fetch& fetch);
  void take_receipt(const std::string& name, Post& state, const Receipt& receipt, Stamp now);
  template <class Payload, class Take>
  void take_signed(const std::string& name, Post& state, std::string_view topic, ByteView payload, Result<Payload> (*decode)(ByteView), Take take, Stamp now);
  void refuse(const std::string& name, const std::string& why, Stamp now);
  void look_at_desk(const std::string& name, Post& state, Stamp now);
  [[nodiscard]] bool lose_blob(const Sha256& sha256, const std::string& why, Stamp now);
  void check_shelf(Stamp now);
  void remove_leftovers(Stamp now);
  void forget_orders();
  [[nodiscard]] Ack ack_for(const Post& state, History& history, Stamp now) const;
  [[nodiscard]] Answer sealed(const std::string& name, Leaf leaf, const Bytes& body) const;

  Ledger& ledger_;
  ImageStore& images_;
  Desk& desk_;
  ReceiverSettings settings_;
  Signer signer_;
  std::string public_key_, durability_;
  Bell bell_;
  KeyBook keys_;
  RecordIntake records_;
  BlobIntake blobs_;
  std::map<std::string, Post> posts_;
  std::vector<Answer> fetched_;  ///< of this group
  std::string fetch_turn_;       ///< the post whose fetches were answered last
  std::size_t held_bytes_ = 0;
  std::deque<Bytes> bodies_;  ///< of this group's frames: fresh records point into them
  std::uint64_t desk_version_ = 0;
  struct LettersAtPost {
    std::uint64_t through = 0;
    MonoTime heard;  ///< the post's newest message
  };
  std::map<std::string, LettersAtPost> letters_at_post_;  ///< what the post said since this receiver started, also in groups that failed
  std::map<std::string, MonoTime> verdicts_arrived_;  ///< the newest of each post, also in groups that failed: they overtake hellos
  std::vector<std::uint64_t> orders_done_;      ///< applied in this group
  std::vector<std::uint64_t> orders_to_forget_; ///< applied and committed, still on the desk
  std::optional<Sha256> shelf_next_ = Sha256{}, shelf_checked_;  ///< blobs beyond this one are to be looked for on the shelf; none: done
  std::optional<Sha256> shelf_passed_by_;       ///< the one before the first that has to be looked at again
  MonoTime shelf_again_{INT64_MIN / 2}, orders_again_{};
  MonoTime leftovers_again_{INT64_MIN / 2};
  bool orders_wait_ = false;                    ///< for the image store
  std::set<Sha256> not_set_aside_;              ///< there was an alarm
  std::string images_told_;
  bool busy_ = false, waiting_ = false;
};

}  // namespace rampa::sync::hq
