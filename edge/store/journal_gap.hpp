// What of the journal cannot be read any more: where the good records before and behind such a place are, and what lies
// between. Looks at the disk each time, and tells a place that was read and is damaged from a disk that does not answer.
#pragma once

#include <optional>

#include "edge/store/journal_scan.hpp"
#include "edge/store/store.hpp"

namespace rampa::store {

struct FoundGap {
  JournalReader::Gap gap;  ///< `last` and `after` count only where there is a next one
  struct Next {
    std::uint64_t segment = 0, offset = 0;
  };
  std::optional<Next> next;  ///< where record gap.last + 1 lies; nothing: no good record follows
};

/// Around this sequence, which could not be read. Nothing: it can be, now. Errors: io and what list_segments() gives (the journal
/// is not there: nothing can be said of it), invalid.
[[nodiscard]] Result<std::optional<FoundGap>> find_gap(Disk& disk, const Layout& layout, std::uint64_t sequence);

}  // namespace rampa::store
