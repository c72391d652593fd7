// What the post fetches from HQ: bundles, reference images, its own earlier scans. It asks for a piece, HQ answers with
// slices, the next piece follows where those ended; after a break it goes on at the byte. One blob at a time, in order of
// asking, pictures behind all else: the line down is shared with letters. Pure: no clock, no files.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "sync/frame.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync {

/// Where fetched blobs go. What has arrived survives a restart.
class FetchShelf {
 public:
  virtual ~FetchShelf() = default;
  /// Bytes of it that are there, from its beginning.
  [[nodiscard]] virtual std::uint64_t have(const std::string& sha256) = 0;
  /// Appends at have(). Errors: no_space, io.
  [[nodiscard]] virtual Result<void> append(const std::string& sha256, ByteView bytes) = 0;
  /// All is there: checks it against its address and makes it durable. Errors: bad_reply (other content; thrown away), no_space, io.
  [[nodiscard]] virtual Result<void> finish(const std::string& sha256) = 0;
};

class Fetcher {
 public:
  static constexpr std::uint32_t piece_first = 64u << 10, piece_least = 16u << 10, piece_most = 1u << 20;
  static constexpr Duration patience = 15s;  ///< for the next slice of a piece
  static constexpr int wrong_max = 3;        ///< other content this often: given up

  explicit Fetcher(FetchShelf* shelf) : shelf_(shelf) {}

  /// Over what lines it may come. Somebody's order lets it come over a metered one too.
  enum class Over { unmetered_lines, any_line };
  /// What the lanes work with does not wait for what is only looked at: between two pieces it goes ahead.
  enum class Turn { ahead, behind };
  struct Wanted {
    std::string sha256;
    std::uint64_t size_bytes = 0;
    Over over = Over::unmetered_lines;
    Turn turn = Turn::ahead;
  };
  /// Asked for already: what it may do more than before counts.
  void want(const Wanted& wanted);
  void disconnected() { asked_.reset(); }
  struct Done {
    std::string sha256;
    std::string trouble;  ///< empty: it is there whole
  };
  /// What is there whole already (the program died before it was used) is done without asking. Before next().
  [[nodiscard]] std::optional<Done> complete(bool metered, MonoTime now);
  /// What to ask HQ for now; nothing while an answer is awaited or nothing is wanted that may come over this line.
  [[nodiscard]] std::optional<Fetch> next(bool metered, MonoTime now);
  [[nodiscard]] std::optional<Done> slice(const BlobSlice& slice, MonoTime now);
  /// HQ does not have it.
  [[nodiscard]] std::optional<Done> unavailable(const Unavailable& gone);

  [[nodiscard]] bool asked() const { return asked_.has_value(); }  ///< HQ's answer is awaited
  /// How many wait because this line is metered.
  [[nodiscard]] std::size_t waiting(bool metered) const;
  /// When next() is to be asked again if nothing comes; nothing where nothing is awaited.
  [[nodiscard]] std::optional<MonoTime> wake() const;

 private:
  struct Entry : Wanted {
    int wrong = 0;
  };
  struct Asked {
    std::uint64_t end = 0;  ///< of the piece
    MonoTime heard;
  };
  [[nodiscard]] std::optional<Done> finish(MonoTime now);
  void take_turns(bool metered);
  [[nodiscard]] static bool may_come(const Wanted& wanted, bool metered) { return !metered || wanted.over == Over::any_line; }

  FetchShelf* shelf_;
  std::deque<Entry> wanted_;
  std::optional<Asked> asked_;
  std::optional<MonoTime> pause_;  ///< the shelf failed: not before this
  std::uint32_t piece_ = piece_first;
};

}  // namespace rampa::sync
