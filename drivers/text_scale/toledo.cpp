#include "drivers/text_scale/text_scale.hpp"
#include "firmware-interfaces/wire/toledo_continuous.hpp"

namespace rampa::drivers {
namespace {

/// The indicator sends on its own; the newest whole frame counts, older ones in the buffer are history.
class Toledo : public ScaleProtocol {
 public:
  Toledo(wire::ToledoDialect dialect, Duration silence_max) : dialect_(dialect), framer_(dialect), silence_max_(silence_max) {}

  void restart() override {
    framer_.reset();
    read_at_.reset();
  }

  Result<ScaleSample> sample(ByteStream& stream, const Clock& clock) override {
    // What waits since longer ago than a frame may be silent (nobody read meanwhile, or a line server kept it for us) is
    // of unknown age: it is thrown away, and the next frame is waited for.
    if (!read_at_ || clock.mono() - *read_at_ > silence_max_) {
      if (auto dry = read_until_dry(stream); !dry) return tl::unexpected(dry.error());
      framer_.reset();
    }
    read_at_ = clock.mono();
    const MonoTime give_up = clock.mono() + silence_max_;
    Error last{ErrorCode::timeout, "toledo: nothing arrived; is continuous output switched on in the indicator's menu?"};
    for (;;) {
      auto bytes = stream.read_some(read_max, give_up - clock.mono());
      if (!bytes) return bytes.error().code == ErrorCode::timeout ? tl::unexpected(last) : tl::unexpected(bytes.error());
      framer_.put(*bytes);
      if (auto dry = read_until_dry(stream); !dry) return tl::unexpected(dry.error());
      const Stamp received = clock.now();
      read_at_ = received.mono;
      std::optional<Bytes> newest;
      while (auto frame = framer_.next()) newest = std::move(frame);
      if (newest) {
        auto reading = wire::decode_toledo(*newest, dialect_);
        if (reading) {
          ScaleSample sample{*reading, std::move(*newest), std::nullopt, received, "", ""};
          if (wire::toledo_never_zeroed(sample.raw)) {
            sample.invalid = "never_zeroed";
            sample.remedy = "the indicator was not zeroed since it was switched on: empty the platform and zero it";
          }
          return sample;
        }
        if (reading.error().code == ErrorCode::refused) return tl::unexpected(reading.error());
        last = reading.error();
      }
      if (clock.mono() >= give_up) return tl::unexpected(last);
    }
  }

 private:
  static constexpr std::size_t read_max = 4096;  // as much as the framer keeps
  static constexpr int reads_max = 4096;         // a peer that sends faster than we can read is broken

  /// The newest bytes end up in the framer. Errors: disconnected, bad_reply (a flood).
  Result<void> read_until_dry(ByteStream& stream) {
    for (int reads = 0; reads < reads_max; ++reads) {
      auto bytes = stream.read_some(read_max, Duration{});
      if (bytes) framer_.put(*bytes);
      else if (bytes.error().code == ErrorCode::timeout) return {};
      else return tl::unexpected(bytes.error());
    }
    return fail(ErrorCode::bad_reply, "toledo: a flood of bytes that does not end");
  }

  wire::ToledoDialect dialect_;
  wire::ToledoFramer framer_;
  Duration silence_max_;
  std::optional<MonoTime> read_at_;  ///< until then the stream was read dry
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
