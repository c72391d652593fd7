// Request and reply over a byte stream where a reply ends at a terminator. Bytes that lie there before the request is
// sent belong to an older one and are thrown away. That alone does not tell a reply that comes still later: the driver
// closes the stream after every time-out, and a protocol whose replies name what was asked checks that.
#pragma once

#include <string>

#include "drivers/transport/transport.hpp"

namespace rampa::drivers {

/// Sends `request` and returns the reply's bytes without terminators. Errors: timeout, bad_reply (longer than 256 bytes),
/// disconnected.
[[nodiscard]] Result<std::string> exchange_line(ByteStream& stream, const std::string& request, std::string_view terminators,
                                                Duration timeout, const Clock& clock);

}  // namespace rampa::drivers
