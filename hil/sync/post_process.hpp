// A post reduced to what sync sees of it, as a process of its own: the real store, seeded records, the real uplink, and a
// control port. `rampa-hil sync-post`; the soak and the bench start it.
#pragma once

#include <string>
#include <vector>

#include "hil/sync/business.hpp"

namespace rampa::hil {

/// The clock of a post under test, made from the machine's.
struct PostClockSettings {
  double offset_s = 0;        ///< of the wall clock, also on order later
  double rate_ppm = 0;        ///< the monotonic clock runs fast by so much
  std::string boot;           ///< 32 hex digits: of a start of the machine that is only played; empty: the machine's own
  std::int64_t boot_began_ns = 0;  ///< when that was, by the machine's monotonic clock
};

struct PostProcessSettings {
  std::string directory, post = "P1";
  std::vector<std::string> brokers;          ///< none: no uplink
  std::string ca_file, cert_file, key_file;
  std::uint16_t control = 0;                 ///< loopback port
  BusinessSettings business;
  std::uint64_t quota_images_mib = 0, quota_thumbnails_mib = 0;  ///< 0: none
  std::uint64_t records = 0;                 ///< writes until the journal holds so many
  double rate_per_s = 0;                     ///< 0: as fast as the store takes them
  PostClockSettings clock;
};

/// Runs until `stop` becomes true or somebody says so on the control port. Exit code: 0, 2 could not begin, 3 the disk
/// failed and only a new start helps.
/// Control lines, one JSON answer each:
///   {"op":"status"}  last_sequence, acknowledged, up, phase, trouble, attempts, resends, blobs_wanted, refused, verdicts_waiting,
///                    evicted_held, evicted_not_held, written (the last record of its own that the store has answered; 0: it still has some)
///   {"op":"write","until":N,"rate":R}    new goal for the writer
///   {"op":"verdict"}                     one verdict at once, timed; {"sequence":N} when it is durable
///   {"op":"latencies"}                   of timed verdicts since the last question: [{"sequence","durable_ms","acknowledged_ms"}]
///   {"op":"connections"}                 that ended: [{"attempt","budget_bytes","might_be_under_way","sent_bytes","again_bytes"}]: sent_again.hpp
///   {"op":"clock","offset_s":S}
///   {"op":"stop"}
int run_post_process(const PostProcessSettings& settings, bool (*stop)());

}  // namespace rampa::hil
