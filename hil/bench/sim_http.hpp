// Cameras without a wire: a client that asks a picture model, and a listener that push models post to.
#pragma once

#include "drivers/transport/transport.hpp"
#include "hil/bench/virtual_time.hpp"
#include "hil/devices/model.hpp"

namespace rampa::hil {

/// Faults: "silent" (every GET runs into its time-out).
class SimHttp : public drivers::HttpClient, public Faultable {
 public:
  SimHttp(PictureModel& model, CableClock& clock) : model_(model), clock_(clock) {}
  Result<drivers::HttpReply> get(const std::string& path, std::size_t bytes_max, Duration timeout) override;
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override { return {"silent"}; }

 private:
  PictureModel& model_;
  CableClock& clock_;
  bool silent_ = false;
};

/// One listening address; paths as drivers register them.
class SimPush : public drivers::PushListener {
 public:
  void on_path(const std::string& path, std::function<int(const drivers::PushedRequest&)> take) override { takers_[path] = std::move(take); }
  void off_path(const std::string& path) override { takers_.erase(path); }
  /// HTTP status, 404 where nobody listens on that path.
  int post(const PushModel::Post& post, const std::string& peer);

 private:
  std::map<std::string, std::function<int(const drivers::PushedRequest&)>> takers_;
};

}  // namespace rampa::hil
