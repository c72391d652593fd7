#include "hil/wire/modbus_server.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rampa::hil {
namespace {

constexpr std::array kFaults{
    "deaf",       "silent",       "late",           "duplicate", "old_first",       "truncated",
    "wrong_unit", "wrong_length", "wrong_function", "exception", "bit_flip_header", "dribble"};
constexpr std::array kTcpFaults{"wrong_tid", "reset"};

/// A line that was quiet this long has ended its frame; a rest of one in the buffer is noise.
constexpr Duration kRtuFrameEnd = 50ms;

constexpr std::size_t kHeardMax = 256;

Duration ms(double value) {
  return Duration{static_cast<std::int64_t>(value * 1e6)};
}

}  // namespace

Result<std::unique_ptr<ModbusServer>> ModbusServer::tcp(const std::string& host, std::uint16_t port,
                                                        const Clock& clock) {
  auto endpoint = Endpoint::tcp(host, port);
  if (!endpoint) return tl::unexpected(endpoint.error());
  return std::unique_ptr<ModbusServer>(new ModbusServer(std::move(*endpoint), clock));
}

Result<std::unique_ptr<ModbusServer>> ModbusServer::rtu(const Clock& clock, const std::string& link) {
  auto endpoint = Endpoint::pty(link);
  if (!endpoint) return tl::unexpected(endpoint.error());
  return std::unique_ptr<ModbusServer>(new ModbusServer(std::move(*endpoint), clock));
}

std::string ModbusServer::address() const {
  return endpoint_.is_tcp() ? "modbus+tcp://127.0.0.1:" + std::to_string(port()) : "modbus+rtu://" + path();
}

std::vector<std::string> ModbusServer::faults() const {
  std::vector<std::string> names(kFaults.begin(), kFaults.end());
  if (endpoint_.is_tcp()) names.insert(names.end(), kTcpFaults.begin(), kTcpFaults.end());
  return names;
}

bool ModbusServer::fault_next(std::string_view name, double value, int count, int unit) {
  const auto names = faults();
  if (std::find(names.begin(), names.end(), name) == names.end()) return false;
  if (count == 0) {
    faults_.erase(std::string(name));
  } else {
    faults_.insert_or_assign(std::string(name), Fault{value, count, unit});
  }
  return true;
}

bool ModbusServer::fault(std::string_view name, double value, bool on) {
  return fault_next(name, value, on ? -1 : 0);
}

const ModbusServer::Fault* ModbusServer::strikes(const char* name, int unit) {
  const auto found = faults_.find(name);
  if (found == faults_.end() || (found->second.unit >= 0 && found->second.unit != unit)) return nullptr;
  struck_ = found->second;
  if (found->second.count > 0 && --found->second.count == 0) faults_.erase(found);
  return &struck_;
}

std::uint64_t ModbusServer::requests(int unit) const {
  const auto found = requests_.find(unit);
  return found == requests_.end() ? 0 : found->second;
}

void ModbusServer::serve() {
  const auto now = clock_.mono();
  for (auto& [number, model] : models_) model->advance(now);
  const auto seen = endpoint_.look();
  connections_ += seen.opened.size();
  if (!endpoint_.is_tcp() && now - last_byte_ > kRtuFrameEnd) buffers_.clear();
  for (const auto& arrival : seen.received) {
    last_byte_ = now;
    heard_.push_back(arrival.bytes);
    if (heard_.size() > kHeardMax) heard_.pop_front();
    auto& buffer = buffers_[arrival.connection];
    buffer.insert(buffer.end(), arrival.bytes.begin(), arrival.bytes.end());
    while (auto request = endpoint_.is_tcp() ? take_tcp_request(buffer) : take_rtu_request(buffer))
      answer(arrival.connection, *request);
  }
  for (const int connection : seen.closed) buffers_.erase(connection);
  endpoint_.give(clock_.mono());
}

void ModbusServer::answer(int connection, const ModbusFrame& request) {
  ++requests_[request.unit];
  ModbusFrame reply{request.transaction, request.unit, {}};
  const auto model = models_.find(request.unit);
  if (strikes("deaf", request.unit)) return;
  if (const auto* fault = strikes("exception", request.unit)) {
    reply.pdu = exception_pdu(request.pdu[0], static_cast<int>(fault->value));
  } else if (model == models_.end()) {
    if (!endpoint_.is_tcp()) return;
    reply.pdu = exception_pdu(request.pdu[0], 11);
  } else {
    reply.pdu = answer_pdu(request, *model->second);
  }
  if (strikes("silent", request.unit)) return;
  send_faulty(connection, std::move(reply));
}

void ModbusServer::send_faulty(int connection, ModbusFrame reply) {
  const int unit = reply.unit;
  const bool tcp = endpoint_.is_tcp();
  auto at = clock_.mono() + reply_delay_;
  if (tcp && strikes("reset", unit)) return endpoint_.reset(connection, at);
  if (strikes("wrong_unit", unit)) ++reply.unit;
  if (strikes("wrong_function", unit)) ++reply.pdu[0];
  if (tcp && strikes("wrong_tid", unit)) ++reply.transaction;
  const bool wrong_length = strikes("wrong_length", unit) != nullptr;
  if (wrong_length && !tcp && reply.pdu.size() > 2) {
    reply.pdu[1] = static_cast<std::uint8_t>(reply.pdu[1] + 2);
    reply.pdu.insert(reply.pdu.end(), {0, 0});
  }
  auto frame = tcp ? tcp_frame(reply) : rtu_frame(reply);
  if (wrong_length && tcp) frame[5] = static_cast<std::uint8_t>(frame[5] + 2);
  if (const auto* fault = strikes("bit_flip_header", unit)) {
    const unsigned bits = tcp ? 72 : 24;
    const unsigned bit = (fault->value < 0 ? next_flip_++ : static_cast<unsigned>(fault->value)) % bits;
    frame[bit / 8] = static_cast<std::uint8_t>(frame[bit / 8] ^ 0x80u >> bit % 8);
  }
  const Bytes old = std::exchange(last_frames_[unit], frame);
  if (strikes("old_first", unit)) frame.insert(frame.begin(), old.begin(), old.end());
  if (const auto* fault = strikes("truncated", unit)) {
    const std::size_t cut = fault->value > 0 ? static_cast<std::size_t>(fault->value) : 2;
    frame.resize(frame.size() - std::min(cut, frame.size()));
  }
  if (const auto* fault = strikes("late", unit)) at = at + ms(fault->value);
  if (const auto* fault = strikes("dribble", unit)) {
    const auto step = ms(fault->value > 0 ? fault->value : 2);
    for (const auto byte : frame) {
      endpoint_.send(connection, {byte}, at);
      at = at + step;
    }
    return;
  }
  if (const auto* fault = strikes("duplicate", unit)) {
    if (fault->value > 0) {
      endpoint_.send(connection, frame, at + ms(fault->value));
    } else {
      const Bytes copy = frame;
      frame.insert(frame.end(), copy.begin(), copy.end());
    }
  }
  endpoint_.send(connection, std::move(frame), at);
}

}  // namespace rampa::hil
