// Past crossings as text, one JSON object per line: {"id":"L1-7-12","at_ms":1784505600000,"facts":{...}}. Also takes declarations of the public
// risk workload (benchmark_format.hpp). Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "edge/risk/history.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::risk {

struct HistoryRow {
  std::string id;
  WallTime at;
  Fields facts;
};

/// Keeps its parser from line to line. Thread: one.
class HistoryLines {
 public:
  HistoryLines();
  ~HistoryLines();
  HistoryLines(const HistoryLines&) = delete;
  HistoryLines& operator=(const HistoryLines&) = delete;
  /// Facts that the catalogue does not know are kept. Errors: invalid.
  [[nodiscard]] Result<HistoryRow> read(std::string_view line);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// The line, without its end.
[[nodiscard]] std::string history_line(const HistoryRow& row);

}  // namespace rampa::risk
