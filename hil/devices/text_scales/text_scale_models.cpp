#include "hil/devices/text_scales/text_scale_models.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace rampa::hil {

bool IndicatorModel::fault(std::string_view name, double, bool on) {
  for (const auto& known : faults()) {
    if (known != name) continue;
    if (on) faults_.insert(known);
    else faults_.erase(known);
    return true;
  }
  return false;
}

std::vector<std::string> IndicatorModel::with(std::vector<std::string> more) {
  std::vector<std::string> all{"silent", "frozen", "overload", "motion", "garbage"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

void IndicatorModel::measure(MonoTime now) {
  now_ = now;
  if (is("frozen") || now - measured_ < 50ms) return;
  measured_ = now;
  ++measurements_;
  const Observation seen = world_.observe();
  shown_.kg = static_cast<long long>(std::llround(seen.mass_on_scale_kg / graduation_kg_) * static_cast<long long>(graduation_kg_));
  shown_.motion = seen.scale_moving || is("motion");
  shown_.overload = is("overload");
  shown_.zero = shown_.kg == 0;
}

void IndicatorModel::say(int connection, std::string_view bytes) {
  if (is("silent")) return;
  Out out;
  out.connection = connection;
  out.bytes.assign(bytes.begin(), bytes.end());
  out.not_before = now_;
  if (is("garbage"))
    for (auto& byte : out.bytes) byte = static_cast<std::uint8_t>(byte ^ 0x15);
  out_.push_back(std::move(out));
}

// ---- Mettler-Toledo ------------------------------------------------------------------------------------------------

void ToledoModel::advance(MonoTime now) {
  measure(now);
  if (now - sent_ < 100ms || connections_.empty()) return;
  sent_ = now;
  const int unit_kilograms = 2;  // SWA decimal place code for XXXXXX
  char swa = static_cast<char>(0x20 | (0b01 << 3) | unit_kilograms);
  char swb = static_cast<char>(0x20 | 0x10 | (shown_.motion ? 0x08 : 0) | (shown_.overload ? 0x04 : 0) | (shown_.kg < 0 ? 0x02 : 0) |
                               (is("never_zeroed") ? 0x40 : 0));
  char swc = 0x20;
  char text[40];
  std::snprintf(text, sizeof text, "\x02%c%c%c%6lld%06d\r", swa, swb, swc, std::llabs(shown_.kg), 0);
  std::string frame(text, 17);
  if (checksum_) {
    int sum = 0;
    for (char c : frame) sum += c;
    frame += static_cast<char>((128 - sum % 128) % 128);
  }
  say(-1, frame);
}

// ---- SMA -----------------------------------------------------------------------------------------------------------

void SmaModel::received(int connection, ByteView bytes) {
  auto& partial = partial_[connection];
  for (std::uint8_t byte : bytes) {
    if (byte == '\n') {
      partial.clear();
    } else if (byte != '\r') {
      if (partial.size() < 8) partial += static_cast<char>(byte);
    } else {
      char line[32];
      const char status = shown_.overload ? 'O' : shown_.zero ? 'Z' : ' ';
      if (partial == "W" && is("zero_error"))
        std::snprintf(line, sizeof line, "\nE1%c  ---------- kg\r", is("net") ? 'N' : 'G');
      else if (partial == "M" && is("level_1"))
        std::snprintf(line, sizeof line, "\n?\r");
      else if (partial == "M" && is("tare_error"))
        std::snprintf(line, sizeof line, "\nT1T  ---------- kg\r");
      else if (partial == "W")
        std::snprintf(line, sizeof line, "\n%c1%c%c %10lld kg\r", status, is("net") ? 'N' : 'G', shown_.motion ? 'M' : ' ', shown_.kg);
      else if (partial == "M")
        std::snprintf(line, sizeof line, "\n 1T  %10d kg\r", 0);
      else
        std::snprintf(line, sizeof line, "\n?\r");
      say(connection, line);
      partial.clear();
    }
  }
}

namespace {

/// CRC-CCITT of the message, by table of bits instead of the driver's loop: x^16 + x^12 + x^5 + 1, from FFFF.
std::string checksum(const std::string& text) {
  unsigned crc = 0xffff;
  for (const char c : text) {
    unsigned x = (crc >> 8) ^ static_cast<unsigned char>(c);
    x ^= x >> 4;
    crc = ((crc << 8) ^ (x << 12) ^ (x << 5) ^ x) & 0xffff;
  }
  char hex[8];
  std::snprintf(hex, sizeof hex, "%04X", crc);
  return hex;
}

}  // namespace

// ---- rinCMD --------------------------------------------------------------------------------------------------------

void RinCmdModel::advance(MonoTime now) {
  measure(now);
  const bool stable = !shown_.motion && shown_.kg > 0;
  if (stable && !stable_before_ && !is("no_alibi")) {  // it writes its legal record when the load comes to rest
    ++alibi_;
    alibi_kg_ = shown_.kg;
  }
  stable_before_ = stable;
}

void RinCmdModel::received(int connection, ByteView bytes) {
  auto& partial = partial_[connection];
  for (std::uint8_t byte : bytes) {
    if (byte == '\r') continue;
    const bool checksummed = !partial.empty() && partial.front() == '\x01';
    if (checksummed ? byte != 0x04 : byte != '\n' && byte != ';') {
      if (partial.size() < 64) partial += static_cast<char>(byte);
      continue;
    }
    std::string request = std::exchange(partial, {});
    if (checksummed) {
      if (request.size() < 5) continue;
      const std::string sum = request.substr(request.size() - 4);
      request = request.substr(1, request.size() - 5);
      if (sum != checksum(request)) continue;  // a damaged question is not answered
    }
    std::string answer = reply(request);
    if (checksummed && !answer.empty()) {
      answer.resize(answer.size() - 2);
      answer = "\x01" + answer + checksum(answer) + "\x04";
    }
    if (!answer.empty()) say(connection, answer);
  }
}

std::string RinCmdModel::reply(const std::string& request) {
  unsigned address = 0, command = 0, reg = 0;
  if (std::sscanf(request.c_str(), "%2x%2x%4x", &address, &command, &reg) != 3) return {};
  if (!(address & 0x20)) return {};  // no reply wanted
  char text[40];
  if (command != 0x11) {
    std::snprintf(text, sizeof text, "%02X%02X%04X:A000\r\n", 0xC0 | (address & 0x1f), command, reg);
    return text;
  }
  std::uint32_t value = 0;
  switch (reg) {
    case 0x0020: value = measurements_; break;
    case 0x0021:
      value = (is("adc_failed") ? 0u : 0x00040000u) | (shown_.motion ? 0x1000u : 0) | (shown_.overload ? 0x00020000u : 0) | (shown_.zero ? 0x0800u : 0);
      break;
    case 0x0026:
    case 0x0027: value = static_cast<std::uint32_t>(static_cast<std::int32_t>(shown_.kg)); break;
    case 0x0028: value = 0; break;
    case 0x0030: value = alibi_ > 0; break;
    case 0x0031: value = alibi_; break;
    case 0x0032: value = static_cast<std::uint32_t>(static_cast<std::int32_t>(alibi_kg_)); break;
    default:
      std::snprintf(text, sizeof text, "%02X%02X%04X:C000\r\n", 0xC0 | (address & 0x1f), command, reg);
      return text;
  }
  std::snprintf(text, sizeof text, "%02X%02X%04X:%08X\r\n", 0x80 | (address & 0x1f), command, reg, value);
  return text;
}

}  // namespace rampa::hil
