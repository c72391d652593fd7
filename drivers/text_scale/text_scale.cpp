#include "drivers/text_scale/text_scale.hpp"

#include <algorithm>

namespace rampa::drivers {
namespace {

class TextScale : public device::Driver {
 public:
  TextScale(const DriverNeeds& needs, std::shared_ptr<ByteStream> stream, std::unique_ptr<ScaleProtocol> protocol)
      : id_(needs.settings.id),
        timing_(needs.product.timing),
        clock_(needs.clock),
        stream_(std::move(stream)),
        protocol_(std::move(protocol)),
        backoff_(timing_.backoff_min) {
    const auto& options = needs.settings.options;
    if (auto it = options.find("calibrated_until"); it != options.end()) calibrated_until_ = it->second;
    if (auto it = options.find("seal_number"); it != options.end()) seal_number_ = it->second;
  }

  Duration poll(device::EventSink& out) override {
    if (!stream_->connected()) {
      if (auto connected = stream_->connect(timing_.reply_timeout); !connected)
        return failed(out, connected.error(), device::ConditionLevel::connecting);
      protocol_->restart();
      heartbeat_.reset();
      condition(out, device::ConditionLevel::checking, "", "");
    }
    auto sample = protocol_->sample(*stream_, clock_);
    if (!sample) {
      if (sample.error().code == ErrorCode::disconnected) stream_->close();
      const bool answers = sample.error().code == ErrorCode::refused || sample.error().code == ErrorCode::busy;
      return failed(out, sample.error(), answers ? device::ConditionLevel::faulted : device::ConditionLevel::connecting);
    }
    backoff_ = timing_.backoff_min;
    publish(out, std::move(*sample));
    return timing_.poll;
  }

  device::CommandReport execute(const device::Command& command, device::Permit, device::EventSink&) override {
    return {command.id, device::Outcome::refused, "a scale carries out no commands"};
  }

 private:
  Duration failed(device::EventSink& out, const Error& error, device::ConditionLevel level) {
    condition(out, level, std::string(name_of(error.code)), error.what);
    const Duration wait = backoff_;
    backoff_ = std::min(backoff_ * 2, timing_.backoff_max);
    return wait;
  }

  void publish(device::EventSink& out, ScaleSample sample) {
    const Stamp now = clock_.now();
    device::DeviceEvent event;
    event.from = {id_, now, std::nullopt, device::Quality::good, ""};
    if (sample.heartbeat) {
      if (heartbeat_ != sample.heartbeat) {
        heartbeat_ = sample.heartbeat;
        heartbeat_moved_ = now.mono;
      }
      // Still answering, but nothing is measured any more: a fresh reply is not a fresh value.
      if (now.mono - heartbeat_moved_ > timing_.heartbeat_max) {
        event.from.quality = device::Quality::suspect;
        event.from.reason = "frozen: the indicator's measurement counter stands still";
        condition(out, device::ConditionLevel::suspect, "frozen_heartbeat",
                  "the indicator answers but no longer measures: look whether it is in a menu, else restart it");
      }
    }
    if (event.from.quality == device::Quality::good) condition(out, device::ConditionLevel::ready, "", "");
    sample.reading.calibrated_until = calibrated_until_;
    sample.reading.seal_number = seal_number_;
    event.body = std::move(sample.reading);
    event.attachments.push_back({"raw-frame", "application/octet-stream", std::make_shared<const Bytes>(std::move(sample.raw))});
    out.publish(std::move(event));
  }

  void condition(device::EventSink& out, device::ConditionLevel level, std::string fault, std::string detail) {
    device::DeviceCondition next{level, std::move(fault), std::move(detail)};
    if (condition_ && condition_->level == next.level && condition_->fault == next.fault) return;
    condition_ = next;
    device::DeviceEvent event;
    event.from = {id_, clock_.now(), std::nullopt, device::Quality::good, ""};
    event.body = std::move(next);
    out.publish(std::move(event));
  }

  const DeviceId id_;
  const icd::Timing timing_;
  const Clock& clock_;
  std::shared_ptr<ByteStream> stream_;
  std::unique_ptr<ScaleProtocol> protocol_;
  Duration backoff_;
  std::string calibrated_until_, seal_number_;
  std::optional<device::DeviceCondition> condition_;
  std::optional<std::int64_t> heartbeat_;
  MonoTime heartbeat_moved_;
};

}  // namespace

std::unique_ptr<device::Driver> make_text_scale(const DriverNeeds& needs, std::shared_ptr<ByteStream> stream,
                                                std::unique_ptr<ScaleProtocol> protocol) {
  return std::make_unique<TextScale>(needs, std::move(stream), std::move(protocol));
}

}  // namespace rampa::drivers
