#!/usr/bin/env python3
"""An RTSP camera that means ill, or is broken: enough of RFC 2326 by hand to be asked for its video, then what the path says.

rtsp_hostile_peer.py: prints its loopback port.
  /endless       one picture that never ends (RTP fragments, RFC 6184 5.8, without a last one)
  /rubbish       random bytes where interleaved packets must be
  /nonsense      well-formed packets of random H.264
  /silent        takes the connection and never answers
  /endless_head  an answer whose head never ends
"""
import random
import socketserver
import struct
import sys
import time

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:video\r\n"


class Camera(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            self.talk()
        except OSError:
            pass  # the other side left, which it may

    def talk(self):
        path = ""
        while True:
            head = []
            while (line := self.rfile.readline().strip()) != b"" or not head:
                if not line:
                    return
                head.append(line.decode())
            method, url, _ = head[0].split(" ", 2)
            path = "/" + url.split("/", 3)[3].split("/")[0]
            cseq = next(line for line in head if line.lower().startswith("cseq"))
            if path == "/silent":
                time.sleep(60)
            if path == "/endless_head":
                self.wfile.write(b"RTSP/1.0 200 OK\r\n")
                while True:
                    self.wfile.write(b"X-Padding: " + b"x" * 60000 + b"\r\n")
            reply = {"OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n",
                     "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Base: {url}/\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}",
                     "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n\r\n"}.get(method, "Session: 1\r\n\r\n")
            self.wfile.write(f"RTSP/1.0 200 OK\r\n{cseq}\r\n{reply}".encode())
            if method == "PLAY":
                return self.play(path)

    def play(self, path):
        draw = random.Random(7)
        number = 0
        while True:
            if path == "/rubbish":
                self.wfile.write(draw.randbytes(4096))
                continue
            timestamp = 0 if path == "/endless" else number * 3600
            first = 0x80 if number == 0 else 0
            payload = bytes([0x7C, first | 5]) if path == "/endless" else bytes([draw.choice([0x67, 0x68, 0x65, 0x41])])
            packet = struct.pack(">BBHII", 0x80, 96, number & 0xFFFF, timestamp & 0xFFFFFFFF, 1) + payload + draw.randbytes(1400)
            self.wfile.write(b"$\0" + struct.pack(">H", len(packet)) + packet)
            number += 1
            if path == "/nonsense":
                time.sleep(0.002)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


with Server(("127.0.0.1", 0), Camera) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
