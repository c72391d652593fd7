// Byte streams on real ports.
#pragma once

#include <memory>

#include "drivers/transport/trace.hpp"
#include "drivers/transport/transport.hpp"

namespace rampa::drivers {

/// For "tcp" and "serial" addresses. Does not connect yet. Errors: invalid (names the key).
[[nodiscard]] Result<std::shared_ptr<ByteStream>> make_byte_stream(const device::Address& address,
                                                                   std::shared_ptr<Trace> trace);

}  // namespace rampa::drivers
