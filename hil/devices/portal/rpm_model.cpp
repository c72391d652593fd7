#include "hil/devices/portal/rpm_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace rampa::hil {
namespace {
constexpr double gamma_background_cps = 256;  // per detector, SRLS default
constexpr double neutron_background_cps = 1;
constexpr double sigma_limit = 8;             // SRLS default
constexpr long neutron_limit = 7;             // SRLS default, sum of all
}  // namespace

bool RpmModel::fault(std::string_view name, double, bool on) {
  for (const auto& known : faults()) {
    if (known != name) continue;
    if (on) faults_.insert(known);
    else faults_.erase(known);
    if (known == "tamper") say(on ? "TT" : "TC", on ? 0 : 111111, on ? 0 : 111111, on ? 0 : 111111, on ? 0 : 111111);
    return true;
  }
  return false;
}

/// Counting noise, near enough to Poisson's for means of tens and more: mean + sqrt(mean) * something in -1.7..1.7.
long RpmModel::counts(double mean) {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const double uniform = static_cast<double>(random_ >> 11) / 9007199254740992.0;
  return std::max(0L, std::lround(mean + std::sqrt(mean) * (uniform - 0.5) * 3.4));
}

void RpmModel::say(const char* tag, double mean) { say(tag, counts(mean), counts(mean), counts(mean), counts(mean)); }

void RpmModel::say(const char* tag, long a, long b, long c, long d) {
  if (faults_.contains("silent")) return;
  char line[96];
  std::snprintf(line, sizeof line, "%s,%06ld,%06ld,%06ld,%06ld\r\n", tag, a, b, c, d);
  Out out;
  for (const char* p = line; *p; ++p) out.bytes.push_back(static_cast<std::uint8_t>(faults_.contains("garbage") ? *p ^ 0x2a : *p));
  out.not_before = now_;
  out_.push_back(std::move(out));
}

void RpmModel::advance(MonoTime now) {
  now_ = now;
  const Lorry* lorry = world_.observe().in_portal;
  if (lorry && !occupied_) {
    occupied_ = true;
    gamma_due_ = neutron_due_ = now;
  }
  if (!lorry && occupied_) {
    occupied_ = false;
    say("GX", ++occupancy_, 4741, 0, 0);
    background_due_ = now + 5s;
  }
  if (occupied_) {
    if (now >= gamma_due_) {
      gamma_due_ = now + 200ms;
      const double mean = (gamma_background_cps + lorry->gamma_cps) / 5;
      const long a = counts(mean), b = counts(mean), c = counts(mean), d = counts(mean);
      const double background = 4 * gamma_background_cps;
      const bool alarm = (5.0 * static_cast<double>(a + b + c + d) - background) / std::sqrt(background) > sigma_limit;
      say(alarm ? "GA" : "GS", a, b, c, d);
    }
    if (now >= neutron_due_) {
      neutron_due_ = now + 1s;
      const double mean = neutron_background_cps + lorry->neutron_cps;
      const long a = counts(mean), b = counts(mean), c = counts(mean), d = counts(mean);
      say(a + b + c + d > neutron_limit ? "NA" : "NS", a, b, c, d);
    }
  } else if (now >= background_due_) {
    background_due_ = now + 5s;
    if (faults_.contains("gamma_high")) say("GH", gamma_background_cps * 2);
    else say("GB", gamma_background_cps);
    say(faults_.contains("neutron_high") ? "NH" : "NB", neutron_background_cps);
    if (faults_.contains("tamper")) say("TT", 0, 0, 0, 0);
  }
}

}  // namespace rampa::hil
