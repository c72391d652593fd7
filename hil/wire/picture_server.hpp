// Serves a picture model as a camera's small HTTP server: GET only, one answer per request, kept alive.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "hil/devices/model.hpp"
#include "hil/wire/endpoint.hpp"
#include "hil/wire/wire_server.hpp"

namespace rampa::hil {

/// Faults until switched off (value): "silent" (no answer), "late" (answers `value` ms late), "truncated" (the body
/// lacks its last half and the connection ends), "reset" (RST instead of an answer).
class PictureServer : public WireServer, public Faultable {
 public:
  /// Port 0: the system chooses. Model and clock outlive the server.
  static Result<std::unique_ptr<PictureServer>> listen(const std::string& host, std::uint16_t port, PictureModel& model, const Clock& clock);

  [[nodiscard]] std::uint16_t port() const { return endpoint_.port(); }
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override { return {"silent", "late", "truncated", "reset"}; }

  void want(std::vector<pollfd>& fds) const override { endpoint_.want(fds); }
  [[nodiscard]] MonoTime due() const override { return endpoint_.due(); }
  void serve() override;

 private:
  PictureServer(Endpoint endpoint, PictureModel& model, const Clock& clock)
      : endpoint_(std::move(endpoint)), model_(model), clock_(clock) {}
  void answer(int connection, const std::string& head);

  Endpoint endpoint_;
  PictureModel& model_;
  const Clock& clock_;
  std::map<int, std::string> heads_;
  std::map<std::string, double, std::less<>> faults_;
};

}  // namespace rampa::hil
