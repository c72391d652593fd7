// What HQ sends to this post, and whom the post believes to be HQ. A letter is applied durably before HQ is told so; how far
// they are lies in DIRECTORY/letters, of which HQ's desks they are in DIRECTORY/letter-desks, HQ's key (where the site file gives none) in DIRECTORY/hq.pub. A letter about a file (a
// bundle of profiles, a built watch list, a picture to compare with) is applied when it is noted: the file is fetched behind everything else
// (DIRECTORY/fetch) and used then; one that cannot be used is refused then, to HQ and in the journal. Nothing that takes long is
// done on the uplink's thread: files are used and lists are built where profile sets are compiled (ProfilesWatch).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "edge/app/appliance.hpp"
#include "edge/app/hq_commands.hpp"
#include "edge/app/hq_watch_lists.hpp"
#include "edge/store/durable_file.hpp"
#include "sync/fetch_shelf.hpp"
#include "sync/letters.hpp"
#include "sync/uplink.hpp"

namespace rampa::app {

class Downlink : public std::enable_shared_from_this<Downlink> {
 public:
  /// Errors: invalid (a damaged file, named, with what to do), io, no_space.
  [[nodiscard]] static Result<std::shared_ptr<Downlink>> open(Appliance& appliance, const Clock& clock);

  /// What the uplink needs to speak for this post.
  [[nodiscard]] sync::Identity identity() const;
  [[nodiscard]] std::uint64_t letters_through() const { return applied_.value(); }
  [[nodiscard]] const std::vector<sync::DeskCursor>& letter_desks() const { return desks_; }
  /// Thread: the uplink's. `done` comes from another one, or at once with the reason where the letter is refused.
  void apply(const sync::Letter& letter, std::function<void(sync::LetterOutcome)> done);
  /// The first HQ that was met: from now on no other.
  void keep_hq_key(const std::string& key) const;

  /// Where fetched files go. Errors: io.
  [[nodiscard]] Result<std::unique_ptr<sync::FetchShelf>> shelf() const;
  /// The way to the uplink. Calls come from any thread.
  struct Line {
    std::function<void(const sync::Fetcher::Wanted&)> want;  ///< fetch this
    std::function<void(std::uint64_t number, const std::string& reason)> refuse;  ///< what this letter named cannot be used
    std::function<void(std::uint64_t number, const std::string& outcome)> answer = {};  ///< what became of this command
  };
  /// Asks at once for all that was wanted before this start. Empty: there is no line (any more).
  void connect(Line line);
  /// Thread: the uplink's.
  void fetched(const std::string& sha256, const std::string& trouble);

  /// Called when there is work for work(). Empty: nobody works (any more).
  void work_by(std::function<void()> wake);
  /// Uses what was fetched, in HQ's order, and builds lists of plates. What a full disk stops stays and is tried again. Thread:
  /// the one that compiles.
  void work();
  static constexpr Duration again_after = 30s;

 private:
  Downlink(Appliance& appliance, const Clock& clock, std::shared_ptr<store::Disk> disk, store::SlotFile applied)
      : appliance_(appliance), clock_(clock), disk_(std::move(disk)), lists_(disk_, appliance.site().directory + "/watch-lists"), applied_(std::move(applied)) {}
  struct PlatesLetter {
    std::uint64_t number = 0;
    sync::WatchListLetter list;
    std::function<void(sync::LetterOutcome)> done;
  };
  [[nodiscard]] std::string fetch_directory() const { return appliance_.site().directory + "/fetch"; }
  [[nodiscard]] Result<void> read_desks();
  [[nodiscard]] Result<void> comes_from(const std::string& desk);
  [[nodiscard]] Result<void> want_file(const sync::WantedFile& wanted);
  void drop_older_lists(const std::string& name, std::uint64_t number);
  void forget(const sync::WantedFile& wanted);
  void take(Result<void> durable, std::uint64_t number, const std::function<void(sync::LetterOutcome)>& done);
  void take_plates(PlatesLetter letter);
  void take_command(const sync::Letter& letter, const std::function<void(const std::string&)>& refuse, const std::function<void(sync::LetterOutcome)>& done);
  void take_answer(const sync::Letter& letter, const std::function<void(const std::string&)>& refuse, std::function<void(Result<void>)> kept);
  void take_reference(const sync::Letter& letter, const std::function<void(const std::string&)>& refuse, const std::function<void(Result<void>)>& kept);
  [[nodiscard]] Result<LaneId> lane_of(const CrossingId& crossing) const;
  [[nodiscard]] Result<std::string> carry_out(const sync::CommandLetter& command);
  [[nodiscard]] Result<std::string> look_for_image(const std::string& sha256);
  [[nodiscard]] std::string fetch_now();
  void use_fetched();
  [[nodiscard]] Result<void> use(const sync::WantedFile& wanted);
  [[nodiscard]] Result<void> use_bundle(const sync::WantedFile& wanted);
  [[nodiscard]] Result<void> use_reference(const sync::WantedFile& wanted);
  [[nodiscard]] Result<void> journal(std::uint64_t number, const sync::ReferenceImageLetter& letter);
  [[nodiscard]] bool here(const sync::WantedFile& wanted) const;
  [[nodiscard]] bool own_evidence(const sync::WantedFile& wanted);
  [[nodiscard]] bool evidence(const sync::WantedFile& wanted) const;
  void ask_hq_for(const sync::WantedFile& wanted);
  void ask_line_for(const sync::WantedFile& wanted, sync::Fetcher::Over over);
  [[nodiscard]] std::uint64_t room_for_evidence() const;
  void refuse_reference(std::uint64_t number, const std::string& why);
  void refuse_references(const sync::WantedFile& wanted, const std::string& why);
  void drop_references();
  static constexpr std::string_view reference_word = "reference_image";
  [[nodiscard]] static bool is_reference(const sync::WantedFile& wanted) { return wanted.purpose == reference_word; }
  [[nodiscard]] static bool not_now(const Error& error) { return error.code == ErrorCode::io || error.code == ErrorCode::no_space || error.code == ErrorCode::timeout; }
  [[nodiscard]] Result<void> use_watch_list(const sync::WantedFile& wanted, const std::string& name);
  void refuse(const sync::WantedFile& wanted, const std::string& why);
  void note(const std::string& what, const std::string& detail);
  void say_once(const std::string& what);

  Appliance& appliance_;
  const Clock& clock_;
  std::shared_ptr<store::Disk> disk_;
  HqWatchLists lists_;
  store::SlotFile applied_;       ///< written by one letter at a time
  std::vector<sync::DeskCursor> desks_;  ///< whose letters these are: as of when the first of them began to write
  std::optional<sync::PublicKey> hq_key_;
  std::unique_ptr<HqCommands> commands_;
  std::mutex wanted_mutex_;       ///< of the notes in DIRECTORY/fetch
  std::mutex mutex_;              ///< of all below; taken after it
  Line line_;
  std::function<void()> wake_;
  std::deque<PlatesLetter> plates_;
  std::set<std::string> asked_;                       ///< pictures, by SHA-256: over this line
  std::map<std::string, std::string> not_to_be_had_;  ///< by SHA-256, what HQ or the line said
  MonoTime again_{};              ///< work()'s thread: a file could not be used now
  std::string said_;              ///< work()'s thread: the last trouble, told once
};

}  // namespace rampa::app
