// The post's answer to HQ's question for the keys of personal fields: each sealed for HQ's key alone, or why not.
// TOPICS.md, "Personal fields".
#pragma once

#include <string>

#include "sync/day_keys.hpp"
#include "sync/drain_settings.hpp"

namespace rampa::sync {

/// `trouble` is set where a key cannot be read.
[[nodiscard]] DayKeys answer_day_keys(const DayKeysWanted& wanted, const DrainSettings& settings, const PublicKey& hq, std::string& trouble);

}  // namespace rampa::sync
