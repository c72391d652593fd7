#include "hil/mqtt/hostile_broker.hpp"

#include <algorithm>

namespace rampa::hil::mqtt {
namespace {

constexpr std::string_view names[] = {"forget", "duplicate", "reorder", "corrupt", "replay", "misdeliver", "oversize", "garbage", "no_puback",
                                      "kick", "refuse", "wrong_session", "no_suback"};
constexpr std::size_t remembered_max = 16;
constexpr std::size_t oversize_bytes = 16u << 20;

}  // namespace

Result<std::unique_ptr<HostileBroker>> HostileBroker::listen(std::uint16_t port, const Clock& clock, std::uint64_t seed) {
  auto endpoint = Endpoint::tcp("127.0.0.1", port);
  if (!endpoint) return tl::unexpected(endpoint.error());
  return std::unique_ptr<HostileBroker>(new HostileBroker(std::move(*endpoint), clock, seed));
}

bool HostileBroker::fault(std::string_view name, double value, bool on) {
  if (std::find(std::begin(names), std::end(names), name) == std::end(names)) return false;
  if (on) faults_[std::string(name)] = value;
  else if (auto it = faults_.find(name); it != faults_.end()) faults_.erase(it);
  if (faults_.find("reorder") == faults_.end()) release_held();
  return true;
}

std::vector<std::string> HostileBroker::faults() const { return {std::begin(names), std::end(names)}; }

bool HostileBroker::happens(std::string_view name) {
  const auto it = faults_.find(name);
  return it != faults_.end() && draws_.chance(it->second);
}

void HostileBroker::give(int connection, Bytes bytes) { endpoint_.send(connection, std::move(bytes), clock_.mono()); }

void HostileBroker::serve() {
  auto seen = endpoint_.look();
  for (const int connection : seen.opened) clients_[connection];
  for (const auto& arrival : seen.received) {
    const auto it = clients_.find(arrival.connection);
    if (it == clients_.end()) continue;
    if (!it->second.splitter.add(arrival.bytes)) endpoint_.reset(arrival.connection, clock_.mono());
    while (auto packet = it->second.splitter.next()) take(arrival.connection, *packet);
  }
  for (const int connection : seen.closed) clients_.erase(connection);
  endpoint_.give(clock_.mono());
}

void HostileBroker::take(int connection, const Packet& packet) {
  switch (packet.type) {
    case PacketType::connect: return on_connect(connection, packet);
    case PacketType::subscribe: {
      const auto wanted = subscription_of(packet);
      if (!wanted) return endpoint_.reset(connection, clock_.mono());
      const bool no = happens("no_suback");
      mischief_.refused += no;
      if (!no) clients_[connection].filters.push_back(wanted->filter);
      return give(connection, suback_bytes(wanted->id, no ? 0x80 : 1));
    }
    case PacketType::publish: {
      auto message = publication_of(packet);
      if (!message) return endpoint_.reset(connection, clock_.mono());
      const std::string topic = message->topic;
      const std::uint64_t before = mischief_.about_messages();
      on_publish(connection, std::move(*message));
      if (mischief_.about_messages() > before) ++mischief_.by_topic[topic];
      return;
    }
    case PacketType::pingreq: return give(connection, bare_bytes(PacketType::pingresp));
    default: return;  // PUBACK, DISCONNECT: the end of the connection tells
  }
}

void HostileBroker::on_connect(int connection, const Packet& packet) {
  if (level_of(packet) != 4) {  // section 3.1.2.2: unacceptable protocol level; the client is to close
    ++mischief_.versions_refused;
    return give(connection, connack_bytes(false, 1));
  }
  Client& client = clients_[connection];
  client.id = client_of(packet);
  // As the standard has it: a newer connection of the same name ends the older one.
  for (auto& [other, its] : clients_)
    if (other != connection && its.id == client.id) endpoint_.reset(other, clock_.mono());
  if (happens("refuse")) {
    ++mischief_.refused;
    return give(connection, connack_bytes(false, 3));
  }
  give(connection, connack_bytes(happens("wrong_session"), 0));
}

void HostileBroker::on_publish(int connection, Publication message) {
  if (message.qos > 0 && !happens("no_puback")) give(connection, puback_bytes(message.id));
  if (happens("kick")) {
    ++mischief_.kicked;
    endpoint_.reset(connection, clock_.mono());
  }
  auto& older = remembered_[message.topic];
  if (happens("replay") && !older.empty()) {
    ++mischief_.doubled;
    const Publication again = older[draws_.next() % older.size()];
    deliver(again, true);
  }
  if (faults_.find("replay") != faults_.end()) {
    if (older.size() < remembered_max) older.push_back(message);
    else older[draws_.next() % older.size()] = message;
  }
  if (happens("garbage")) make_up(message, static_cast<std::size_t>(draws_.whole(0, 300)));
  if (happens("oversize")) make_up(message, oversize_bytes);
  if (happens("misdeliver")) {
    ++mischief_.misdelivered;
    give(connection, publish_bytes(message.topic, message.payload, 0));
  }
  if (happens("forget")) {
    ++mischief_.forgotten;
    return;
  }
  if (happens("corrupt") && !message.payload.empty()) {
    ++mischief_.corrupted;
    const auto bit = draws_.next() % (message.payload.size() * 8);
    message.payload[bit / 8] = static_cast<std::uint8_t>(message.payload[bit / 8] ^ (1u << (bit % 8)));
  }
  if (happens("reorder")) {
    ++mischief_.reordered;
    held_.push_back({std::move(message), static_cast<int>(draws_.whole(1, 8))});
    return;
  }
  deliver(message);
  if (happens("duplicate")) {
    ++mischief_.doubled;
    deliver(message, true);
  }
  for (Held& held : held_) --held.after;
  release_held();
}

void HostileBroker::release_held() {
  const bool all = faults_.find("reorder") == faults_.end();
  for (std::size_t i = 0; i < held_.size();) {
    if (!all && held_[i].after > 0) {
      ++i;
      continue;
    }
    deliver(held_[i].message);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void HostileBroker::deliver(const Publication& message, bool duplicate) {
  for (auto& [connection, client] : clients_) {
    if (std::none_of(client.filters.begin(), client.filters.end(), [&](const auto& filter) { return topic_matches(filter, message.topic); })) continue;
    ++mischief_.forwarded;
    client.next_id = static_cast<std::uint16_t>(client.next_id == 65535 ? 1 : client.next_id + 1);
    give(connection, publish_bytes(message.topic, message.payload, client.next_id, duplicate));
  }
}

void HostileBroker::make_up(const Publication& about, std::size_t bytes) {
  ++mischief_.made_up;
  Publication noise{about.topic, Bytes(bytes), 0, 0, false};
  for (auto& byte : noise.payload) byte = static_cast<std::uint8_t>(draws_.next());
  deliver(noise);
}

}  // namespace rampa::hil::mqtt
