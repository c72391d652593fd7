// Makes the listener that cameras post to.
#pragma once

#include <memory>

#include "drivers/transport/transport.hpp"

namespace rampa::drivers {

/// Listens at once. Errors: refused (not built in), io (the address can't be bound).
[[nodiscard]] Result<std::shared_ptr<PushListener>> make_push_listener(const device::Address& address,
                                                                       const Clock& clock);

}  // namespace rampa::drivers
