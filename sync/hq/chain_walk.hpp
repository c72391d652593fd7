// Follows a post's journal through both streams, as far as both are here: the cursor that HQ acknowledges is where this
// has come. Every record's hash must follow from the record before it. Throws DatabaseError.
#pragma once

#include "sync/hq/bell.hpp"
#include "sync/hq/history.hpp"

namespace rampa::sync::hq {

/// Goes at most `records` further. True: there is more to walk at once. Thread: the ledger's.
bool walk(History& history, Ledger& ledger, Bell& bell, std::size_t records, Stamp now);

}  // namespace rampa::sync::hq
