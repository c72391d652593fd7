#include "drivers/transport/push_listener.hpp"

namespace rampa::drivers {

Result<std::shared_ptr<PushListener>> make_push_listener(const device::Address& address, const Clock&) {
  return fail(ErrorCode::refused, "not built in: listener for pushes on " + address.host);
}

}  // namespace rampa::drivers
