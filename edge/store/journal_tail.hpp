// The journal's end, read for what the lanes must know at a start: their modes and their unfinished crossings.
#pragma once

#include "edge/store/journal_reader.hpp"

namespace rampa::store {

/// As read_journal_tail() in store.hpp.
[[nodiscard]] Result<JournalTail> read_tail(std::shared_ptr<Disk> disk, const Layout& layout, std::uint64_t last_sequence,
                                            std::size_t records_max);

}  // namespace rampa::store
