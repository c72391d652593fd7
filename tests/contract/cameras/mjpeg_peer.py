#!/usr/bin/env python3
"""A camera with an MJPEG stream: Python's own HTTP server, which shares no line with the client under test.

mjpeg_peer.py FOLDER [PORT]: shows the folder's *.jpg in turn, twenty a second, at /camera on this loopback port, else a free
one, and prints which. GET /mode/NAME makes it behave so from then on, and ends the streams that run; the names are in stream().
"""
import http.server
import pathlib
import sys
import threading
import time

pictures = [p.read_bytes() for p in sorted(pathlib.Path(sys.argv[1]).glob("*.jpg"))]
mode, generation, lock = "good", 0, threading.Lock()


def part(picture, length=None, boundary="frame", media_type="image/jpeg"):
    counted = f"Content-Length: {len(picture) if length is None else length}\r\n" if length != "none" else ""
    return f"--{boundary}\r\nContent-Type: {media_type}\r\n{counted}\r\n".encode() + picture + b"\r\n"


class Camera(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def do_GET(self):
        global mode, generation
        if self.path.startswith("/mode/"):
            with lock:
                mode, generation = self.path.removeprefix("/mode/"), generation + 1
            self.send_response(204)
            self.end_headers()
            return
        with lock:
            now, mine = mode, generation
        try:
            self.stream(now, lambda: mine == generation)
        except OSError:
            pass  # the other side left, which it may

    def begin(self, content_type):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.end_headers()

    def wait(self, going):
        while going():
            time.sleep(0.01)

    def stream(self, now, going):
        if now == "silent":
            return self.wait(going)
        if now == "no_boundary_named":
            self.begin("multipart/x-mixed-replace")
        elif now == "boundary_with_dashes":
            self.begin('multipart/x-mixed-replace; boundary="--frame"')
        else:
            self.begin("multipart/x-mixed-replace;boundary=frame")
        out = self.wfile
        if now == "endless_part":
            out.write(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n")
            while going():
                out.write(pictures[0][:-2])
        if now == "large_part":
            out.write(part(b"", 1_000_000_000))
            while going():
                out.write(pictures[0])
        if now == "no_boundary":
            while going():
                out.write(pictures[0])
        number = 0
        while going():
            picture = pictures[number % len(pictures)]
            number += 1
            if now == "cut":
                out.write(part(picture)[: len(picture) // 2])
                return
            if now == "stalled":
                out.write(part(picture)[: len(picture) // 2])
                return self.wait(going)
            if now == "length_too_short":
                out.write(part(picture, len(picture) - 1000))
            elif now == "length_too_long":
                out.write(part(picture, len(picture) + 1000))
            elif now == "no_length":
                out.write(part(picture, "none"))
            elif now == "heartbeats":
                out.write(part(picture) + part(b"Heartbeat", media_type="text/plain"))
            else:
                out.write(part(picture))
            time.sleep(0.05)


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Camera)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
