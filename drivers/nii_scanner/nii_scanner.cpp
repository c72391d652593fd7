#include "drivers/nii_scanner/nii_scanner.hpp"

#include <algorithm>
#include <cstdlib>

#include "drivers/nii_scanner/scan_assembly.hpp"

namespace rampa::drivers {
namespace {

/// Addresses of the points, from the ICD.
struct NiiMap {
  std::uint16_t identity = 0, version = 0, state = 0, heartbeat = 0, scan_number = 0, watchdog = 0, safe_inhibit = 0;
  std::uint16_t inhibit = 0, abort_request = 0, rampa_heartbeat = 0, fault = 0;
};

class NiiScanner : public device::Driver {
 public:
  NiiScanner(const DriverNeeds& needs, NiiMap map, std::shared_ptr<ModbusBus> bus, std::shared_ptr<ByteStream> lines, int unit)
      : id_(needs.settings.id), timing_(needs.product.timing), clock_(needs.clock), map_(map), bus_(std::move(bus)),
        lines_(std::move(lines)), unit_(unit), backoff_(timing_.backoff_min), lines_backoff_(timing_.backoff_min), assembly_(id_.text) {}

  Duration poll(device::EventSink& out) override {
    if (auto read = interlock(out); !read) {
      armed_ = false;
      heartbeat_.reset();
      condition(out, device::ConditionLevel::connecting, std::string(name_of(read.error().code)), read.error().what);
      take_lines(out);  // a scan may still be coming in: losing the interlock image does not lose it
      const Duration wait = backoff_;
      backoff_ = std::min(backoff_ * 2, timing_.backoff_max);
      return wait;
    }
    backoff_ = timing_.backoff_min;
    take_lines(out);
    return timing_.poll;
  }

  device::CommandReport execute(const device::Command& command, device::Permit permit, device::EventSink&) override {
    using device::Outcome;
    if (std::holds_alternative<device::AbortScan>(command.body)) {
      // A rising edge: 0 then 1. Asking to stop needs no permit.
      (void)bus_->write_coil(unit_, map_.abort_request, false, timing_);
      return report(command.id, bus_->write_coil(unit_, map_.abort_request, true, timing_));
    }
    const auto* withhold = std::get_if<device::WithholdScan>(&command.body);
    if (!withhold) return {command.id, Outcome::refused, "a scanner does not carry out this command"};
    if (!withhold->withhold) {
      if (!armed_) return {command.id, Outcome::refused, "not armed: identity, watchdog and safe value are not read back"};
      if (!permit.allows(command, clock_.mono())) return {command.id, Outcome::refused, "the permit has ended"};
    }
    wanted_inhibit_ = withhold->withhold;
    auto written = bus_->write_coil(unit_, map_.inhibit, withhold->withhold, timing_);
    if (!written) return report(command.id, written);
    auto back = bus_->read_bits(unit_, icd::Table::coil, map_.inhibit, 1, timing_);
    if (!back) return {command.id, Outcome::unknown, "written, but not read back: " + back.error().what};
    if (back->front() != withhold->withhold) return {command.id, Outcome::unknown, "the scanner did not take it over"};
    return {command.id, Outcome::done, ""};
  }

 private:
  static device::CommandReport report(std::uint64_t id, const Result<void>& result) {
    if (result) return {id, device::Outcome::done, ""};
    return {id, result.error().code == ErrorCode::refused ? device::Outcome::refused : device::Outcome::unknown, result.error().what};
  }

  Result<void> interlock(device::EventSink& out) {
    // Feeding the scanner's watchdog is part of the cycle: when the cycle stops, the scanner withholds by itself.
    if (armed_)
      if (auto fed = bus_->write_register(unit_, map_.rampa_heartbeat, ++rampa_heartbeat_, timing_); !fed) return fed;
    auto registers = bus_->read_registers(unit_, icd::Table::input_register, map_.identity,
                                          static_cast<std::uint16_t>(map_.safe_inhibit - map_.identity + 1), timing_);
    if (!registers) return tl::unexpected(registers.error());
    auto reg = [&](std::uint16_t address) { return (*registers)[static_cast<std::size_t>(address - map_.identity)]; };
    const Stamp now = clock_.now();

    if (reg(map_.identity) != 0x4e49 || reg(map_.version) != 1) {
      armed_ = false;
      condition(out, device::ConditionLevel::faulted, "wrong_identity", "what answers here is no NII-IL/1 gateway of version 1: check address and cabling");
      return {};
    }
    if (reg(map_.watchdog) == 0 || reg(map_.watchdog) > 1000 || reg(map_.safe_inhibit) != 1) {
      armed_ = false;
      condition(out, device::ConditionLevel::faulted, "watchdog_unarmed",
                "the scanner's watchdog must be 1..1000 ms and its safe value of inhibit 1: set both at the gateway");
      return {};
    }
    if (!armed_) {
      // A new connection: what the outputs were is not known. Withhold, read back, and begin from there.
      if (auto written = bus_->write_coil(unit_, map_.inhibit, true, timing_); !written) return written;
      auto back = bus_->read_bits(unit_, icd::Table::coil, map_.inhibit, 1, timing_);
      if (!back) return tl::unexpected(back.error());
      if (!back->front()) return fail(ErrorCode::bad_reply, "inhibit does not read back as set");
      wanted_inhibit_ = true;
      armed_ = true;
    }
    auto inhibit = bus_->read_bits(unit_, icd::Table::coil, map_.inhibit, 1, timing_);
    if (!inhibit) return tl::unexpected(inhibit.error());
    if (inhibit->front() && !wanted_inhibit_) {
      // Its watchdog or its operator withheld. That stands until the lane asks anew: outputs are never replayed.
      wanted_inhibit_ = true;
      armed_ = false;
      condition(out, device::ConditionLevel::checking, "watchdog_tripped", "the scanner set inhibit by itself");
      return {};
    }

    if (heartbeat_ != reg(map_.heartbeat)) {
      heartbeat_ = reg(map_.heartbeat);
      heartbeat_moved_ = now.mono;
    }
    const bool frozen = now.mono - heartbeat_moved_ > timing_.heartbeat_max;
    const auto raw = reg(map_.state);
    if (raw > static_cast<int>(device::ScannerState::maintenance)) return fail(ErrorCode::bad_reply, "state " + std::to_string(raw) + " is none of NII-IL/1's");
    const auto state = static_cast<device::ScannerState>(raw);
    if (frozen) {
      condition(out, device::ConditionLevel::suspect, "frozen_heartbeat", "the gateway answers but its counter stands still: restart it");
    } else if (state == device::ScannerState::fault || state == device::ScannerState::estop || state == device::ScannerState::off) {
      condition(out, device::ConditionLevel::faulted, state == device::ScannerState::estop ? "emergency_stop" : "scanner_fault", "see the scanner's own panel");
    } else {
      condition(out, device::ConditionLevel::ready, "", "");
    }
    if (state != reported_ || frozen != reported_frozen_) {
      const bool ended = reported_ == device::ScannerState::scanning && state != device::ScannerState::complete && state != device::ScannerState::scanning;
      reported_ = state;
      reported_frozen_ = frozen;
      device::ScannerReport r{state, assembly_.running() ? id_.text + "-" + std::to_string(reg(map_.scan_number) * 65536u + reg(static_cast<std::uint16_t>(map_.scan_number + 1))) : ""};
      publish(out, std::move(r), now, frozen ? device::Quality::suspect : device::Quality::good, {});
      if (ended) emit(out, assembly_.abort(), now);
    }
    return {};
  }

  void take_lines(device::EventSink& out) {
    const Stamp now = clock_.now();
    if (!lines_->connected()) {
      if (now.mono < lines_due_) return;
      if (auto connected = lines_->connect(timing_.reply_timeout); !connected) {
        lines_due_ = clock_.mono() + lines_backoff_;
        lines_backoff_ = std::min(lines_backoff_ * 2, timing_.backoff_max);
        return;
      }
      lines_backoff_ = timing_.backoff_min;
      framer_.reset();
    }
    for (int reads = 0; reads < 64; ++reads) {  // bounded: the interlock image comes first
      auto bytes = lines_->read_some(64 * 1024, 0ns);
      if (!bytes) {
        if (bytes.error().code == ErrorCode::timeout) return;
        lines_->close();
        return emit(out, assembly_.abort(), now);
      }
      framer_.put(*bytes);
      while (auto line = framer_.next()) emit(out, assembly_.take(*line), clock_.now());
    }
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

  void condition(device::EventSink& out, device::ConditionLevel level, std::string fault, std::string detail) {
    if (condition_ && condition_->level == level && condition_->fault == fault) return;
    condition_ = device::DeviceCondition{level, std::move(fault), std::move(detail)};
    publish(out, *condition_, clock_.now(), device::Quality::good, {});
  }

  const DeviceId id_;
  const icd::Timing timing_;
  const Clock& clock_;
  const NiiMap map_;
  std::shared_ptr<ModbusBus> bus_;
  std::shared_ptr<ByteStream> lines_;
  const int unit_;
  Duration backoff_, lines_backoff_;
  MonoTime lines_due_;
  ScanAssembly assembly_;
  wire::NiiLineFramer framer_;
  bool armed_ = false;
  bool wanted_inhibit_ = true;
  std::uint16_t rampa_heartbeat_ = 0;
  std::optional<std::uint16_t> heartbeat_;
  MonoTime heartbeat_moved_;
  std::optional<device::ScannerState> reported_;
  bool reported_frozen_ = false;
  std::optional<device::DeviceCondition> condition_;
};

}  // namespace

Result<std::unique_ptr<device::Driver>> make_nii_scanner(const DriverNeeds& needs) {
  NiiMap map;
  for (auto [name, where] : {std::pair{"identity", &map.identity}, {"version", &map.version}, {"state", &map.state},
                             {"heartbeat", &map.heartbeat}, {"scan_number", &map.scan_number}, {"watchdog_ms", &map.watchdog},
                             {"safe_inhibit", &map.safe_inhibit}, {"inhibit", &map.inhibit}, {"abort_request", &map.abort_request},
                             {"rampa_heartbeat", &map.rampa_heartbeat}, {"fault", &map.fault}}) {
    const auto* point = needs.product.find(name);
    if (!point) return fail(ErrorCode::invalid, "ICD " + needs.product.id + " lacks the point '" + name + "'");
    *where = point->address;
  }
  const auto lines_at = needs.settings.options.find("stream_address");
  const std::string text = lines_at == needs.settings.options.end() ? "" : lines_at->second;
  const auto colon = text.rfind(':');
  if (text.rfind("tcp://", 0) != 0 || colon <= 5)
    return fail(ErrorCode::invalid, needs.settings.id.text + ": option stream_address is missing: \"tcp://HOST:PORT\" of the scanner's line stream");
  device::Address lines;
  lines.scheme = "tcp";
  lines.host = text.substr(6, colon - 6);
  lines.port = static_cast<std::uint16_t>(std::strtoul(text.c_str() + colon + 1, nullptr, 10));
  auto bus = needs.transports.modbus(needs.settings.address);
  if (!bus) return tl::unexpected(bus.error());
  auto stream = needs.transports.stream(lines);
  if (!stream) return tl::unexpected(stream.error());
  const auto unit = needs.settings.address.query.find("unit");
  return std::make_unique<NiiScanner>(needs, map, *bus, *stream, unit == needs.settings.address.query.end() ? 1 : std::atoi(unit->second.c_str()));
}

}  // namespace rampa::drivers
