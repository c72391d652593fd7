#include "drivers/transport/video/gstreamer_video.hpp"

#include <gst/gst.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "drivers/transport/video/rtsp_client.hpp"
#include "drivers/transport/video/rtsp_password.hpp"

namespace rampa::drivers {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Element = std::unique_ptr<GstElement, Freed<gst_object_unref>>;
using Pad = std::unique_ptr<GstPad, Freed<gst_object_unref>>;
using Bus = std::unique_ptr<GstBus, Freed<gst_object_unref>>;
using Time = std::unique_ptr<GstClock, Freed<gst_object_unref>>;
using Message = std::unique_ptr<GstMessage, Freed<gst_message_unref>>;
using Shape = std::unique_ptr<GstCaps, Freed<gst_caps_unref>>;
using Sample = std::unique_ptr<GstSample, Freed<gst_sample_unref>>;
using Failure = std::unique_ptr<GError, Freed<g_error_free>>;
using Text = std::unique_ptr<gchar, Freed<g_free>>;

/// What waits for the decoder at most: half a second of a video of 64 Mbit/s.
constexpr guint64 undecoded_bytes_max = 4u << 20;
/// Taken from the line in one call.
constexpr std::size_t taken_bytes_max = 1u << 20;
/// A camera may send what it kept before it sends what it sees: only then is it known how quick its packets are.
constexpr Duration settling = 500ms;

/// Nothing that a site file or a camera says stands in these texts: it is set as a property. The last element holds one frame, the newest.
/// From the network only what was tried is let in: H.264 and one decoder. What is on this machine may be anything that it can decode.
constexpr const char* from_rtsp =
    "appsrc name=source format=time is-live=true max-bytes=0 ! rtph264depay ! h264parse name=parsed ! openh264dec "
    "! videoconvert ! video/x-raw,format=I420 ! appsink name=frames max-buffers=1 drop=true sync=false";
constexpr const char* from_device =
    "v4l2src name=source ! decodebin ! videoconvert ! video/x-raw,format=I420 ! appsink name=frames max-buffers=1 drop=true sync=false";
constexpr const char* from_file =
    "filesrc name=source ! decodebin ! videoconvert ! video/x-raw,format=I420 ! appsink name=frames max-buffers=1 drop=true sync=true";

Result<void> gstreamer_is_there() {
  static const std::string missing = [] {
    GError* raw = nullptr;
    if (gst_init_check(nullptr, nullptr, &raw)) return std::string{};
    const Failure error(raw);
    return std::string("GStreamer does not start: ") + (error ? error->message : "no reason given");
  }();
  if (!missing.empty()) return fail(ErrorCode::invalid, missing);
  return {};
}

class GstreamerVideo final : public VideoSource {
 public:
  GstreamerVideo(const device::Address& address, std::string user, std::string password, const Clock& clock)
      : scheme_(address.scheme), place_(address.host.empty() ? address.path : address.host + ":" + std::to_string(address.port)), clock_(clock) {
    if (scheme_ == "rtsp") line_.emplace(rtsp::Client::Target{address.host, address.port, address.path, std::move(user), std::move(password)}, clock);
  }
  ~GstreamerVideo() override { close(); }

  Result<void> run(Duration timeout) override {
    auto going = pipeline_ ? Result<void>{} : begin(timeout);
    if (going && line_) going = take_in();
    if (going) going = complaint();
    if (!going) close();
    return going;
  }

  Result<std::optional<VideoFrame>> newest() override {
    if (!pipeline_) return std::nullopt;
    GstSample* pulled = nullptr;
    g_signal_emit_by_name(frames_.get(), "try-pull-sample", GstClockTime{0}, &pulled);
    const Sample sample(pulled);
    if (!sample || (line_ && clock_.mono() - began_ < settling)) return std::nullopt;
    auto frame = frame_of(*sample);
    if (!frame) return close(), tl::unexpected(frame.error());
    return std::optional(std::move(*frame));
  }

  void close() override {
    if (line_) line_->close();
    if (pipeline_) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);  // ends GStreamer's threads
    bus_.reset();
    frames_.reset();
    source_.reset();
    pipeline_.reset();
    std::lock_guard lock(mutex_);
    found_wrong_.clear();
    unread_bytes_ = 0;
  }

 private:
  [[nodiscard]] std::string said(const std::string& what) const { return "camera at " + place_ + ": " + what; }

  Result<void> begin(Duration timeout) {
    rtsp::H264Track track;
    if (line_) {
      auto plays = line_->play(timeout);
      if (!plays) return fail(plays.error().code, said(plays.error().what));
      track = std::move(*plays);
    }
    began_ = clock_.mono();
    GError* raw = nullptr;
    pipeline_.reset(gst_parse_launch(scheme_ == "rtsp" ? from_rtsp : scheme_ == "v4l2" ? from_device : from_file, &raw));
    const Failure error(raw);
    if (!pipeline_ || error) return fail(ErrorCode::invalid, std::string("GStreamer: ") + (error ? error->message : "no pipeline") + "; install the Debian packages that packages.txt names");
    frames_ = named("frames");
    bus_.reset(gst_element_get_bus(pipeline_.get()));
    // Only what ends the run is kept: nobody would take the rest from the bus.
    gst_bus_set_sync_handler(bus_.get(), [](GstBus*, GstMessage* message, gpointer) {
      return GST_MESSAGE_TYPE(message) & (GST_MESSAGE_ERROR | GST_MESSAGE_EOS) ? GST_BUS_PASS : (gst_message_unref(message), GST_BUS_DROP);
    }, nullptr, nullptr);
    const Time time(gst_system_clock_obtain());
    gst_pipeline_use_clock(GST_PIPELINE(pipeline_.get()), time.get());
    source_ = named("source");
    if (scheme_ == "v4l2") g_object_set(source_.get(), "device", place_.c_str(), nullptr);
    if (scheme_ == "file") g_object_set(source_.get(), "location", place_.c_str(), nullptr);
    if (line_) {
      const Shape shape(gst_caps_new_simple("application/x-rtp", "media", G_TYPE_STRING, "video", "clock-rate", G_TYPE_INT, 90'000, "encoding-name", G_TYPE_STRING, "H264",
                                            "payload", G_TYPE_INT, track.payload_type, nullptr));
      if (!track.parameter_sets.empty()) gst_caps_set_simple(shape.get(), "sprop-parameter-sets", G_TYPE_STRING, track.parameter_sets.c_str(), nullptr);
      g_object_set(source_.get(), "caps", shape.get(), nullptr);
      probe("parsed", "src", GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, &GstreamerVideo::look_at_size);
      probe("frames", "sink", GST_PAD_PROBE_TYPE_BUFFER, &GstreamerVideo::picture_came);
    }
    if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
      if (auto right = complaint(); !right) return right;
      return fail(ErrorCode::no_reply, said("does not begin"));
    }
    return {};
  }

  /// From the line to the decoder.
  Result<void> take_in() {
    auto packets = line_->packets(taken_bytes_max);
    if (!packets) return fail(packets.error().code, said(packets.error().what));
    for (const auto& packet : *packets) {
      // A picture that never ends would be gathered for ever.
      if ((unread_bytes_ += packet.rtp.size()) > video_bytes_without_picture_max)
        return fail(ErrorCode::bad_reply, said("sent " + std::to_string(video_bytes_without_picture_max >> 20) + " MiB without a picture"));
      GstBuffer* buffer = gst_buffer_new_memdup(packet.rtp.data(), packet.rtp.size());
      GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(std::max<std::int64_t>((packet.sent - began_).count(), 0));
      GstFlowReturn outcome = GST_FLOW_OK;
      g_signal_emit_by_name(source_.get(), "push-buffer", buffer, &outcome);
      gst_buffer_unref(buffer);
    }
    guint64 waiting = 0;
    g_object_get(source_.get(), "current-level-bytes", &waiting, nullptr);
    if (waiting > undecoded_bytes_max) return fail(ErrorCode::busy, said("sends more than this machine decodes; choose a smaller picture or fewer of them in the camera"));
    return {};
  }

  [[nodiscard]] Element named(const char* name) const { return Element(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name)); }

  void probe(const char* element, const char* pad_name, GstPadProbeType of, GstPadProbeCallback call) {
    const Element at = named(element);
    const Pad pad(gst_element_get_static_pad(at.get(), pad_name));
    gst_pad_add_probe(pad.get(), of, call, this, nullptr);
  }

  // ---- on GStreamer's threads ---------------------------------------------------------------------------------------

  void found_wrong(std::string what) {
    std::lock_guard lock(mutex_);
    if (found_wrong_.empty()) found_wrong_ = std::move(what);
  }

  static GstPadProbeReturn picture_came(GstPad*, GstPadProbeInfo*, gpointer self) {
    static_cast<GstreamerVideo*>(self)->unread_bytes_ = 0;
    return GST_PAD_PROBE_OK;
  }

  /// Before the decoder takes memory for it.
  static GstPadProbeReturn look_at_size(GstPad*, GstPadProbeInfo* info, gpointer self) {
    GstEvent* event = gst_pad_probe_info_get_event(info);
    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    int width = 0, height = 0;
    const GstStructure* shape = gst_caps_get_structure(caps, 0);
    if (!gst_structure_get_int(shape, "width", &width) || !gst_structure_get_int(shape, "height", &height)) return GST_PAD_PROBE_OK;
    if (width <= video_side_max_px && height <= video_side_max_px) return GST_PAD_PROBE_OK;
    static_cast<GstreamerVideo*>(self)->found_wrong("pictures of " + std::to_string(width) + " x " + std::to_string(height) + "; " +
                                                    std::to_string(video_side_max_px) + " is the most, choose a smaller one in the camera");
    return GST_PAD_PROBE_DROP;
  }

  // ---- on the host's thread -----------------------------------------------------------------------------------------

  /// What ended the run, or must end it.
  Result<void> complaint() {
    {
      std::lock_guard lock(mutex_);
      if (!found_wrong_.empty()) return fail(ErrorCode::bad_reply, said(found_wrong_));
    }
    const Message message(gst_bus_pop_filtered(bus_.get(), static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS)));
    if (!message) return {};
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) return fail(ErrorCode::disconnected, said("the video ended"));
    GError* raw = nullptr;
    gst_message_parse_error(message.get(), &raw, nullptr);
    const Failure error(raw);
    const bool resource = error->domain == GST_RESOURCE_ERROR;
    if (resource && error->code == GST_RESOURCE_ERROR_NOT_FOUND) return fail(ErrorCode::not_found, said("there is no such video; check the path of its address"));
    const bool never = resource && (error->code == GST_RESOURCE_ERROR_OPEN_READ || error->code == GST_RESOURCE_ERROR_OPEN_READ_WRITE);
    return fail(never ? ErrorCode::no_reply : resource ? ErrorCode::disconnected : ErrorCode::bad_reply, said(std::string(error->message).substr(0, 200)));
  }

  Result<VideoFrame> frame_of(GstSample& sample) {
    const GstStructure* shape = gst_caps_get_structure(gst_sample_get_caps(&sample), 0);
    GstBuffer* buffer = gst_sample_get_buffer(&sample);
    VideoFrame frame;
    if (!buffer || !gst_structure_get_int(shape, "width", &frame.width_px) || !gst_structure_get_int(shape, "height", &frame.height_px) || frame.width_px < 2 ||
        frame.height_px < 2 || frame.width_px > video_side_max_px || frame.height_px > video_side_max_px || frame.width_px % 2 || frame.height_px % 2)
      return fail(ErrorCode::bad_reply, said("pictures of a size that is not taken: even, 2 to " + std::to_string(video_side_max_px)));
    // A picture is as old as its first packet, whatever decoding takes; for one from the line that is known by the line's own clock.
    const GstClockTime shown = gst_segment_to_running_time(gst_sample_get_segment(&sample), GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    if (!GST_CLOCK_TIME_IS_VALID(shown)) return fail(ErrorCode::bad_reply, said("pictures without a time"));
    if (line_) {
      frame.captured = began_ + Duration{static_cast<std::int64_t>(shown)};
    } else {
      const Time time(gst_pipeline_get_pipeline_clock(GST_PIPELINE(pipeline_.get())));
      const GstClockTimeDiff age = GST_CLOCK_DIFF(gst_element_get_base_time(pipeline_.get()) + shown, gst_clock_get_time(time.get()));
      frame.captured = clock_.mono() - Duration{std::max<GstClockTimeDiff>(age, 0)};
    }

    GstMapInfo map;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return fail(ErrorCode::bad_reply, said("a picture that can't be looked at"));
    const auto width = static_cast<std::size_t>(frame.width_px), height = static_cast<std::size_t>(frame.height_px);
    // GStreamer's I420: rows padded to four bytes.
    const std::size_t luma_stride = (width + 3) / 4 * 4, chroma_stride = (width / 2 + 3) / 4 * 4;
    const bool whole = map.size >= luma_stride * height + chroma_stride * height;
    if (whole) {
      frame.planes.reserve(width * height * 3 / 2);
      const std::uint8_t* from = map.data;
      const auto take = [&](std::size_t rows, std::size_t bytes, std::size_t stride) {
        for (std::size_t row = 0; row < rows; ++row, from += stride) frame.planes.insert(frame.planes.end(), from, from + bytes);
      };
      take(height, width, luma_stride);
      take(height, width / 2, chroma_stride);  // both chroma planes: half the rows each
    }
    gst_buffer_unmap(buffer, &map);
    if (!whole) return fail(ErrorCode::bad_reply, said("a picture that is too short"));
    return frame;
  }

  const std::string scheme_, place_;
  const Clock& clock_;
  std::optional<rtsp::Client> line_;  ///< rtsp alone
  MonoTime began_;
  Element pipeline_, source_, frames_;
  Bus bus_;
  std::atomic<std::size_t> unread_bytes_{0};
  std::mutex mutex_;
  std::string found_wrong_;  ///< by one of GStreamer's threads
};

}  // namespace

Result<std::shared_ptr<VideoSource>> make_gstreamer_video(const device::Address& address, const VideoAccess& access, const Clock& clock) {
  if (auto there = gstreamer_is_there(); !there) return tl::unexpected(there.error());
  std::string password;
  if (!access.user.empty()) {
    auto line = rtsp::password_in(access.password_file);
    if (!line) return tl::unexpected(line.error());
    password = std::move(*line);
  }
  return std::make_shared<GstreamerVideo>(address, access.user, std::move(password), clock);
}

}  // namespace rampa::drivers
