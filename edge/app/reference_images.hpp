// Pictures that HQ sends to compare with (an earlier scan of this container, a photograph of this lorry), at the post:
// DIRECTORY/reference-images/SHA256 the picture, NUMBER.letter when it came and what HQ's letter of that number says of it. One picture
// may be named by several letters. HQ has them all: what is too much or too old goes, the oldest first, and as much of it as the disk's reserve needs before evidence has to.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "edge/api/appliance_port.hpp"
#include "firmware-interfaces/result.hpp"
#include "sync/fetch_shelf.hpp"
#include "sync/letters.hpp"

namespace rampa::app {

/// Thread: any. One thread at a time adds and removes.
class ReferenceImages {
 public:
  struct Limits {
    std::uint64_t bytes_max = 0;  ///< of all together; 0: the post takes none
    int days = 0;                 ///< kept this long after they came, by the post's own clock
  };
  /// Waiting ones too. Each may be a note of what is to be fetched: lists and bundles have room beside them.
  static constexpr std::size_t letters_max = sync::notes_max / 2;

  ReferenceImages(std::string directory, Limits limits) : directory_(std::move(directory)), limits_(limits) {}
  /// What is kept; what is damaged is left out, and named in the result.
  [[nodiscard]] std::vector<std::string> load();

  /// HQ's letter of this number: durable when it returns, not shown before the picture is here. Errors: invalid (larger than what is
  /// kept, too many wait already), io, no_space.
  [[nodiscard]] Result<void> expect(std::uint64_t number, const sync::ReferenceImageLetter& letter);
  /// The letters whose picture this is and that are not shown yet, by number.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, sync::ReferenceImageLetter>> waiting_for(const std::string& sha256) const;
  [[nodiscard]] bool holds(const std::string& sha256) const;
  [[nodiscard]] std::string path_of(const std::string& sha256) const { return directory_ + "/" + sha256; }
  /// Whether it is the picture that the letter speaks of. Errors: invalid (another size, no such picture), io.
  [[nodiscard]] static Result<void> check(const sync::ReferenceImageLetter& letter, const std::string& file);
  /// Makes room (the oldest go first) and moves `file`, which was checked, to its place. Errors: io, no_space.
  [[nodiscard]] Result<void> keep(const sync::ReferenceImageLetter& letter, const std::string& file);
  /// From now on it is shown. Errors: io, no_space.
  [[nodiscard]] Result<void> show(std::uint64_t number, WallTime now);
  void drop(std::uint64_t number);
  /// What came more than `days` ago goes. How many.
  std::size_t drop_old(WallTime now);
  /// So many bytes of the disk are wanted by others: the oldest go until there is that much more room, or none is left. How many.
  std::size_t make_room(std::uint64_t bytes);

  /// Those for this crossing, or for a plate or container of it; the newest first.
  [[nodiscard]] std::vector<api::ReferenceImageView> of(const api::ReferenceQuestion& crossing) const;
  /// Checked against its name. Errors: not_found, io (also: damaged; HQ should send it again).
  [[nodiscard]] Result<Bytes> read(const std::string& sha256) const;

 private:
  struct Kept {
    sync::ReferenceImageLetter letter;
    std::int64_t came_ms = 0;  ///< 0: the picture is not here yet
    std::string compared;      ///< container or plate as it is compared
  };
  [[nodiscard]] std::string path_of(std::uint64_t number) const { return directory_ + "/" + std::to_string(number) + ".letter"; }
  [[nodiscard]] Result<void> write(std::uint64_t number, const Kept& kept) const;
  [[nodiscard]] std::uint64_t bytes() const;  ///< with the lock; a picture that several letters name counts once
  [[nodiscard]] bool drop_oldest();           ///< with the lock; of those that are shown
  void drop_it(std::uint64_t number);         ///< with the lock
  const std::string directory_;
  const Limits limits_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Kept> kept_;
};

}  // namespace rampa::app
