#include "drivers/nii_scanner/nii_scanner.hpp"

#include <algorithm>
#include <array>

#include "drivers/condition/condition.hpp"
#include "drivers/nii_scanner/scan_assembly.hpp"
#include "drivers/register_map/heartbeat.hpp"
#include "drivers/register_map/settings_words.hpp"
#include "firmware-interfaces/device/address_rules.hpp"

namespace rampa::drivers {
namespace {

using device::ConditionLevel;
using device::Outcome;
using device::Quality;
using device::ScannerState;

/// The scanner's own interlock, in the interface's order of discrete inputs.
constexpr std::array input_names{"e_stop_chain",       "door_a",         "door_b",            "key_switch", "search_button", "person_curtain",
                                 "vehicle_present_in", "vehicle_at_bcl", "vehicle_clear_out", "hv_ready",   "beam_on_lamp",  "fault"};

/// Addresses of the points, from the ICD.
struct NiiMap {
  std::uint16_t identity = 0, version = 0, state = 0, heartbeat = 0, scan_number = 0, watchdog = 0, safe_inhibit = 0;
  std::uint16_t inhibit = 0, abort_request = 0, rampa_heartbeat = 0;
  std::array<std::uint16_t, input_names.size()> inputs{};
};

class NiiScanner : public device::Driver {
 public:
  NiiScanner(const DriverNeeds& needs, NiiMap map, std::shared_ptr<ModbusBus> bus, std::shared_ptr<ByteStream> lines, int unit)
      : id_(needs.settings.id), timing_(needs.product.timing), clock_(needs.clock), map_(map), bus_(std::move(bus)),
        lines_(std::move(lines)), unit_(unit), condition_(id_), backoff_(timing_), lines_backoff_(timing_), assembly_(id_.text),
        heartbeat_(timing_.heartbeat_max) {}

  Duration poll(device::EventSink& out) override {
    if (auto read = interlock(out); !read) {
      armed_ = false;
      heartbeat_ = Heartbeat(timing_.heartbeat_max);
      tell_failure(condition_, read.error(), clock_.now(), out);
      take_lines(out);  // a scan may still be coming in: losing the interlock image does not lose it
      return backoff_.next();
    }
    backoff_.reset();
    take_lines(out);
    return timing_.poll;
  }

  device::CommandReport execute(const device::Command& command, device::Permit permit, device::EventSink&) override {
    const auto* withhold = std::get_if<device::WithholdScan>(&command.body);
    const bool abort = std::holds_alternative<device::AbortScan>(command.body);
    if (!withhold && !abort) return {command.id, Outcome::refused, "a scanner does not carry out this command"};
    // Withholding and asking to stop need neither permit nor arming, and are never too late.
    if (withhold && !withhold->withhold) {
      if (renewed()) armed_ = false;
      if (!armed_) return {command.id, Outcome::refused, "not armed: identity, watchdog and safe value are not read back"};
      if (!permit.allows(command, clock_.mono())) return {command.id, Outcome::refused, "the permit has ended"};
    }
    Written written;
    // A rising edge: 0 then 1.
    if (abort) written = set(map_.abort_request, false);
    if (written.outcome == Outcome::done) written = abort ? set(map_.abort_request, true) : set(map_.inhibit, withhold->withhold);
    if (written.outcome == Outcome::done && withhold) wanted_inhibit_ = withhold->withhold;
    // After anything else the next poll withholds and reads back, and nothing is permitted before.
    if (written.outcome != Outcome::done) armed_ = false;
    return {command.id, written.outcome, std::move(written.detail)};
  }

 private:
  struct Written {
    Outcome outcome = Outcome::done;
    std::string detail;
  };

  /// True if what was read back was read back on another connection.
  [[nodiscard]] bool renewed() const { return bus_->connections() != connection_; }

  /// Writes a coil once and reads it back. Refused: nothing was sent, or the gateway declined.
  Written set(std::uint16_t coil, bool on) {
    const auto before = bus_->connections();
    if (auto written = bus_->write_coil(unit_, coil, on, timing_); !written) {
      const auto code = written.error().code;
      const bool sent = code != ErrorCode::refused && code != ErrorCode::busy && code != ErrorCode::disconnected && code != ErrorCode::no_reply;
      return {sent ? Outcome::unknown : Outcome::refused, written.error().what};
    }
    const auto back = bus_->read_bits(unit_, icd::Table::coil, coil, 1, timing_);
    if (!back) return {Outcome::unknown, "written, but not read back: " + back.error().what};
    if (back->front() != on) return {Outcome::unknown, "the scanner did not take it over"};
    if (armed_ && bus_->connections() != before) return {Outcome::unknown, "the connection was renewed under the command"};
    return {};
  }

  Result<void> interlock(device::EventSink& out) {
    if (armed_ && renewed()) armed_ = false;
    // Feeding the scanner's watchdog is part of the cycle: when the cycle stops, the scanner withholds by itself.
    if (armed_)
      if (auto fed = bus_->write_register(unit_, map_.rampa_heartbeat, ++rampa_heartbeat_, timing_); !fed) return fed;
    auto registers = bus_->read_registers(unit_, icd::Table::input_register, map_.identity,
                                          static_cast<std::uint16_t>(map_.safe_inhibit - map_.identity + 1), timing_);
    if (!registers) return tl::unexpected(registers.error());
    auto reg = [&](std::uint16_t address) { return (*registers)[static_cast<std::size_t>(address - map_.identity)]; };
    const Stamp now = clock_.now();
    const auto here = bus_->connections();
    const auto not_armed = [&](ConditionLevel level, std::string fault, std::string detail) -> Result<void> {
      armed_ = false;
      condition_.tell(level, std::move(fault), std::move(detail), now, out);
      return {};
    };

    if (reg(map_.identity) != 0x4e49 || reg(map_.version) != 1)
      return not_armed(ConditionLevel::faulted, "wrong_identity", "what answers here is no NII-IL/1 gateway of version 1: check address and cabling");
    if (reg(map_.watchdog) == 0 || reg(map_.watchdog) > 1000 || reg(map_.safe_inhibit) != 1)
      return not_armed(ConditionLevel::faulted, "watchdog_unarmed",
                       "the scanner's watchdog must be 1..1000 ms and its safe value of inhibit 1: set both at the gateway");
    const auto raw = reg(map_.state);
    if (raw > static_cast<int>(ScannerState::maintenance)) return fail(ErrorCode::bad_reply, "state " + std::to_string(raw) + " is none of NII-IL/1's");
    const auto state = static_cast<ScannerState>(raw);
    heartbeat_.seen(reg(map_.heartbeat), 65536, now.mono);
    const auto beat = heartbeat_.state(now.mono);
    report(state, (reg(map_.scan_number) * 65536u) + reg(static_cast<std::uint16_t>(map_.scan_number + 1)), now, out);
    auto inputs = take_inputs(out);
    if (!inputs) return tl::unexpected(inputs.error());

    if (armed_ && renewed()) return not_armed(ConditionLevel::checking, "reconnected", "the connection was renewed: the scanner is identified anew");
    if (!armed_) {
      // What the outputs were is not known, or not as wanted. Withhold, read back, and begin from there.
      wanted_inhibit_ = true;
      if (const auto withheld = set(map_.inhibit, true); withheld.outcome != Outcome::done)
        return not_armed(ConditionLevel::suspect, "not_withheld", "inhibit could not be set: " + withheld.detail + "; look at the gateway");
      if (beat == Heartbeat::State::unproven)
        return not_armed(ConditionLevel::checking, "heartbeat_unproven", "the gateway's counter has not been seen to move yet");
      if (beat == Heartbeat::State::beating && bus_->connections() == here) {
        armed_ = true;
        connection_ = here;
      }
    }
    if (beat == Heartbeat::State::frozen)
      return not_armed(ConditionLevel::suspect, "frozen_heartbeat", "the gateway answers but its counter stands still: restart it");
    if (!armed_) return not_armed(ConditionLevel::checking, "reconnected", "the gateway ends its connections at once");

    auto inhibit = bus_->read_bits(unit_, icd::Table::coil, map_.inhibit, 1, timing_);
    if (!inhibit) return tl::unexpected(inhibit.error());
    if (inhibit->front() && !wanted_inhibit_)  // its watchdog or its operator: stands until the lane asks anew, outputs are never replayed
      return not_armed(ConditionLevel::checking, "watchdog_tripped", "the scanner set inhibit by itself");
    if (!inhibit->front() && wanted_inhibit_)
      return not_armed(ConditionLevel::suspect, "output_changed", "inhibit was taken back by somebody else, or never took effect: it is set again");

    if (state == ScannerState::estop || !inputs->e_stop_chain)
      condition_.tell(ConditionLevel::faulted, "emergency_stop", "the scanner's emergency stop chain is open: see the scanner's own panel", now, out);
    else if (state == ScannerState::fault || state == ScannerState::off || inputs->fault)
      condition_.tell(ConditionLevel::faulted, "scanner_fault", "see the scanner's own panel", now, out);
    else
      condition_.tell(ConditionLevel::ready, "", "", now, out);
    return {};
  }

  [[nodiscard]] Quality quality(MonoTime now) const {
    return heartbeat_.state(now) == Heartbeat::State::beating ? Quality::good : Quality::suspect;
  }

  void report(ScannerState state, std::uint32_t scan, Stamp now, device::EventSink& out) {
    const auto believed = quality(now.mono);
    if (state == reported_ && believed == reported_quality_) return;
    const bool ended = reported_ == ScannerState::scanning && state != ScannerState::complete && state != ScannerState::scanning;
    if (state == ScannerState::scanning && reported_ != state) lines_heard_ = now.mono;
    reported_ = state;
    reported_quality_ = believed;
    publish(out, device::ScannerReport{state, assembly_.running() ? id_.text + "-" + std::to_string(scan) : ""}, now, believed, {});
    if (ended) emit(out, assembly_.abort(), now);
  }

  struct Inputs {
    bool e_stop_chain = false, fault = false;
  };
  /// The scanner's own interlock as the lane may show it: points "scanner_" + name. Rampa decides nothing by it but that a
  /// broken chain or a fault is not ready.
  Result<Inputs> take_inputs(device::EventSink& out) {
    const auto [first, last] = std::minmax_element(map_.inputs.begin(), map_.inputs.end());
    auto bits = bus_->read_bits(unit_, icd::Table::discrete_input, *first, static_cast<std::uint16_t>(*last - *first + 1), timing_);
    if (!bits) return tl::unexpected(bits.error());
    const Stamp now = clock_.now();
    device::PointImage image;
    for (std::size_t i = 0; i < input_names.size(); ++i)
      image.points.push_back({std::string("scanner_") + input_names[i], (*bits)[static_cast<std::size_t>(map_.inputs[i] - *first)]});
    const Inputs inputs{image.points.front().on, image.points.back().on};
    publish(out, std::move(image), now, quality(now.mono), {});
    return inputs;
  }

  void take_lines(device::EventSink& out) {
    const Stamp now = clock_.now();
    if (!lines_->connected()) {
      if (now.mono < lines_due_) return;
      if (auto connected = lines_->connect(timing_.reply_timeout); !connected) {
        lines_due_ = clock_.mono() + lines_backoff_.next();
        return;
      }
      lines_backoff_.reset();
      framer_.reset();
      lines_heard_ = clock_.mono();
    }
    for (int reads = 0; reads < 64; ++reads) {  // bounded: the interlock image comes first
      auto bytes = lines_->read_some(64 * 1024, 0ns);
      if (!bytes && bytes.error().code == ErrorCode::timeout) {
        // A scanner that scans and sends nothing looks like a half-open connection. Between scans silence is its right.
        if (reported_ != ScannerState::scanning || clock_.mono() - lines_heard_ <= timing_.heartbeat_max) return;
        lines_->close();
        return emit(out, assembly_.abort(), now);
      }
      if (!bytes) {
        lines_->close();
        return emit(out, assembly_.abort(), now);
      }
      lines_heard_ = clock_.mono();
      framer_.put(*bytes);
      while (auto message = framer_.next()) {
        if (const auto* line = std::get_if<wire::NiiLine>(&*message)) emit(out, assembly_.take(*line), clock_.now());
        else publish(out, aids_of(std::get<wire::NiiAids>(*message)), clock_.now(), device::Quality::good, {});
      }
    }
  }

  [[nodiscard]] device::ScanAids aids_of(const wire::NiiAids& said) const {
    device::ScanAids aids{id_.text + "-" + std::to_string(said.scan_id), {}};
    for (const auto& aid : said.aids) aids.aids.push_back({aid.name, static_cast<device::ScanAidResult>(aid.result)});
    return aids;
  }

  void emit(device::EventSink& out, ScanAssembly::Out scan, Stamp now) {
    for (auto& [strip, bytes] : scan.strips) {
      std::vector<Attachment> pixels;
      pixels.push_back({"strip", "application/octet-stream", std::move(bytes)});
      publish(out, std::move(strip), now, device::Quality::good, std::move(pixels));
    }
    if (!scan.image) return;
    std::vector<Attachment> whole;
    whole.push_back({"scan", "application/x-rampa-scan16", nullptr, scan.image->scan_id});
    const auto quality = scan.image->complete ? device::Quality::good : device::Quality::bad;
    publish(out, *scan.image, now, quality, std::move(whole));
  }

  void publish(device::EventSink& out, device::EventBody body, Stamp now, device::Quality quality, std::vector<Attachment> attachments) {
    device::DeviceEvent event;
    event.from = {id_, now, std::nullopt, quality, quality == device::Quality::good ? "" : quality == device::Quality::bad ? "the scan is incomplete" : "frozen heartbeat"};
    event.body = std::move(body);
    event.attachments = std::move(attachments);
    out.publish(std::move(event));
  }

  const DeviceId id_;
  const icd::Timing timing_;
  const Clock& clock_;
  const NiiMap map_;
  std::shared_ptr<ModbusBus> bus_;
  std::shared_ptr<ByteStream> lines_;
  const int unit_;
  Condition condition_;
  Backoff backoff_, lines_backoff_;
  MonoTime lines_due_, lines_heard_;
  ScanAssembly assembly_;
  wire::NiiLineFramer framer_;
  Heartbeat heartbeat_;           ///< the scanner's
  bool armed_ = false;            ///< identity, watchdog, safe value and a set inhibit were read back on `connection_`
  std::uint64_t connection_ = 0;
  bool wanted_inhibit_ = true;
  std::uint16_t rampa_heartbeat_ = 0;
  std::optional<ScannerState> reported_;
  Quality reported_quality_ = Quality::bad;
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_nii_scanner(const DriverNeeds& needs) {
  NiiMap map;
  const auto lacks = [&](const std::string& point) { return fail(ErrorCode::invalid, "ICD " + needs.product.id + " lacks the point '" + point + "'"); };
  for (auto [name, where] : {std::pair{"identity", &map.identity}, {"version", &map.version}, {"state", &map.state},
                             {"heartbeat", &map.heartbeat}, {"scan_number", &map.scan_number}, {"watchdog_ms", &map.watchdog},
                             {"safe_inhibit", &map.safe_inhibit}, {"inhibit", &map.inhibit}, {"abort_request", &map.abort_request},
                             {"rampa_heartbeat", &map.rampa_heartbeat}}) {
    const auto* point = needs.product.find(name);
    if (!point) return lacks(name);
    *where = point->address;
  }
  for (std::size_t i = 0; i < input_names.size(); ++i) {
    const auto* point = needs.product.find(input_names[i]);
    if (!point) return lacks(input_names[i]);
    map.inputs[i] = point->address;
  }
  const auto lines_at = needs.settings.options.find("stream_address");
  auto lines = device::tcp_address(lines_at == needs.settings.options.end() ? "" : lines_at->second);
  if (!lines) return fail(ErrorCode::invalid, needs.settings.id.text + ": option stream_address, of the scanner's line stream: " + lines.error().what);
  auto bus = needs.transports.modbus(needs.settings.address);
  if (!bus) return tl::unexpected(bus.error());
  auto stream = needs.transports.stream(*lines);
  if (!stream) return tl::unexpected(stream.error());
  return std::make_unique<NiiScanner>(needs, map, *bus, *stream, unit_of(needs.settings.address));
}

}  // namespace rampa::drivers
