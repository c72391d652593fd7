// `rampa-hq serve`: the loop around Receiver and the MQTT link. One thread stores (group commit: everything that waits,
// one transaction), Paho's only put messages into its queue, where each post has a line of its own and all get their turn.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"
#include "sync/hq/receiver.hpp"
#include "sync/hq/serve_counts.hpp"
#include "sync/link/mqtt_link.hpp"

namespace rampa::sync::hq {

struct ServeSettings {
  std::string broker;
  Place place;                    ///< hq.sqlite, desk.sqlite, hq.key, blobs/, partial/, lock
  std::string client_id = "rampa-hq";  ///< the broker drops an older connection of the same name
  LinkCredentials credentials;
  std::vector<std::string> posts; ///< only these; empty: every post whose certificate the broker accepts
  std::size_t posts_max = 0;      ///< with a database server: takes no more than so many, others take the rest; 0: any number
  std::string incarnation;        ///< different at every start
  std::uint64_t jitter_seed = 0;
  std::size_t group_messages_max = 512;
  std::size_t group_bytes_max = 16u << 20;
  std::size_t queue_bytes_max = 256u << 20;      ///< beyond it messages are dropped; the posts send them again. Their credits are half of it together
  std::size_t post_queue_bytes_max = 16u << 20;  ///< the same for one post, so that none crowds out the others
  Duration pause_first = 250ms, pause_last = 5s;

  ServeCounts* counts = nullptr;              ///< for /metrics; must outlive serve()
  std::function<void(const Notice&)> notice;  ///< also "ready" and "link_lost"; on the serving thread
  std::function<void()> after_commit;         ///< for tests: between HQ's commit and its acknowledgements
};

/// Several may serve the same posts over one database server: each post belongs to who has its lock there, and the next one
/// takes over when that one is gone. Runs until `stop` is true (looked at several times a second). Errors: invalid (settings, a database of a newer
/// version), busy (another rampa-hq uses the directory), disconnected
/// (the database server is gone, and the locks with it: start again), io.
[[nodiscard]] Result<void> serve(const ServeSettings& settings, const Clock& clock, const std::atomic<bool>& stop);

}  // namespace rampa::sync::hq
