// Serves a stream model (a scale's continuous string, a portal's lines, a scanner's image stream) on TCP or on a
// pseudo-terminal, with faults of the wire.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hil/devices/model.hpp"
#include "hil/wire/endpoint.hpp"
#include "hil/wire/wire_server.hpp"

namespace rampa::hil {

/// Faults until switched off (value):
///   silent     the device's output is lost (what it is told still arrives)
///   half_open  connections stand, nothing is read or given out; what is missed is lost
///   noise      `value` bytes of rubbish (0: three) before every output
///   dribble    one byte every `value` ms (0: two)
///   reset      once, at the moment of switching on: every connection ends with RST (a serial line loses its queue)
class StreamServer : public WireServer, public Faultable {
 public:
  /// Port 0: the system chooses. Model and clock outlive the server.
  static Result<std::unique_ptr<StreamServer>> tcp(const std::string& host, std::uint16_t port, StreamModel& model,
                                                   const Clock& clock);
  static Result<std::unique_ptr<StreamServer>> pty(StreamModel& model, const Clock& clock,
                                                   const std::string& link = {});

  [[nodiscard]] std::uint16_t port() const { return endpoint_.port(); }
  [[nodiscard]] const std::string& path() const { return endpoint_.path(); }
  /// "tcp://127.0.0.1:PORT" or "serial://PATH".
  [[nodiscard]] std::string address() const;

  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override;

  void want(std::vector<pollfd>& fds) const override;
  [[nodiscard]] MonoTime due() const override { return endpoint_.due(); }
  void serve() override;

 private:
  StreamServer(Endpoint endpoint, StreamModel& model, const Clock& clock)
      : endpoint_(std::move(endpoint)), model_(model), clock_(clock) {}
  [[nodiscard]] bool has(std::string_view name) const { return faults_.find(name) != faults_.end(); }
  void give_out(StreamModel::Out out, MonoTime now);

  Endpoint endpoint_;
  StreamModel& model_;
  const Clock& clock_;
  std::map<std::string, double, std::less<>> faults_;
  MonoTime dribble_end_;
  std::uint8_t rubbish_ = 0x55;
  bool pty_told_ = false;
};

}  // namespace rampa::hil
