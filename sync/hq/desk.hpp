// What people at HQ want said to the posts: letters, which become each post's numbered stream, and orders to the serving
// process. A small database of its own, which the command-line tools write while `serve` runs: desk.sqlite with a rollback
// journal, or tables in the same PostgreSQL. Thread: one owner per object. Throws DatabaseError.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sync/hq/database.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync::hq {

/// To the process that serves the post: "resend" (detail: journal sequence), "boost" or "lost" (detail: SHA-256 of a blob that
/// is to come first, or that is not here any more). To apply one twice does no harm.
struct Order {
  std::string post, what, detail;
  std::uint64_t id = 0;  ///< given by the desk
};

/// Somebody looked at personal fields (Directive (EU) 2016/680, article 25: who, when, why).
struct Look {
  std::string by, purpose, what;
  WallTime at;
};

/// A letter as people see it.
struct SentLetter {
  std::uint64_t number = 0;
  std::string kind, command;  ///< command: of that kind, what is to be done
  std::string state;          ///< "on its way", "taken", "refused", "answered", "not sent again"
  std::string said;           ///< the reason or the answer
  WallTime made;
};

/// A result that an export could not hand on. The others go on without it; it stays here until it is handed on after all.
struct SetAside {
  std::string name, post, journal;  ///< of the export; "POST/EPOCH"
  std::uint64_t sequence = 0;       ///< of the record that closed the crossing
  std::uint64_t late = 0;           ///< the result amends one that was handed on: see exporter.cpp
  std::string crossing;
  bool refused = false;             ///< by the target; else it cannot be put together
  std::string reason;
  WallTime at;                      ///< when it was tried last
};

/// Documents that a target has refused one after the other, and of how many posts they were.
struct Refusals {
  std::uint64_t documents = 0;
  std::vector<std::string> posts;
};

struct LetterState {
  std::uint64_t last = 0;     ///< newest number
  std::uint64_t through = 0;  ///< applied at the post or refused by it
};

class Desk {
 public:
  explicit Desk(std::unique_ptr<Database> database);

  /// For one post, or with an empty name for every post, also those that come later. Returns the letter's own id.
  std::uint64_t add_letter(const std::string& post, const std::string& kind, const std::string& body, WallTime now);
  void add_order(const Order& order, WallTime now);

  /// This post (empty: every one) may fetch this blob.
  void offer(const std::string& post, const std::string& sha256, WallTime now);
  [[nodiscard]] bool offered(const std::string& post, const std::string& sha256);

  /// Before the look itself: a look that is not written down must not happen.
  void note_look(const Look& look);
  [[nodiscard]] std::vector<Look> looks();  ///< oldest first

  /// How far an export of this name is in this journal ("POST/EPOCH"): the sequence of the last closing that was handed on; 0: none.
  [[nodiscard]] std::uint64_t exported(const std::string& name, const std::string& journal);
  void set_exported(const std::string& name, const std::string& journal, std::uint64_t sequence);

  void set_aside(const SetAside& result);  ///< or the new reason of one that is set aside already
  [[nodiscard]] std::optional<SetAside> set_aside(const std::string& name, const std::string& journal, std::uint64_t sequence);
  /// Of one crossing, before this record: the first one.
  [[nodiscard]] std::optional<SetAside> set_aside_before(const std::string& name, const std::string& journal, const std::string& crossing, std::uint64_t sequence);
  /// In the order of journals and records, behind this one. An empty name: of all exports.
  [[nodiscard]] std::vector<SetAside> all_set_aside(const std::string& name, const std::string& after_journal, std::uint64_t after_sequence, std::size_t limit);
  void handed_on(const SetAside& result);  ///< after all
  [[nodiscard]] Refusals refusals(const std::string& name);
  void note_refusal(const std::string& name, const std::string& post);
  void forget_refusals(const std::string& name);  ///< the target takes something

  /// Names this desk for good, 32 hex digits: made once, and restored with it from a backup.
  [[nodiscard]] const std::string& id() const { return id_; }

  /// Grows with every letter and order, in the order in which they are durable; no number comes twice.
  [[nodiscard]] std::uint64_t version();
  [[nodiscard]] LetterState letter_state(const std::string& post);
  /// Gives the post's new letters their numbers, beyond `at_least`: what the post says that it has, though this desk (restored
  /// from a backup) may know nothing of it.
  [[nodiscard]] LetterState number_letters(const std::string& post, std::uint64_t at_least);
  /// The post has letters up to `at_post`, of this desk those up to `own`. Letters behind that whose number another HQ's letter has at
  /// the post get new ones beyond all, in their order; not what was for the moment and an earlier journal of the post took. How many.
  std::uint64_t renumber(const std::string& post, std::uint64_t own, std::uint64_t at_post);
  /// Letters after this number, up to `last`: at most `count`, and no more once `bytes` are reached. Numbers that this desk
  /// knows nothing of are letters of the kind "gap", so that no post waits for them; and so are commands and answers to referrals that the
  /// post has taken before: a new disk does not know of them, and what they were for is over. Those stay marked: see sent().
  [[nodiscard]] std::vector<Letter> letters(const std::string& post, std::uint64_t after, std::uint64_t last, std::size_t count, std::size_t bytes);
  /// What it says of numbers that this desk did not give, or not to this journal of the post, is another HQ's.
  void receive(const std::string& post, const Receipt& receipt, WallTime now);
  [[nodiscard]] bool gave(const std::string& post, std::uint64_t number);
  /// A hello said so.
  void taken_through(const std::string& post, std::uint64_t number, WallTime now);
  /// The newest ones that have their number, ascending.
  [[nodiscard]] std::vector<SentLetter> sent(const std::string& post, std::size_t count);
  /// They stay on the desk until they are removed: after the commit that applied them.
  [[nodiscard]] std::vector<Order> orders(const std::string& post);
  void remove_orders(const std::vector<std::uint64_t>& ids);

  /// One journal more of this post is taken (Receiver refuses them from epochs_max on).
  void allow_epoch(const std::string& post);
  [[nodiscard]] std::uint64_t epochs_allowed(const std::string& post);  ///< beyond epochs_max

 private:
  /// In a transaction, before anything else is written: who adds something waits for who is adding, so that what has a lower
  /// number is durable first.
  [[nodiscard]] std::uint64_t tick();
  void make_tables();
  void withhold(const std::string& post, const std::vector<std::uint64_t>& numbers);  ///< in a transaction
  std::unique_ptr<Database> database_;
  std::string id_;
};

[[nodiscard]] std::unique_ptr<Desk> open_desk(const Place& place);

/// Whether a letter of this kind has a body that a post can read; kinds that this version does not know need only be JSON.
/// Errors: invalid.
[[nodiscard]] Result<std::string> checked_letter(const std::string& kind, ByteView document);

}  // namespace rampa::sync::hq
