// Small messages at once: switches Nagle's algorithm (RFC 896) off, with which a verdict would wait until the far end has
// confirmed what went before it, a whole round trip. Paho's C library (1.3.12) neither does it nor gives its socket away, so
// it is looked for among this process's own.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rampa::sync {

/// Sets TCP_NODELAY on every TCP connection of this process whose far end has this port; how many there are. Thread: any.
/// Another thread may close such a descriptor meanwhile: then the next one of its number is asked, which is harmless.
std::size_t no_delay(std::uint16_t far_port);

}  // namespace rampa::sync
