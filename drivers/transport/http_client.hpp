// Makes the HTTP client of a camera's address.
#pragma once

#include <memory>

#include "drivers/transport/transport.hpp"

namespace rampa::drivers {

/// Does not connect yet. Errors: refused (not built in), invalid (no HTTP address).
[[nodiscard]] Result<std::shared_ptr<HttpClient>> make_http_client(const device::Address& address, const Clock& clock);

}  // namespace rampa::drivers
