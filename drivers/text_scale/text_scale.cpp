#include "drivers/text_scale/text_scale.hpp"

#include <algorithm>

#include "drivers/condition/condition.hpp"
#include "drivers/register_map/heartbeat.hpp"

namespace rampa::drivers {
namespace {

using device::ConditionLevel;
using device::Quality;

constexpr double counter_range = 4294967296.0;

/// The strictest age limit of the ICD's rows; 0: it has none.
Duration age_max_of(const icd::Product& product) {
  Duration strictest{};
  for (const auto& point : product.points)
    if (point.age_max > Duration{} && (strictest == Duration{} || point.age_max < strictest)) strictest = point.age_max;
  return strictest;
}

class TextScale : public device::Driver {
 public:
  TextScale(const DriverNeeds& needs, std::shared_ptr<ByteStream> stream, std::unique_ptr<ScaleProtocol> protocol)
      : id_(needs.settings.id),
        timing_(needs.product.timing),
        age_max_(age_max_of(needs.product)),
        clock_(needs.clock),
        stream_(std::move(stream)),
        protocol_(std::move(protocol)),
        condition_(id_),
        backoff_(timing_) {
    const auto& options = needs.settings.options;
    if (auto it = options.find("calibrated_until"); it != options.end()) calibrated_until_ = it->second;
    if (auto it = options.find("seal_number"); it != options.end()) seal_number_ = it->second;
  }

  Duration poll(device::EventSink& out) override {
    if (!stream_->connected()) {
      if (auto connected = stream_->connect(timing_.reply_timeout); !connected) return failed(out, connected.error());
      protocol_->restart();
      heartbeat_.reset();
      // A peer that accepts and stays silent keeps the condition that it earned.
      if (!silent_) condition_.tell(ConditionLevel::checking, "", "connected; waiting for a weighing", clock_.now(), out);
    }
    auto sample = protocol_->sample(*stream_, clock_);
    if (!sample) {
      // Silence too: a half-open connection looks just like it, and a reply that comes late finds nobody.
      const auto code = sample.error().code;
      if (code == ErrorCode::disconnected || code == ErrorCode::timeout) stream_->close();
      silent_ = code == ErrorCode::timeout;
      return failed(out, sample.error());
    }
    silent_ = false;
    backoff_.reset();
    publish(out, std::move(*sample));
    return timing_.poll;
  }

  device::CommandReport execute(const device::Command& command, device::Permit, device::EventSink&) override {
    return {command.id, device::Outcome::refused, "a scale carries out no commands"};
  }

 private:
  struct Judgement {
    Quality quality = Quality::good;
    ConditionLevel level = ConditionLevel::ready;
    std::string fault, detail;
  };

  Duration failed(device::EventSink& out, const Error& error) {
    tell_failure(condition_, error, clock_.now(), out);
    return backoff_.next();
  }

  Judgement judge(const ScaleSample& sample, MonoTime now) {
    if (!sample.invalid.empty()) return {Quality::bad, ConditionLevel::faulted, sample.invalid, sample.remedy};
    if (sample.heartbeat) {
      if (!heartbeat_) heartbeat_.emplace(timing_.heartbeat_max);
      heartbeat_->seen(static_cast<double>(*sample.heartbeat), counter_range, sample.received.mono);
      // Still answering, but nothing is measured any more: a fresh reply is not a fresh value.
      if (heartbeat_->state(now) == Heartbeat::State::frozen)
        return {Quality::suspect, ConditionLevel::suspect, "frozen_heartbeat",
                "the indicator answers but no longer measures: look whether it is in a menu, else restart it"};
      if (heartbeat_->state(now) == Heartbeat::State::unproven)
        return {Quality::suspect, ConditionLevel::checking, "heartbeat_unproven",
                "the measurement counter has not been seen to move yet"};
    }
    if (age_max_ > Duration{} && now - sample.received.mono > age_max_)
      return {Quality::suspect, ConditionLevel::suspect, "too_old", "the line is too slow: raise its speed or look for errors on it"};
    return {};
  }

  void publish(device::EventSink& out, ScaleSample sample) {
    const Stamp now = clock_.now();
    auto judged = judge(sample, now.mono);
    if (judged.quality == Quality::good && judged.level == ConditionLevel::ready) {
      const auto note = calibration_note(calibrated_until_, now.wall);
      condition_.tell(judged.level, note.fault, note.detail, now, out);
    } else {
      condition_.tell(judged.level, judged.fault, judged.detail, now, out);
    }
    sample.reading.calibrated_until = calibrated_until_;
    sample.reading.seal_number = seal_number_;
    device::DeviceEvent event;
    event.from = {id_, sample.received, std::nullopt, judged.quality, std::move(judged.fault)};
    event.body = std::move(sample.reading);
    event.attachments.push_back({"raw-frame", "application/octet-stream", std::make_shared<const Bytes>(std::move(sample.raw))});
    out.publish(std::move(event));
  }

  const DeviceId id_;
  const icd::Timing timing_;
  const Duration age_max_;
  const Clock& clock_;
  std::shared_ptr<ByteStream> stream_;
  std::unique_ptr<ScaleProtocol> protocol_;
  Condition condition_;
  Backoff backoff_;
  std::string calibrated_until_, seal_number_;
  std::optional<Heartbeat> heartbeat_;
  bool silent_ = false;
};

}  // namespace

std::unique_ptr<device::Driver> make_text_scale(const DriverNeeds& needs, std::shared_ptr<ByteStream> stream,
                                                std::unique_ptr<ScaleProtocol> protocol) {
  return std::make_unique<TextScale>(needs, std::move(stream), std::move(protocol));
}

}  // namespace rampa::drivers
