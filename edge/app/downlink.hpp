// What HQ sends to this post, and whom the post believes to be HQ. A letter is applied durably before HQ is told so; how far
// they are lies in DIRECTORY/letters, HQ's key (where the site file gives none) in DIRECTORY/hq.pub. A letter about a bundle
// of profiles is applied when it is noted: the bundle is fetched behind everything else (DIRECTORY/fetch) and installed then.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "edge/app/appliance.hpp"
#include "edge/store/durable_file.hpp"
#include "sync/fetch_shelf.hpp"
#include "sync/uplink.hpp"

namespace rampa::app {

class Downlink : public std::enable_shared_from_this<Downlink> {
 public:
  /// Errors: invalid (a damaged file, named, with what to do), io, no_space.
  [[nodiscard]] static Result<std::shared_ptr<Downlink>> open(Appliance& appliance, const Clock& clock);

  /// What the uplink needs to speak for this post.
  [[nodiscard]] sync::Identity identity() const;
  [[nodiscard]] std::uint64_t letters_through() const { return applied_.value(); }
  /// Thread: the uplink's. `done` comes from the store's thread, or at once with the reason where the letter is refused.
  void apply(const sync::Letter& letter, std::function<void(sync::LetterOutcome)> done);
  /// The first HQ that was met: from now on no other.
  void keep_hq_key(const std::string& key) const;

  /// Where fetched files go. Errors: io.
  [[nodiscard]] Result<std::unique_ptr<sync::FetchShelf>> shelf() const;
  /// What to fetch: called for all that was wanted before this start, and for each new one. Thread: any.
  void fetch_with(std::function<void(const std::string& sha256, std::uint64_t size_bytes)> want);
  /// Thread: the uplink's.
  void fetched(const std::string& sha256, const std::string& trouble);

 private:
  Downlink(Appliance& appliance, const Clock& clock, std::shared_ptr<store::Disk> disk, store::SlotFile applied)
      : appliance_(appliance), clock_(clock), disk_(std::move(disk)), applied_(std::move(applied)) {}
  [[nodiscard]] std::string fetch_directory() const { return appliance_.site().directory + "/fetch"; }
  [[nodiscard]] Result<void> note_bundle(std::uint64_t number, const std::string& body);
  void take(Result<void> durable, std::uint64_t number, const std::function<void(sync::LetterOutcome)>& done);
  [[nodiscard]] bool use(const sync::WantedFile& wanted, const std::string& trouble);

  Appliance& appliance_;
  const Clock& clock_;
  std::shared_ptr<store::Disk> disk_;
  store::SlotFile applied_;       ///< written on the store's thread, one letter at a time
  std::optional<sync::PublicKey> hq_key_;
  std::mutex mutex_;
  std::function<void(const std::string&, std::uint64_t)> want_;
};

}  // namespace rampa::app
