#include "drivers/transport/byte_stream.hpp"

#include <functional>

#include "drivers/transport/port.hpp"

namespace rampa::drivers {
namespace {

class PortStream : public ByteStream {
 public:
  PortStream(std::function<Result<Port>(Duration)> open, std::shared_ptr<Trace> trace)
      : open_(std::move(open)), trace_(std::move(trace)) {}

  Result<void> connect(Duration timeout) override {
    if (port_.is_open()) return {};
    auto opened = open_(timeout);
    if (!opened) return tl::unexpected(opened.error());
    port_ = std::move(*opened);
    return {};
  }
  [[nodiscard]] bool connected() const override { return port_.is_open(); }
  void close() override { port_.close(); }

  Result<Bytes> read_some(std::size_t max, Duration timeout) override {
    auto bytes = port_.read_some(max, timeout);
    if (bytes) trace_->record(Direction::received, -1, *bytes);
    return bytes;
  }
  Result<void> write(ByteView bytes, Duration timeout) override {
    trace_->record(Direction::sent, -1, bytes);
    return port_.write(bytes, timeout);
  }

 private:
  std::function<Result<Port>(Duration)> open_;
  std::shared_ptr<Trace> trace_;
  Port port_;
};

}  // namespace

Result<std::shared_ptr<ByteStream>> make_byte_stream(const device::Address& address, std::shared_ptr<Trace> trace) {
  if (address.scheme == "serial") {
    auto format = line_format(address);
    if (!format) return tl::unexpected(format.error());
    return std::make_shared<PortStream>(
        [path = address.path, format = *format](Duration) { return Port::open_serial(path, format); },
        std::move(trace));
  }
  if (auto host = check_host(address); !host) return tl::unexpected(host.error());
  return std::make_shared<PortStream>(
      [host = address.host, port = address.port](Duration timeout) { return Port::connect_tcp(host, port, timeout); },
      std::move(trace));
}

}  // namespace rampa::drivers
