// HQ's letters at the post: applied one by one in their order, receipted, and what was refused is told until HQ has surely
// heard it. Pure: no clock, no effects.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "firmware-interfaces/time.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync {

class LetterTray {
 public:
  /// `through`: applied durably, or refused.
  explicit LetterTray(std::uint64_t through) : through_(through) {}

  /// From HQ. What is known already, or comes after a hole, is left: HQ says it again.
  void add(const Letters& letters);
  /// The next one to be applied; nothing while one is, or where there is none.
  [[nodiscard]] std::optional<Letter> next();

  // False: it is not the one that is being applied.
  /// Applied durably, or `refused` says why it cannot be.
  [[nodiscard]] bool done(std::uint64_t number, const std::string& refused);
  /// It could not be kept: HQ is to say it again after a while.
  [[nodiscard]] bool failed(std::uint64_t number, MonoTime now);
  /// What an earlier letter named cannot be used.
  void refuse(std::uint64_t number, const std::string& reason) { refused_.push_back({number, reason}); }

  /// The connection is gone: HQ may not have heard what was told last.
  void disconnected();
  /// `order`: of the message that the receipt goes in.
  [[nodiscard]] Receipt receipt(std::uint64_t order);
  /// HQ has seen every message of a lower order.
  void answered(std::uint64_t order);

  [[nodiscard]] std::uint64_t through() const { return through_; }
  [[nodiscard]] bool has_untold() const { return !refused_.empty(); }
  /// When a hello is to make HQ say its letters again; 0: not.
  [[nodiscard]] MonoTime again() const { return again_; }
  void asked_again() { again_ = {}; }

 private:
  struct Told {
    RefusedLetter letter;
    std::uint64_t order = 0;  ///< of the receipt that named it
  };
  std::uint64_t through_;
  std::optional<Letter> applied_;       ///< just now
  std::deque<Letter> waiting_;
  std::vector<RefusedLetter> refused_;  ///< not told yet
  std::vector<Told> told_;              ///< and told again where the connection breaks before HQ has answered
  MonoTime again_{};
};

}  // namespace rampa::sync
