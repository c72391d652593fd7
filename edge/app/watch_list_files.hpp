// Watch lists as files: the built ones (.rwl), their keys, and the rows they are built from.
#pragma once

#include <string>
#include <vector>

#include "config/site.hpp"
#include "edge/risk/watch_list.hpp"

namespace rampa::app {

/// Synthetic reads for a list that a post builds for itself at a start or when HQ sends one.
constexpr std::uint64_t lane_reads = 20'000;

/// libsodium's keyed BLAKE2b, 128 bits, with the file's key: 32 bytes, or 64 hex digits. Errors: not_found, invalid.
[[nodiscard]] Result<risk::KeyedHasher> read_watch_key(const std::string& file);

/// `key_file`: empty for none. Errors: not_found, invalid, refused; the text begins with the file's name.
[[nodiscard]] Result<risk::WatchList> read_watch_list_file(const std::string& file, const std::string& key_file);

/// A file that a person or an authority's system wrote, CSV or JSON lines (edge/risk/WATCHLISTS.md), as its reader gives it.
class WatchRows {
 public:
  struct Row {
    std::uint32_t line = 0;
    std::string text, country, second_plate, carrier, note;  ///< as written
  };
  virtual ~WatchRows() = default;
  /// Once, before the first row. An error ends the reading.
  virtual Result<void> head(const risk::WatchListHead& head) = 0;
  /// An error is a finding of this line.
  virtual Result<void> row(const Row& row) = 0;
};
struct RowsRead {
  std::vector<config::Finding> findings;  ///< the first hundred
  std::size_t wrong = 0;                  ///< how many there are
  std::size_t rows = 0;                   ///< good ones
};
[[nodiscard]] RowsRead read_watch_rows(const std::string& file, WatchRows& to);

}  // namespace rampa::app
