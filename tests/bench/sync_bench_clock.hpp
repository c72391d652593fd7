// Section h of the sync bench: posts whose clocks are wrong.
#pragma once

#include <string>

#include "firmware-interfaces/result.hpp"
#include "hil/sync/sync_stage.hpp"
#include "tests/bench/sync_bench_figures.hpp"

namespace rampa::bench {

/// A post whose wall clock is years off, jumps, whose oscillator is off, whose machine is started anew out of HQ's sight; each record
/// carries its true time, and HQ's interval is held against it. `records` of each such clock. Errors: io, timeout.
[[nodiscard]] Result<void> wrong_clocks(const hil::SyncStageSettings& stage, std::uint64_t records, Figures& figures);

}  // namespace rampa::bench
