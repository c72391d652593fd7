// What HQ holds: every post's records as they came, what is known of their blobs, what had to be kept apart. Written by
// one thread inside begin()/commit(). Throws DatabaseError (caught by Receiver).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edge/store/record_format.hpp"
#include "sync/hq/database.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync::hq {

/// How a stored record stands to the one before it.
enum class Chain {
  broken = 0,        ///< its hash does not follow from the record before: an alarm was raised
  linked = 1,
  unverifiable = 2,  ///< the record before it is in quarantine, so nothing can be said
};

struct PostState {
  std::uint64_t cursor = 0;         ///< everything up to here is stored or in quarantine
  std::optional<store::Hash> head;  ///< chain hash at the cursor; nothing after a quarantined record
};

struct MissingBlob {
  std::string sha256;
  std::uint64_t size_bytes = 0;
};

enum class BlobState { unknown, missing, held, unavailable };
struct BlobRow {
  BlobState state = BlobState::unknown;
  std::uint64_t size_bytes = 0;
  int attempts = 0;  ///< times it arrived whole with a wrong hash
};

class Ledger {
 public:
  /// Creates or opens `directory`/hq.sqlite; refuses one that a newer version wrote.
  explicit Ledger(const std::string& directory);

  void begin() { database_.begin(); }
  void commit() { database_.commit(); }
  void rollback() { database_.rollback(); }

  [[nodiscard]] std::vector<std::string> posts();
  [[nodiscard]] PostState post(const std::string& post);  ///< of a post never seen: cursor 0, its genesis
  void greet(const std::string& post, const Hello& hello, WallTime received);
  void set_cursor(const std::string& post, const PostState& state, WallTime received);

  void add(const std::string& post, const store::format::ParsedRecord& record, ByteView bytes, Chain chain, WallTime received);
  /// Chain hash (hex) of a stored record; nothing where it is in quarantine or absent.
  [[nodiscard]] std::optional<std::string> hash_at(const std::string& post, std::uint64_t sequence);

  /// The same bytes for the same reason are kept once.
  void quarantine(const std::string& post, std::optional<std::uint64_t> sequence, const std::string& reason, ByteView bytes, WallTime received);
  [[nodiscard]] std::vector<QuarantinedRecord> quarantined(const std::string& post, std::size_t limit);
  /// The same alarm about the same record is raised once.
  void alarm(const std::string& post, std::uint64_t sequence, const std::string& what, const std::string& detail, WallTime raised);

  [[nodiscard]] std::vector<MissingBlob> missing_blobs(const std::string& post, std::size_t limit);
  [[nodiscard]] BlobRow blob(const std::string& sha256);
  void set_blob(const std::string& sha256, BlobState state, int attempts);

 private:
  Database database_;
};

[[nodiscard]] std::string database_file(const std::string& directory);

}  // namespace rampa::sync::hq
