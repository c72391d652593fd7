#include <cstdlib>

#include "drivers/text_scale/line_exchange.hpp"
#include "drivers/text_scale/text_scale.hpp"
#include "firmware-interfaces/wire/rincmd.hpp"

namespace rampa::drivers {
namespace {

/// The registers of one indicator, from its ICD's points.
struct RinRegisters {
  int status = 0, gross = 0, net = 0, tare = 0, sample = 0, trace_id = 0, preset_tare = 0;
  std::map<std::string, int> bits;
};

class RinCmd : public ScaleProtocol {
 public:
  RinCmd(RinRegisters registers, int address, bool checksummed, std::int64_t grams_per_count, Duration timeout)
      : r_(std::move(registers)), address_(address), checksummed_(checksummed), grams_per_count_(grams_per_count), timeout_(timeout) {}
  void restart() override {}

  Result<ScaleSample> sample(ByteStream& stream, const Clock& clock) override {
    ScaleSample s;
    std::int64_t status = 0, gross = 0, net = 0, tare = 0, counter = 0, trace = 0;
    for (auto [reg, value] : {std::pair{r_.sample, &counter}, {r_.status, &status}, {r_.gross, &gross}, {r_.net, &net},
                              {r_.tare, &tare}, {r_.trace_id, &trace}}) {
      auto got = ask(stream, clock, reg, s.raw);
      if (!got) return tl::unexpected(got.error());
      *value = *got;
    }
    auto bit = [&](const char* name) {
      auto it = r_.bits.find(name);
      return it != r_.bits.end() && ((static_cast<std::uint64_t>(status) >> it->second) & 1) != 0;
    };
    if (bit("error") || bit("setup") || bit("calibrating"))
      return fail(ErrorCode::refused, "rinCMD: the indicator is in error, setup or calibration");
    auto& r = s.reading;
    r.gross_g = gross * grams_per_count_;
    r.net_g = net * grams_per_count_;
    r.tare_g = tare * grams_per_count_;
    r.motion = bit("motion");
    r.over_range = bit("overload");
    r.under_range = bit("underload") || !bit("adc_ok");
    r.centre_of_zero = bit("centre_of_zero");
    r.net_mode = bit("net");
    if (trace > 0) r.alibi_number = std::to_string(trace);
    s.heartbeat = counter;
    return s;
  }

 private:
  Result<std::int64_t> ask(ByteStream& stream, const Clock& clock, int reg, Bytes& raw) {
    wire::RinMessage request;
    request.address = address_;
    request.reply_required = true;
    request.command = wire::rin_read_hex;
    request.reg = reg;
    auto line = exchange_line(stream, wire::encode_rin(request, checksummed_), "\r\n;", timeout_, clock);
    if (!line) return tl::unexpected(line.error());
    raw.insert(raw.end(), line->begin(), line->end());
    raw.push_back('\n');
    auto reply = wire::decode_rin(*line);
    if (!reply) return tl::unexpected(reply.error());
    return wire::rin_number(request, *reply);
  }

  RinRegisters r_;
  int address_;
  bool checksummed_;
  std::int64_t grams_per_count_;
  Duration timeout_;
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_rincmd_scale(const DriverNeeds& needs) {
  RinRegisters registers;
  for (auto [name, where] : {std::pair{"status", &registers.status}, {"gross", &registers.gross}, {"net", &registers.net},
                             {"tare", &registers.tare}, {"adc_sample", &registers.sample}, {"trace_id", &registers.trace_id}}) {
    const auto* point = needs.product.find(name);
    if (!point) return fail(ErrorCode::invalid, "ICD " + needs.product.id + " lacks the point '" + name + "'");
    *where = point->address;
    if (std::string(name) == "status") registers.bits = point->bits;
  }
  auto option = [&](const char* name, const char* otherwise) {
    auto it = needs.settings.options.find(name);
    return it == needs.settings.options.end() ? std::string(otherwise) : it->second;
  };
  const std::int64_t grams = std::strtoll(option("grams_per_count", "0").c_str(), nullptr, 10);
  if (grams <= 0)
    return fail(ErrorCode::invalid, needs.settings.id.text + ": option grams_per_count is missing: rinCMD numbers have no decimal point");
  auto stream = needs.transports.stream(needs.settings.address);
  if (!stream) return tl::unexpected(stream.error());
  return make_text_scale(needs, *stream,
                         std::make_unique<RinCmd>(std::move(registers), std::atoi(option("address", "0").c_str()),
                                                  option("checksum", "false") == "true", grams, needs.product.timing.reply_timeout));
}

}  // namespace rampa::drivers
