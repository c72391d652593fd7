#include "drivers/text_scale/line_exchange.hpp"

namespace rampa::drivers {

Result<std::string> exchange_line(ByteStream& stream, const std::string& request, std::string_view terminators, Duration timeout,
                                  const Clock& clock) {
  for (int i = 0; i < 16; ++i) {
    auto stale = stream.read_some(512, 0ns);
    if (stale) continue;
    if (stale.error().code != ErrorCode::timeout) return tl::unexpected(stale.error());
    break;
  }
  if (auto sent = stream.write(as_bytes(request), timeout); !sent) return tl::unexpected(sent.error());
  const MonoTime give_up = clock.mono() + timeout;
  std::string line;
  for (;;) {
    auto bytes = stream.read_some(512, give_up - clock.mono());
    if (!bytes) return tl::unexpected(bytes.error());
    for (std::uint8_t byte : *bytes) {
      const char c = static_cast<char>(byte);
      if (terminators.find(c) == std::string_view::npos) {
        line += c;
        if (line.size() > 256) return fail(ErrorCode::bad_reply, "the reply has no end");
      } else if (!line.empty()) {
        return line;
      }
    }
    if (clock.mono() >= give_up) return fail(ErrorCode::timeout, "the reply did not end in time");
  }
}

}  // namespace rampa::drivers
