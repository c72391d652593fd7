#include "drivers/register_map/register_map.hpp"

#include <bit>
#include <cmath>

namespace rampa::drivers {
namespace {

std::uint8_t function_of(icd::Table table) {
  switch (table) {
    case icd::Table::coil: return 1;
    case icd::Table::discrete_input: return 2;
    case icd::Table::holding_register: return 3;
    case icd::Table::input_register: return 4;
  }
  return 0;
}

bool is_bits(icd::Table table) { return table == icd::Table::coil || table == icd::Table::discrete_input; }

/// The reply as it stood in the Modbus PDU.
void append_pdu(Bytes& out, icd::Table table, const std::vector<std::uint16_t>& values) {
  out.push_back(function_of(table));
  if (is_bits(table)) {
    const std::size_t bytes = (values.size() + 7) / 8;
    out.push_back(static_cast<std::uint8_t>(bytes));
    const std::size_t at = out.size();
    out.resize(at + bytes);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i]) out[at + i / 8] = static_cast<std::uint8_t>(out[at + i / 8] | (1u << (i % 8)));
    return;
  }
  out.push_back(static_cast<std::uint8_t>(values.size() * 2));
  for (const auto word : values) {
    out.push_back(static_cast<std::uint8_t>(word >> 8));
    out.push_back(static_cast<std::uint8_t>(word & 0xff));
  }
}

std::string ascii(const std::vector<std::uint16_t>& words, std::size_t at, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    for (const int c : {words[at + i] >> 8, words[at + i] & 0xff})
      if (c >= 0x20 && c < 0x7f) text.push_back(static_cast<char>(c));
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

double counter_range(icd::Type type) { return icd::words_of(type) == 2 ? 4294967296.0 : 65536.0; }

}  // namespace

RegisterMap::RegisterMap(const icd::Product& product, int unit, ModbusBus& bus, const Clock& clock,
                         std::optional<icd::WordOrder> word_order)
    : product_(product), unit_(unit), bus_(bus), clock_(clock), word_order_(word_order) {
  polled_ = plan(true);
  once_ = plan(false);
  for (const auto& point : product.points)
    if (const auto slot = slots_.find(point.name); point.heartbeat && slot != slots_.end())
      beatings_.push_back({point.name, &slot->second, counter_range(point.type), Heartbeat(product.timing.heartbeat_max)});
}

std::vector<RegisterMap::Planned> RegisterMap::plan(bool polled) {
  std::vector<Planned> out;
  for (auto& request : plan_reads(product_, polled)) {
    Planned& planned = out.emplace_back();
    planned.request = std::move(request);
    for (const icd::Point* point : planned.request.points) planned.slots.push_back(&slots_[point->name]);
  }
  return out;
}

PointReading RegisterMap::decode(const icd::Point& point, const std::vector<std::uint16_t>& words, std::size_t at) const {
  PointReading r;
  r.quality = device::Quality::good;
  at += static_cast<std::size_t>(point.block_index);
  if (point.type == icd::Type::text) {
    r.text = ascii(words, at, static_cast<std::size_t>(point.block_words - point.block_index));
    return r;
  }
  std::uint32_t whole = words[at];
  if (icd::words_of(point.type) == 2) {
    const bool little = word_order_.value_or(point.word_order) == icd::WordOrder::little;
    const std::uint32_t high = words[little ? at + 1 : at], low = words[little ? at : at + 1];
    whole = (high << 16) | low;
  }
  switch (point.type) {
    case icd::Type::i16: r.raw = static_cast<std::int16_t>(whole); break;
    case icd::Type::i32: r.raw = static_cast<std::int32_t>(whole); break;
    case icd::Type::f32: {
      const float f = std::bit_cast<float>(whole);
      if (!std::isfinite(f) || std::fabs(f) > 9e15f) {
        r.quality = device::Quality::bad;
        r.reason = point.name + " is no number";
        return r;
      }
      r.raw = std::llround(f);
      r.value = static_cast<double>(f) * point.scale;
      judge_range(point, r);
      return r;
    }
    default: r.raw = whole;
  }
  r.value = static_cast<double>(r.raw) * point.scale;
  judge_range(point, r);
  return r;
}

void RegisterMap::judge_range(const icd::Point& point, PointReading& reading) const {
  const bool low = point.valid_min && reading.value < *point.valid_min;
  const bool high = point.valid_max && reading.value > *point.valid_max;
  if (!low && !high) return;
  reading.quality = device::Quality::bad;
  reading.reason = point.name + " is out of its valid range (word order, decimal point or wrong device?)";
}

Result<void> RegisterMap::run(const ReadRequest& request, std::vector<PointReading>& into) {
  std::vector<std::uint16_t> words;
  if (is_bits(request.table)) {
    auto bits = bus_.read_bits(unit_, request.table, request.address, request.count, product_.timing);
    if (!bits) return tl::unexpected<Error>(bits.error());
    words.assign(bits->begin(), bits->end());
  } else {
    auto registers = bus_.read_registers(unit_, request.table, request.address, request.count, product_.timing);
    if (!registers) return tl::unexpected<Error>(registers.error());
    words = std::move(*registers);
  }
  if (words.size() != request.count)
    return fail(ErrorCode::bad_reply, "asked for " + std::to_string(request.count) + " values, got " + std::to_string(words.size()));
  const Stamp received = clock_.now();
  append_pdu(raw_frame_, request.table, words);
  into.resize(request.points.size());
  for (std::size_t i = 0; i < into.size(); ++i) {
    const icd::Point& point = *request.points[i];
    into[i] = decode(point, words, static_cast<std::size_t>(point.address - request.address));
    into[i].received = received;
  }
  return {};
}

void RegisterMap::keep(Planned& planned, std::uint64_t poll) {
  for (std::size_t i = 0; i < planned.slots.size(); ++i) {
    std::swap(planned.slots[i]->reading, planned.arrived[i]);
    planned.slots[i]->poll = poll;
    planned.slots[i]->read = true;
  }
}

Result<void> RegisterMap::poll() {
  raw_frame_.clear();
  const MonoTime started = clock_.mono();
  std::optional<Stamp> received;
  ++polls_;
  good_poll_ = 0;
  const auto due = [&](const Planned& planned) {
    return planned.request.every == Duration{} || !planned.last || started - *planned.last >= planned.request.every;
  };
  for (auto& planned : polled_) {
    if (!due(planned)) continue;
    if (auto ok = run(planned.request, planned.arrived); !ok) {
      received_ = {};
      return ok;
    }
    if (!received) received = planned.arrived.front().received;
  }
  received_ = received.value_or(clock_.now());
  for (auto& planned : polled_) {
    if (!due(planned)) continue;
    keep(planned, polls_);
    planned.last = started;
  }
  good_poll_ = polls_;
  for (auto& beating : beatings_)
    if (beating.slot->poll == polls_)
      beating.heartbeat.seen(static_cast<double>(beating.slot->reading.raw), beating.range, beating.slot->reading.received.mono);
  return {};
}

Result<void> RegisterMap::read_connect_points() {
  Bytes kept = std::move(raw_frame_);
  raw_frame_.clear();
  Result<void> result;
  for (auto& planned : once_)
    if (result = run(planned.request, planned.arrived); !result) break;
  raw_frame_ = std::move(kept);
  if (!result) return result;
  for (auto& planned : once_) keep(planned, 0);
  // What is polled rarely was last read before whatever made the caller begin anew.
  for (auto& planned : polled_) planned.last.reset();
  return {};
}

Result<PointReading> RegisterMap::read(const icd::Point& point) {
  const ReadRequest request{point.table, point.address, static_cast<std::uint16_t>(span_of(point)), {}, {&point}};
  std::vector<PointReading> into;
  Bytes kept = raw_frame_;
  auto ok = run(request, into);
  raw_frame_ = std::move(kept);
  if (!ok) return tl::unexpected<Error>(ok.error());
  return into.front();
}

Result<void> RegisterMap::write(const icd::Point& point, std::int64_t raw) {
  if (!point.writable) return fail(ErrorCode::refused, point.name + " can't be written");
  if (point.type == icd::Type::bit) return bus_.write_coil(unit_, point.address, raw != 0, product_.timing);
  if (icd::words_of(point.type) == 1)
    return bus_.write_register(unit_, point.address, static_cast<std::uint16_t>(raw), product_.timing);
  if (point.type == icd::Type::f32 || point.type == icd::Type::text)
    return fail(ErrorCode::refused, point.name + ": writing this type is not supported");
  const auto whole = static_cast<std::uint32_t>(raw);
  std::vector<std::uint16_t> words{static_cast<std::uint16_t>(whole >> 16), static_cast<std::uint16_t>(whole & 0xffff)};
  if (word_order_.value_or(point.word_order) == icd::WordOrder::little) std::swap(words[0], words[1]);
  return bus_.write_registers(unit_, point.address, words, product_.timing);
}

const PointReading* RegisterMap::find(std::string_view point) const {
  const auto at = slots_.find(point);
  return at == slots_.end() || !at->second.read ? nullptr : &at->second.reading;
}

const PointReading* RegisterMap::fresh(std::string_view point) const {
  const auto at = slots_.find(point);
  return at == slots_.end() || good_poll_ == 0 || at->second.poll != good_poll_ ? nullptr : &at->second.reading;
}

std::optional<bool> RegisterMap::flag(std::string_view point, std::string_view symbol) const {
  const icd::Point* row = product_.find(point);
  const PointReading* reading = fresh(point);
  if (!row || !reading) return std::nullopt;
  const auto bit = row->bits.find(std::string(symbol));
  if (bit == row->bits.end()) return std::nullopt;
  return ((reading->raw >> bit->second) & 1) != 0;
}

RegisterMap::Judgement RegisterMap::judge(MonoTime now) const {
  using device::Quality;
  for (const auto& planned : polled_)
    for (std::size_t i = 0; i < planned.slots.size(); ++i) {
      const Slot& slot = *planned.slots[i];
      if (!slot.read) return {Quality::bad, "never_read", planned.request.points[i]->name + " was never read"};
      if (slot.reading.quality == Quality::bad) return {Quality::bad, "out_of_range", slot.reading.reason};
    }
  for (const auto& beating : beatings_)
    if (beating.heartbeat.state(now) == Heartbeat::State::frozen)
      return {Quality::suspect, "frozen_heartbeat",
              beating.name + " does not change: the device answers, but its values may be old; restart it"};
  for (const auto& planned : polled_)
    for (std::size_t i = 0; i < planned.slots.size(); ++i)
      if (now - planned.slots[i]->reading.received.mono > planned.request.points[i]->age_max)
        return {Quality::suspect, "too_old", planned.request.points[i]->name + " is older than its limit: the line is too slow"};
  for (const auto& beating : beatings_)
    if (beating.heartbeat.state(now) == Heartbeat::State::unproven)
      return {Quality::suspect, "heartbeat_unproven", beating.name + " has not been seen to change yet"};
  return {};
}

bool RegisterMap::take_restarted() {
  bool restarted = false;
  for (auto& beating : beatings_) restarted |= beating.heartbeat.take_restarted();
  return restarted;
}

}  // namespace rampa::drivers
