#include "drivers/digital_io/output_bank.hpp"

namespace rampa::drivers {

OutputBank::OutputBank(const icd::Product& product, const device::Settings& settings, RegisterMap& map, const Clock& clock)
    : map_(map), clock_(clock) {
  for (const auto& w : settings.wiring) {
    const icd::Point* channel = product.find(w.channel);
    if (channel && channel->writable) outputs_.push_back({w.point, channel, w.inverted, std::nullopt, std::nullopt});
  }
}

const OutputBank::Output* OutputBank::find(std::string_view point) const {
  for (const auto& output : outputs_)
    if (output.point == point) return &output;
  return nullptr;
}

OutputBank::Output* OutputBank::find(std::string_view point) {
  return const_cast<Output*>(static_cast<const OutputBank*>(this)->find(point));
}

std::optional<bool> OutputBank::believed(std::string_view point) const {
  const Output* output = find(point);
  if (!output || !output->believed) return std::nullopt;
  return *output->believed != output->inverted;
}

OutputBank::Written OutputBank::set(std::string_view point, bool on) {
  Output* output = find(point);
  if (!output) return {device::Outcome::refused, false, false, std::string(point) + " is not wired to this module"};
  const bool level = on != output->inverted;
  const auto written = map_.write(*output->channel, level ? 1 : 0);
  output->pulse_end.reset();
  if (!written) {
    const auto code = written.error().code;
    output->believed.reset();
    if (code == ErrorCode::refused || code == ErrorCode::busy)
      return {device::Outcome::refused, false, false, "the module declined: " + written.error().what};
    if (code == ErrorCode::disconnected || code == ErrorCode::no_reply)
      return {device::Outcome::refused, false, false, "nothing was sent: " + written.error().what};
    // Sent, and no valid answer: the position is looked at, the command is not repeated.
  }
  const auto back = map_.read(*output->channel);
  if (back && (back->raw != 0) == level) {
    output->believed = level;
    return {device::Outcome::done, true, written.has_value(), ""};
  }
  output->believed.reset();
  std::string why = back ? std::string(point) + " was read back as " + (back->raw ? "on" : "off")
                         : std::string(point) + " could not be read back: " + back.error().what;
  if (!written) why += "; the write: " + written.error().what;
  return {device::Outcome::unknown, true, written.has_value(), std::move(why)};
}

void OutputBank::end_pulse_at(std::string_view point, MonoTime end) {
  if (Output* output = find(point)) output->pulse_end = end;
}

bool OutputBank::pulsing() const { return next_end().has_value(); }

std::optional<MonoTime> OutputBank::next_end() const {
  std::optional<MonoTime> next;
  for (const auto& output : outputs_)
    if (output.pulse_end && (!next || *output.pulse_end < *next)) next = output.pulse_end;
  return next;
}

Result<void> OutputBank::end_due_pulses() {
  for (auto& output : outputs_) {
    if (!output.pulse_end || clock_.mono() < *output.pulse_end) continue;
    const auto written = set(output.point, false);
    if (written.outcome != device::Outcome::done) return fail(ErrorCode::outcome_unknown, "the pulse of " + output.point + " did not end: " + written.detail);
  }
  return {};
}

void OutputBank::adopt() {
  for (auto& output : outputs_) {
    const PointReading* reading = map_.fresh(output.channel->name);
    output.believed = reading ? std::optional(reading->raw != 0) : std::nullopt;
  }
}

void OutputBank::forget() {
  for (auto& output : outputs_) {
    output.believed.reset();
    output.pulse_end.reset();
  }
}

std::string OutputBank::changed_behind_us() const {
  for (const auto& output : outputs_) {
    const PointReading* reading = map_.fresh(output.channel->name);
    if (reading && output.believed && *output.believed != (reading->raw != 0)) return output.point;
  }
  return {};
}

}  // namespace rampa::drivers
