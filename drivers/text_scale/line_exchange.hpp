// Request and reply over a byte stream where a reply ends at a terminator. Bytes that lie there before the request is
// sent belong to an older one and are thrown away, so a late reply is never taken for the next one's.
#pragma once

#include <string>

#include "drivers/transport/transport.hpp"

namespace rampa::drivers {

/// Sends `request` and returns the reply's bytes without terminators. Errors: timeout, bad_reply (longer than 256 bytes),
/// disconnected.
[[nodiscard]] Result<std::string> exchange_line(ByteStream& stream, const std::string& request, std::string_view terminators,
                                                Duration timeout, const Clock& clock);

}  // namespace rampa::drivers
