// Hundreds of posts in one process, one HQ: the posts' own drains over real TLS connections to mosquitto, `rampa-hq serve`
// over PostgreSQL, all on this machine. Measures what HQ commits, kills what HQ is made of, and compares hash by hash at the end.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::hil {

struct SwarmSettings {
  std::string tree;       ///< the checkout: scripts
  std::string binaries;   ///< folder of rampa-hq
  std::string directory;  ///< everything the run writes; emptied
  std::uint64_t seed = 1;
  int posts = 300;
  std::uint64_t records = 1000;  ///< of each post
  std::size_t record_bytes = 1024;
  int workers = 1;        ///< `rampa-hq serve` at each broker, over one database
  int brokers = 1;        ///< each post has its own order of them
  double rate_per_s = 0;  ///< records of each post that become durable, with kills until these are over; 0: all of them wait when HQ appears
  int worker_kills = 0, broker_kills = 0, primary_kills = 0;  ///< of the last at most 1
  Duration patience = 120s;  ///< without any progress at HQ
};

/// What one kind of kill did to the posts. A gap: the longest time in which HQ acknowledged nothing to a post that had
/// something waiting; one for each post and kill.
struct SwarmKills {
  int kills = 0;
  double gap_p50_ms = 0, gap_p99_ms = 0, gap_max_ms = 0;
};

struct SwarmReport {
  std::uint64_t records = 0, record_bytes = 0;        ///< that the posts hold
  double seconds = 0;                                 ///< until HQ had acknowledged all of them
  double records_per_s = 0;
  double records_per_commit = 0;                      ///< about: the server counts its commits a second late
  double bare_copy_per_s = 0;  ///< the same rows into a table like HQ's, as many a commit, by COPY alone
  double fdatasync_before_per_s = 0, fdatasync_after_per_s = 0;
  std::map<std::string, double> cpu_seconds;          ///< rampa-hq, postgres, mosquitto, swarm; none with kills
  std::uint64_t resends = 0, dropped = 0;             ///< messages that posts sent again; that HQ had no room for
  std::uint64_t lost = 0, twice = 0, other = 0, alarms = 0, unsound = 0;  ///< records; records; records; alarms; posts whose chain does not verify
  std::map<std::string, SwarmKills> kills;            ///< "worker", "broker", "primary"
  std::string first_wrong;                            ///< empty: HQ has what the posts have
  [[nodiscard]] bool equal() const { return first_wrong.empty() && lost + twice + other + alarms + unsound == 0; }
};

/// `progress` gets a line now and then; `stop` is asked often. Errors: not_found (mosquitto, PostgreSQL), io, timeout (no progress
/// within `patience`), refused (stopped).
[[nodiscard]] Result<SwarmReport> swarm(const SwarmSettings& settings, const std::function<void(const std::string&)>& progress, bool (*stop)());

[[nodiscard]] std::string swarm_report_json(const SwarmSettings& settings, const SwarmReport& report);

}  // namespace rampa::hil
