// A camera with RTSP (rtsp_peer.py: GStreamer's server and x264) -> driver -> reader, and a video file by the same driver. What is late on
// the line is never taken, and no fault outlives itself.
#include <algorithm>
#include <atomic>
#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <thread>

#include "drivers/camera/video_camera.hpp"
#include "edge/vision/plates/plate_read.hpp"
#include "edge/vision/vision_pool.hpp"
#include "tests/contract/cameras/camera_bench.hpp"
#include "tests/contract/cameras/peer_program.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/permits.hpp"

namespace rampa::tests {
namespace {

/// A line between client and camera that can be held: what is sent meanwhile waits, and comes piece by piece when it is let go, so that each
/// late picture is for a moment the newest.
class HeldLine {
 public:
  explicit HeldLine(std::uint16_t camera) : thread_([this, camera] { carry(camera); }) {}
  ~HeldLine() {
    ended_ = true;
    LoopbackPeer::connect(server_.port());  // wakes accept()
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  void hold(bool held) { held_ = held; }

 private:
  void carry(std::uint16_t camera) {
    while (!ended_) {
      auto client = server_.accept();
      if (ended_) return;
      auto far = LoopbackPeer::connect(camera);
      std::string waiting;
      while (!ended_ && client.open() && far.open()) {
        if (const auto asked = client.receive_some(1); !asked.empty() && !far.send(asked)) break;
        for (auto more = far.receive_some(1); !more.empty(); more = far.receive_some(0)) waiting += more;
        if (held_ || waiting.empty()) continue;
        const auto some = std::min<std::size_t>(waiting.size(), 800);
        if (!client.send(std::string_view(waiting).substr(0, some))) break;
        waiting.erase(0, some);
      }
    }
  }
  LoopbackServer server_;
  std::atomic<bool> held_{false}, ended_{false};
  std::thread thread_;
};

class VideoContract : public CameraBench {
 protected:
  VideoContract() : shown_("SM123AB", 4), port_(start(0)) {
    EXPECT_NE(port_, 0) << peer_.log();
    use("video-camera", "plate_front");
    settings_.address.scheme = "rtsp";
    settings_.address.host = "127.0.0.1";
    settings_.address.port = port_;
    settings_.options["frame_period_ms"] = "40";
    product_.timing.backoff_max = 1s;
  }
  std::uint16_t start(std::uint16_t port) {
    // Debian's interpreter: that is the one which GStreamer's bindings belong to.
    std::vector<std::string> command{"/usr/bin/python3", "tests/contract/cameras/rtsp_peer.py", shown_.path()};
    if (port) command.push_back(std::to_string(port));
    peer_ = Child(command, shown_.file("port" + std::to_string(port)));
    return port_of(peer_);
  }
  void drive(const std::string& path) {
    settings_.address.path = path;
    auto made = drivers::camera::make_video_camera(product_, settings_, transports_, clock_);
    ASSERT_TRUE(made) << made.error().what;
    driver_ = std::move(*made);
    const device::Command take{1, settings_.id, device::TakeFrames{30s}, clock_.mono() + 10s};
    ASSERT_EQ(driver_->execute(take, empty_permit(), sink_).outcome, device::Outcome::done);
  }
  /// Polls as the host does, until `done` or real time runs out.
  template <class Done>
  bool poll_until(Done done, Duration most = 20s) {
    for (const MonoTime end = clock_.mono() + most; clock_.mono() < end;) {
      const Duration again = driver_->poll(sink_);
      if (done()) return true;
      runtime::sleep_for(std::min(again, Duration{20ms}));
    }
    return false;
  }
  bool more_frames(std::size_t count) {
    const std::size_t wanted = frames().size() + count;
    return poll_until([&] { return frames().size() >= wanted; });
  }
  bool comes_to(const std::string& condition) {
    return poll_until([&] { return sink_.condition() == condition; });
  }
  std::vector<device::DeviceEvent> frames() { return sink_.all<device::CameraFrame>(); }
  std::string detail() {
    const auto told = sink_.all<device::DeviceCondition>();
    return told.empty() ? "" : std::get<device::DeviceCondition>(told.back().body).detail;
  }
  /// When the camera made this picture, by the clock that it drew into it (/clock); the stamps' wall clock is the same machine's.
  static std::int64_t drawn_ms(const device::DeviceEvent& frame) {
    const auto& jpeg = *frame.attachments[0].bytes;
    const cv::Mat grey = cv::imdecode(jpeg, cv::IMREAD_GRAYSCALE);
    EXPECT_EQ(grey.cols, 24 * 32);
    if (grey.cols != 24 * 32) return 0;
    std::int64_t low = 0;
    for (int bit = 0; bit < 24; ++bit) low = low << 1 | (grey.at<std::uint8_t>(grey.rows / 2, bit * 32 + 16) > 127);
    const std::int64_t now = frame.from.received.wall.ms, span = std::int64_t{1} << 24;
    const std::int64_t made = (now & ~(span - 1)) | low;
    return made > now + span / 2 ? made - span : made;
  }

  PictureFolder shown_;
  Child peer_;
  std::uint16_t port_;
  std::unique_ptr<device::Driver> driver_;
};

TEST_F(VideoContract, FromTheVideoToTheRead) {
  RememberingSink read_sink;
  auto pool = vision::VisionPool::start([] { return vision::plates::make_net_reader(vision::plates::ReaderFiles::usual(), vision::plates::known_countries()); }, 1, 8, [&](device::DeviceEvent e) { read_sink.publish(std::move(e)); });
  ASSERT_TRUE(pool) << pool.error().what;
  drive("/plates");
  ASSERT_TRUE(more_frames(3)) << sink_.condition() << " " << detail();
  EXPECT_EQ(sink_.condition(), "ready");
  (*pool)->add(frames()[2]);
  (*pool)->wait_idle();
  const auto reads = read_sink.all<device::PlateRead>();
  ASSERT_EQ(reads.size(), 1u);
  EXPECT_EQ(read_of(reads[0]).text, "SM123AB");
}

TEST_F(VideoContract, AFrameIsAsOldAsItsStampSays) {
  drive("/clock");
  ASSERT_TRUE(more_frames(50)) << sink_.condition() << " " << detail();
  std::vector<std::int64_t> off;
  std::int64_t last = 0;
  for (const auto& frame : frames()) {
    const std::int64_t made = drawn_ms(frame);
    off.push_back(frame.from.received.wall.ms - made);
    EXPECT_GT(made, last) << "a picture came twice, or in the wrong order";
    last = made;
  }
  std::ranges::sort(off);
  std::cout << "[ FIGURE   ] stamp after the picture was made, ms: least " << off.front() << ", median " << off[off.size() / 2] << ", most " << off.back() << "\n";
  EXPECT_LE(off[off.size() / 2], 100);
  EXPECT_GE(off.front(), -20);
}

TEST_F(VideoContract, WhatTheLineHeldBackIsNeverTaken) {
  HeldLine line(port_);
  settings_.address.port = line.port();
  drive("/clock");
  ASSERT_TRUE(more_frames(30)) << sink_.condition() << " " << detail();
  for (int times = 0; times < 3; ++times) {
    const std::size_t before = frames().size();
    line.hold(true);
    poll_until([] { return false; }, 1500ms);
    const std::size_t held = frames().size();
    EXPECT_LE(held - before, 5u) << "frames from a line that was held";
    const std::int64_t let_go = clock_.now().wall.ms;
    line.hold(false);
    ASSERT_TRUE(more_frames(10)) << sink_.condition() << " " << detail();
    const auto all = frames();
    for (std::size_t n = held; n < all.size(); ++n)
      EXPECT_GE(drawn_ms(all[n]), let_go - 300 - 100) << "a picture that had waited was taken";  // the option's limit, and what encoding takes
  }
}

TEST_F(VideoContract, WhatIsWrongIsSaidAndEndsWhenItIsRight) {
  struct Fault {
    const char *path, *condition, *says;
  };
  for (const Fault& fault : {Fault{"/nothing", "connecting:not_found", "check the path"}, Fault{"/locked", "faulted:refused", "password_file"},
                             Fault{"/mjpeg", "suspect:bad_reply", "H.264"}, Fault{"/wide", "suspect:bad_reply", "4352 x 64"}}) {
    const std::size_t before = frames().size();
    drive(fault.path);
    EXPECT_TRUE(comes_to(fault.condition)) << fault.path << ": " << sink_.condition() << " " << detail();
    EXPECT_NE(detail().find(fault.says), std::string::npos) << fault.path << ": " << detail();
    EXPECT_EQ(frames().size(), before) << fault.path;
    drive("/clock");
    EXPECT_TRUE(more_frames(2)) << "after " << fault.path << ": " << sink_.condition() << " " << detail();
    EXPECT_EQ(sink_.condition(), "ready") << "after " << fault.path;
  }
}

TEST_F(VideoContract, NoIllMeantVideoBecomesAFrameOrFillsTheMemory) {
  Child hostile({"/usr/bin/python3", "tests/contract/cameras/rtsp_hostile_peer.py"}, shown_.file("hostile"));
  const std::uint16_t port = port_of(hostile);
  ASSERT_NE(port, 0) << hostile.log();
  product_.timing.reply_timeout = 1s;
  drive("/clock");  // what is loaded once
  ASSERT_TRUE(more_frames(2));
  for (const char* path : {"/endless", "/rubbish", "/nonsense", "/silent", "/endless_head"}) {
    settings_.address.port = port;
    const std::size_t before = frames().size();
    drive(path);
    reset_peak();
    const long resident = peak_kib();
    EXPECT_TRUE(poll_until([&] { return sink_.condition() != "ready"; })) << path;
    poll_until([] { return false; }, 3s);
    EXPECT_NE(sink_.condition(), "ready") << path;
    EXPECT_EQ(frames().size(), before) << path;
    std::cout << "[ FIGURE   ] " << path << ": " << sink_.condition() << " (" << detail() << "), " << (peak_kib() - resident) / 1024 << " MiB more\n";
    EXPECT_LT(peak_kib() - resident, 128 * 1024) << path;
    settings_.address.port = port_;
    drive("/clock");
    EXPECT_TRUE(more_frames(2)) << "after " << path << ": " << sink_.condition() << " " << detail();
  }
}

TEST_F(VideoContract, WithUserAndPassword) {
  std::ofstream(shown_.file("password")) << "secret\n";
  std::ofstream(shown_.file("wrong")) << "guess\n";
  settings_.options["user"] = "lane";
  settings_.options["password_file"] = shown_.file("missing");
  EXPECT_FALSE(drivers::camera::make_video_camera(product_, settings_, transports_, clock_));
  settings_.options["password_file"] = shown_.file("wrong");
  drive("/locked");
  EXPECT_TRUE(comes_to("faulted:refused")) << sink_.condition() << " " << detail();
  settings_.options["password_file"] = shown_.file("password");
  drive("/locked");
  EXPECT_TRUE(more_frames(5)) << sink_.condition() << " " << detail();
}

TEST_F(VideoContract, AVideoThatEndsStopsOrDiesComesBack) {
  drive("/short");
  ASSERT_TRUE(more_frames(1)) << sink_.condition() << " " << detail();
  ASSERT_TRUE(comes_to("connecting:disconnected")) << sink_.condition() << " " << detail();
  product_.timing.reply_timeout = 1s;
  drive("/clock");
  ASSERT_TRUE(more_frames(2));
  peer_.pause();
  EXPECT_TRUE(comes_to("connecting:timeout")) << sink_.condition() << " " << detail();
  const std::size_t before = frames().size();
  poll_until([] { return false; }, 1s);
  EXPECT_EQ(frames().size(), before);
  peer_.resume();
  EXPECT_TRUE(more_frames(2)) << sink_.condition() << " " << detail();
  peer_.kill();
  EXPECT_TRUE(comes_to("connecting:no_reply")) << sink_.condition() << " " << detail();
  ASSERT_EQ(start(port_), port_) << peer_.log();
  EXPECT_TRUE(more_frames(2)) << sink_.condition() << " " << detail();
}

TEST_F(VideoContract, APictureThatNeverChangesIsFrozen) {
  settings_.options["frozen_after_ms"] = "1000";
  drive("/still");
  EXPECT_TRUE(comes_to("suspect:frozen_picture")) << sink_.condition() << " " << detail();
  EXPECT_TRUE(poll_until([&] { return !frames().empty() && frames().back().from.quality == device::Quality::suspect; }));
}

TEST_F(VideoContract, AFileIsPlayedAndBeginsAgain) {
  const std::string file = shown_.file("lane.mkv");
  Child made({"gst-launch-1.0", "-q", "multifilesrc", "location=" + shown_.file("%d.jpg"), "caps=image/jpeg,framerate=8/1", "stop-index=3", "!", "jpegdec", "!",
              "videoconvert", "!", "x264enc", "!", "matroskamux", "!", "filesink", "location=" + file}, shown_.file("made"));
  for (int left_ms = 20'000; left_ms > 0 && made.running(); left_ms -= 10) runtime::sleep_for(10ms);
  settings_.address = {};
  settings_.address.scheme = "file";
  drive(file);
  EXPECT_TRUE(more_frames(6)) << sink_.condition() << " " << detail() << made.log();  // four pictures, then from its beginning
  drive(shown_.file("nothing.mkv"));
  EXPECT_TRUE(comes_to("connecting:not_found")) << sink_.condition() << " " << detail();
}

TEST_F(VideoContract, AMissingV4l2CameraIsSaid) {
  settings_.address = {};
  settings_.address.scheme = "v4l2";
  drive(shown_.file("video0"));
  EXPECT_TRUE(comes_to("connecting:not_found")) << sink_.condition() << " " << detail();
}

}  // namespace
}  // namespace rampa::tests
