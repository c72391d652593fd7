// The urgent profiles of a post with their lives: who may do what, how long, and the text that survives a restart. No threads, no files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "edge/api/urgent_desk.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::app {

/// Time is counted by the monotonic clock: setting the wall clock back or forth changes no life. Over a start of the program the monotonic
/// clock goes on; over a start of the machine (another `os_boot`) the time between counts by the wall clock, and as none where
/// that went back: a profile is never in force for longer than its life.
class UrgentBook {
 public:
  static constexpr Duration proposal_life = std::chrono::minutes(30);
  static constexpr std::size_t living_max = 50, kept_max = 200;

  UrgentBook(PostId post, std::int64_t hours_max, std::string os_boot) : post_(std::move(post)), hours_max_(hours_max), os_boot_(std::move(os_boot)) {}

  /// What to_text() wrote, and the time that passed since. Error: invalid (damaged: nothing is taken from it).
  [[nodiscard]] Result<void> read(const std::string& text, Stamp now);
  [[nodiscard]] std::string to_text(Stamp now) const;

  /// Takes the time that passed from all lives.
  void pass(Stamp now);

  [[nodiscard]] std::int64_t hours_max() const { return hours_max_; }
  [[nodiscard]] const std::vector<api::UrgentProfile>& entries() const { return entries_; }  ///< oldest first
  [[nodiscard]] const api::UrgentProfile* find(const std::string& id) const;
  [[nodiscard]] bool something_lives() const;
  /// Confirmed and not over: what the lanes look for.
  [[nodiscard]] std::vector<const api::UrgentProfile*> in_force() const;
  /// Lives that are over and not yet ended.
  [[nodiscard]] std::vector<std::string> due() const;

  // Each checks and changes, or says why not; `now` after pass(now). What the same persons have done already is fine and changes nothing.
  [[nodiscard]] Result<std::string> propose(const api::UrgentProposal& proposal, const OfficerId& who, Stamp now);
  [[nodiscard]] Result<void> confirm(const std::string& id, const OfficerId& second, Stamp now);
  [[nodiscard]] Result<void> withdraw(const std::string& id, const OfficerId& who, const OfficerId& second, const std::string& reason, Stamp now);
  /// Of a due one: expired, or lapsed where nobody confirmed it.
  void end(const std::string& id, Stamp now);

 private:
  [[nodiscard]] api::UrgentProfile* entry(const std::string& id);
  void forget_old();

  PostId post_;
  std::int64_t hours_max_;
  std::string os_boot_;
  std::vector<api::UrgentProfile> entries_;
  MonoTime counted_;  ///< up to here time is taken from the lives
};

/// "YYYYMMDD-HHMMSS", UTC.
[[nodiscard]] std::string compact_time(WallTime at);

}  // namespace rampa::app
