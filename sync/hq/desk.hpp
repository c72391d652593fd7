// What people at HQ want said to the posts: letters, which become each post's numbered stream, and orders to the serving
// process. A small database of its own, which the command-line tools write while `serve` runs: desk.sqlite with a rollback
// journal, or tables in the same PostgreSQL. Thread: one owner per object. Throws DatabaseError.
#pragma once

#include <string>
#include <vector>

#include "sync/hq/database.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync::hq {

/// To the process that serves the post: "resend" (detail: journal sequence) or "boost" (detail: SHA-256).
struct Order {
  std::string post, what, detail;
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

  /// A number that changes when letters or orders were added.
  [[nodiscard]] std::uint64_t version();
  /// Gives the post's new letters their numbers, beyond `at_least`.
  [[nodiscard]] LetterState number_letters(const std::string& post, std::uint64_t at_least);
  /// Letters after this number: at most `count`, and no more once `bytes` are reached.
  [[nodiscard]] std::vector<Letter> letters(const std::string& post, std::uint64_t after, std::size_t count, std::size_t bytes);
  void receive(const std::string& post, const Receipt& receipt, WallTime now);
  /// Takes the orders for this post off the desk.
  [[nodiscard]] std::vector<Order> take_orders(const std::string& post);

 private:
  std::unique_ptr<Database> database_;
};

[[nodiscard]] std::unique_ptr<Desk> open_desk(const Place& place);

/// Whether a letter of this kind has a body that a post can read; kinds that this version does not know need only be JSON.
/// Errors: invalid.
[[nodiscard]] Result<std::string> checked_letter(const std::string& kind, ByteView document);

}  // namespace rampa::sync::hq
