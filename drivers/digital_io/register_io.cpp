#include "drivers/digital_io/register_io.hpp"

#include "drivers/digital_io/arming.hpp"
#include "drivers/digital_io/output_bank.hpp"
#include "drivers/condition/condition.hpp"
#include "drivers/register_map/settings_words.hpp"
#include "firmware-interfaces/device/lane_points.hpp"

namespace rampa::drivers {
namespace {

namespace points = device::points;
using device::ConditionLevel;
using device::Outcome;
using device::Quality;

struct BoomOutputs {
  std::string_view raise, lower, red, green;
};
BoomOutputs outputs_of(device::Boom boom) {
  if (boom == device::Boom::first) return {points::boom_raise, points::boom_lower, points::light_red, points::light_green};
  return {points::boom_raise_2, points::boom_lower_2, points::light_red_2, points::light_green_2};
}

class RegisterIo : public device::Driver {
 public:
  RegisterIo(const icd::Product& product, const device::Settings& settings, std::shared_ptr<ModbusBus> bus,
             const Clock& clock, bool pulse, Duration width)
      : product_(product),
        settings_(settings),
        clock_(clock),
        bus_(std::move(bus)),
        map_(product, unit_of(settings.address), *bus_, clock),
        outputs_(product, settings_, map_, clock),
        arming_(product, settings_),
        condition_(settings.id),
        backoff_(product.timing),
        pulse_(pulse),
        width_(width) {}

  Duration poll(device::EventSink& out) override {
    if (auto ok = cycle(out); !ok) {
      disarm("the connection was lost");
      identified_ = false;
      tell_failure(condition_, ok.error(), clock_.now(), out);
      return backoff_.next();
    }
    backoff_.reset();
    const Duration period = product_.timing.poll;
    const auto end = outputs_.next_end();
    return end ? std::clamp<Duration>(*end - clock_.mono(), 1ms, period) : period;
  }

  device::CommandReport execute(const device::Command& command, device::Permit permit, device::EventSink& out) override {
    const auto refused = [&](std::string why) { return device::CommandReport{command.id, Outcome::refused, std::move(why)}; };
    if (clock_.mono() > command.not_after) return refused("the command is too old");
    std::vector<Step> steps;
    if (const auto* move = std::get_if<device::MoveBoom>(&command.body)) {
      const auto o = outputs_of(move->boom);
      const bool raise = move->motion == device::Motion::raise;
      // The opposite is withdrawn first: the two are never asked at once.
      steps = {{raise ? o.lower : o.raise, false, false}, {raise ? o.raise : o.lower, true, pulse_}};
    } else if (const auto* light = std::get_if<device::SetLight>(&command.body)) {
      const auto o = outputs_of(light->at);
      if (light->aspect == device::Aspect::dark)
        steps = {{o.green, false, false}, {o.red, false, false}};
      else if (light->aspect == device::Aspect::red)
        steps = {{o.green, false, false}, {o.red, true, false}};
      else
        steps = {{o.red, false, false}, {o.green, true, false}};
    } else {
      return refused("a digital I/O module moves booms and lights only");
    }
    for (const auto& step : steps)
      if (!outputs_.has(step.point)) return refused(std::string(step.point) + " is not wired to this module");
    if (armed_ && renewed()) (void)start_over(out);
    if (!armed_) return refused("not armed: " + why_not_armed_);
    return run(steps, command, permit, out);
  }

 private:
  struct Step {
    std::string_view point;
    bool on = false;
    bool pulse = false;
  };

  device::CommandReport run(const std::vector<Step>& steps, const device::Command& command, const device::Permit& permit,
                            device::EventSink& out) {
    bool sent = false;
    for (const auto& step : steps) {
      if (!step.on && outputs_.believed(step.point) == false) continue;
      if (!permit.allows(command, clock_.mono()))
        return {command.id, sent ? Outcome::unknown : Outcome::refused, "the permit does not allow it, or is over"};
      auto written = outputs_.set(step.point, step.on);
      sent |= written.sent;
      if (written.outcome == Outcome::done && renewed()) {
        // A write that was answered on a connection which nobody had identified may have gone to another module. One whose
        // answer was lost went to the right one (the bus then renews the connection), and the read-back has told; but
        // nothing more is moved before the module is identified again.
        if (!written.answered && &step == &steps.back()) {
          (void)start_over(out);
          return {command.id, Outcome::done, ""};
        }
        written = {Outcome::unknown, true, written.answered, "the connection was renewed under the command"};
      }
      if (written.outcome == Outcome::done) {
        if (step.pulse) outputs_.end_pulse_at(step.point, clock_.mono() + width_);
        continue;
      }
      // What the outputs are now is not known; look again from the beginning before anything else moves.
      disarm(written.detail);
      identified_ = false;
      condition_.tell(ConditionLevel::suspect, "output_unconfirmed", written.detail, clock_.now(), out);
      return {command.id, sent ? Outcome::unknown : written.outcome, written.detail};
    }
    return {command.id, Outcome::done, ""};
  }

  void disarm(std::string why) {
    armed_ = false;
    why_not_armed_ = std::move(why);
    outputs_.forget();
  }

  /// True if what was read back was read back on another connection.
  [[nodiscard]] bool renewed() const { return bus_->connections() != connection_; }

  /// Always succeeds: the next cycle begins with the identity.
  Result<void> start_over(device::EventSink& out) {
    disarm("the connection was renewed: the module is identified anew");
    identified_ = false;
    condition_.tell(ConditionLevel::checking, "reconnected", why_not_armed_, clock_.now(), out);
    return {};
  }

  /// All of them on one connection.
  Result<void> read_connect_points() {
    for (int tries = 0; tries < 3; ++tries) {
      const auto before = bus_->connections();
      if (auto ok = map_.read_connect_points(); !ok) return ok;
      connection_ = bus_->connections();
      if (connection_ == before) return {};
    }
    return fail(ErrorCode::disconnected, "the module ends every connection at once");
  }

  Result<void> cycle(device::EventSink& out) {
    if (identified_ && renewed()) (void)start_over(out);
    if (!identified_) {
      if (auto ok = read_connect_points(); !ok) return ok;
      const auto identity = arming_.identity(map_);
      if (!identity.passed) {
        disarm(identity.detail);
        condition_.tell(ConditionLevel::faulted, identity.fault, identity.detail, clock_.now(), out);
        return map_.poll().map([&] { publish(out, Quality::bad, identity.fault); });
      }
      identified_ = true;
    }
    const auto fed = feed();
    if (fed && renewed()) return start_over(out);
    if (!fed && fed.error().code != ErrorCode::refused && fed.error().code != ErrorCode::outcome_unknown) return fed;
    if (auto ok = outputs_.end_due_pulses(); !ok) return ok;
    if (auto ok = map_.poll(); !ok) return ok;
    // A module whose watchdog has run out may decline the feeding: its status tells, and is dealt with. Any other
    // trouble with the feeding is trouble with the connection.
    if (!fed && arming_.every_poll(map_).passed) return fed;
    // These values may be another module's: they are not published.
    if (renewed()) return start_over(out);
    return armed_ ? watch(out) : arm(out);
  }

  /// The module's watchdog lives on this alone: a poll that does not come round lets it run out.
  Result<void> feed() {
    const auto* spec = product_.command("feed_watchdog");
    if (!spec) return {};
    fed_ = fed_ % 65'535 + 1;  // another value every time, never 0
    return map_.write(*product_.find(spec->point), fed_);
  }

  /// While armed: everything that could have changed the outputs behind our back.
  Result<void> watch(device::EventSink& out) {
    Arming::Answer answer = arming_.every_poll(map_);
    if (map_.take_restarted())
      answer = {false, "restarted", "the module has restarted: its outputs are at their power-on values"};
    if (const auto point = outputs_.changed_behind_us(); answer.passed && !point.empty())
      answer = {false, "output_changed", point + " is not as it was set: watchdog, restart or somebody else"};
    if (answer.passed) {
      tell_ready(out);
      return {};
    }
    disarm(answer.detail);
    identified_ = false;
    condition_.tell(ConditionLevel::suspect, answer.fault, answer.detail, clock_.now(), out);
    publish(out, map_.judge(clock_.mono()).quality, map_.judge(clock_.mono()).fault);
    return {};
  }

  Result<void> arm(device::EventSink& out) {
    (void)map_.take_restarted();  // nothing is believed yet
    const auto answer = arming_.all(map_);
    const auto judged = map_.judge(clock_.mono());
    publish(out, judged.quality, judged.fault);
    if (!answer.passed) {
      disarm(answer.detail);
      condition_.tell(ConditionLevel::faulted, answer.fault, answer.detail, clock_.now(), out);
      identified_ = false;  // settings are read again: somebody may be correcting them
      return answer.fault == "watchdog_tripped" ? clear_trip() : Result<void>{};
    }
    if (judged.quality != Quality::good) {
      disarm(judged.detail);
      condition_.tell(judged.fault == "heartbeat_unproven" ? ConditionLevel::checking : ConditionLevel::suspect,
                      judged.fault, judged.detail, clock_.now(), out);
      return {};
    }
    outputs_.adopt();
    // A boom pulse that somebody left on (we died in it) is withdrawn; nothing else is touched.
    if (pulse_)
      for (const auto boom : {device::Boom::first, device::Boom::second})
        for (const auto point : {outputs_of(boom).raise, outputs_of(boom).lower})
          if (outputs_.believed(point) == true)
            if (const auto written = outputs_.set(point, false); written.outcome != Outcome::done)
              return fail(ErrorCode::outcome_unknown, written.detail);
    if (renewed()) return start_over(out);
    armed_ = true;
    why_not_armed_.clear();
    condition_.tell(ConditionLevel::ready, "", "armed" + (arming_.attested().empty() ? "" : "; " + arming_.attested()), clock_.now(), out);
    return {};
  }

  Result<void> clear_trip() {
    const auto* spec = product_.command("clear_trip");
    if (!spec) return {};
    auto ok = map_.write(*product_.find(spec->point), spec->value);
    if (!ok && ok.error().code == ErrorCode::refused) return {};  // shows again in the next check
    return ok;
  }

  void tell_ready(device::EventSink& out) {
    const auto judged = map_.judge(clock_.mono());
    publish(out, judged.quality, judged.fault);
    if (judged.quality == Quality::good) {
      condition_.tell(ConditionLevel::ready, "", "armed" + (arming_.attested().empty() ? "" : "; " + arming_.attested()), clock_.now(), out);
    } else {
      // Not believed, so not to be acted upon either.
      disarm(judged.detail);
      condition_.tell(ConditionLevel::suspect, judged.fault, judged.detail, clock_.now(), out);
    }
  }

  void publish(device::EventSink& out, Quality quality, const std::string& reason) {
    device::PointImage image;
    for (const auto& w : settings_.wiring)
      if (const PointReading* reading = map_.fresh(w.channel))
        image.points.push_back({w.point, (reading->raw != 0) != w.inverted});
    device::DeviceEvent event;
    event.from = {settings_.id, map_.received(), std::nullopt, quality, reason};
    event.body = std::move(image);
    out.publish(std::move(event));
  }

  const icd::Product& product_;
  device::Settings settings_;
  const Clock& clock_;
  std::shared_ptr<ModbusBus> bus_;
  RegisterMap map_;
  OutputBank outputs_;
  Arming arming_;
  Condition condition_;
  Backoff backoff_;
  bool pulse_;
  Duration width_;
  bool identified_ = false;
  std::uint64_t connection_ = 0;  ///< on which the module was identified
  bool armed_ = false;
  std::string why_not_armed_ = "not connected yet";
  std::int64_t fed_ = 0;
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_register_io(const icd::Product& product, const device::Settings& settings,
                                                         Transports& transports, const Clock& clock) {
  const auto invalid = [&](const std::string& why) { return fail(ErrorCode::invalid, settings.id.text + ": " + why); };
  for (const auto& w : settings.wiring) {
    const auto* channel = product.find(w.channel);
    if (!channel || channel->type != icd::Type::bit) return invalid("points." + w.point + ": " + product.id + " has no channel \"" + w.channel + "\"");
    if (channel->writable && w.inverted && w.point.starts_with("boom_"))
      return invalid("points." + w.point + ": an inverted barrier output would move the boom when the module fails");
  }
  for (const char* name : {"feed_watchdog", "clear_trip"})
    if (const auto* written = product.command(name); written && !product.find(written->point))
      return invalid("the ICD " + product.id + " gives the command \"" + name + "\" the point \"" + written->point + "\", which it does not have");
  const auto drive = option(product, settings, "boom_drive");
  if (!drive.empty() && drive != "pulse" && drive != "level") return invalid("options.boom_drive: write \"pulse\" or \"level\"");
  const auto* spec = product.command("pulse");
  Duration width = spec ? spec->width : 500ms;
  if (const auto text = option(product, settings, "pulse_ms"); !text.empty()) {
    const auto ms = whole_number(text);
    if (!ms || *ms < 1) return invalid("options.pulse_ms: \"" + text + "\" is no width");
    width = std::chrono::milliseconds(*ms);
  }
  auto bus = transports.modbus(settings.address);
  if (!bus) return tl::unexpected<Error>(bus.error());
  return std::make_unique<RegisterIo>(product, settings, std::move(*bus), clock, drive != "level", width);
}

}  // namespace rampa::drivers
