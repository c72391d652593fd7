#include "drivers/transport/video/rtsp_client.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace rampa::drivers::rtsp {

Client::Client(Target target, const Clock& clock)
    : target_(std::move(target)), url_("rtsp://" + target_.host + ":" + std::to_string(target_.port) + target_.path), clock_(clock), credentials_(target_.user, target_.password) {}

Result<void> Client::send(const std::string& method, const std::string& uri, const std::string& more) {
  std::string text = method + " " + uri + " RTSP/1.0\r\nCSeq: " + std::to_string(++cseq_) + "\r\nUser-Agent: Rampa\r\n" + more;
  if (!session_.empty()) text += "Session: " + session_ + "\r\n";
  if (const auto answer = credentials_.answer(method, uri); !answer.empty()) text += "Authorization: " + answer + "\r\n";
  return port_.write(as_bytes(text + "\r\n"), 1s);
}

Result<Reply> Client::reply() {
  for (;;) {
    auto next = wire_.next();
    if (!next) return tl::unexpected(next.error());
    if (*next) {
      if (auto* answer = std::get_if<Reply>(&**next)) return std::move(*answer);
      continue;  // packets of a video that some cameras begin before they say so
    }
    const Duration left = deadline_ - clock_.mono();
    if (left <= Duration{0}) return fail(ErrorCode::timeout, "does not answer in time");
    auto bytes = port_.read_some(64 * 1024, left);
    if (!bytes) return tl::unexpected(bytes.error());
    wire_.feed(*bytes);
  }
}

Result<Reply> Client::ask(const std::string& method, const std::string& uri, const std::string& more) {
  for (bool again = false;; again = true) {
    if (auto sent = send(method, uri, more); !sent) return tl::unexpected(sent.error());
    auto answer = reply();
    if (!answer || answer->status == 200) return answer;
    if (answer->status == 404) return fail(ErrorCode::not_found, "has no such video; check the path of its address");
    if (answer->status != 401) return fail(ErrorCode::bad_reply, "answers " + method + " with status " + std::to_string(answer->status));
    if (target_.user.empty()) return fail(ErrorCode::refused, "wants a user and a password: give it the options user and password_file");
    if (again) return fail(ErrorCode::refused, "does not take this user and password");
    std::vector<std::string> challenges;
    for (const auto& [name, value] : answer->headers)
      if (name == "www-authenticate") challenges.push_back(value);
    if (auto taken = credentials_.take(challenges); !taken) return tl::unexpected(taken.error());
  }
}

Result<H264Track> Client::play(Duration timeout) {
  deadline_ = clock_.mono() + timeout;
  wire_ = {};
  times_ = {};
  session_.clear();
  credentials_.forget();
  playing_ = false;
  auto port = Port::connect_tcp(target_.host, target_.port, timeout);
  if (!port) return tl::unexpected(port.error());
  port_ = std::move(*port);
  auto described = ask("DESCRIBE", url_, "Accept: application/sdp\r\n");
  if (!described) return tl::unexpected(described.error());
  const std::string base = described->header("content-base");
  auto track = h264_track(described->body, base.empty() ? url_ : base);
  if (!track) return track;
  track_ = *track;
  auto ready = ask("SETUP", track_.control, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
  if (!ready) return tl::unexpected(ready.error());
  const std::string session = ready->header("session");
  session_ = session.substr(0, session.find(';'));
  int session_s = 60;  // RFC 2326 12.37
  if (const auto at = session.find("timeout="); at != std::string::npos) std::from_chars(session.data() + at + 8, session.data() + session.size(), session_s);
  keep_alive_ = std::chrono::seconds(std::clamp(session_s, 4, 120)) / 2;
  if (auto plays = ask("PLAY", track_.play, "Range: npt=0.000-\r\n"); !plays) return tl::unexpected(plays.error());
  playing_ = true;
  keep_alive_at_ = clock_.mono() + keep_alive_;
  return track;
}

void Client::close() {
  if (playing()) (void)send("TEARDOWN", track_.play, "");  // some cameras count sessions; nobody waits for the answer
  playing_ = false;
  port_.close();
}

Result<std::vector<Client::Arrived>> Client::packets(std::size_t bytes_max) {
  if (clock_.mono() >= keep_alive_at_) {
    keep_alive_at_ = clock_.mono() + keep_alive_;
    if (auto sent = send("OPTIONS", track_.play, ""); !sent) return tl::unexpected(sent.error());
  }
  std::vector<Arrived> out;
  for (std::size_t read = 0; read < bytes_max;) {
    for (;;) {
      auto next = wire_.next();
      if (!next) return tl::unexpected(next.error());
      if (!*next) break;
      auto* packet = std::get_if<Packet>(&**next);
      if (!packet) continue;  // an answer to OPTIONS
      if (packet->channel == 1 && says_goodbye(packet->bytes)) return fail(ErrorCode::disconnected, "the video ended");
      if (packet->channel != 0) continue;
      if (const auto head = rtp_head(packet->bytes); head && head->payload_type == track_.payload_type)
        out.push_back({std::move(packet->bytes), times_.sent(head->timestamp, clock_.mono())});
    }
    auto bytes = port_.read_some(64 * 1024, Duration{0});
    if (!bytes && bytes.error().code == ErrorCode::timeout) break;
    if (!bytes) return tl::unexpected(bytes.error());
    read += bytes->size();
    wire_.feed(*bytes);
  }
  return out;
}

}  // namespace rampa::drivers::rtsp
