// The set that lanes use: HQ's, and the post's own urgent profiles in it. Keeps the book of these on disk, tells HQ what happens to them,
// and swaps the set whenever one begins or ends or HQ sends a new set. What they are: edge/risk/PROFILES.md, Urgent profiles.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edge/api/urgent_desk.hpp"
#include "edge/app/profiles_file.hpp"
#include "edge/app/urgent_book.hpp"
#include "edge/crossing/records.hpp"

namespace rampa::app {

/// Thread: any.
class UrgentProfiles : public api::UrgentDesk {
 public:
  struct Settings {
    std::string file;             ///< DIRECTORY/urgent-profiles.json, mode 0600: criteria are in it
    PostId post;
    std::int64_t hours_max = 72;  ///< the site's policy
    std::string os_boot;          ///< names this start of the machine; empty: unknown
    decltype(&compile_set) compile = compile_set;
  };
  /// What the appliance does for it. All return once it is durable.
  struct Outside {
    /// Puts the set into the store, then gives it to the lanes: one that cannot be kept is not used.
    std::function<Result<void>(std::shared_ptr<const risk::ProfileSet>, SharedBytes)> use;
    std::function<Result<void>(AuditNote)> report;
    /// Puts the set that lanes began with into the store, where it is not there: a start without room goes on without.
    std::function<Result<void>(const risk::ProfileSet&, SharedBytes)> keep;
  };

  /// `base`: HQ's set. A file that is damaged is put aside and told by the first tick(): lanes come first.
  UrgentProfiles(Settings settings, LoadedProfiles base, const Clock& clock);

  /// The set that lanes begin with. Once, before connect().
  [[nodiscard]] LoadedProfiles begin();
  void connect(Outside outside);

  /// A new set of HQ's: the urgent profiles go on in it. Errors: invalid (it does not compile with them), and those of Outside::use; the
  /// present set stays.
  [[nodiscard]] Result<void> use_base(LoadedProfiles base);
  [[nodiscard]] std::string base_sha256() const;
  /// Every few seconds: ends what is over, writes the book from time to time, tries again what did not succeed.
  void tick();

  // api::UrgentDesk
  [[nodiscard]] std::int64_t hours_max() const override { return settings_.hours_max; }
  [[nodiscard]] std::vector<api::UrgentProfile> list() const override;
  [[nodiscard]] std::string trouble() const override;
  [[nodiscard]] Result<std::string> propose(const api::UrgentProposal& proposal, const OfficerId& who) override;
  [[nodiscard]] Result<void> confirm(const std::string& id, const OfficerId& second) override;
  [[nodiscard]] Result<void> withdraw(const std::string& id, const OfficerId& who, const OfficerId& second, const std::string& reason) override;

  /// Of this start of the machine (the kernel's boot_id); empty where it cannot be read.
  [[nodiscard]] static std::string present_os_boot();

 private:
  [[nodiscard]] Result<LoadedProfiles> merged(const LoadedProfiles& base, const UrgentBook& book, Priority priority = Priority::idle) const;
  [[nodiscard]] std::string names_in_force(const UrgentBook& book) const;
  /// Hands the set on where lanes have another one. `ready`: it, where it is compiled already.
  [[nodiscard]] Result<void> apply(std::optional<LoadedProfiles> ready = std::nullopt);
  [[nodiscard]] Result<void> save(const UrgentBook& book, Stamp now);
  [[nodiscard]] Result<void> report(const char* what, const api::UrgentProfile& profile, const std::string& who);
  /// What lives, for whoever only has the journal.
  [[nodiscard]] Result<void> report_state();
  [[nodiscard]] Result<void> read_book(Stamp now);
  /// HQ is told, then the disk, then the book counts.
  [[nodiscard]] Result<void> commit(UrgentBook next, const std::string& id, const char* what, const std::string& who, Stamp now);
  [[nodiscard]] Result<void> end(const std::string& id, Stamp now);
  [[nodiscard]] Result<void> keep();

  const Settings settings_;
  const Clock& clock_;
  mutable std::mutex mutex_;  ///< one change at a time, its waits for the disk included
  LoadedProfiles base_;
  UrgentBook book_;
  Outside outside_;
  std::string applied_;       ///< names_in_force() of the set that lanes have
  std::optional<std::string> uncompilable_;  ///< the same of one that did not compile: not tried every two seconds
  std::optional<LoadedProfiles> begun_with_;  ///< until it is in the store
  std::string damage_;        ///< what was wrong with the file, until HQ is told
  bool unreadable_ = false;      ///< the book could not be read: it is not written over
  bool state_due_ = false;       ///< the journal may tell a step that did not come to pass
  std::set<std::string> told_;   ///< ends that are in the journal and not yet in the book
  bool unsaved_ = false;         ///< the file may be another than the book
  MonoTime saved_;

  mutable std::mutex shown_mutex_;  ///< never held over a wait, so that a list is always to be had
  std::vector<api::UrgentProfile> shown_;
  std::string trouble_;
  MonoTime shown_at_;
  void show(Stamp now);
};

}  // namespace rampa::app
