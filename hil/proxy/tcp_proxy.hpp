// A TCP link that misbehaves on order: between the post and HQ's broker, or between a driver and a device.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "hil/devices/model.hpp"
#include "hil/wire/endpoint.hpp"
#include "hil/wire/wire_server.hpp"
#include "hil/world/substream.hpp"

namespace rampa::hil {

/// Forwards every connection to one upstream address. Faults, both directions, until switched off (value):
///   delay      `value` ms each way
///   rate       `value` bytes per second each way
///   drop       share 0..1 of the blocks that are swallowed (a stream then lacks bytes: nobody may believe it)
///   corrupt    share 0..1 of the blocks with one bit flipped
///   duplicate  share 0..1 of the blocks sent twice
///   half_open  connections stand, new ones are accepted, nothing is forwarded; what comes meanwhile is lost
///   refuse     present connections end with RST, new ones as soon as they are made ("the line is cut")
///   reset      once, at switching on: every connection ends with RST
/// When the upstream ends a connection, the client sees RST instead of FIN.
class TcpProxy : public WireServer, public Faultable {
 public:
  /// Port 0: the system chooses. The clock outlives the proxy.
  static Result<std::unique_ptr<TcpProxy>> listen(const std::string& host, std::uint16_t port, std::string upstream_host,
                                                  std::uint16_t upstream_port, const Clock& clock, std::uint64_t seed = 1);
  ~TcpProxy() override;

  [[nodiscard]] std::uint16_t port() const { return endpoint_.port(); }
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override;
  [[nodiscard]] std::uint64_t forwarded_bytes() const { return forwarded_; }
  [[nodiscard]] std::size_t connections() const { return links_.size(); }

  void want(std::vector<pollfd>& fds) const override;
  [[nodiscard]] MonoTime due() const override;
  void serve() override;

 private:
  struct Link {
    int upstream = -1;
    bool connecting = true;
    std::multimap<MonoTime, Bytes> queue;  ///< towards the upstream
    Bytes backlog;
    MonoTime free_up, free_down;           ///< when the rate lets the next block through
  };
  TcpProxy(Endpoint endpoint, std::string host, std::uint16_t port, const Clock& clock, std::uint64_t seed)
      : endpoint_(std::move(endpoint)), host_(std::move(host)), upstream_port_(port), clock_(clock), draws_(seed, "proxy", 0) {}
  [[nodiscard]] bool has(const char* name) const { return faults_.find(name) != faults_.end(); }
  [[nodiscard]] double value(const char* name) const;
  int connect_upstream() const;
  /// Zero, one or two blocks, and when each may leave.
  std::vector<std::pair<MonoTime, Bytes>> treat(Bytes block, MonoTime now, MonoTime& free_at);
  /// False: the upstream is gone.
  bool give_upstream(Link& link, MonoTime now);
  bool take_upstream(int connection, Link& link, MonoTime now);
  void drop_link(int connection, MonoTime now);

  Endpoint endpoint_;
  std::string host_;
  std::uint16_t upstream_port_;
  const Clock& clock_;
  SubStream draws_;
  std::map<int, Link> links_;
  std::map<std::string, double, std::less<>> faults_;
  std::uint64_t forwarded_ = 0;
};

}  // namespace rampa::hil
