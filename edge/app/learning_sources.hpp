// Where past crossings come from: files of history lines, posts' stores, files of results.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "edge/risk/effectiveness.hpp"
#include "edge/risk/history.hpp"
#include "edge/risk/history_lines.hpp"
#include "edge/store/store.hpp"

namespace rampa::app {

/// Called now and then with how many were read.
using Progress = std::function<void(std::size_t read)>;

struct PastFacts {
  risk::History history;
  std::vector<Fields> sample;  ///< the first few thousand, for the compiler
  std::size_t erased = 0;      ///< crossings whose facts were erased with the key of their day
};

/// Whole file, "-" for standard input. Errors: not_found; invalid, with file and line.
[[nodiscard]] Result<PastFacts> read_history_file(const std::string& file, const Progress& progress);

/// Oldest first, one row per assessed crossing: its last assessment. `row` says false to end. Returns how many were erased.
[[nodiscard]] Result<std::size_t> each_past_assessment(store::PictureReader& reader, const std::function<bool(risk::HistoryRow&&)>& row, std::size_t last_crossings = SIZE_MAX);
/// Of the last so many crossings.
[[nodiscard]] Result<PastFacts> read_history(store::PictureReader& reader, const Progress& progress, std::size_t last_crossings = SIZE_MAX);

/// All crossings of a post's store. Covers the journal from its first record to the last one of these crossings. `directory`: of the store, for the
/// sets that the assessments were made with.
[[nodiscard]] Result<risk::Outcomes> read_outcomes(const PostId& post, const std::string& directory, store::PictureReader& reader, const Progress& progress);

}  // namespace rampa::app
