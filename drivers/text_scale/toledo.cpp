#include "drivers/text_scale/text_scale.hpp"
#include "firmware-interfaces/wire/toledo_continuous.hpp"

namespace rampa::drivers {
namespace {

/// The indicator sends on its own; the newest whole frame counts, older ones in the buffer are history.
class Toledo : public ScaleProtocol {
 public:
  Toledo(wire::ToledoDialect dialect, Duration silence_max) : dialect_(dialect), framer_(dialect), silence_max_(silence_max) {}

  void restart() override { framer_.reset(); }

  Result<ScaleSample> sample(ByteStream& stream, const Clock& clock) override {
    const MonoTime give_up = clock.mono() + silence_max_;
    Error last{ErrorCode::timeout, "toledo: nothing arrived; is continuous output switched on in the indicator's menu?"};
    for (;;) {
      auto bytes = stream.read_some(512, give_up - clock.mono());
      if (!bytes) return bytes.error().code == ErrorCode::timeout ? tl::unexpected(last) : tl::unexpected(bytes.error());
      framer_.put(*bytes);
      std::optional<Bytes> newest;
      while (auto frame = framer_.next()) newest = std::move(frame);
      if (newest) {
        auto reading = wire::decode_toledo(*newest, dialect_);
        if (reading) return ScaleSample{*reading, std::move(*newest), std::nullopt};
        if (reading.error().code == ErrorCode::refused) return tl::unexpected(reading.error());
        last = reading.error();
      }
      if (clock.mono() >= give_up) return tl::unexpected(last);
    }
  }

 private:
  wire::ToledoDialect dialect_;
  wire::ToledoFramer framer_;
  Duration silence_max_;
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_toledo_scale(const DriverNeeds& needs) {
  auto stream = needs.transports.stream(needs.settings.address);
  if (!stream) return tl::unexpected(stream.error());
  auto setting = [&](const char* name) {
    if (auto it = needs.settings.options.find(name); it != needs.settings.options.end()) return it->second;
    auto it = needs.product.parameters.find(name);
    return it == needs.product.parameters.end() ? std::string{} : it->second;
  };
  wire::ToledoDialect dialect;
  dialect.checksum = setting("checksum") == "yes";
  if (const std::string b5 = setting("status_b5"); b5 == "0" || b5 == "1") dialect.status_b5 = b5 == "1";
  return make_text_scale(needs, *stream, std::make_unique<Toledo>(dialect, needs.product.timing.reply_timeout));
}

}  // namespace rampa::drivers
