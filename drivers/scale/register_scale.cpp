#include "drivers/scale/register_scale.hpp"

#include <cmath>
#include <map>

#include "drivers/condition/condition.hpp"
#include "drivers/register_map/register_map.hpp"
#include "drivers/register_map/settings_words.hpp"

namespace rampa::drivers {
namespace {

using device::ConditionLevel;
using device::Quality;

const std::map<std::string, double, std::less<>> grams_per{{"g", 1}, {"kg", 1000}, {"t", 1'000'000}};

class RegisterScale : public device::Driver {
 public:
  RegisterScale(const icd::Product& product, const device::Settings& settings, std::shared_ptr<ModbusBus> bus,
                const Clock& clock, double grams_per_count, std::optional<icd::WordOrder> order)
      : device_(settings.id),
        clock_(clock),
        bus_(std::move(bus)),
        map_(product, unit_of(settings.address), *bus_, clock, order),
        condition_(settings.id),
        backoff_(product.timing),
        grams_per_count_(grams_per_count),
        calibrated_until_(option(product, settings, "calibrated_until")),
        seal_number_(option(product, settings, "seal_number")) {}

  Duration poll(device::EventSink& out) override {
    if (auto ok = map_.poll(); !ok) {
      tell_failure(condition_, ok.error(), clock_.now(), out);
      return backoff_.next();
    }
    backoff_.reset();
    publish(out);
    return map_.product().timing.poll;
  }

  device::CommandReport execute(const device::Command& command, device::Permit, device::EventSink&) override {
    return {command.id, device::Outcome::refused, "a scale carries out no commands"};
  }

 private:
  void publish(device::EventSink& out) {
    device::WeighReading r;
    r.gross_g = grams("gross", "gross_negative");
    r.net_g = map_.product().find("net") ? grams("net", "net_negative") : r.gross_g;
    // Both are values that the indicator displays, in its own divisions: their difference is the tare it works with.
    r.tare_g = map_.product().find("tare") ? grams("tare", "") : r.gross_g - r.net_g;
    r.motion = flag("motion") || !map_.flag("status", "stable").value_or(true);
    r.over_range = flag("overload");
    r.under_range = flag("underload");
    r.centre_of_zero = flag("centre_of_zero");
    r.net_mode = flag("tare_active") || !map_.flag("status", "gross_mode").value_or(true);
    r.tare_preset = flag("tare_preset");
    if (const PointReading* alibi = map_.fresh("alibi"))
      r.alibi_number = alibi->text.empty() ? std::to_string(alibi->raw) : alibi->text;
    r.calibrated_until = calibrated_until_;
    r.seal_number = seal_number_;

    const Stamp now = clock_.now();
    auto judged = map_.judge(now.mono);
    ConditionLevel level = judged.quality == Quality::good ? ConditionLevel::ready : ConditionLevel::suspect;
    if (const PointReading* error = map_.fresh("error"); error && error->raw != 0) {
      judged = {Quality::bad, "device_error", "the indicator reports error " + std::to_string(error->raw) + ": look at its display"};
      level = ConditionLevel::faulted;
    }
    const auto note = level == ConditionLevel::ready ? calibration_note(calibrated_until_, now.wall) : CalibrationNote{judged.fault, judged.detail};
    condition_.tell(level, note.fault, note.detail, now, out);

    device::DeviceEvent event;
    event.from = {device_, map_.received(), std::nullopt, judged.quality, judged.fault};
    event.body = std::move(r);
    event.attachments.push_back({"raw-frame", "application/octet-stream", std::make_shared<const Bytes>(map_.raw_frame())});
    out.publish(std::move(event));
  }

  [[nodiscard]] bool flag(std::string_view symbol) const { return map_.flag("status", symbol).value_or(false); }

  /// Exactly what is displayed, in grams. `negative`: symbol of the sign where the map carries absolute values.
  [[nodiscard]] std::int64_t grams(std::string_view point, std::string_view negative) const {
    const PointReading* reading = map_.fresh(point);
    if (!reading) return 0;
    const auto unit = grams_per.find(map_.product().find(point)->unit);
    const double factor = unit == grams_per.end() ? grams_per_count_ : unit->second;
    const std::int64_t mass = std::llround(reading->value * factor);
    return !negative.empty() && flag(negative) ? -mass : mass;
  }

  DeviceId device_;
  const Clock& clock_;
  std::shared_ptr<ModbusBus> bus_;
  RegisterMap map_;
  Condition condition_;
  Backoff backoff_;
  double grams_per_count_;
  std::string calibrated_until_, seal_number_;
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_register_scale(const icd::Product& product, const device::Settings& settings,
                                                            Transports& transports, const Clock& clock) {
  const auto wrong = [&](const std::string& what) {
    return fail(ErrorCode::invalid, settings.id.text + ": the ICD " + product.id + " " + what);
  };
  const auto* status = product.find("status");
  if (!product.find("gross") || !status) return wrong("has no point \"gross\" or no point \"status\"");
  if (!status->bits.contains("motion") && !status->bits.contains("stable")) return wrong("does not say how motion is told");
  // A reading is made of values of one moment: every part is read on every poll.
  for (const char* name : {"gross", "net", "tare", "status", "error"})
    if (const auto* point = product.find(name); point && (!point->readable || !point->polled || point->every != Duration{}))
      return wrong("does not read \"" + std::string(name) + "\" on every poll");
  const auto count = whole_number(option(product, settings, "grams_per_count"));
  for (const char* name : {"gross", "net", "tare"}) {
    const auto* mass = product.find(name);
    if (!mass || grams_per.contains(mass->unit)) continue;
    if (mass->unit != "count") return wrong("gives " + std::string(name) + " in \"" + mass->unit + "\"; known: g, kg, t, count");
    if (!count || *count <= 0)
      return fail(ErrorCode::invalid, settings.id.text + ": options.grams_per_count is missing: the map has no decimal point");
  }
  std::optional<icd::WordOrder> order;
  if (const auto word = option(product, settings, "word_order"); !word.empty())
    order = word == "little" ? icd::WordOrder::little : icd::WordOrder::big;
  auto bus = transports.modbus(settings.address);
  if (!bus) return tl::unexpected<Error>(bus.error());
  return std::make_unique<RegisterScale>(product, settings, std::move(*bus), clock, static_cast<double>(count.value_or(1)), order);
}

}  // namespace rampa::drivers
