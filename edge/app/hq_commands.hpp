// HQ's commands at the post: each carried out once at most, also over a kill at any moment, noted in the journal with its outcome,
// and answered. What has come lies in DIRECTORY/commands before HQ is told that it was taken; what had begun when the post died
// is not begun again, for nobody knows how far it came.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "edge/crossing/records.hpp"
#include "firmware-interfaces/result.hpp"
#include "sync/letters.hpp"

namespace rampa::app {

class HqCommands {
 public:
  struct Calls {
    std::function<Result<std::string>(const sync::CommandLetter&)> carry_out;  ///< what was done or found
    std::function<Result<void>(AuditNote)> note;                              ///< durable in the journal
    std::function<void(std::uint64_t number, const std::string& outcome)> answer;
  };
  static constexpr std::size_t kept_max = 32;  ///< of those that are done, to answer again after a restart
  static constexpr std::size_t waiting_max = 64;  ///< of those that are not: what the disk stops does not pile up

  /// `applied`: HQ's letters up to this one are taken; a command beyond it comes again. Errors: invalid (a damaged file, named), io.
  [[nodiscard]] static Result<std::unique_ptr<HqCommands>> open(const std::string& directory, std::uint64_t applied, Calls calls);

  /// Durable when it returns, and not begun before release(). Errors: busy (waiting_max wait already), io.
  [[nodiscard]] Result<void> take(std::uint64_t number, const sync::CommandLetter& command);
  /// HQ is told that letters up to this one are taken: they come no more.
  void release(std::uint64_t through);
  /// Carries out what waits, in order. What the disk stops is tried again. Thread: one.
  void work();
  /// HQ may not have heard these: what is done is said again. Thread: any.
  void answer_again();

 private:
  enum class State { taken, begun, done, noted };
  struct Entry {
    std::uint64_t number = 0;
    sync::CommandLetter command;
    State state = State::taken;
    std::string outcome;
  };
  HqCommands(std::string file, std::uint64_t applied, Calls calls) : file_(std::move(file)), released_(applied), calls_(std::move(calls)) {}
  [[nodiscard]] Result<void> load();
  [[nodiscard]] Result<void> save() const;  ///< with the lock
  [[nodiscard]] Result<void> move_on(std::uint64_t number, State state, const std::string& outcome);

  const std::string file_;
  std::mutex mutex_;
  std::uint64_t released_ = 0;
  std::vector<Entry> entries_;  ///< by number
  const Calls calls_;
};

}  // namespace rampa::app
