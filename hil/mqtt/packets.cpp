#include "hil/mqtt/packets.hpp"

#include <algorithm>

namespace rampa::hil::mqtt {
namespace {

void put_u16(Bytes& out, std::size_t v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8));
  out.push_back(static_cast<std::uint8_t>(v));
}
void put_text(Bytes& out, std::string_view text) {
  put_u16(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}
std::uint16_t u16_at(const Bytes& bytes, std::size_t at) { return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]); }

/// At `at`; moves it behind. Empty where it does not fit.
std::optional<std::string> text_at(const Bytes& bytes, std::size_t& at) {
  if (at + 2 > bytes.size()) return {};
  const std::size_t length = u16_at(bytes, at);
  if (at + 2 + length > bytes.size()) return {};
  std::string text(bytes.begin() + static_cast<std::ptrdiff_t>(at + 2), bytes.begin() + static_cast<std::ptrdiff_t>(at + 2 + length));
  at += 2 + length;
  return text;
}

Bytes whole(PacketType type, std::uint8_t flags, const Bytes& head, ByteView rest = {}) {
  Bytes out{static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 | flags)};
  std::size_t length = head.size() + rest.size();
  do {
    const auto digit = static_cast<std::uint8_t>(length % 128);
    length /= 128;
    out.push_back(static_cast<std::uint8_t>(length > 0 ? digit | 0x80 : digit));
  } while (length > 0);
  out.insert(out.end(), head.begin(), head.end());
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

}  // namespace

bool PacketSplitter::add(ByteView bytes) {
  rest_.insert(rest_.end(), bytes.begin(), bytes.end());
  return !broken_;
}

std::optional<Packet> PacketSplitter::next() {
  std::size_t length = 0, at = at_ + 1;
  for (int shift = 0;; shift += 7, ++at) {
    if (broken_ || at >= rest_.size()) break;
    length |= static_cast<std::size_t>(rest_[at] & 0x7f) << shift;
    if ((rest_[at] & 0x80) == 0) {
      ++at;
      if (at + length > rest_.size()) break;
      Packet packet{static_cast<PacketType>(rest_[at_] >> 4), static_cast<std::uint8_t>(rest_[at_] & 0x0f),
                    Bytes(rest_.begin() + static_cast<std::ptrdiff_t>(at), rest_.begin() + static_cast<std::ptrdiff_t>(at + length))};
      at_ = at + length;
      return packet;
    }
    if (shift == 21) broken_ = true;
  }
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ = 0;
  return {};
}

std::optional<Publication> publication_of(const Packet& packet) {
  Publication out;
  out.qos = packet.flags >> 1 & 3;
  out.duplicate = (packet.flags & 8) != 0;
  std::size_t at = 0;
  auto topic = text_at(packet.body, at);
  if (!topic || out.qos > 1) return {};
  out.topic = std::move(*topic);
  if (out.qos > 0) {
    if (at + 2 > packet.body.size()) return {};
    out.id = u16_at(packet.body, at);
    at += 2;
  }
  out.payload.assign(packet.body.begin() + static_cast<std::ptrdiff_t>(at), packet.body.end());
  return out;
}

std::optional<Subscription> subscription_of(const Packet& packet) {
  std::size_t at = 2;
  auto filter = text_at(packet.body, at);
  if (!filter) return {};
  return Subscription{u16_at(packet.body, 0), std::move(*filter)};
}

std::uint8_t level_of(const Packet& packet) {
  std::size_t at = 0;
  return text_at(packet.body, at) && at < packet.body.size() ? packet.body[at] : std::uint8_t{0};
}

std::string client_of(const Packet& packet) {
  std::size_t at = 0;
  if (!text_at(packet.body, at)) return {};
  at += 4;  // level, flags, keep-alive
  return text_at(packet.body, at).value_or("");
}

std::uint16_t id_of(const Packet& packet) { return packet.body.size() < 2 ? std::uint16_t{0} : u16_at(packet.body, 0); }

Bytes connect_bytes(const std::string& client, std::uint16_t keep_alive_s) {
  Bytes head;
  put_text(head, "MQTT");
  head.push_back(4);     // 3.1.1
  head.push_back(0x02);  // clean session
  put_u16(head, keep_alive_s);
  put_text(head, client);
  return whole(PacketType::connect, 0, head);
}
Bytes connack_bytes(bool session_present, std::uint8_t code) {
  return whole(PacketType::connack, 0, {static_cast<std::uint8_t>(session_present ? 1 : 0), code});
}
Bytes publish_bytes(const std::string& topic, ByteView payload, std::uint16_t id, bool duplicate) {
  Bytes head;
  put_text(head, topic);
  if (id != 0) put_u16(head, id);
  return whole(PacketType::publish, static_cast<std::uint8_t>((id != 0 ? 2 : 0) | (duplicate ? 8 : 0)), head, payload);
}
Bytes puback_bytes(std::uint16_t id) {
  Bytes head;
  put_u16(head, id);
  return whole(PacketType::puback, 0, head);
}
Bytes subscribe_bytes(std::uint16_t id, const std::string& filter) {
  Bytes head;
  put_u16(head, id);
  put_text(head, filter);
  head.push_back(1);
  return whole(PacketType::subscribe, 2, head);
}
Bytes suback_bytes(std::uint16_t id, std::uint8_t code) {
  Bytes head;
  put_u16(head, id);
  head.push_back(code);
  return whole(PacketType::suback, 0, head);
}
Bytes bare_bytes(PacketType type) { return whole(type, 0, {}); }

bool topic_matches(std::string_view filter, std::string_view topic) {
  for (;;) {
    const auto f = filter.substr(0, filter.find('/')), t = topic.substr(0, topic.find('/'));
    if (f == "#") return true;
    if (f != "+" && f != t) return false;
    const bool filter_ends = f.size() == filter.size(), topic_ends = t.size() == topic.size();
    if (filter_ends || topic_ends) return (filter_ends && topic_ends) || (topic_ends && filter.substr(f.size()) == "/#");
    filter.remove_prefix(f.size() + 1);
    topic.remove_prefix(t.size() + 1);
  }
}

}  // namespace rampa::hil::mqtt
