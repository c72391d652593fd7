// A long and bad line between two TCP peers, on order: between the post and HQ's broker, or between a driver and a device.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "hil/devices/model.hpp"
#include "hil/proxy/line.hpp"
#include "hil/wire/wire_server.hpp"
#include "hil/world/substream.hpp"

namespace rampa::hil {

/// Up: from whoever connects to the upstream. Down: back.
enum class Way { up, down };

/// Since the start, except where it says otherwise.
struct WayStatistics {
  std::uint64_t taken_bytes = 0;      ///< read from the sender
  std::uint64_t given_bytes = 0;      ///< written to the receiver
  std::uint64_t swallowed_bytes = 0;  ///< taken and never given, by order
  std::size_t waiting_bytes = 0, waiting_bytes_max = 0;  ///< in the router's buffer: now, most
  std::size_t flying_bytes = 0;       ///< now
  std::optional<std::uint64_t> cut_after_bytes;  ///< an armed cut: so many more bytes
};
struct WanStatistics {
  std::array<WayStatistics, 2> ways;  ///< by Way
  std::size_t connections = 0;        ///< now
  std::uint64_t accepted = 0, resets = 0, cuts = 0;
};

/// Forwards every connection to one upstream address. All connections share one line each way. What is on order, until
/// switched off (`value`; a name with _up or _down concerns that way, without it both):
///   delay         `value` ms one way
///   rate          `value` bits per second of payload
///   buffer        `value` bytes in the router before the wire; a full one takes no more from the sender (default 256 KiB)
///   loss          connection resets, drawn: on average one per `value` MiB relayed (what a lost packet amounts to, at worst)
///   black_hole    connections stand, new ones are accepted, every byte and every end is swallowed
///   half_open_up, half_open_down  the same one way
///   cut_up, cut_down  once: exactly `value` more bytes are given that way, then every connection ends with RST
///   drop          share 0..1 of the blocks that are swallowed (a stream then lacks bytes: nobody may believe it)
///   corrupt       share 0..1 of the blocks with one bit flipped
///   duplicate     share 0..1 of the blocks sent twice
///   refuse        present connections end with RST, new ones as soon as they are made ("the line is cut")
///   reset         once, at switching on: every connection ends with RST
class WanRelay : public WireServer, public Faultable {
 public:
  /// Port 0: the system chooses. The clock outlives the relay. Errors: invalid (addresses), io.
  static Result<std::unique_ptr<WanRelay>> listen(const std::string& host, std::uint16_t port, const std::string& upstream_host,
                                                  std::uint16_t upstream_port, const Clock& clock, std::uint64_t seed = 1);
  ~WanRelay() override;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override;
  [[nodiscard]] WanStatistics statistics() const;
  [[nodiscard]] std::size_t connections() const { return links_.size(); }

  void want(std::vector<pollfd>& fds) const override;
  [[nodiscard]] MonoTime due() const override;
  void serve() override;

 private:
  /// One peer of a connection.
  struct End {
    int fd = -1;
    bool connecting = false;
    bool heard_end = false;      ///< it closed; nothing more is read
    Bytes backlog;               ///< arrived for it and not taken by it yet
    bool close_after = false;    ///< the other one closed
  };
  struct Link { std::array<End, 2> ends; };  ///< [0] whoever connected, [1] the upstream

  WanRelay(int listener, std::uint16_t port, std::uint32_t upstream_address, std::uint16_t upstream_port, const Clock& clock, std::uint64_t seed);
  [[nodiscard]] bool has(std::string_view name) const { return faults_.find(name) != faults_.end(); }
  [[nodiscard]] double value(std::string_view name) const;
  [[nodiscard]] bool swallows(Way way) const;
  void apply_line_settings();
  [[nodiscard]] int connect_upstream() const;
  void accept_new();
  void read_from(int connection, Way way, MonoTime now);
  void treat(int connection, Way way, Bytes block, MonoTime now);
  void deliver(MonoTime now);
  void write_to(int connection, Way way);
  void finish_cut();
  /// Ends both sides with RST. The link is gone afterwards.
  void break_link(int connection);
  void close_end(End& end, bool reset) const;
  [[nodiscard]] Line& line(Way way) { return lines_[static_cast<std::size_t>(way)]; }
  [[nodiscard]] WayStatistics& count(Way way) { return counts_.ways[static_cast<std::size_t>(way)]; }
  [[nodiscard]] std::optional<std::uint64_t>& cut(Way way) { return count(way).cut_after_bytes; }

  int listener_;
  std::uint16_t port_, upstream_port_;
  std::uint32_t upstream_address_;  ///< network order
  const Clock& clock_;
  SubStream draws_;
  int next_connection_ = 0;
  std::map<int, Link> links_;
  std::array<Line, 2> lines_;
  std::map<std::string, double, std::less<>> faults_;
  WanStatistics counts_;
  bool cut_reached_ = false;
};

}  // namespace rampa::hil
