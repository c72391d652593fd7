#include "drivers/transport/video/rtsp_wire.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace rampa::drivers::rtsp {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto from = text.find_first_not_of(blank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blank) - from + 1);
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Takes the first line off.
std::string_view line_of(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = trimmed(text.substr(0, end));
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return line;
}

Result<Reply> reply_head(std::string_view text) {
  Reply reply;
  const auto first = line_of(text);
  const auto status = first.size() >= 12 && first.starts_with("RTSP/1.") ? number(first.substr(9, 3)) : std::nullopt;
  if (!status) return fail(ErrorCode::bad_reply, "its answer does not begin with RTSP/1.x and a status");
  reply.status = *status;
  while (!text.empty()) {
    const auto line = line_of(text);
    if (line.empty()) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return fail(ErrorCode::bad_reply, "a header line of its answer has no colon");
    reply.headers.emplace_back(lower(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
  }
  return reply;
}

/// A control of a session description, whole: it may be said from its base.
std::string whole_control(const std::string& base, std::string_view control) {
  if (control.empty() || control == "*") return base;
  if (lower(control.substr(0, 7)) == "rtsp://") return std::string(control);
  return base + (base.ends_with('/') ? "" : "/") + std::string(control);
}

}  // namespace

std::string Reply::header(std::string_view name) const {
  for (const auto& [known, value] : headers)
    if (known == name) return value;
  return {};
}

Result<std::optional<std::variant<Reply, Packet>>> Wire::next() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  const auto wait = [this]() -> Result<std::optional<std::variant<Reply, Packet>>> {
    buffer_.erase(0, std::exchange(at_, 0));
    return std::nullopt;
  };
  if (rest.empty()) return wait();
  if (rest[0] == '$') {
    if (rest.size() < 4) return wait();
    const auto byte = [&](std::size_t n) { return static_cast<std::size_t>(static_cast<unsigned char>(rest[n])); };
    const std::size_t size = byte(2) << 8 | byte(3);
    if (rest.size() < 4 + size) return wait();
    const ByteView bytes = as_bytes(rest.substr(4, size));
    at_ += 4 + size;
    return Packet{static_cast<int>(byte(1)), Bytes(bytes.begin(), bytes.end())};
  }
  if (!std::string_view("RTSP/1.").starts_with(rest.substr(0, 7))) return fail(ErrorCode::bad_reply, "neither an answer nor a packet where one must begin");
  const auto end = rest.find("\r\n\r\n");
  if (std::min(end, rest.size()) > head_bytes_max) return fail(ErrorCode::bad_reply, "the head of its answer is larger than " + std::to_string(head_bytes_max) + " bytes");
  if (end == std::string_view::npos) return wait();
  auto reply = reply_head(rest.substr(0, end));
  if (!reply) return tl::unexpected(reply.error());
  std::size_t body = 0;
  if (const auto said = reply->header("content-length"); !said.empty()) {
    const auto size = number(said);
    if (!size || *size < 0 || static_cast<std::size_t>(*size) > body_bytes_max) return fail(ErrorCode::bad_reply, "Content-Length of its answer is wrong or too large");
    body = static_cast<std::size_t>(*size);
  }
  if (rest.size() - end - 4 < body) return wait();
  reply->body = rest.substr(end + 4, body);
  at_ += end + 4 + body;
  return std::move(*reply);
}

Result<H264Track> h264_track(std::string_view sdp, const std::string& base) {
  H264Track track{"", base, -1, ""};
  std::string other;       // what the camera sends instead
  std::string control;     // of the part that is read
  bool session = true, video = false, found = false;
  int h264 = -1;           // its payload type, where it is H.264
  const auto part_ends = [&] {
    if (video && h264 >= 0 && !found) {
      found = true;
      track.control = whole_control(base, control);
      track.payload_type = h264;
    }
  };
  for (int lines = 0; !sdp.empty() && lines < 1000; ++lines) {
    const auto line = line_of(sdp);
    if (line.starts_with("m=")) {
      part_ends();
      session = false;
      video = line.starts_with("m=video ");
      h264 = -1;
      control.clear();
    } else if (line.starts_with("a=control:")) {
      const auto value = trimmed(line.substr(10));
      if (session) track.play = whole_control(base, value);
      else control = value;
    } else if (line.starts_with("a=rtpmap:") && video) {
      const auto blank = line.find(' ');
      const auto type = number(line.substr(9, blank == std::string_view::npos ? blank : blank - 9));
      const auto name = blank == std::string_view::npos ? std::string_view{} : trimmed(line.substr(blank));
      if (type && *type >= 0 && *type <= 127 && lower(name) == "h264/90000") h264 = *type;
      else if (other.empty()) other = std::string(name.substr(0, 32));
    } else if (line.starts_with("a=fmtp:") && video && !found) {
      const auto at = line.find("sprop-parameter-sets=");
      if (at == std::string_view::npos) continue;
      const auto sets = line.substr(at + 21);
      track.parameter_sets = trimmed(sets.substr(0, sets.find(';')));
    }
  }
  part_ends();
  if (!found) return fail(ErrorCode::bad_reply, "sends " + (other.empty() ? "no H.264 video" : other) + "; set its stream to H.264");
  if (track.parameter_sets.size() > 4096 || track.parameter_sets.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=,") != std::string::npos)
    track.parameter_sets.clear();  // they come in the stream too
  return track;
}

std::optional<RtpHead> rtp_head(ByteView packet) {
  if (packet.size() < 12 || packet[0] >> 6 != 2) return std::nullopt;
  const auto timestamp = static_cast<std::uint32_t>(packet[4]) << 24 | static_cast<std::uint32_t>(packet[5]) << 16 | static_cast<std::uint32_t>(packet[6]) << 8 | packet[7];
  return RtpHead{packet[1] & 0x7F, timestamp};
}

bool says_goodbye(ByteView reports) {
  while (reports.size() >= 4) {
    if (reports[1] == 203) return true;
    const std::size_t size = 4 * (1 + (static_cast<std::size_t>(reports[2]) << 8 | reports[3]));
    if (size > reports.size()) return false;
    reports = reports.subspan(size);
  }
  return false;
}

MonoTime RtpTimes::sent(std::uint32_t timestamp, MonoTime arrived) {
  const auto laid = [&](std::int64_t ticks) { return Duration{ticks * 100'000 / 9}; };  // 90 kHz
  std::int64_t ticks = 0;
  if (last_) {
    const std::int64_t step = static_cast<std::int32_t>(timestamp - last_->timestamp);
    // A camera that begins its clock anew: what it says has nothing to do with before. Packets of one burst stay together.
    if (std::abs(step) > std::int64_t{60} * 90'000) last_.reset();
    else ticks = last_->ticks + step;
  }
  if (!last_) last_ = Laid{timestamp, 0, arrived, Duration{arrived.ns}};
  const Duration drift = (arrived - last_->arrived) * drift_max_ppm / 1'000'000;
  last_->offset = std::min(last_->offset + drift, Duration{arrived.ns} - laid(ticks));
  last_->timestamp = timestamp;
  last_->ticks = ticks;
  last_->arrived = arrived;
  return {(laid(ticks) + last_->offset).count()};
}

}  // namespace rampa::drivers::rtsp
