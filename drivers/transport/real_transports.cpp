// One object per cable: whoever asks for the same address shares it.
#include "drivers/transport/byte_stream.hpp"
#include "drivers/transport/http_client.hpp"
#include "drivers/transport/modbus_bus.hpp"
#include "drivers/transport/port.hpp"
#include "drivers/transport/push_listener.hpp"
#include "drivers/transport/trace.hpp"
#include "drivers/transport/video/gstreamer_video.hpp"

namespace rampa::drivers {
namespace {

class RealTransports : public Transports {
 public:
  RealTransports(const Clock& clock, Traces* traces) : clock_(clock), own_(clock), traces_(traces ? *traces : own_) {}

  Result<std::shared_ptr<ByteStream>> stream(const device::Address& address) override {
    if (address.scheme != "tcp" && address.scheme != "serial") return wrong(address, "tcp:// or serial://");
    return shared(streams_, address, [&] { return make_byte_stream(address, traces_.of(address.cable())); });
  }
  Result<std::shared_ptr<ModbusBus>> modbus(const device::Address& address) override {
    if (address.scheme != "modbus+tcp" && address.scheme != "modbus+rtu")
      return wrong(address, "modbus+tcp:// or modbus+rtu://");
    return shared(buses_, address, [&] { return make_modbus_bus(address, clock_, traces_.of(address.cable())); });
  }
  Result<std::shared_ptr<HttpClient>> http(const device::Address& address) override {
    if (address.scheme != "http") return wrong(address, "http://");
    return shared(clients_, address, [&] { return make_http_client(address, clock_); });
  }
  Result<std::shared_ptr<PushListener>> push(const device::Address& address) override {
    if (address.scheme != "push") return wrong(address, "push://");
    return shared(listeners_, address, [&] { return make_push_listener(address, clock_); });
  }

  Result<std::shared_ptr<VideoSource>> video(const device::Address& address, const VideoAccess& access) override {
    if (address.scheme != "rtsp" && address.scheme != "v4l2" && address.scheme != "file") return wrong(address, "rtsp://, v4l2:// or file://");
    return make_gstreamer_video(address, access, clock_);
  }

 private:
  static tl::unexpected<Error> wrong(const device::Address& address, const std::string& wanted) {
    return fail(ErrorCode::invalid,
                "address " + address.scheme + "://" + address.host + address.path + ": this product needs " + wanted);
  }

  /// Two devices on one serial line can't have two baud rates.
  Result<void> same_format(const device::Address& address) {
    if (!address.host.empty()) return {};
    const auto format = line_format(address);
    if (!format) return tl::unexpected(format.error());
    const auto [known, fresh] = formats_.try_emplace(address.cable(), *format);
    if (known->second == *format) return {};
    return fail(ErrorCode::invalid,
                "address " + address.scheme + "://" + address.path +
                    ": another device on this line has another baud rate or format; give all the same");
  }

  template <class T, class Make>
  Result<std::shared_ptr<T>> shared(std::map<std::string, std::shared_ptr<T>>& made, const device::Address& address,
                                    Make make) {
    if (auto right = device::check_address(address); !right)
      return fail(right.error().code, "address " + address.scheme + "://" + address.host + address.path + ": " + right.error().what);
    if (auto same = same_format(address); !same) return tl::unexpected(same.error());
    auto& known = made[address.cable()];
    if (known) return known;
    auto fresh = make();
    if (fresh) known = *fresh;
    return fresh;
  }

  const Clock& clock_;
  Traces own_;
  Traces& traces_;
  std::map<std::string, LineFormat> formats_;  ///< of serial lines, by cable
  std::map<std::string, std::shared_ptr<ByteStream>> streams_;
  std::map<std::string, std::shared_ptr<ModbusBus>> buses_;
  std::map<std::string, std::shared_ptr<HttpClient>> clients_;
  std::map<std::string, std::shared_ptr<PushListener>> listeners_;
};

}  // namespace

std::unique_ptr<Transports> make_real_transports(const Clock& clock) {
  return std::make_unique<RealTransports>(clock, nullptr);
}

std::unique_ptr<Transports> make_real_transports(const Clock& clock, Traces& traces) {
  return std::make_unique<RealTransports>(clock, &traces);
}

}  // namespace rampa::drivers
