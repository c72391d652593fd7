#include "hil/proxy/line.hpp"

#include <algorithm>

namespace rampa::hil {
namespace {

constexpr std::size_t packet_bytes = 1460;  ///< what an Ethernet frame carries of a TCP stream
constexpr MonoTime nothing{INT64_MAX};

}  // namespace

MonoTime Line::departure() const {
  if (settings_.rate_bit_s <= 0) return wire_free_;
  const double seconds = static_cast<double>(waiting_.front().bytes.size()) * 8 / settings_.rate_bit_s;
  return wire_free_ + Duration{static_cast<std::int64_t>(seconds * 1e9)};
}

void Line::settle(MonoTime now) {
  while (!waiting_.empty()) {
    const MonoTime leaves = departure();
    if (leaves > now) return;
    wire_free_ = leaves;
    Parcel& first = waiting_.front();
    waiting_bytes_ -= first.bytes.size();
    flying_bytes_ += first.bytes.size();
    // A delay that was shortened lets nothing overtake.
    const MonoTime arrives = std::max(leaves + settings_.delay, flying_.empty() ? MonoTime{} : flying_.back().arrives);
    flying_.push_back({arrives, std::move(first)});
    waiting_.pop_front();
  }
}

void Line::set(LineSettings settings, MonoTime now) {
  settle(now);
  settings_ = settings;
  settle(now);
}

std::size_t Line::room(MonoTime now) {
  settle(now);
  return settings_.buffer_bytes > waiting_bytes_ ? settings_.buffer_bytes - waiting_bytes_ : 0;
}

void Line::put(Parcel parcel, MonoTime now) {
  settle(now);
  if (waiting_.empty()) wire_free_ = std::max(wire_free_, now);
  waiting_bytes_ += parcel.bytes.size();
  waiting_bytes_max_ = std::max(waiting_bytes_max_, waiting_bytes_);
  if (settings_.rate_bit_s <= 0 || parcel.bytes.size() <= packet_bytes) {
    waiting_.push_back(std::move(parcel));
  } else {
    for (std::size_t at = 0; at < parcel.bytes.size(); at += packet_bytes) {
      const std::size_t end = std::min(at + packet_bytes, parcel.bytes.size());
      const bool last = end == parcel.bytes.size();
      waiting_.push_back({parcel.connection, Bytes(parcel.bytes.begin() + static_cast<std::ptrdiff_t>(at), parcel.bytes.begin() + static_cast<std::ptrdiff_t>(end)),
                          last && parcel.ends, last && parcel.reset});
    }
  }
  settle(now);
}

std::vector<Parcel> Line::take(MonoTime now) {
  settle(now);
  std::vector<Parcel> arrived;
  while (!flying_.empty() && flying_.front().arrives <= now) {
    flying_bytes_ -= flying_.front().parcel.bytes.size();
    arrived.push_back(std::move(flying_.front().parcel));
    flying_.pop_front();
  }
  return arrived;
}

MonoTime Line::due() const {
  if (!flying_.empty()) return flying_.front().arrives;
  return waiting_.empty() ? nothing : departure() + settings_.delay;
}

MonoTime Line::room_due() const {
  return waiting_.empty() || waiting_bytes_ < settings_.buffer_bytes ? nothing : departure();
}

}  // namespace rampa::hil
