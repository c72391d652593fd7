// A small HTTP client for cameras, on own sockets. GET only; plain HTTP; no redirects, no compression, no chunked bodies,
// no Basic or Digest authentication yet (cameras must allow anonymous snapshots on the device network).
#pragma once

#include <memory>

#include "drivers/transport/transport.hpp"

namespace rampa::drivers {

/// For the address of an `http://HOST:PORT/...`. A multipart/x-mixed-replace reply (MJPEG) is kept open: every further
/// get() of the same path gives the newest whole picture; a stream that was not read for `stream_idle_max` is closed, so
/// that pictures which waited in the system's buffers are never given out as fresh.
/// Thread: one at a time (the cable's host thread).
[[nodiscard]] Result<std::shared_ptr<HttpClient>> make_http_client(const device::Address& address, const Clock& clock);

inline constexpr Duration stream_idle_max = 1s;

}  // namespace rampa::drivers
