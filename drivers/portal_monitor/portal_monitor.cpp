#include "drivers/portal_monitor/portal_monitor.hpp"

#include <algorithm>
#include <utility>

#include "drivers/condition/condition.hpp"
#include "firmware-interfaces/wire/rpm_lines.hpp"

namespace rampa::drivers {
namespace {

using device::ConditionLevel;

/// The portal talks; we listen. Silence longer than the ICD's heartbeat means that it can't be relied on: background
/// lines come every 5 s even when nothing passes.
class RpmPortal : public device::Driver {
 public:
  RpmPortal(const DriverNeeds& needs, std::shared_ptr<ByteStream> stream)
      : id_(needs.settings.id), timing_(needs.product.timing), clock_(needs.clock), stream_(std::move(stream)), condition_(id_), backoff_(timing_) {}

  Duration poll(device::EventSink& out) override {
    if (!stream_->connected()) {
      if (auto connected = stream_->connect(timing_.reply_timeout); !connected) return failed(out, connected.error());
      heard_ = clock_.mono();
      text_.clear();
      condition_.tell(ConditionLevel::checking, "", "connected; waiting for a background line", clock_.now(), out);
    }
    auto bytes = stream_->read_some(1024, timing_.poll);
    const Stamp now = clock_.now();
    if (!bytes && bytes.error().code != ErrorCode::timeout) {
      stream_->close();
      return failed(out, bytes.error());
    }
    if (bytes) {
      backoff_.reset();
      for (std::uint8_t byte : *bytes) take(static_cast<char>(byte), now, out);
    }
    if (now.mono - heard_ > timing_.heartbeat_max) {
      stream_->close();  // a half-open connection looks just like this
      return failed(out, {ErrorCode::timeout, "no line for " + std::to_string(to_ms(now.mono - heard_) / 1000) + " s; background lines come every 5 s"});
    }
    return 0ns;  // reading waits for bytes itself
  }

  device::CommandReport execute(const device::Command& command, device::Permit, device::EventSink&) override {
    return {command.id, device::Outcome::refused, "a portal monitor carries out no commands"};
  }

 private:
  void take(char c, Stamp now, device::EventSink& out) {
    if (c == '\r') return;
    if (c != '\n') {
      if (text_.size() < line_max) text_ += c;  // longer is noise; the next line end starts anew
      return;
    }
    const std::string whole = std::exchange(text_, {});
    if (raw_.size() + whole.size() < raw_max) raw_ += whole + '\n';
    take_line(whole, now, out);
    if (!follower_.occupied()) raw_.clear();
  }

  void take_line(const std::string& whole, Stamp now, device::EventSink& out) {
    if (whole.rfind("SG", 0) == 0 || whole.rfind("SN", 0) == 0) return;  // set-up blocks: nothing to learn from them
    auto line = wire::decode_rpm(whole);
    if (!line) {
      follower_.take_undecodable();
      return condition_.tell(ConditionLevel::suspect, "bad_lines", line.error().what + ": look at the cable and the line's settings", now, out);
    }
    heard_ = now.mono;
    apply(follower_.take(*line), now, out);
    if (fault_.empty() && line->kind == wire::RpmLineKind::gamma_background) condition_.tell(ConditionLevel::ready, "", "", now, out);
  }

  void apply(const wire::RpmFollower::Step& step, Stamp now, device::EventSink& out) {
    if (step.fault) {
      fault_ = *step.fault;
      if (!fault_.empty())
        condition_.tell(ConditionLevel::faulted, fault_, "the portal reports " + fault_ + "; its readings prove nothing until it is cleared", now, out);
    }
    if (step.occupied) publish(out, device::PortalOccupied{*step.occupied}, now, {});
    if (step.reading) {
      std::vector<Attachment> raw;
      raw.push_back({"raw-frame", "text/plain", std::make_shared<const Bytes>(raw_.begin(), raw_.end())});
      publish(out, *step.reading, now, std::move(raw));
    }
  }

  void publish(device::EventSink& out, device::EventBody body, Stamp now, std::vector<Attachment> attachments) {
    device::DeviceEvent event;
    event.from = {id_, now, std::nullopt, device::Quality::good, ""};
    if (const auto* reading = std::get_if<device::RadiationReading>(&body); reading && reading->portal_fault) {
      event.from.quality = device::Quality::bad;
      event.from.reason = fault_.empty() ? "background unknown, lines damaged or connection lost during the passage" : fault_;
    }
    event.body = std::move(body);
    event.attachments = std::move(attachments);
    out.publish(std::move(event));
  }

  Duration failed(device::EventSink& out, const Error& error) {
    const Stamp now = clock_.now();
    apply(follower_.lost(), now, out);
    raw_.clear();
    tell_failure(condition_, error, now, out);
    return backoff_.next();
  }

  static constexpr std::size_t line_max = 128, raw_max = 65536;

  const DeviceId id_;
  const icd::Timing timing_;
  const Clock& clock_;
  std::shared_ptr<ByteStream> stream_;
  Condition condition_;
  Backoff backoff_;
  wire::RpmFollower follower_;
  std::string text_, raw_, fault_;
  MonoTime heard_;
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_rpm_portal(const DriverNeeds& needs) {
  auto stream = needs.transports.stream(needs.settings.address);
  if (!stream) return tl::unexpected(stream.error());
  return std::make_unique<RpmPortal>(needs, *stream);
}

}  // namespace rampa::drivers
