#include "drivers/transport/http_client.hpp"

namespace rampa::drivers {

Result<std::shared_ptr<HttpClient>> make_http_client(const device::Address& address, const Clock&) {
  return fail(ErrorCode::refused, "not built in: HTTP client for " + address.host);
}

}  // namespace rampa::drivers
