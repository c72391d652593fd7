#!/usr/bin/env python3
"""An RTSP camera: GStreamer's own server with x264, from other hands than the client under test.

rtsp_peer.py FOLDER [PORT]: serves on this loopback port, else a free one, and prints which.
  /plates     the folder's *.jpg in turn
  /clock      25 frames a second, each with the wall clock at which it was made, in milliseconds: 24 columns, white is 1, the highest bit first
  /still      one picture, for ever
  /locked     /clock for user "lane" with password "secret" alone (RTSP Digest)
  /mjpeg      not H.264
  /wide       wider than any camera
  /short      ends after a second
"""
import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
folder = sys.argv[1]
H264 = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=1"
BITS, COLUMN, HEIGHT, PERIOD_MS = 24, 32, 96, 40
CLOCK = (f"appsrc name=clock is-live=true do-timestamp=true format=time caps=video/x-raw,format=GRAY8,width={BITS * COLUMN},"
         f"height={HEIGHT},framerate=25/1 ! videoconvert ! video/x-raw,format=I420 ! {H264}")
LIVE = "videotestsrc is-live=true"


def clock_frame():
    now_ms = time.time_ns() // 1_000_000
    row = b"".join((b"\xff" if now_ms >> bit & 1 else b"\0") * COLUMN for bit in reversed(range(BITS)))
    return row * HEIGHT


def configure(_factory, media):
    source = media.get_element().get_by_name("clock")
    if source is None:
        return

    def push():
        result = source.emit("push-buffer", Gst.Buffer.new_wrapped(clock_frame()))
        return result not in (Gst.FlowReturn.FLUSHING, Gst.FlowReturn.EOS)

    GLib.timeout_add(PERIOD_MS, push)


server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[2] if len(sys.argv) > 2 else "0")


def mount(path, launch):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {launch} )")
    factory.set_shared(True)
    factory.connect("media-configure", configure)
    server.get_mount_points().add_factory(path, factory)
    return factory


def permit(factory, role, may=True):
    structure = Gst.Structure.new_empty(role)
    structure.set_value("media.factory.access", True)  # else it says "not found" where "who are you" is meant
    structure.set_value("media.factory.construct", may)
    permissions = factory.get_permissions() or GstRtspServer.RTSPPermissions.new()
    permissions.add_role_from_structure(structure)
    factory.set_permissions(permissions)


auth = GstRtspServer.RTSPAuth()
auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
anyone = GstRtspServer.RTSPToken()
anyone.set_string("media.factory.role", "anyone")
auth.set_default_token(anyone)
lane = GstRtspServer.RTSPToken()
lane.set_string("media.factory.role", "lane")
auth.add_digest("lane", "secret", lane)
server.set_auth(auth)

for path, launch in {
    "/plates": f'multifilesrc location="{folder}/%d.jpg" loop=true caps=image/jpeg,framerate=25/1 ! jpegdec ! videoconvert ! identity sync=true ! {H264}',
    "/clock": CLOCK,
    "/still": f"{LIVE} pattern=white ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 ! {H264}",
    "/mjpeg": f"{LIVE} ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 ! jpegenc ! rtpjpegpay name=pay0 pt=26",
    "/wide": f"{LIVE} ! video/x-raw,format=I420,width=4352,height=64,framerate=25/1 ! {H264}",
    "/short": f"{LIVE} num-buffers=25 ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 ! {H264}",
}.items():
    permit(mount(path, launch), "anyone")
locked = mount("/locked", CLOCK)
permit(locked, "lane")
permit(locked, "anyone", False)

server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
