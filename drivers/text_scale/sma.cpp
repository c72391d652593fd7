#include "drivers/text_scale/line_exchange.hpp"
#include "drivers/text_scale/text_scale.hpp"
#include "firmware-interfaces/wire/sma.hpp"

namespace rampa::drivers {
namespace {

class Sma : public ScaleProtocol {
 public:
  explicit Sma(Duration timeout) : timeout_(timeout) {}
  void restart() override {}

  Result<ScaleSample> sample(ByteStream& stream, const Clock& clock) override {
    ScaleSample sample;
    auto weight = ask(stream, clock, 'W', sample.raw);
    if (!weight) return tl::unexpected(weight.error());
    sample.received = clock.now();
    if (weight->kind == 'T') return fail(ErrorCode::bad_reply, "sma: asked for the weight, got the tare");
    auto tare = ask(stream, clock, 'M', sample.raw);
    // A level 1 scale knows no tare: it answers '?', and then there is none.
    if (!tare && tare.error().code != ErrorCode::refused) return tl::unexpected(tare.error());
    if (tare && tare->kind != 'T') return fail(ErrorCode::bad_reply, "sma: asked for the tare, got a weight");

    const bool level_1 = !tare;
    auto& r = sample.reading;
    r.tare_g = tare && tare->valid ? tare->mass_g : 0;
    r.net_mode = weight->kind == 'N';
    r.gross_g = r.net_mode ? weight->mass_g + r.tare_g : weight->mass_g;
    r.net_g = r.net_mode ? weight->mass_g : weight->mass_g - r.tare_g;
    r.motion = weight->motion;
    r.centre_of_zero = weight->status == 'Z';
    r.over_range = weight->status == 'O';
    r.under_range = weight->status == 'U';
    if (!weight->valid) {
      sample.invalid = "no_valid_weight";
      sample.remedy = std::string("the scale shows no weight (SMA status ") + weight->status + "): zero it, then look at its display";
    } else if (r.net_mode ? level_1 || !tare->valid : !level_1 && !tare->valid) {
      // One displayed mass and no tare give neither the other mass nor a ticket.
      sample.invalid = "no_valid_tare";
      sample.remedy = "the scale's tare is not known: clear it or tare again";
    }
    return sample;
  }

 private:
  Result<wire::SmaWeight> ask(ByteStream& stream, const Clock& clock, char command, Bytes& raw) {
    const Bytes request = wire::encode_sma(command);
    auto line = exchange_line(stream, std::string(as_text(request)), "\r\n", timeout_, clock);
    if (!line) return tl::unexpected(line.error());
    raw.insert(raw.end(), line->begin(), line->end());
    raw.push_back('\r');
    return wire::decode_sma(as_bytes(*line));
  }
  Duration timeout_;
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_sma_scale(const DriverNeeds& needs) {
  auto stream = needs.transports.stream(needs.settings.address);
  if (!stream) return tl::unexpected(stream.error());
  return make_text_scale(needs, *stream, std::make_unique<Sma>(needs.product.timing.reply_timeout));
}

}  // namespace rampa::drivers
