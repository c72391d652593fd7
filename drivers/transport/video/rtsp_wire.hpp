// RTSP as far as a post asks a camera for one video (RFC 2326), with RTP interleaved in the same connection (section 10.12). Pure: bytes in,
// values out; limited everywhere. Why not GStreamer's own client: a camera whose answer never ends stops it for good, and the
// thread that wants to end it with it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::drivers::rtsp {

inline constexpr std::size_t head_bytes_max = 16 * 1024;
inline constexpr std::size_t body_bytes_max = 64 * 1024;

struct Reply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  /// The first of this name (lower case); empty where there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
};
struct Packet {
  int channel = 0;
  Bytes bytes;
};

/// Cuts what a camera sends into replies and packets.
class Wire {
 public:
  void feed(ByteView bytes) { buffer_.append(as_text(bytes)); }
  /// The next whole one; nothing while it is not whole. Errors: bad_reply (neither, or too large); the connection is of no use then.
  [[nodiscard]] Result<std::optional<std::variant<Reply, Packet>>> next();

 private:
  std::string buffer_;
  std::size_t at_ = 0;  ///< what is before was given out
};

/// The one video of a session description that is taken.
struct H264Track {
  std::string control;         ///< what SETUP asks for, whole
  std::string play;            ///< what PLAY asks for, whole
  int payload_type = 96;       ///< 0 to 127
  std::string parameter_sets;  ///< sprop-parameter-sets, letters of Base64 and commas; may be empty
};
/// `base`: Content-Base of the reply, else what was asked for. Errors: bad_reply (no video, or none with H.264: says which).
[[nodiscard]] Result<H264Track> h264_track(std::string_view sdp, const std::string& base);

/// The head of an RTP packet (RFC 3550 section 5.1).
struct RtpHead {
  int payload_type = 0;
  std::uint32_t timestamp = 0;  ///< 90 kHz for video
};
[[nodiscard]] std::optional<RtpHead> rtp_head(ByteView packet);

/// A report of the sender that says that the video is over (RTCP BYE, RFC 3550 section 6.6).
[[nodiscard]] bool says_goodbye(ByteView reports);

/// When a packet was sent, in our time: the RTP clock, laid so that the packet which came quickest was not on its way at all. So what a
/// line held back is seen to be old. The camera's crystal may be off by so much; a clock that is worse looks like a line that gets later, and
/// one that was set back (NTP) like a line that is late: whoever sees nothing but late pictures connects anew.
class RtpTimes {
 public:
  static constexpr int drift_max_ppm = 500;
  /// Never after `arrived`.
  [[nodiscard]] MonoTime sent(std::uint32_t timestamp, MonoTime arrived);

 private:
  struct Laid {
    std::uint32_t timestamp;
    std::int64_t ticks;  ///< since the first packet
    MonoTime arrived;
    Duration offset;     ///< of our time to the RTP clock, by the quickest packet
  };
  std::optional<Laid> last_;
};

}  // namespace rampa::drivers::rtsp
