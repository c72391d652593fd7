// MJPEG over HTTP from an independent server (mjpeg_peer.py) -> driver -> reader: what is shown is what is read, and no fault of
// the stream becomes a frame, grows the memory or outlives itself.
#include "drivers/camera/snapshot_camera.hpp"
#include "edge/vision/plates/plate_read.hpp"
#include "edge/vision/vision_pool.hpp"
#include "tests/contract/cameras/camera_bench.hpp"
#include "tests/contract/cameras/peer_program.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/permits.hpp"

namespace rampa::tests {
namespace {

class MjpegContract : public CameraBench {
 protected:
  MjpegContract() : shown_("SM123AB", 4), peer_({"python3", "tests/contract/cameras/mjpeg_peer.py", shown_.path()}, shown_.file("port")), port_(port_of(peer_)) {
    EXPECT_NE(port_, 0) << peer_.log();
    use("snapshot-camera", "plate_front");
    settings_.address.scheme = "http";
    settings_.address.host = "127.0.0.1";
    settings_.address.port = port_;
    settings_.address.path = "/camera";
    settings_.options["frame_period_ms"] = "20";
    product_.timing.reply_timeout = 400ms;  // a fault is waited out eleven times below
    driver_ = *drivers::camera::make_snapshot_camera(product_, settings_, transports_, clock_);
  }
  void behave(const std::string& mode) {
    auto line = LoopbackPeer::connect(port_);
    line.send("GET /mode/" + mode + " HTTP/1.0\r\n\r\n");
    ASSERT_TRUE(line.receive_all().starts_with("HTTP/1.0 204")) << mode;
  }
  void take() {
    const device::Command take{1, settings_.id, device::TakeFrames{30s}, clock_.mono() + 10s};
    ASSERT_EQ(driver_->execute(take, empty_permit(), sink_).outcome, device::Outcome::done);
  }
  std::vector<device::DeviceEvent> frames() { return sink_.all<device::CameraFrame>(); }
  /// Polls until so many frames more came, or ten seconds passed.
  bool more_frames(std::size_t count) {
    const std::size_t wanted = frames().size() + count;
    for (const MonoTime end = clock_.mono() + 10s; clock_.mono() < end && frames().size() < wanted;) driver_->poll(sink_);
    return frames().size() >= wanted;
  }
  std::string detail() {
    const auto told = sink_.all<device::DeviceCondition>();
    return told.empty() ? "" : std::get<device::DeviceCondition>(told.back().body).detail;
  }

  /// Nothing but pictures was given: each ends with its end of image.
  void expect_only_pictures() {
    for (const auto& frame : frames()) {
      EXPECT_EQ(frame.from.quality, device::Quality::good);
      EXPECT_TRUE(std::ranges::equal(std::vector{0xFF, 0xD9}, ByteView(*frame.attachments[0].bytes).last(2))) << "bytes that are not the picture's";
    }
  }

  PictureFolder shown_;
  Child peer_;
  std::uint16_t port_;
  std::unique_ptr<device::Driver> driver_;
};

TEST_F(MjpegContract, FromTheStreamToTheRead) {
  RememberingSink read_sink;
  auto pool = vision::VisionPool::start([] { return vision::plates::make_net_reader(vision::plates::ReaderFiles::usual(), vision::plates::known_countries()); }, 1, 8, [&](device::DeviceEvent e) { read_sink.publish(std::move(e)); });
  ASSERT_TRUE(pool) << pool.error().what;
  take();
  ASSERT_TRUE(more_frames(1)) << sink_.condition() << " " << detail();
  (*pool)->add(frames()[0]);
  (*pool)->wait_idle();
  const auto reads = read_sink.all<device::PlateRead>();
  ASSERT_EQ(reads.size(), 1u);
  EXPECT_EQ(read_of(reads[0]).text, "SM123AB");
}

TEST_F(MjpegContract, TheWaysInWhichCamerasDiffer) {
  take();
  for (const char* way : {"good", "no_length", "boundary_with_dashes", "heartbeats"}) {
    behave(way);
    EXPECT_TRUE(more_frames(1)) << way;
    EXPECT_TRUE(more_frames(5)) << way << ": " << sink_.condition() << " " << detail();
    EXPECT_EQ(sink_.condition(), "ready") << way << ": " << detail();
  }
  expect_only_pictures();
}

TEST_F(MjpegContract, NoFaultOfTheStreamBecomesAFrameOrOutlivesItself) {
  struct Fault {
    const char *mode, *condition, *says;
  };
  take();
  for (const Fault& fault : {Fault{"silent", "connecting:timeout", "did not answer in time"},
                             Fault{"stalled", "connecting:timeout", "did not answer in time"},
                             Fault{"cut", "connecting:disconnected", "ended its stream"},
                             Fault{"no_boundary_named", "connecting:bad_reply", "names no boundary"},
                             Fault{"no_boundary", "connecting:bad_reply", "no boundary in the stream"},
                             Fault{"endless_part", "connecting:bad_reply", "larger than 8388608 bytes"},
                             Fault{"large_part", "connecting:bad_reply", "larger than 8388608 bytes"},
                             Fault{"length_too_long", "connecting:bad_reply", "Content-Length"},
                             Fault{"length_too_short", "faulted:no_picture", "Content-Length"}}) {
    behave("good");
    ASSERT_TRUE(more_frames(2)) << "before " << fault.mode << ": " << sink_.condition() << " " << detail();
    behave(fault.mode);
    // What was sent before the change may still come; then nothing.
    for (const MonoTime end = clock_.mono() + 10s; sink_.condition() != fault.condition && clock_.mono() < end;) driver_->poll(sink_);
    EXPECT_EQ(sink_.condition(), fault.condition) << fault.mode << ": " << detail();
    EXPECT_NE(detail().find(fault.says), std::string::npos) << fault.mode << ": " << detail();
    const std::size_t before = frames().size();
    reset_peak();
    const long resident = peak_kib();
    for (int n = 0; n < 4; ++n) driver_->poll(sink_);
    EXPECT_EQ(frames().size(), before) << fault.mode << " gave a frame";
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LT(peak_kib() - resident, 32 * 1024) << fault.mode;
#endif
  }
  behave("good");
  EXPECT_TRUE(more_frames(2)) << sink_.condition() << " " << detail();
  EXPECT_EQ(sink_.condition(), "ready");
  expect_only_pictures();
}

TEST_F(MjpegContract, ACameraThatRestartsComesBack) {
  take();
  ASSERT_TRUE(more_frames(2));
  peer_.kill();
  for (const MonoTime end = clock_.mono() + 10s; sink_.condition() != "connecting:no_reply" && clock_.mono() < end;) driver_->poll(sink_);
  ASSERT_EQ(sink_.condition(), "connecting:no_reply") << detail();
  peer_ = Child({"python3", "tests/contract/cameras/mjpeg_peer.py", shown_.path(), std::to_string(port_)}, shown_.file("again"));
  ASSERT_EQ(port_of(peer_), port_) << peer_.log();
  EXPECT_TRUE(more_frames(2)) << detail();
  EXPECT_EQ(sink_.condition(), "ready");
}

}  // namespace
}  // namespace rampa::tests
