#include <cstdlib>
#include <initializer_list>

#include "drivers/text_scale/line_exchange.hpp"
#include "drivers/text_scale/text_scale.hpp"
#include "firmware-interfaces/wire/rincmd.hpp"

namespace rampa::drivers {
namespace {

/// The registers of one indicator, from its ICD's points.
struct RinRegisters {
  int status = 0, gross = 0, net = 0, tare = 0, sample = 0, trace_valid = 0, trace_id = 0, trace_weight = 0;
  std::map<std::string, int> bits;
};

class RinCmd : public ScaleProtocol {
 public:
  RinCmd(RinRegisters registers, int address, bool checksummed, std::int64_t grams_per_count, Duration timeout)
      : r_(std::move(registers)), address_(address), checksummed_(checksummed), grams_per_count_(grams_per_count), timeout_(timeout) {}
  void restart() override {}

  Result<ScaleSample> sample(ByteStream& stream, const Clock& clock) override {
    ScaleSample s;
    std::int64_t counter = 0, before = 0, gross = 0, net = 0, tare = 0, after = 0;
    // The status stands on both sides of the masses: a lorry that began to move between the questions is in motion.
    if (auto ok = ask_all(stream, clock, s, {{r_.sample, &counter}, {r_.status, &before}, {r_.gross, &gross}, {r_.net, &net},
                                             {r_.tare, &tare}, {r_.status, &after}});
        !ok)
      return tl::unexpected(ok.error());
    const auto either = [&](const char* name) { return bit(before, name) || bit(after, name); };
    if (either("error") || either("setup") || either("calibrating"))
      return fail(ErrorCode::refused, "rinCMD: the indicator is in error, setup or calibration");
    auto& r = s.reading;
    r.gross_g = gross * grams_per_count_;
    r.net_g = net * grams_per_count_;
    r.tare_g = tare * grams_per_count_;
    r.motion = either("motion");
    r.over_range = either("overload");
    r.under_range = either("underload");
    r.centre_of_zero = bit(before, "centre_of_zero") && bit(after, "centre_of_zero");
    r.net_mode = bit(after, "net");
    s.heartbeat = counter;
    if (!bit(before, "adc_ok") || !bit(after, "adc_ok")) {
      s.invalid = "no_valid_weight";
      s.remedy = "the indicator's last measurement failed: look at load cells and their cable";
    } else if (bit(before, "net") != bit(after, "net")) {
      return fail(ErrorCode::busy, "rinCMD: gross and net were switched between two questions");
    }
    if (r.usable() && s.invalid.empty())
      if (auto ok = attach_alibi(stream, clock, s, gross, net); !ok) return tl::unexpected(ok.error());
    return s;
  }

 private:
  using Question = std::pair<int, std::int64_t*>;

  [[nodiscard]] bool bit(std::int64_t status, const char* name) const {
    const auto it = r_.bits.find(name);
    return it != r_.bits.end() && ((static_cast<std::uint64_t>(status) >> it->second) & 1) != 0;
  }

  /// In this order. The sample is stamped with the first answer: it is as old as its oldest part.
  Result<void> ask_all(ByteStream& stream, const Clock& clock, ScaleSample& s, std::initializer_list<Question> questions) {
    for (auto [reg, value] : questions) {
      auto got = ask(stream, clock, reg, s.raw);
      if (!got) return tl::unexpected(got.error());
      if (s.received == Stamp{}) s.received = clock.now();
      *value = *got;
    }
    return {};
  }

  /// The legal record that the indicator wrote last, if it is this weighing's: valid, of this mass (gross or net, as the
  /// indicator is set), and not replaced while it was read. Another lorry's number is worse than none.
  Result<void> attach_alibi(ByteStream& stream, const Clock& clock, ScaleSample& s, std::int64_t gross, std::int64_t net) {
    std::int64_t valid = 0, id = 0, weight = 0, again = 0;
    if (auto ok = ask_all(stream, clock, s, {{r_.trace_valid, &valid}}); !ok || valid == 0) return ok;
    auto ok = ask_all(stream, clock, s, {{r_.trace_id, &id}, {r_.trace_weight, &weight}, {r_.trace_id, &again}});
    if (ok && id > 0 && id == again && (weight == gross || weight == net)) s.reading.alibi_number = std::to_string(id);
    return ok;
  }

  Result<std::int64_t> ask(ByteStream& stream, const Clock& clock, int reg, Bytes& raw) {
    wire::RinMessage request;
    request.address = address_;
    request.reply_required = true;
    request.command = wire::rin_read_hex;
    request.reg = reg;
    // The checksummed form is SOH message CRC EOT and may be followed by nothing: its end is the EOT.
    auto line = exchange_line(stream, wire::encode_rin(request, checksummed_), checksummed_ ? "\x04" : "\r\n;", timeout_, clock);
    if (!line) return tl::unexpected(line.error());
    if (checksummed_) {
      line->erase(0, line->find_first_not_of("\r\n"));
      if (line->empty() || line->front() != '\x01') return fail(ErrorCode::bad_reply, "rinCMD: a reply without checksum");
      *line += '\x04';
    }
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
                             {"tare", &registers.tare}, {"adc_sample", &registers.sample}, {"trace_valid", &registers.trace_valid},
                             {"trace_id", &registers.trace_id}, {"trace_weight", &registers.trace_weight}}) {
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
