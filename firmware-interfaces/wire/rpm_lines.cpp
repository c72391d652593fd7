#include "firmware-interfaces/wire/rpm_lines.hpp"

#include <algorithm>
#include <cmath>

namespace rampa::wire {
namespace {

struct KindWord {
  std::string_view word;
  RpmLineKind kind;
};
constexpr KindWord kind_words[] = {
    {"GB", RpmLineKind::gamma_background}, {"NB", RpmLineKind::neutron_background}, {"GH", RpmLineKind::gamma_high},
    {"GL", RpmLineKind::gamma_low},        {"NH", RpmLineKind::neutron_high},       {"GS", RpmLineKind::gamma_occupied},
    {"GA", RpmLineKind::gamma_alarm},      {"NS", RpmLineKind::neutron_occupied},   {"NA", RpmLineKind::neutron_alarm},
    {"SP", RpmLineKind::speed},            {"GX", RpmLineKind::end_of_occupancy},   {"TT", RpmLineKind::tamper},
    {"TC", RpmLineKind::tamper_clear}};

}  // namespace

Result<RpmLine> decode_rpm(std::string_view line) {
  if (line.size() < 3 || line.size() > 80 || line[2] != ',') return fail(ErrorCode::bad_reply, "rpm: not a line of two letters and fields");
  const auto* word = std::find_if(std::begin(kind_words), std::end(kind_words), [&](const auto& w) { return w.word == line.substr(0, 2); });
  if (word == std::end(kind_words)) return fail(ErrorCode::bad_reply, "rpm: unknown line " + std::string(line.substr(0, 2)));
  RpmLine result;
  result.kind = word->kind;
  if (result.kind == RpmLineKind::speed) return result;
  std::string_view rest = line.substr(3);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto comma = rest.find(',');
    const std::string_view field = rest.substr(0, comma);
    // Exactly six digits: a line that lost a character is not a smaller count.
    if (field.size() != 6 || !std::all_of(field.begin(), field.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return fail(ErrorCode::bad_reply, "rpm: field " + std::to_string(i + 1) + " is not six digits");
    for (char c : field) result.counts[i] = result.counts[i] * 10 + (c - '0');
    if (comma == std::string_view::npos && i != 3) return fail(ErrorCode::bad_reply, "rpm: fewer than four detectors");
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return result;
}

std::string RpmFollower::fault() const { return tamper_ ? "tamper" : !gamma_fault_.empty() ? gamma_fault_ : neutron_fault_; }

void RpmFollower::take_undecodable() {
  doubt_ = true;
  now_.portal_fault = true;  // of the occupancy that runs; one that begins later starts anew
}

RpmFollower::Step RpmFollower::take(const RpmLine& line) {
  Step step;
  const std::string before = fault();
  auto occupy = [&] {
    if (occupied_) return;
    occupied_ = true;
    now_ = {};
    now_.gamma_background_cps = static_cast<int>(gamma_background_);
    // Without a background there is no alarm threshold to speak of: the passage proves nothing.
    now_.portal_fault = !before.empty() || !background_known_ || doubt_;
    step.occupied = true;
  };
  switch (line.kind) {
    case RpmLineKind::gamma_background:
      gamma_background_ = line.sum();
      background_known_ = true;
      doubt_ = false;
      gamma_fault_.clear();
      break;
    case RpmLineKind::neutron_background: neutron_fault_.clear(); break;
    case RpmLineKind::gamma_high: gamma_fault_ = "gamma_background_high"; break;
    case RpmLineKind::gamma_low: gamma_fault_ = "gamma_background_low"; break;
    case RpmLineKind::neutron_high: neutron_fault_ = "neutron_background_high"; break;
    case RpmLineKind::tamper: tamper_ = true; break;
    case RpmLineKind::tamper_clear: tamper_ = false; break;
    case RpmLineKind::gamma_occupied:
    case RpmLineKind::gamma_alarm: {
      occupy();
      const double background = static_cast<double>(gamma_background_);
      now_.gamma_peak_cps = std::max(now_.gamma_peak_cps, static_cast<int>(5 * line.sum()));
      if (background > 0)
        now_.gamma_sigma = std::max(now_.gamma_sigma, (5.0 * static_cast<double>(line.sum()) - background) / std::sqrt(background));
      now_.gamma_alarm = now_.gamma_alarm || line.kind == RpmLineKind::gamma_alarm;
      break;
    }
    case RpmLineKind::neutron_occupied:
    case RpmLineKind::neutron_alarm:
      occupy();
      now_.neutron_peak_cps = std::max(now_.neutron_peak_cps, static_cast<int>(line.sum()));
      now_.neutron_alarm = now_.neutron_alarm || line.kind == RpmLineKind::neutron_alarm;
      break;
    case RpmLineKind::speed: break;
    case RpmLineKind::end_of_occupancy:
      if (!occupied_) break;  // we joined in the middle: what went before was not seen
      occupied_ = false;
      now_.occupancy = line.counts[0];
      now_.portal_fault = now_.portal_fault || !before.empty();
      step.occupied = false;
      step.reading = now_;
      break;
  }
  // A fault that comes and goes within the occupancy counts as well.
  if (occupied_ && !fault().empty()) now_.portal_fault = true;
  if (fault() != before) step.fault = fault();
  return step;
}

RpmFollower::Step RpmFollower::lost() {
  Step step;
  background_known_ = false;
  if (occupied_) {
    occupied_ = false;
    now_.portal_fault = true;
    step.occupied = false;
    step.reading = now_;
  }
  return step;
}

}  // namespace rampa::wire
