// Asks a camera for its H.264 video over RTSP and takes its RTP packets from the same TCP connection. No redirects; no other
// connection than to the address that the site names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/transport/port.hpp"
#include "drivers/transport/video/rtsp_password.hpp"
#include "drivers/transport/video/rtsp_wire.hpp"

namespace rampa::drivers::rtsp {

class Client {
 public:
  struct Target {
    std::string host;
    std::uint16_t port = 554;
    std::string path;  ///< with its query
    std::string user, password;
  };
  Client(Target target, const Clock& clock);

  /// Connects, asks for the video's description and starts it; all of it within `timeout`. Errors: no_reply, timeout, disconnected, bad_reply
  /// (no H.264, not RTSP), refused (user and password), not_found.
  Result<H264Track> play(Duration timeout);
  struct Arrived {
    Bytes rtp;
    MonoTime sent;  ///< in our time (RtpTimes)
  };
  /// The video's packets that lie here now, at most about `bytes_max` of them; doesn't wait. Keeps the session alive. Errors: disconnected, bad_reply.
  Result<std::vector<Arrived>> packets(std::size_t bytes_max);
  void close();
  [[nodiscard]] bool playing() const { return port_.is_open() && playing_; }

 private:
  Result<Reply> ask(const std::string& method, const std::string& uri, const std::string& more);
  Result<void> send(const std::string& method, const std::string& uri, const std::string& more);
  Result<Reply> reply();

  const Target target_;
  const std::string url_;
  const Clock& clock_;
  Port port_;
  Wire wire_;
  RtpTimes times_;
  H264Track track_;
  Credentials credentials_;
  std::string session_;
  int cseq_ = 0;
  bool playing_ = false;
  MonoTime deadline_, keep_alive_at_;
  Duration keep_alive_{};
};

}  // namespace rampa::drivers::rtsp
