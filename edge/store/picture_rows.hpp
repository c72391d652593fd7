// Rows of the picture that carry a hash of themselves, so that a changed one is noticed when it is read.
#pragma once

#include "edge/store/digest.hpp"
#include "edge/store/picture.hpp"
#include "edge/store/sqlite_internal.hpp"

namespace rampa::store {

/// SHA-256 over the fields of a row, each with its length.
class RowHash {
 public:
  RowHash& add(std::string_view text);
  RowHash& add(std::int64_t value) { return add(std::to_string(value)); }
  RowHash& add(std::uint64_t value) { return add(std::to_string(value)); }
  [[nodiscard]] Hash finish() { return running_.finish(); }

 private:
  RunningSha256 running_;
};

[[nodiscard]] Hash row_hash(const CrossingLine& line);
[[nodiscard]] Hash row_hash(const Pictured& record);
[[nodiscard]] Hash declaration_row_hash(std::string_view reference, std::string_view plate, std::string_view trailer, std::string_view text);

/// Columns of a crossing, in the order of crossing_of().
inline constexpr std::string_view crossing_columns =
    "crossing, first_sequence, last_sequence, lane, wall_ms, mono_ns, plate, trailer, gross_kg, channel, verdict, decided_by, "
    "outcome, hits, decision_ms, paper, row_hash";
inline constexpr std::string_view record_columns =
    "sequence, crossing, kind, lane, wall_ms, mono_ns, boot, day, key_generation, segment, offset, length, hash, row_hash";
/// The row that the statement stands on. Errors: invalid (its hash does not fit; names the row and what to do).
[[nodiscard]] Result<CrossingLine> crossing_of(const sqlite::Statement& s);
[[nodiscard]] Result<Pictured> record_of(const sqlite::Statement& s);
/// Binds everything but the key's place; for INSERT with the columns above.
void bind(sqlite::Statement& s, const CrossingLine& line);
void bind(sqlite::Statement& s, const Pictured& record);

/// A query on the picture itself, for verify. The statement must not outlive the picture.
[[nodiscard]] Result<sqlite::Statement> picture_query(Picture& picture, const std::string& sql);

}  // namespace rampa::store
