// Server-Sent Events to all screens, on one thread of its own: streams must never hold a thread of the request pool.
// Every client has a bounded queue; one that reads too slowly loses it and gets a whole picture again.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "edge/api/parts.hpp"

namespace rampa::api {

/// A connected socket that the hub owns from now on. Closed by the destructor.
class StreamSocket {
 public:
  virtual ~StreamSocket() = default;
  [[nodiscard]] virtual int descriptor() const = 0;
};

class EventHub : public ChangeListener {
 public:
  static constexpr std::size_t queue_bytes_max = 256 << 10;  ///< per client, beyond what the kernel holds
  static constexpr Duration status_period = 2s;              ///< also the heartbeat
  static constexpr Duration lane_period_min = 100ms;         ///< at most so often per lane
  static constexpr Duration no_progress_max = 30s;           ///< a client that takes nothing for so long is let go

  explicit EventHub(Parts& parts);
  ~EventHub() override;
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  /// False where the limit is reached; the caller answers 503. Otherwise hand the socket over with add().
  [[nodiscard]] bool reserve();
  /// A reserved place that is not used after all.
  void release() { --parts_.counters.streams_open; }
  void add(std::unique_ptr<StreamSocket> socket, std::string token);

  void lane_changed(const LaneId& lane) override;
  void notice(const Notice& notice) override;

 private:
  struct Client {
    std::unique_ptr<StreamSocket> socket;
    std::string token;
    std::deque<std::string> queue;
    std::size_t queued_bytes = 0, sent_of_front = 0;
    std::uint64_t next_id = 1;
    MonoTime progress;
    bool behind = false;  ///< lost its queue; gets a reset once the rest is out
    bool ending = false;  ///< said bye; closed once the rest is out
    bool gone = false;
  };
  struct LaneFeed {
    std::string last;  ///< JSON that was sent last
    MonoTime not_before;
    bool changed = true;
  };

  void run();
  void take_in(MonoTime now);
  void look_at_lanes(Stamp now, bool all);
  void look_at_sessions(MonoTime now);
  void greet(Client& client, Stamp now);
  void broadcast(std::string_view event, const std::string& data);
  void put(Client& client, std::string_view event, const std::string& data);
  void end(Client& client, std::string_view why);
  void flush(Client& client, Stamp now);
  void wake();
  [[nodiscard]] std::string status(Stamp now);

  Parts& parts_;
  int wake_fd_ = -1;
  std::mutex mutex_;  ///< guards what other threads put here
  std::set<LaneId> dirty_;
  std::deque<Notice> notices_;
  std::vector<std::unique_ptr<Client>> arriving_;
  bool stopping_ = false;

  std::vector<std::unique_ptr<Client>> clients_;  ///< below: the hub's thread alone
  std::map<LaneId, LaneFeed> feeds_;
  MonoTime next_status_, next_sessions_;
  std::thread thread_;
};

}  // namespace rampa::api
