// HQ's letters at the post: taken in their order, one at a time, each once; and what HQ is to be told of them. Pure.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "firmware-interfaces/time.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync {

/// The post took a letter of this desk: it stands first, and of too many the one goes that has been silent for longest.
void take_of(std::vector<DeskCursor>& desks, const std::string& desk, std::uint64_t number);

class LetterBox {
 public:
  /// `through`: these are applied durably. `desks`: whose they are.
  LetterBox(std::uint64_t through, std::vector<DeskCursor> desks) : through_(through), desks_(std::move(desks)) {}
  [[nodiscard]] std::uint64_t through() const { return through_; }
  [[nodiscard]] const std::vector<DeskCursor>& desks() const { return desks_; }

  /// From here on HQ may be another one. While a letter is being applied hellos say one too few, and the other one may give that number
  /// to a letter of its own: until HQ has answered a hello that says all, no letter is taken, and HQ is to be told of none.
  void perhaps_another_hq();
  [[nodiscard]] bool in_doubt() const { return in_doubt_; }
  /// A hello of this order goes now and says through() and desks().
  void greets(std::uint64_t order);

  /// HQ says these.
  void put(const Letters& letters);
  /// The one to be applied now; nothing while another one is, or none waits.
  [[nodiscard]] std::optional<Letter> next();
  /// That one is applied, or `refused` says why it cannot be. False: it is not the one.
  bool done(std::uint64_t number, const std::string& refused, MonoTime now);
  /// That one could not be kept: all are asked for again after a while. False: it is not the one.
  bool failed(std::uint64_t number, MonoTime now);
  /// What this letter named cannot be used.
  void refuse(std::uint64_t number, const std::string& reason) { refused_.push_back({number, reason}); }

  /// What became of this one, a command.
  void answer(std::uint64_t number, const std::string& outcome) { answers_.push_back({number, outcome}); }

  [[nodiscard]] bool words_wait() const { return !refused_.empty() || !answers_.empty(); }
  /// What HQ is told in the message of this order.
  [[nodiscard]] Receipt receipt(std::uint64_t order);
  /// HQ has answered a hello of this order: it has all receipts that went before.
  void answered(std::uint64_t order, MonoTime now);
  /// What HQ has not answered for is told again, perhaps to another one.
  void disconnected();

  /// When a hello is due that makes HQ say the letters again.
  [[nodiscard]] std::optional<MonoTime> again() const { return again_; }
  void asked_again() { again_.reset(); }

 private:
  template <class Word>
  struct Told {
    Word letter;
    std::uint64_t order = 0;
  };
  std::uint64_t through_;
  std::vector<DeskCursor> desks_;
  std::optional<Letter> applied_;        ///< just now
  std::deque<Letter> waiting_;           ///< behind it
  std::vector<RefusedLetter> refused_;   ///< not told yet
  std::vector<AnsweredLetter> answers_;  ///< the same
  std::vector<Told<RefusedLetter>> told_;
  std::vector<Told<AnsweredLetter>> told_answers_;
  std::optional<MonoTime> again_;
  bool in_doubt_ = false, passed_by_ = false;  ///< passed_by_: letters came while in doubt
  std::optional<std::uint64_t> said_all_;  ///< in doubt: the order of the hello that did
};

}  // namespace rampa::sync
