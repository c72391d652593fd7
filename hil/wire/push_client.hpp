// Posts what a push model has to say to the appliance, one request at a time, each on a connection of its own, as
// cameras do; the model hears the status (0: no answer) and decides whether it posts again.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "hil/devices/model.hpp"
#include "hil/wire/wire_server.hpp"

namespace rampa::hil {

/// Faults until switched off (value): "cut" (posts reach nobody), "impatient" (leaves before the answer: the request
/// arrives, the camera believes it did not), "dribble" (`value` bytes per 10 ms; 0: one).
class PushClient : public WireServer, public Faultable {
 public:
  /// Model and clock outlive the client. `host` must be an IPv4 address.
  PushClient(std::string host, std::uint16_t port, PushModel& model, const Clock& clock)
      : host_(std::move(host)), port_(port), model_(model), clock_(clock) {}
  ~PushClient() override;
  PushClient(const PushClient&) = delete;
  PushClient& operator=(const PushClient&) = delete;

  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override { return {"cut", "impatient", "dribble"}; }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }

  void want(std::vector<pollfd>& fds) const override;
  [[nodiscard]] MonoTime due() const override;
  void serve() override;

 private:
  void begin();
  void write_some();
  void read_some();
  void finish(int status);

  std::string host_;
  std::uint16_t port_;
  PushModel& model_;
  const Clock& clock_;
  std::deque<PushModel::Post> waiting_;
  int fd_ = -1;
  PushModel::Post post_;
  Bytes out_;
  std::size_t sent_ = 0;
  std::string heard_;
  MonoTime give_up_, next_write_;
  std::map<std::string, double, std::less<>> faults_;
  std::uint64_t answered_ = 0;
};

}  // namespace rampa::hil
