// The built watch lists that HQ sent, as files: DIRECTORY/HASH.rwl, where HASH is the first 32 hex digits of the SHA-256 of the
// list's name. Keys of lists that keep hashes lie beside them (*.key, as `rampa watchlist build --key` takes them). They are put
// there by hand and never travel with a list: whoever reads the line, or HQ's desk, learns of a secret list what is in its file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "edge/risk/watch_list.hpp"
#include "edge/store/disk.hpp"

namespace rampa::app {

/// Thread: one at a time.
class HqWatchLists {
 public:
  HqWatchLists(std::shared_ptr<store::Disk> disk, std::string directory) : disk_(std::move(disk)), directory_(std::move(directory)) {}

  /// The list in `file`, with its key where it needs one. Errors: invalid (damaged; of another name; its key is not here: what
  /// to do), io, not_found.
  [[nodiscard]] Result<std::shared_ptr<const risk::WatchList>> read(const std::string& file, const std::string& name) const;
  /// Moves a file that read() took to its place, durably; replaces the list of this name. Errors: no_space, io.
  [[nodiscard]] Result<void> keep(const std::string& file, const std::string& name) const;
  /// Nothing happens where there is none. Errors: io.
  [[nodiscard]] Result<void> remove(const std::string& name) const;
  /// All that were kept; a damaged one becomes a finding and watches nothing.
  [[nodiscard]] std::vector<std::shared_ptr<const risk::WatchList>> all(std::vector<config::Finding>& findings) const;

 private:
  [[nodiscard]] std::string path_of(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> files(const std::string& ending) const;

  std::shared_ptr<store::Disk> disk_;
  std::string directory_;
};

}  // namespace rampa::app
